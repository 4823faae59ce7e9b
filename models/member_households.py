"""Households of a mutuelle as who asks them for money knows them: who stands for each, and which are late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Integer, bindparam, case, func, or_, select

from models import mutuelle_terms, mutuelles
from models.already_reminded import not_enough
from models.collectors import Collector, collector_communes
from models.contribution_reminder_rules import is_lean
from models.coverage import LIVING, NUMBER, coverages
from models.database import Db, Prepared, UtcDateTime
from models.households import households
from models.keyring import KeyRing
from models.member_groups import has, member_group_households
from models.mutuelle_tables import memberships
from models.people import opened_identity, persons
from models.reminders_wanted import reminders_wanted


@dataclass(frozen=True, slots=True)
class Head:
    """Who stands for a household: whose number it is known by. `number` may be "" in a register without one."""

    person_id: int
    given: str
    family: str
    number: str


@dataclass(frozen=True, slots=True)
class Late:
    """A household that is late with `overdue` FCFA."""

    membership_id: int
    household_id: int
    overdue: int
    head: Head | None


_HEAD = Prepared(
    select(persons.c.id, persons.c.identity_sealed, coverages.c.number_sealed)
    .select_from(
        persons.outerjoin(
            coverages, (coverages.c.person_id == persons.c.id) & (coverages.c.scheme == "MUTUELLE")
        )
    )
    .where(persons.c.household_id == bindparam("household_id"), LIVING)
    .order_by(case((coverages.c.number_sealed.is_(None), 1), else_=0), persons.c.id)
    .limit(1)
)
_sections = select(collector_communes.c.commune_code).where(
    collector_communes.c.number == bindparam("number")
)
_of_group = select(member_group_households.c.household_id).where(
    member_group_households.c.group_id == bindparam("group_id")
)
_LATE_HERE = (
    memberships.c.ended_on.is_(None),
    memberships.c.overdue > 0,
    memberships.c.mutuelle_id == bindparam("mutuelle_id"),
)
_joined = memberships.join(households, households.c.id == memberships.c.household_id)


def _first(where: ColumnElement[bool]) -> Prepared:
    return Prepared(
        select(memberships.c.id, memberships.c.household_id, memberships.c.overdue)
        .select_from(_joined)
        .where(*_LATE_HERE, where)
        .order_by(memberships.c.overdue.desc(), memberships.c.id)
        .limit(bindparam("most", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )


def _sums(where: ColumnElement[bool]) -> Prepared:
    counted = (func.count(), func.coalesce(func.sum(memberships.c.overdue), 0))
    return Prepared(select(*counted).select_from(_joined).where(*_LATE_HERE, where))


# A leader's group; for others the sections that they have, or else all of the mutuelle.
_AREAS = {
    True: memberships.c.household_id.in_(_of_group),
    False: or_(~_sections.exists(), households.c.commune_code.in_(_sections)),
}


def _not_asked(where: ColumnElement[bool]) -> Prepared:
    asked = select(reminders_wanted.c.id).where(
        reminders_wanted.c.membership_id == memberships.c.id,
        reminders_wanted.c.asked_at > bindparam("since", type_=UtcDateTime),
    )
    return Prepared(
        select(memberships.c.id)
        .select_from(_joined)
        .where(*_LATE_HERE, where, ~asked.exists(), not_enough())
        .order_by(memberships.c.overdue.desc(), memberships.c.id)
        .limit(bindparam("most", type_=Integer))
    )


_LATE = {leads: _first(where) for leads, where in _AREAS.items()}
_COUNT = {leads: _sums(where) for leads, where in _AREAS.items()}
_TO_REMIND = {leads: _not_asked(where) for leads, where in _AREAS.items()}


def head(db: Db, keys: KeyRing, household_id: int) -> Head | None:
    """Who stands for a household: of the living, who has a member's number, else the first. Raises DatabaseAway."""
    row = _HEAD.first(db, household_id=household_id)
    if row is None:
        return None
    given, family, _ = opened_identity(keys, row[1])
    return Head(int(row[0]), given, family, keys.unseal(row[2], NUMBER) if row[2] else "")


def late(db: Db, keys: KeyRing, collector: Collector, offset: int, most: int) -> tuple[Late, ...]:
    """Some of the late households where a collector collects, who owes most first. Raises DatabaseAway."""
    rows = _LATE[_leads(collector)].all(db, **_where(collector), most=most, offset=offset)
    return tuple(
        Late(membership_id, household_id, overdue, head(db, keys, household_id))
        for membership_id, household_id, overdue in rows
    )


def count_late(db: Db, collector: Collector) -> tuple[int, int]:
    """(late households where a collector collects, FCFA that they owe). Raises DatabaseAway."""
    ((count, overdue),) = _COUNT[_leads(collector)].all(db, **_where(collector))
    return int(count), int(overdue)


def to_remind(db: Db, collector: Collector, since: datetime, most: int, day: date) -> tuple[int, ...]:
    """Memberships of late households whom another reminder would reach, and nobody asked for one since a moment.

    None in the lean months of the mutuelle. Raises DatabaseAway.
    """
    if is_lean(mutuelles.one(db, collector.mutuelle_id).cercle_pcode, day):
        return ()
    told = {"remind_most": mutuelle_terms.of_mutuelle(db, collector.mutuelle_id, day).remind_most}
    found = _TO_REMIND[_leads(collector)].all(db, **_where(collector), **told, since=since, most=most)
    return tuple(int(one) for (one,) in found)


def covers(db: Db, collector: Collector, household_id: int, commune_code: str) -> bool:
    """Whether a household of her mutuelle is where a collector collects. Raises DatabaseAway."""
    if collector.group_id is not None:
        return has(db, collector.group_id, household_id)
    return not collector.communes or commune_code in collector.communes


def _leads(collector: Collector) -> bool:
    return collector.group_id is not None


def _where(collector: Collector) -> dict[str, int]:
    own = {"group_id": collector.group_id} if collector.group_id is not None else {"number": collector.number}
    return {"mutuelle_id": collector.mutuelle_id, **own}
