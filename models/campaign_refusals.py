"""Who of a chunk is not written to after all: looked at in the claim's own transaction, for all its rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, literal, or_, select

from config import facts
from models.campaign_tables import recipients
from models.caps import NUMBER_FULL, day_counts
from models.chunks import INTENT, chunks
from models.consent import consents
from models.database import Db, Prepared
from models.json_rows import JsonRows, packed
from models.messages import ACCEPTED, DELIVERED, NO_RECEIPT, PENDING, UNKNOWN, messages
from models.people import persons
from models.phones import phones
from models.prepared import among

TOPIC = "CAMPAGNES"
"""The topic of consent that campaigns need."""

STOP, DEAD, RECENT, IN_DOUBT = "STOP", "DECEDE", "RECENT", "EN_DOUTE"
"""She refused; she died; another campaign wrote to her of late; nobody knows whether another message went."""

REACHED = (ACCEPTED, DELIVERED, NO_RECEIPT)
"""States of a message that may have come to somebody."""


class Waiting(NamedTuple):
    """A recipient who waits in a chunk; `word` says why nothing is sent to her, "" when it may be."""

    chunk_id: int
    phone_index: bytes
    phone_sealed: bytes | None
    person_id: int | None
    language: str
    values_sealed: bytes | None
    word: str


_said = JsonRows("chunk_ids")
_other, _its = recipients.alias("other"), chunks.alias("its")
_elsewhere = and_(
    _other.c.phone_index == recipients.c.phone_index, _other.c.campaign_id != recipients.c.campaign_id
)
_newest = (
    select(consents.c.given)
    .where(consents.c.phone_id == phones.c.id, consents.c.topic == TOPIC)
    .order_by(consents.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_stopped = exists().where(phones.c.phone_index == recipients.c.phone_index, ~_newest)
_dead = exists().where(persons.c.id == recipients.c.person_id, persons.c.died_on.is_not(None))
_recent = exists().where(
    _elsewhere, among(_other.c.state, REACHED), _other.c.settled_at >= bindparam("since")
)
_under_way = exists(
    select(literal(1))
    .select_from(_other.join(_its, _its.c.id == _other.c.chunk_id))
    .where(_elsewhere, _other.c.state == PENDING, _its.c.state == INTENT)
)
_doubtful: ColumnElement[bool] = or_(
    exists().where(_elsewhere, _other.c.state == UNKNOWN),
    exists().where(messages.c.to_index == recipients.c.phone_index, messages.c.state == UNKNOWN),
)
_full = exists().where(
    day_counts.c.day == bindparam("day"),
    day_counts.c.scope == recipients.c.phone_index,
    day_counts.c.count >= bindparam("cap"),
)
_WAITING = Prepared(
    select(
        recipients.c.chunk_id,
        recipients.c.phone_index,
        recipients.c.phone_sealed,
        recipients.c.person_id,
        recipients.c.language,
        recipients.c.values_sealed,
        case(
            (_stopped, STOP),
            (_dead, DEAD),
            (or_(_recent, _under_way), RECENT),
            (_doubtful, IN_DOUBT),
            (_full, NUMBER_FULL),
            else_="",
        ).label("word"),
    )
    .select_from(_said.table.join(recipients, recipients.c.chunk_id == _said.whole(0)))
    .where(recipients.c.state == PENDING)
    .order_by(recipients.c.chunk_id, recipients.c.phone_index)
)


def waiting(conn: Db, chunk_ids: Sequence[int], now: datetime, number_cap: int) -> tuple[Waiting, ...]:
    """Everybody who waits in these chunks, in their order, each with the word that refuses her, if one does.

    Call it with the numbers held (models/number_locks.py): then nothing that it looked at changes before the commit.
    """
    rows = _WAITING.all(
        conn,
        chunk_ids=packed([[chunk_id] for chunk_id in chunk_ids]),
        since=now - rest(now.date()),
        day=now.date(),
        cap=number_cap,
    )
    return tuple(map(Waiting._make, rows))


def rest(day: date) -> timedelta:
    """The time between two campaigns to one number."""
    return timedelta(days=int(facts.SHIPPED.parameter("campaign_rest_days", day)))
