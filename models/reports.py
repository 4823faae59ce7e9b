"""Delivery reports, stored as they come: in any order, doubled, early, or about nothing we know.

What they say of a message is read from all of its reports together, so that their order of arrival cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    bindparam,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models.database import Connection, Db, Prepared, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.messages import ACCEPTED, DELIVERED, EXPIRED, NO_RECEIPT, REPORTED, UNDELIVERED, messages
from models.phones import phone_index
from models.prepared import among

PROVIDER_ID, STATUS, REASON = 80, 40, 60
"""The most characters that are kept of a provider's words."""

STATE_OF = {"REMIS": DELIVERED, "NON_REMIS": UNDELIVERED, "EXPIRE": EXPIRED}
"""What a report's word means (config.vocabulary.DELIVERIES), as a message's state; EN_ROUTE changes none."""

reports = Table(
    "reports",
    metadata,
    Column("provider_id", String(PROVIDER_ID), primary_key=True),
    Column("status", String(STATUS), primary_key=True),
    Column("reason", String(REASON)),
    Column("phone_index", LargeBinary, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("matched", Boolean, nullable=False),
    # Looked through again and again: those that belong to no message yet.
    Index("ix_reports_unmatched", "matched", "at"),
    Index("ix_reports_at", "at"),
)

_INSERT = Prepared(
    insert(reports)
    .values(
        provider_id=bindparam("provider_id"),
        status=bindparam("status"),
        reason=bindparam("reason"),
        phone_index=bindparam("phone"),
        at=bindparam("now"),
        matched=False,
    )
    .on_conflict_do_nothing(index_elements=["provider_id", "status"])
)
_WAITING = Prepared(
    select(messages.c.id, messages.c.provider_id)
    .where(
        messages.c.provider_id.in_(
            select(reports.c.provider_id).where(
                reports.c.matched.is_(False), reports.c.at >= bindparam("since")
            )
        )
    )
    .order_by(messages.c.id)
    .limit(bindparam("limit"))
)
_HELD = Prepared(
    select(messages.c.state, messages.c.settled_at)
    .where(messages.c.id == bindparam("message_id"))
    .with_for_update()
)
_SAID = Prepared(
    select(reports.c.status, reports.c.at)
    .where(reports.c.provider_id == bindparam("provider_id"))
    .order_by(reports.c.at, reports.c.status)
)
_MATCHED = Prepared(
    update(reports)
    .where(reports.c.provider_id == bindparam("of_id"), reports.c.status == bindparam("of_status"))
    .values(matched=True)
)
_MOVE = Prepared(
    update(messages)
    .where(messages.c.id == bindparam("message_id"), among(messages.c.state, REPORTED))
    .values(state=bindparam("new_state"))
)


def take(
    conn: Connection,
    keys: KeyRing,
    *,
    provider_id: str,
    status: str,
    reason: str | None,
    phone: Msisdn | None,
    now: datetime,
) -> bool:
    """Store a report, whatever its words are; whether it is new. The first of each word counts, with its moment."""
    added = _INSERT.run(
        conn,
        provider_id=named(provider_id),
        status=kept(status, STATUS),
        reason=reason and kept(reason, REASON),
        phone=phone and phone_index(keys, phone),
        now=now,
    )
    return bool(added)


def kept(word: str, most: int) -> str:
    """A provider's word as the database can keep it: without NUL, cut to `most` characters."""
    return word.replace("\0", "")[:most]


def named(provider_id: str) -> str:
    """A provider's id as it is stored; of one that is too long, its beginning and a digest, so that none meet."""
    clean = provider_id.replace("\0", "")
    if len(clean) <= PROVIDER_ID:
        return clean
    return f"{clean[:47]}#{blake2b(clean.encode(errors='replace'), digest_size=16).hexdigest()}"


def words_on(day: date) -> Mapping[str, str]:
    """What the words of reports, in small letters, mean on a day."""
    return {row["word"]: row["means"] for row in facts.SHIPPED.in_force("delivery_words", day)}


def standing(said: Iterable[tuple[str, datetime]], words: Mapping[str, str], late: timedelta) -> str | None:
    """The state of a message of which `said` (word, when) was reported, in any order; None while it is on its way.

    The first final word holds, except that success beats a failure which it follows within `late`.
    """
    finals = sorted(
        (at, STATE_OF[means]) for word, at in said if (means := words.get(word.lower())) in STATE_OF
    )
    if not finals:
        return None
    first_at, first = finals[0]
    success = any(state == DELIVERED and at - first_at <= late for at, state in finals)
    return DELIVERED if success else first


def waiting(db: Db, since: datetime, limit: int = 200) -> list[tuple[int, str]]:
    """(message, provider's id) of messages with reports since a moment that were not applied. Raises DatabaseAway."""
    return [(message_id, name) for message_id, name in _WAITING.all(db, since=since, limit=limit)]


def apply_to(
    conn: Connection, message_id: int, provider_id: str, words: Mapping[str, str], now: datetime
) -> str | None:
    """Apply all reports of a message; its state when they changed it. Two that apply at once take turns."""
    held = _HELD.first(conn, message_id=message_id)
    said = _SAID.all(conn, provider_id=named(provider_id))
    if held is None or not said:
        return None
    for status, _at in said:
        _MATCHED.run(conn, of_id=named(provider_id), of_status=status)
    late = timedelta(hours=int(facts.SHIPPED.parameter("late_success_hours", now.date())))
    state = standing(said, words, late)
    if state is None or state == held[0]:
        return None
    return state if _MOVE.run(conn, message_id=message_id, new_state=state) else None


def close_overdue(conn: Connection, before: datetime) -> int:
    """Messages that were accepted before a moment and of which nothing was heard are NO_RECEIPT; how many."""
    silent = update(messages).where(messages.c.state == ACCEPTED, messages.c.settled_at < before)
    return int(conn.execute(silent.values(state=NO_RECEIPT)).rowcount)
