"""Reminders: what is to be told once about one thing and one period, to a phone that may still stop it.

    planned -> owed (a message waits) -> sent | a word that says why not        answered, when the person says OK
           `-> held out (no message, so that what reminders do can be told)

A kind of reminder is a Planner: who is to be reminded is found set by set, once a day; whether that is still so is
asked again when its message is claimed (`models.reminder_kinds`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models import consent
from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import hold
from models.phones import phone_index

REMINDERS = "RAPPELS"
"""The topic of all reminders; a kind may have one of its own beside it."""

SENT = "SENT"
STOPPED, OVER, NO_PHONE = "STOP", "PLUS_DU", "SANS_TEL"
"""Why nothing was sent: the phone has stopped such messages; what it was about is no longer so; there is no phone."""

HELD_OUT = "TEMOIN"
"""Drawn among those who get no message."""

reminders = Table(
    "reminders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("period", String(10), nullable=False),
    Column("phone_index", LargeBinary),
    Column("commune_code", String(12)),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("message_id", BigInteger, index=True),
    Column("claimed_at", UtcDateTime),
    Column("outcome", String(16)),
    Column("answered_at", UtcDateTime),
    Column("asked_fcfa", Integer),
    Column("drawn_on", Date, index=True),
    Column("counted_to", Date),
    UniqueConstraint("kind", "subject_id", "period"),
    Index("ix_reminders_phone", "phone_index", "claimed_at"),
    Index(
        "ix_reminders_planned",
        "kind",
        "id",
        postgresql_where=text("message_id IS NULL AND outcome IS NULL"),
        sqlite_where=text("message_id IS NULL AND outcome IS NULL"),
    ),
)
"""`subject_id` and `period` say what it is about (a right and its last day); `claimed_at` is when it was sent.

Of contributions: `asked_fcfa` is the sum that the message tells. It was drawn on `drawn_on` whether a message is owed,
and what is paid up to `counted_to`, that day included, counts as its effect.
"""

reminder_days = Table(
    "reminder_days",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("planned", Integer, nullable=False),
)
"""The days on which a kind was planned: each day once, whoever asks first."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One reminder that is to be owed: its phone by the keyed index, None before it is chosen."""

    reminder_id: int
    kind: str
    subject_id: int
    period: str
    phone_index: bytes | None
    asked_fcfa: int | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """Whether somebody is held out, the day of the draw, and the last day of what counts as an effect."""

    held_out: bool
    on: date
    counted_to: date


def _as_planned(conn: Connection, keys: KeyRing, planned: Planned, now: datetime) -> Planned:
    return planned


@dataclass(frozen=True, slots=True)
class Planner:
    """A kind and its own topic.

    `plan(conn, day, now)` adds who is to be reminded, and says how many: once a day, or at every turn unless `daily`.
    `refusal(conn, planned, now)` is a word when a reminder is not to be sent any more. `address(conn, keys, planned,
    now)` chooses its phone when it is to be owed; None when nobody is written to, which it has noted.
    """

    kind: str
    topic: str
    plan: Callable[[Connection, date, datetime], int]
    refusal: Callable[[Connection, Planned, datetime], str]
    address: Callable[[Connection, KeyRing, Planned, datetime], Planned | None] = _as_planned
    daily: bool = True


_ASKED = Prepared(
    select(reminders.c.id, reminders.c.kind, reminders.c.claimed_at)
    .where(
        reminders.c.phone_index == bindparam("phone"),
        reminders.c.claimed_at > bindparam("since"),
        reminders.c.claimed_at <= bindparam("now"),
        reminders.c.answered_at.is_(None),
    )
    .order_by(reminders.c.claimed_at.desc(), reminders.c.id.desc())
    .limit(1)
)
_OF_MESSAGE = Prepared(
    select(
        reminders.c.id,
        reminders.c.kind,
        reminders.c.subject_id,
        reminders.c.period,
        reminders.c.phone_index,
        reminders.c.asked_fcfa,
        reminders.c.commune_code,
    ).where(reminders.c.message_id == bindparam("message_id"))
)
_SETTLE = Prepared(
    update(reminders)
    .where(reminders.c.id == bindparam("reminder_id"))
    .values(outcome=bindparam("word"), claimed_at=bindparam("at", type_=UtcDateTime))
)


def plan_day(conn: Connection, planner: Planner, now: datetime) -> int | None:
    """Plan a kind for today; how many, or None when today was planned before. Two at once plan once."""
    day = day_of(now)
    hold(conn, "reminders", planner.kind.encode())
    if not planner.daily:
        return planner.plan(conn, day, now)
    done = select(reminder_days.c.day).where(reminder_days.c.kind == planner.kind, reminder_days.c.day == day)
    if conn.execute(done).first():
        return None
    planned = planner.plan(conn, day, now)
    conn.execute(insert(reminder_days).values(kind=planner.kind, day=day, planned=planned))
    return planned


def to_owe(conn: Connection, kind: str, limit: int) -> list[Planned]:
    """Some that are planned and not owed yet, which nobody else takes before this transaction ends."""
    waiting = (reminders.c.kind == kind, reminders.c.message_id.is_(None), reminders.c.outcome.is_(None))
    columns = (
        reminders.c.id,
        reminders.c.kind,
        reminders.c.subject_id,
        reminders.c.period,
        reminders.c.phone_index,
    )
    asked = select(*columns).where(*waiting).order_by(reminders.c.id).limit(limit)
    return [Planned(*row) for row in conn.execute(asked.with_for_update(skip_locked=True))]


def owed(conn: Connection, reminder_id: int, message_id: int) -> None:
    """A message stands for the reminder from now on."""
    conn.execute(update(reminders).where(reminders.c.id == reminder_id).values(message_id=message_id))


def addressed(
    conn: Connection, reminder_id: int, index: bytes, commune: str | None, asked_fcfa: int, drawn: Drawn
) -> None:
    """Note the phone that was chosen, where its household lives, the sum that is told and what was drawn."""
    told: dict[str, Any] = {"phone_index": index, "commune_code": commune, "asked_fcfa": asked_fcfa}
    told |= {"drawn_on": drawn.on, "counted_to": drawn.counted_to}
    told |= {"outcome": HELD_OUT} if drawn.held_out else {}
    conn.execute(update(reminders).where(reminders.c.id == reminder_id).values(told))


def given_up(conn: Connection, reminder_id: int, why: str) -> None:
    """Nothing is sent: STOPPED, OVER, or that the phone is not known any more."""
    conn.execute(update(reminders).where(reminders.c.id == reminder_id).values(outcome=why))


def of_message(conn: Connection, message_id: int) -> tuple[Planned, str | None] | None:
    """The reminder that a message stands for, and the commune of whom it is about; None for other messages."""
    row = _OF_MESSAGE.first(conn, message_id=message_id)
    return (Planned(*row[:6]), row[6]) if row else None


def claimed(conn: Connection, reminder_id: int, word: str, now: datetime) -> None:
    """What became of it when its message was claimed: SENT, or why not."""
    _SETTLE.run(conn, reminder_id=reminder_id, word=word, at=now if word == SENT else None)


def is_stopped(db: Db, phone_id: int, topic: str) -> bool:
    """Whether a phone has stopped all reminders or those of a topic. Raises DatabaseAway."""
    chosen = consent.state(db, phone_id)
    return not (chosen.get(REMINDERS, True) and chosen.get(topic, True))


def asked(db: Db, keys: KeyRing, phone: Msisdn, now: datetime) -> tuple[int, str, datetime] | None:
    """(id, kind, when it was sent) of the newest reminder that a phone can still answer, or None. Raises DatabaseAway.

    For as long as any question can be answered: the parameter thread_hours.
    """
    hours = int(facts.parameter("thread_hours", day_of(now)))
    row = _ASKED.first(db, phone=phone_index(keys, phone), since=now - timedelta(hours=hours), now=now)
    return (int(row[0]), row[1], row[2]) if row else None


def answered(conn: Connection, reminder_id: int, now: datetime) -> bool:
    """The person says that it is done; False when she had said so."""
    mine = (reminders.c.id == reminder_id, reminders.c.answered_at.is_(None))
    return conn.execute(update(reminders).where(*mine).values(answered_at=now)).rowcount == 1


def figures(conn: Connection, kind: str) -> dict[str, int]:
    """How many of a kind were planned, by what became of them, and how many were answered."""
    by_word = select(func.coalesce(reminders.c.outcome, "WAITING"), func.count()).where(
        reminders.c.kind == kind
    )
    found = {row[0]: int(row[1]) for row in conn.execute(by_word.group_by(reminders.c.outcome))}
    answers = select(func.count()).where(reminders.c.kind == kind, reminders.c.answered_at.is_not(None))
    return {**found, "ANSWERED": int(conn.execute(answers).scalar_one())}


def forget_phone(conn: Connection, index: bytes) -> None:
    """A phone asks to be forgotten: the rows stay without it, so that nothing is sent a second time."""
    conn.execute(update(reminders).where(reminders.c.phone_index == index).values(phone_index=None))
