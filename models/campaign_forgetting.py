"""What campaigns forget: numbers and values some time after the end, and at once those of who asks for it.

The rows stay, without a name: a report of last year adds up to the last person, and tells nothing of anybody.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, bindparam, delete, select, update

from models.campaign_tables import campaigns, lines, recipients
from models.campaigns import CANCELLED, DONE
from models.database import Connection, Db, Prepared
from models.keyring import KeyRing
from models.overdue import slice_bounds
from models.prepared import among

_ENDED = Prepared(
    select(campaigns.c.id)
    .where(
        among(campaigns.c.state, (DONE, CANCELLED)),
        campaigns.c.ended_at < bindparam("before"),
        campaigns.c.forgotten_at.is_(None),
    )
    .order_by(campaigns.c.id)
)
_FORGET = Prepared(
    update(recipients)
    .where(
        recipients.c.campaign_id == bindparam("campaign"),
        recipients.c.phone_index >= bindparam("low", type_=LargeBinary),
        recipients.c.phone_index < bindparam("high", type_=LargeBinary),
        recipients.c.phone_sealed.is_not(None),
    )
    .values(phone_sealed=None, values_sealed=None)
)


def ended_before(db: Db, before: datetime) -> list[int]:
    """Campaigns that ended before a moment (aware) and still know the numbers they wrote to. Raises DatabaseAway."""
    return [campaign_id for (campaign_id,) in _ENDED.all(db, before=before)]


def forget_numbers(conn: Connection, campaign_id: int, piece: int) -> int:
    """Drop the numbers and values of one of a campaign's SLICES (models.overdue); how many recipients had one."""
    low, high = slice_bounds(piece)
    return _FORGET.run(conn, campaign=campaign_id, low=low, high=high)


def forgotten(conn: Connection, campaign_id: int, now: datetime) -> None:
    """Note that nothing is left to forget, the lines of a file included."""
    conn.execute(delete(lines).where(lines.c.campaign_id == campaign_id))
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(forgotten_at=now))


def forget_phone(conn: Connection, keys: KeyRing, index: bytes, erasure_id: int) -> None:
    """Let nobody find a phone among the recipients and lines of any campaign; the counts stay as they were.

    Whoever was not written to yet will not be: a row without a number is skipped when its turn comes.
    """
    conn.execute(delete(lines).where(lines.c.phone_index == index))
    nobody = {
        "phone_index": keys.index(str(erasure_id), "erased"),
        "phone_id": None,
        "phone_sealed": None,
        "person_id": None,
        "values_sealed": None,
    }
    conn.execute(update(recipients).where(recipients.c.phone_index == index).values(nobody))
