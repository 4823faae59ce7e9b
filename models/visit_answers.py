"""What holders answered when they were asked about a visit afterwards: the patient's word beside the centre's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, SmallInteger, Table, bindparam
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Prepared, UtcDateTime, metadata

TREATED_FREE, HAD_TO_PAY, WAS_NOT_THERE = 1, 2, 3
"""The digits that the question offers."""

visit_answers = Table(
    "visit_answers",
    metadata,
    Column("visit_id", ForeignKey("visit_codes.id"), primary_key=True, autoincrement=False),
    Column("answer", SmallInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

_INSERT = Prepared(
    insert(visit_answers)
    .values(visit_id=bindparam("visit_id"), answer=bindparam("answer"), at=bindparam("now"))
    .on_conflict_do_nothing(index_elements=["visit_id"])
)


def answered(conn: Connection, visit_id: int, answer: int, now: datetime) -> bool:
    """Keep the holder's answer about a visit, 1 to 3; False when one was kept before, which stands.

    Raises ValueError for another digit.
    """
    if answer not in (TREATED_FREE, HAD_TO_PAY, WAS_NOT_THERE):
        raise ValueError("the question has three answers")
    return _INSERT.run(conn, visit_id=visit_id, answer=answer, now=now) == 1
