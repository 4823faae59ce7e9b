"""Verifications by staff of a facility: what was answered, for the day sheet and for statistics. No number is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, bindparam, case, func, insert, select

from models.coverage import Verdict
from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata

verifications = Table(
    "verifications",
    metadata,
    Column("id", Id, primary_key=True),
    Column("facility_id", ForeignKey("facilities.id"), nullable=False),
    Column("staff_id", ForeignKey("staff_phones.id"), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("scheme", String(10), nullable=False),
    Column("person_id", ForeignKey("persons.id")),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_verifications_facility", "facility_id", "at"),
)
"""`scheme` is empty and `person_id` None when nobody was found."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many verifications a facility made, and how many of them found a right that gives care."""

    verified: int
    ok: int


_INSERT = Prepared(
    insert(verifications).values(
        facility_id=bindparam("facility_id"),
        staff_id=bindparam("staff_id"),
        verdict=bindparam("verdict"),
        scheme=bindparam("scheme"),
        person_id=bindparam("person_id"),
        at=bindparam("now"),
    )
)
_COUNT = Prepared(
    select(
        func.count(),
        func.coalesce(func.sum(case((verifications.c.verdict == str(Verdict.VALIDE), 1), else_=0)), 0),
    ).where(
        verifications.c.facility_id == bindparam("facility_id"),
        verifications.c.at >= bindparam("start"),
        verifications.c.at < bindparam("end"),
    )
)


def note(
    conn: Connection,
    *,
    facility_id: int,
    staff_id: int,
    verdict: str,
    scheme: str,
    person_id: int | None,
    now: datetime,
) -> None:
    """Note one number that staff asked about and the verdict (a word of `Verdict`) that it got."""
    _INSERT.run(
        conn,
        facility_id=facility_id,
        staff_id=staff_id,
        verdict=verdict,
        scheme=scheme,
        person_id=person_id,
        now=now,
    )


def counts(db: Db, facility_id: int, start: datetime, end: datetime) -> Counts:
    """A facility's verifications from one moment until just before another. Raises DatabaseAway."""
    verified, ok = _COUNT.first(db, facility_id=facility_id, start=start, end=end) or (0, 0)
    return Counts(int(verified), int(ok))
