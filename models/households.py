"""Households: who lives together under one opener of rights, and what each member's right lacks or will lack soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, bindparam, select

from config import facts
from models.coverage import BEST_FIRST, Verdict, coverages, verdict
from models.database import Db, Id, Prepared, metadata
from models.keyring import KeyRing
from models.people import RELATIONS, opened_identity, persons

households = Table(
    "households",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(20), unique=True),
    Column("commune_code", String(12), nullable=False, index=True),
    Column("mutuelle_id", ForeignKey("mutuelles.id"), index=True),
)
"""`code` is the file number that an organism gave the household, when it gave one."""


END_OF_RIGHT = "FIN_DE_DROIT"
"""What `Member.needs` says when the age limit is near: no document helps, the right ends."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household and the worth of her best right; `needs` is a document's code, `due` its last day."""

    person_id: int
    given: str
    family: str
    sex: str
    birth_year: int
    birth_date: date | None
    relation: str
    verdict: Verdict
    needs: str | None = None
    due: date | None = None
    pupil: bool = False
    disabled: bool = False


_MEMBERS = Prepared(
    select(
        persons.c.id,
        persons.c.identity_sealed,
        persons.c.sex,
        persons.c.birth_year,
        persons.c.relation,
        persons.c.pupil,
        persons.c.disabled,
        coverages.c.scheme,
        coverages.c.status,
        coverages.c.valid_from,
        coverages.c.valid_to,
        coverages.c.covered_from,
    )
    .select_from(persons.outerjoin(coverages, coverages.c.person_id == persons.c.id))
    .where(
        persons.c.household_id == bindparam("household_id"),
        persons.c.died_on.is_(None),
        persons.c.erased_at.is_(None),
    )
    .order_by(persons.c.id)
)


def members(db: Db, keys: KeyRing, household_id: int, day: date) -> tuple[Member, ...]:
    """The living members, the opener first, then spouses, children by age, ascendants. Raises DatabaseAway."""
    found: dict[int, Member] = {}
    for row in _MEMBERS.all(db, household_id=household_id):
        member = _member(keys, row, day)
        known = found.get(member.person_id)
        if known is None or BEST_FIRST.index(member.verdict) < BEST_FIRST.index(known.verdict):
            found[member.person_id] = member
    return tuple(sorted(found.values(), key=_place))


def _member(keys: KeyRing, row: tuple[Any, ...], day: date) -> Member:
    person_id, sealed, sex, birth_year, relation, pupil, disabled = row[:7]
    scheme, status, valid_from, valid_to, covered_from = row[7:]
    given, family, birth_date = opened_identity(keys, sealed)
    worth = Verdict.INCONNU
    if scheme:
        worth = verdict(scheme, status, valid_from, valid_to, covered_from, day)
    needs, due = None, None
    if relation == "ENFANT" and scheme and not disabled:
        needs, due = _lacking(scheme, birth_date, pupil, day)
    return Member(
        person_id,
        given,
        family,
        sex,
        birth_year,
        birth_date,
        relation,
        worth,
        needs,
        due,
        bool(pupil),
        bool(disabled),
    )


def _place(member: Member) -> tuple[int, int, int]:
    return RELATIONS.index(member.relation), member.birth_year, member.person_id


def _lacking(scheme: str, born: date | None, pupil: bool, day: date) -> tuple[str | None, date | None]:
    """What a child's right needs at the ages of config/rules/dependant_ages.csv, and until when."""
    if born is None:
        return None, None
    for rule in _age_rules(scheme, day):
        birthday = _birthday(born, int(rule["age"]))
        announced = day >= birthday - timedelta(days=int(rule["warn_days"]))
        if rule["needs"] == END_OF_RIGHT and announced:
            return END_OF_RIGHT, birthday - timedelta(days=1)
        if rule["needs"] != END_OF_RIGHT and announced and not pupil:
            return rule["needs"], birthday
    return None, None


@lru_cache(maxsize=64)
def _age_rules(scheme: str, day: date) -> tuple[facts.Row, ...]:
    """The rules of a scheme in force on `day`, the highest age first: an end hides what was needed before it."""
    in_force = (rule for rule in facts.on(day, facts.rows("dependant_ages")) if rule["scheme"] == scheme)
    return tuple(sorted(in_force, key=lambda rule: -int(rule["age"])))


def _birthday(born: date, age: int) -> date:
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # born on 29 February
        return date(born.year + age, 3, 1)
