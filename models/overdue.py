"""What was accepted and of which nothing was heard for so long that no report is waited for: NO_RECEIPT.

A state of its own: it is not known whether the person read it. A report that comes later all the same still counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, bindparam, or_, select, update

from models.campaign_tables import campaigns, recipients
from models.database import Connection, Db, Prepared
from models.messages import ACCEPTED, NO_RECEIPT, messages

SLICES = 64
"""Parts of a campaign, by the first byte of the keyed index: some ten thousand of two million in a transaction."""

LOOKED_BACK = timedelta(days=30)
"""So long after its end a campaign is still looked through: the job may have been still for days."""

_SILENT = Prepared(
    update(messages)
    .where(messages.c.state == ACCEPTED, messages.c.settled_at < bindparam("before"))
    .values(state=NO_RECEIPT)
)
_CAMPAIGNS = Prepared(
    select(campaigns.c.id)
    .where(
        campaigns.c.began_at < bindparam("before"),
        or_(campaigns.c.ended_at.is_(None), campaigns.c.ended_at >= bindparam("since")),
    )
    .order_by(campaigns.c.id)
)
_SILENT_RECIPIENTS = Prepared(
    update(recipients)
    .where(
        recipients.c.campaign_id == bindparam("campaign"),
        recipients.c.phone_index >= bindparam("low", type_=LargeBinary),
        recipients.c.phone_index < bindparam("high", type_=LargeBinary),
        recipients.c.state == ACCEPTED,
        recipients.c.settled_at < bindparam("before"),
    )
    .values(state=NO_RECEIPT)
)


def close_messages(conn: Connection, before: datetime) -> int:
    """Single messages that were accepted before a moment (aware) and of which nothing was heard; how many."""
    return _SILENT.run(conn, before=before)


def campaigns_with_silence(db: Db, before: datetime) -> list[int]:
    """Campaigns that may have recipients of that kind. Raises DatabaseAway."""
    rows = _CAMPAIGNS.all(db, before=before, since=before - LOOKED_BACK)
    return [campaign_id for (campaign_id,) in rows]


def close_recipients(conn: Connection, campaign_id: int, piece: int, before: datetime) -> int:
    """Such recipients of one of a campaign's SLICES (from 0); how many."""
    low, high = slice_bounds(piece)
    return _SILENT_RECIPIENTS.run(conn, campaign=campaign_id, low=low, high=high, before=before)


def slice_bounds(piece: int) -> tuple[bytes, bytes]:
    """The first index of one of SLICES, and the first that is no longer in it."""
    width = 256 // SLICES
    high = (piece + 1) * width
    return bytes([piece * width]), bytes([high]) if high < 256 else b"\xff" * 17
