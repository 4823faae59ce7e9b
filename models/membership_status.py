"""What a membership is worth on a day: from its dues, its end and a person's decision, to the rights of its people.

`standing` reads days of cover out of the dues. The status follows from those days and from the day asked about; it is
said once for one membership (`status_on`) and once for a set of them in SQL (`bring_to`), and a test holds the two
together. A household without a membership keeps the status that a register's file gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, String, and_, case, func, literal, null, or_, select, update

from models import dues, mutuelle_terms
from models.coverage import LEFT, coverages
from models.database import Connection, Db
from models.dues import ADHESION, Due
from models.mutuelle_tables import memberships
from models.people import persons

EN_OBSERVATION, A_JOUR, EN_RETARD, SUSPENDU = "EN_OBSERVATION", "A_JOUR", "EN_RETARD", "SUSPENDU"
RADIE, DEMISSIONNAIRE, EXCLU = "RADIE", "DEMISSIONNAIRE", "EXCLU"
STATUSES = (EN_OBSERVATION, A_JOUR, EN_RETARD, SUSPENDU, RADIE, DEMISSIONNAIRE, EXCLU)
MUTUELLE = "MUTUELLE"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What dues say: the last day paid for, the last day that is not late, the day of the first full payment."""

    covered_until: date | None
    good_until: date | None
    full_on: date | None


def standing(owed: Sequence[Due]) -> Standing:
    """The standing that follows from every due of a membership, the oldest first.

    A part of a due covers its days in proportion, rounded down; nothing of a season is covered before its threshold is
    reached (assumption: the mutuelle's terms). The fee for joining covers no day, and must be paid before one is.
    """
    below = _below_threshold(owed)
    until, open_due = None, None
    for due in owed:
        if due.kind != ADHESION and until is None:
            until = due.period_from - DAY
        if due.missing or due.season_from in below:
            open_due = due
            break
        if due.kind != ADHESION:
            until = due.period_to
    if open_due and open_due.kind != ADHESION and open_due.season_from not in below:
        covered = open_due.length * open_due.paid // open_due.amount
        until = max(until or date.min, open_due.period_from - DAY + timedelta(days=covered))
    first = next((due.period_from for due in owed if due.kind != ADHESION), None)
    good_until = until
    if open_due:
        unpaid = next(due for due in owed if due.missing and due.period_from >= open_due.period_from)
        good_until = max(until or unpaid.due_on, unpaid.due_on)
    full = [due.paid_on for due in owed if due.paid_on and due.kind != ADHESION]
    covered_until = until if until and first and until >= first else None
    return Standing(covered_until, good_until, min(full, default=None))


def _below_threshold(owed: Sequence[Due]) -> frozenset[date]:
    seasons: dict[date, list[int]] = {}
    for due in owed:
        if due.kind != ADHESION:
            sums = seasons.setdefault(due.season_from, [0, 0])
            sums[0] += due.paid * 100
            sums[1] += due.amount * due.threshold_percent
    return frozenset(season for season, (paid, needed) in seasons.items() if paid < needed)


def status_on(
    day: date,
    covered_from: date | None,
    good_until: date | None,
    suspended: bool,
    ended_why: str | None = None,
) -> str:
    """The status on `day` of who first is covered on `covered_from` and is late after `good_until`."""
    if ended_why in LEFT:
        return str(ended_why)
    if suspended:
        return SUSPENDU
    if covered_from is None or day < covered_from:
        return EN_OBSERVATION
    return A_JOUR if good_until is None or day <= good_until else EN_RETARD


def refresh(conn: Connection, membership_id: int, day: date) -> None:
    """Read one membership's dues anew and bring its people's rights to `day`. It is held."""
    row = conn.execute(select(memberships).where(memberships.c.id == membership_id)).one()
    terms = mutuelle_terms.of_mutuelle(conn, row.mutuelle_id, day)
    now = standing(dues.of_membership(conn, membership_id))
    conn.execute(
        update(memberships)
        .where(memberships.c.id == membership_id)
        .values(
            covered_until=now.covered_until,
            good_until=now.good_until,
            covered_from=covered_from(conn, row, now),
        )
    )
    bring_to(conn, memberships.c.id == membership_id, day, terms.late_days)


def covered_from(db: Db, row: Any, now: Standing) -> date | None:
    """The first day of care: after the observation by the terms of its first day, None while nothing is paid for.

    One that was seen to end in another mutuelle is not repeated.
    """
    if now.covered_until is None or row.carried_from:
        return row.carried_from if now.covered_until else None
    if now.full_on is None:
        return None
    terms = mutuelle_terms.of_mutuelle(db, row.mutuelle_id, now.full_on)
    return now.full_on + timedelta(days=terms.observation_days)


def bring_to(conn: Connection, which: ColumnElement[bool], day: date, late_days: int) -> int:
    """Bring the status of memberships, and the rights of their people, to `day`; how many rights changed."""
    today = literal(day, Date)
    suspended = case(
        (memberships.c.good_until >= today_minus(day, late_days), null()), else_=memberships.c.suspended_on
    )
    late = and_(memberships.c.good_until.is_not(None), memberships.c.good_until < today)
    status = case(
        (memberships.c.ended_why.in_(sorted(LEFT)), memberships.c.ended_why),
        (suspended.is_not(None), literal(SUSPENDU)),
        (
            or_(memberships.c.covered_from.is_(None), memberships.c.covered_from > today),
            literal(EN_OBSERVATION),
        ),
        (late, literal(EN_RETARD)),
        else_=literal(A_JOUR),
    )
    overdue = case((late, _overdue(today)), else_=literal(0))
    new = {"status": status, "suspended_on": suspended, "overdue": overdue}
    changed = or_(*(memberships.c[name].is_distinct_from(value) for name, value in new.items()))
    conn.execute(update(memberships).where(which, changed).values(new))
    return _bring_rights(conn, which, today)


def today_minus(day: date, days: int) -> Any:
    """A day before `day`, as a value for the database."""
    return literal(day - timedelta(days=days), Date)


def _overdue(today: Any) -> Any:
    owed = dues.dues
    return (
        select(func.coalesce(func.sum(owed.c.amount - owed.c.paid), 0))
        .where(owed.c.membership_id == memberships.c.id, owed.c.due_on < today, owed.c.paid < owed.c.amount)
        .scalar_subquery()
    )


def _bring_rights(conn: Connection, which: ColumnElement[bool], today: Any) -> int:
    late = and_(memberships.c.overdue > 0, memberships.c.good_until < today)
    until = case(
        (memberships.c.good_until < today, memberships.c.covered_until), else_=memberships.c.good_until
    )
    new = {
        "status": memberships.c.status,
        "valid_to": case((memberships.c.covered_from.is_(None), null()), else_=until),
        "covered_from": memberships.c.covered_from,
        "missing_fcfa": case((late, memberships.c.overdue), else_=literal(0)),
        "late_since": case((late, memberships.c.good_until), else_=null()),
    }
    changed = or_(*(coverages.c[name].is_distinct_from(value) for name, value in new.items()))
    theirs = and_(
        coverages.c.person_id == persons.c.id,
        persons.c.household_id == memberships.c.household_id,
        coverages.c.mutuelle_id == memberships.c.mutuelle_id,
        coverages.c.scheme == literal(MUTUELLE, String),
    )
    return int(conn.execute(update(coverages).where(theirs, which, changed).values(new)).rowcount)
