"""What holders answered when they were asked about a visit afterwards: the patient's word beside the centre's."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    bindparam,
    delete,
    exists,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models.database import Connection, Db, Prepared, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import phone_index

TREATED_FREE, HAD_TO_PAY, WAS_NOT_THERE = 1, 2, 3
"""The digits that the question offers."""

visit_answers = Table(
    "visit_answers",
    metadata,
    Column("visit_id", ForeignKey("visit_codes.id"), primary_key=True, autoincrement=False),
    Column("answer", SmallInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
visit_questions = Table(
    "visit_questions",
    metadata,
    Column("visit_id", ForeignKey("visit_codes.id"), primary_key=True, autoincrement=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Index("ix_visit_questions_phone", "phone_index", "asked_at"),
)
"""`asked_at` is the moment from which the question may be sent."""

_ASK = Prepared(
    insert(visit_questions)
    .values(visit_id=bindparam("visit_id"), phone_index=bindparam("phone"), asked_at=bindparam("at"))
    .on_conflict_do_nothing(index_elements=["visit_id"])
)
_ASKED = Prepared(
    select(visit_questions.c.visit_id, visit_questions.c.asked_at)
    .where(
        visit_questions.c.phone_index == bindparam("phone"),
        visit_questions.c.asked_at > bindparam("since"),
        visit_questions.c.asked_at <= bindparam("now"),
        ~exists().where(visit_answers.c.visit_id == visit_questions.c.visit_id),
    )
    .order_by(visit_questions.c.asked_at.desc(), visit_questions.c.visit_id.desc())
    .limit(1)
)
_UNASK = Prepared(
    delete(visit_questions)
    .where(visit_questions.c.visit_id == bindparam("visit_id"))
    .returning(visit_questions.c.phone_index, visit_questions.c.asked_at)
)
_INSERT = Prepared(
    insert(visit_answers)
    .values(visit_id=bindparam("visit_id"), answer=bindparam("answer"), at=bindparam("now"))
    .on_conflict_do_nothing(index_elements=["visit_id"])
)


def ask(conn: Connection, keys: KeyRing, visit_id: int, phone: Msisdn, at: datetime) -> None:
    """Note that a phone is asked about a visit from `at` on; nothing changes when the visit was asked about before."""
    _ASK.run(conn, visit_id=visit_id, phone=phone_index(keys, phone), at=at)


def unask(conn: Connection, visit_id: int) -> tuple[bytes, datetime] | None:
    """Nobody is asked about a visit any more: the keyed index of who was, and from when; None when nobody was.

    An answer that was kept stays; the visit may be asked about anew.
    """
    row = _UNASK.first(conn, visit_id=visit_id)
    return (bytes(row[0]), row[1]) if row else None


def asked(db: Db, keys: KeyRing, phone: Msisdn, now: datetime) -> tuple[int, datetime] | None:
    """The visit of the newest question that a phone can still answer, within the parameter thread_hours, or None.

    With it the moment (aware) from which the question could be sent: what was said since may be meant for others.

    Raises DatabaseAway.
    """
    hours = int(facts.parameter("thread_hours", day_of(now)))
    row = _ASKED.first(db, phone=phone_index(keys, phone), since=now - timedelta(hours=hours), now=now)
    return (int(row[0]), row[1]) if row else None


def answered(conn: Connection, visit_id: int, answer: int, now: datetime) -> bool:
    """Keep the holder's answer about a visit, 1 to 3; False when one was kept before, which stands.

    Raises ValueError for another digit.
    """
    if answer not in (TREATED_FREE, HAD_TO_PAY, WAS_NOT_THERE):
        raise ValueError("the question has three answers")
    return _INSERT.run(conn, visit_id=visit_id, answer=answer, now=now) == 1
