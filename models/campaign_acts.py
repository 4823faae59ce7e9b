"""What people did after a campaign: dialled, wrote, came to care. Kept of its recipients alone, and for a while.

Nobody's calls are recorded. When a phone calls or writes and is a recipient of a campaign whose days are not over, one
row says that it did, once for each kind of act and without a moment. The same is looked up for those who were left
without a message, or there would be nothing to compare with. Counts are kept; the rows go some weeks later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import insert

from models.campaign_tables import campaigns, recipients
from models.consent import consents
from models.coverage import coverages
from models.database import Connection, Db, Prepared, UtcDateTime, metadata
from models.inbound import inbound
from models.messages import ACCEPTED, DELIVERED, EXPIRED, NO_RECEIPT, UNDELIVERED
from models.moments import days_after
from models.phones import phone_links, phones
from models.prepared import among
from models.verifications import verifications

DIALLED, WROTE, STOPPED, TIED, COVERED, CARED = "APPEL", "SMS", "STOP", "LIEN", "DROIT", "SOINS"

ACTS = (DIALLED, WROTE, STOPPED, TIED, COVERED, CARED)
"""Called the service; wrote an SMS; wants no more; tied a person to the phone; a right began; was verified for care."""

TOPIC = "CAMPAGNES"
"""The topic of consents under which campaigns are refused."""

WINDOW = 7
"""Days after a message in which an act is counted with it, and after a campaign's end in which acts are looked for."""

LOOKED_BACK = timedelta(days=WINDOW + 1)
"""How far back other tables are looked through, again and again: a worker may have stood still for days."""

TAKEN = (ACCEPTED, DELIVERED, UNDELIVERED, EXPIRED, NO_RECEIPT)
"""States of what the provider took."""

campaign_acts = Table(
    "campaign_acts",
    metadata,
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("phone_index", LargeBinary, primary_key=True),
    Column("act", String(12), primary_key=True),
    Column("in_time", Boolean, nullable=False),
    Index("ix_campaign_acts_phone_index", "phone_index"),
)
"""`in_time`: within WINDOW days of the message that the phone was sent."""

campaign_results = Table(
    "campaign_results",
    metadata,
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("act", String(12), primary_key=True),
    Column("hold_out", Boolean, primary_key=True),
    Column("people", Integer, nullable=False),
    Column("in_time", Integer, nullable=False),
)
"""How many recipients of each arm did something: what stays when the rows are gone."""

_ended = days_after(campaigns.c.ended_at, "window")
_OPEN = Prepared(
    select(campaigns.c.id)
    .where(
        campaigns.c.began_at <= bindparam("now"),
        or_(campaigns.c.ended_at.is_(None), _ended > bindparam("since")),
    )
    .order_by(campaigns.c.id)
)


def _noting(act: str, source: FromClause, phone: ColumnElement[bytes], at: ColumnElement[datetime]) -> Any:
    """The statement that notes an act of `source`, done at a moment by a phone, for each campaign it belongs to."""
    in_time = and_(
        among(recipients.c.state, TAKEN),
        at >= recipients.c.settled_at,
        at <= days_after(recipients.c.settled_at, "window"),
    )
    joined = source.join(recipients, recipients.c.phone_index == phone)
    found = (
        select(
            recipients.c.campaign_id,
            recipients.c.phone_index,
            literal(act, String(12)).label("act"),
            (func.max(case((in_time, 1), else_=0)) == 1).label("in_time"),
        )
        .select_from(joined.join(campaigns, campaigns.c.id == recipients.c.campaign_id))
        .where(
            at >= bindparam("since", type_=UtcDateTime()),
            at <= bindparam("now", type_=UtcDateTime()),
            at >= campaigns.c.began_at,
            or_(campaigns.c.ended_at.is_(None), at <= _ended),
        )
        .group_by(recipients.c.campaign_id, recipients.c.phone_index)
    )
    adding = insert(campaign_acts).from_select(["campaign_id", "phone_index", "act", "in_time"], found)
    return adding.on_conflict_do_update(
        index_elements=["campaign_id", "phone_index", "act"],
        set_={"in_time": or_(campaign_acts.c.in_time, adding.excluded.in_time)},
    )


_call = select(
    bindparam("phone", type_=LargeBinary).label("phone"), bindparam("at", type_=UtcDateTime()).label("at")
).subquery("call")
_CALLED = _noting(DIALLED, _call, _call.c.phone, _call.c.at)

_tied = phone_links.join(phones, phones.c.id == phone_links.c.phone_id)
_stopped = (
    select(phones.c.phone_index, consents.c.at)
    .select_from(consents.join(phones, phones.c.id == consents.c.phone_id))
    .where(consents.c.topic == TOPIC, ~consents.c.given)
    .subquery("stopped")
)
_SHOWN = tuple(
    _noting(*told)
    for told in (
        (WROTE, inbound, inbound.c.from_index, inbound.c.received_at),
        (STOPPED, _stopped, _stopped.c.phone_index, _stopped.c.at),
        (TIED, _tied, phones.c.phone_index, phone_links.c.verified_at),
        (
            COVERED,
            coverages.join(_tied, phone_links.c.person_id == coverages.c.person_id),
            phones.c.phone_index,
            type_coerce(coverages.c.valid_from, UtcDateTime()),
        ),
        (
            CARED,
            verifications.join(_tied, phone_links.c.person_id == verifications.c.person_id),
            phones.c.phone_index,
            verifications.c.at,
        ),
    )
)
"""One statement for each kind of act that a table of ours shows. Another kind is another row here."""

_counting = (
    select(
        campaign_acts.c.campaign_id,
        campaign_acts.c.act,
        recipients.c.hold_out,
        func.count().label("people"),
        func.sum(case((campaign_acts.c.in_time, 1), else_=0)).label("in_time"),
    )
    .select_from(
        campaign_acts.join(
            recipients,
            and_(
                recipients.c.campaign_id == campaign_acts.c.campaign_id,
                recipients.c.phone_index == campaign_acts.c.phone_index,
            ),
        )
    )
    .where(campaign_acts.c.campaign_id == bindparam("campaign"))
    .group_by(campaign_acts.c.campaign_id, campaign_acts.c.act, recipients.c.hold_out)
)
_results = insert(campaign_results).from_select(
    ["campaign_id", "act", "hold_out", "people", "in_time"], _counting
)
_COUNT = Prepared(
    _results.on_conflict_do_update(
        index_elements=["campaign_id", "act", "hold_out"],
        set_={"people": _results.excluded.people, "in_time": _results.excluded.in_time},
    )
)


def open_campaigns(db: Db, now: datetime) -> list[int]:
    """Campaigns after which acts are still looked for; and for a while longer, for what comes in late.

    Raises DatabaseAway.
    """
    since = now - timedelta(days=WINDOW)
    return [campaign_id for (campaign_id,) in _OPEN.all(db, now=now, since=since, window=WINDOW)]


def note_calls(conn: Connection, calls: Sequence[tuple[bytes, datetime]], now: datetime) -> None:
    """Note who called: (keyed index of the phone, when). Of a phone that no campaign wrote to, nothing is kept."""
    if calls and open_campaigns(conn, now):
        newest = max(now, *(at for _phone, at in calls))  # another machine's clock
        bound = {"since": now - LOOKED_BACK, "now": newest, "window": WINDOW}
        conn.execute(_CALLED, [{"phone": phone, "at": at, **bound} for phone, at in calls])


def note_shown(conn: Connection, now: datetime) -> None:
    """Note what the other tables show of the last days. To do it twice changes nothing."""
    for statement in _SHOWN:
        conn.execute(statement, {"since": now - LOOKED_BACK, "now": now, "window": WINDOW})


def count(conn: Connection, campaign_id: int) -> None:
    """Write down how many did what after a campaign, for when the rows are gone."""
    _COUNT.run(conn, campaign=campaign_id)


def forget(conn: Connection, ended_before: datetime) -> int:
    """Drop the rows of campaigns that ended before a moment; the counts stay. How many rows."""
    old = select(campaigns.c.id).where(campaigns.c.ended_at < ended_before)
    return int(conn.execute(delete(campaign_acts).where(campaign_acts.c.campaign_id.in_(old))).rowcount)
