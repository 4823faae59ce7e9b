"""Who is to be reminded that her RAMED right ends: found by one statement, and asked again when the SMS is claimed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models.coverage import LEFT, LIVING, coverages
from models.database import Connection, Prepared, UtcDateTime
from models.days import day_of
from models.people import persons
from models.phones import phone_links, phones
from models.reminder_phones import DEAD, stopped
from models.reminders import OVER, REMINDERS, Planned, Planner, reminders

KIND = "RAMED_90"
TOPIC = "RAMED"
"""What STOP RAMED stops."""

_later = coverages.alias("later")
_kin = persons.alias("kin")
_RENEWED = exists().where(
    _later.c.person_id == coverages.c.person_id,
    _later.c.id != coverages.c.id,
    or_(_later.c.valid_to.is_(None), _later.c.valid_to > coverages.c.valid_to),
)
"""Another right of hers goes on: this one or another scheme's."""


def _stands() -> ColumnElement[bool]:
    """The right of a living opener that ends, and that nothing follows."""
    return and_(
        coverages.c.scheme == "RAMED",
        coverages.c.number_index.is_not(None),
        *(coverages.c.status != literal_column(f"'{word}'", String) for word in sorted(LEFT)),
        coverages.c.valid_to.is_not(None),
        LIVING,
        ~_RENEWED,
        ~DEAD,
    )


def _phone(whose: ColumnElement[bool]) -> ScalarSelect[bytes]:
    """A phone of the household whose tie fulfils a condition, the first tied first; none that has said stop."""
    return (
        select(phones.c.phone_index)
        .select_from(
            phones.join(phone_links, phone_links.c.phone_id == phones.c.id).join(
                _kin, _kin.c.id == phone_links.c.person_id
            )
        )
        .where(
            whose,
            _kin.c.died_on.is_(None),
            _kin.c.erased_at.is_(None),
            phones.c.phone_sealed.is_not(None),
            ~stopped(REMINDERS),
            ~stopped(TOPIC),
        )
        .order_by(phone_links.c.verified_at, phones.c.id)
        .limit(1)
        .correlate(persons)
        .scalar_subquery()
    )


def _found() -> Select[Any]:
    her_own, of_kin = _phone(_kin.c.id == persons.c.id), _phone(_kin.c.household_id == persons.c.household_id)
    rows = (
        select(
            coverages.c.id.label("subject_id"),
            cast(coverages.c.valid_to, String(10)).label("period"),
            persons.c.commune_code,
            func.coalesce(her_own, of_kin).label("phone_index"),
        )
        .select_from(coverages.join(persons, persons.c.id == coverages.c.person_id))
        .where(
            coverages.c.valid_to.between(bindparam("soonest", type_=Date), bindparam("latest", type_=Date)),
            _stands(),
        )
        .subquery("found")
    )
    return select(
        literal(KIND),
        rows.c.subject_id,
        rows.c.period,
        rows.c.phone_index,
        rows.c.commune_code,
        bindparam("planned_at", type_=UtcDateTime),
    ).where(rows.c.phone_index.is_not(None))


_COLUMNS = ("kind", "subject_id", "period", "phone_index", "commune_code", "planned_at")
_PLAN = Prepared(insert(reminders).from_select(_COLUMNS, _found()).on_conflict_do_nothing())
_IS_DUE = Prepared(
    select(coverages.c.valid_to)
    .select_from(coverages.join(persons, persons.c.id == coverages.c.person_id))
    .where(coverages.c.id == bindparam("coverage_id"), _stands())
)


def plan(conn: Connection, day: date, now: datetime) -> int:
    """Add a reminder for every RAMED right that ends in `ramed_reminder_days` days, or in a few less when days were
    missed; how many were new.
    """
    before = int(facts.parameter("ramed_reminder_days", day))
    late = int(facts.parameter("ramed_reminder_late_days", day))
    latest = day + timedelta(days=before)
    soonest = latest - timedelta(days=late)
    return _PLAN.run(conn, soonest=soonest, latest=latest, planned_at=now)


def refusal(conn: Connection, planned: Planned, now: datetime) -> str:
    """OVER unless the right still ends on that day, is not over, and nothing follows it; its holder is alive."""
    row = _IS_DUE.first(conn, coverage_id=planned.subject_id)
    if row is None or row[0].isoformat() != planned.period or row[0] < day_of(now):
        return OVER
    return ""


PLANNER = Planner(KIND, TOPIC, plan, refusal)
