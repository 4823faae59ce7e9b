"""Answers promised by SMS when the database was away: what was asked, sealed, until it is answered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, String, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.keyring import KeyRing

OWED, ANSWERED = "OWED", "ANSWERED"
QUESTION = "owed"
"""Purpose of a sealed question."""

owed_answers = Table(
    "owed_answers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("reference", String(12), nullable=False, index=True),
    Column("question_sealed", Sealed(QUESTION)),
    Column("state", String(10), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Index("ix_owed_answers_waiting", "state", "id"),
)


@dataclass(frozen=True, slots=True)
class OwedAnswer:
    """A promise still to be kept: what was asked, as the edge wrote it."""

    owed_id: int
    once: bytes
    reference: str
    question: bytes
    created_at: datetime


_INSERT = Prepared(
    insert(owed_answers)
    .values(
        once=bindparam("once"),
        reference=bindparam("reference"),
        question_sealed=bindparam("question"),
        state=OWED,
        created_at=bindparam("now"),
    )
    .on_conflict_do_nothing(index_elements=["once"])
)
_WAITING = Prepared(
    select(
        owed_answers.c.id,
        owed_answers.c.once,
        owed_answers.c.reference,
        owed_answers.c.question_sealed,
        owed_answers.c.created_at,
    )
    .where(owed_answers.c.state == OWED, owed_answers.c.id > bindparam("after"))
    .order_by(owed_answers.c.id)
    .limit(bindparam("limit"))
)
_HOW_MANY = Prepared(select(func.count()).where(owed_answers.c.state == OWED))
_ANSWERED = Prepared(
    update(owed_answers)
    .where(owed_answers.c.id == bindparam("owed_id"), owed_answers.c.state == OWED)
    .values(state=ANSWERED, answered_at=bindparam("now"), question_sealed=None)
)


def promise(
    conn: Connection, keys: KeyRing, *, once: bytes, reference: str, question: bytes, now: datetime
) -> bool:
    """Write down a promise; the same `once` is promised once. Whether this call wrote it."""
    sealed = keys.seal_bytes(question, QUESTION)
    return bool(_INSERT.run(conn, once=once, reference=reference, question=sealed, now=now))


def waiting(db: Db, keys: KeyRing, limit: int = 100, after: int = 0) -> tuple[OwedAnswer, ...]:
    """Promises to keep, the oldest first, behind the one of number `after`. Raises DatabaseAway."""
    return tuple(
        OwedAnswer(owed_id, once, reference, keys.unseal_bytes(sealed, QUESTION), created_at)
        for owed_id, once, reference, sealed, created_at in _WAITING.all(db, limit=limit, after=after)
    )


def how_many(db: Db) -> int:
    """How many promises are to be kept. Raises DatabaseAway."""
    return int(_HOW_MANY.all(db)[0][0])


def answered(conn: Connection, owed_id: int, now: datetime) -> bool:
    """Note that a promise was kept and forget what was asked; false when another worker kept it before."""
    return bool(_ANSWERED.run(conn, owed_id=owed_id, now=now))
