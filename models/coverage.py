"""Rights to care: one row per covered person and scheme, and what each is worth on a given day.

A dependant's row has no number of its own. Numbers are sealed and found by a keyed index that includes the scheme,
so that equal digits of two schemes never meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    Join,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    literal_column,
    select,
    text,
)

from config import facts
from models.database import Db, Id, Prepared, Sealed, metadata
from models.identifiers import CardNumber, Msisdn, NinaNumber, slips
from models.keyring import KeyRing
from models.lookups import MISSES, asker_index, misses_since
from models.mutuelles import mutuelles
from models.names import MOST_FAMILIES, MOST_WORDS, search_keys
from models.people import opened_identity, persons

NUMBER = "number"
"""Purpose of a sealed card, receipt or member number."""

MOST_PEOPLE = 3
"""People that a search by name may show."""

MOST_COMMUNES = 4
"""Communes that one search by name may cover."""

MOST_SLIPS = 30
"""Numbers with a check digit that are one slip away from another: at most two for each digit."""

MOST_ROWS = 30
"""Rights that one look-up reads: far more than three people have."""

coverages = Table(
    "coverages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", ForeignKey("persons.id"), nullable=False, index=True),
    Column("scheme", String(10), nullable=False),
    Column("role", String(20), nullable=False),
    Column("status", String(16), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("covered_from", Date),
    Column("number_index", LargeBinary, unique=True),
    Column("number_sealed", Sealed(NUMBER)),
    Column("organism", String(20)),
    Column("mutuelle_id", ForeignKey("mutuelles.id"), index=True),
    Column("missing_fcfa", Integer, nullable=False, default=0),
    Column("late_since", Date),
    Column("dependant_index", LargeBinary),
    Column("fingerprint", LargeBinary),
    Index(
        "uq_coverages_dependant_index",
        "dependant_index",
        unique=True,
        postgresql_where=text("dependant_index IS NOT NULL"),
        sqlite_where=text("dependant_index IS NOT NULL"),
    ),
)
"""`covered_from` ends the observation period; `valid_to` is included, or None for a right without an end.

A register's file finds a dependant without a number by `dependant_index`; `fingerprint` says what its line last said.
"""


class Verdict(StrEnum):
    """What a number or a right is worth on one day."""

    VALIDE = "VALIDE"
    PAS_ENCORE_VALIDE = "PAS_ENCORE_VALIDE"
    EXPIRE = "EXPIRE"
    SUSPENDU = "SUSPENDU"
    EN_OBSERVATION = "EN_OBSERVATION"
    RADIE = "RADIE"
    INCONNU = "INCONNU"
    FORMAT_INVALIDE = "FORMAT_INVALIDE"


BEST_FIRST = (
    Verdict.VALIDE,
    Verdict.EN_OBSERVATION,
    Verdict.PAS_ENCORE_VALIDE,
    Verdict.SUSPENDU,
    Verdict.EXPIRE,
    Verdict.RADIE,
    Verdict.INCONNU,
)
"""Which of a person's rights is told first: the one that gives care soonest and with the least effort."""

LEFT = frozenset({"RADIE", "DEMISSIONNAIRE", "EXCLU"})
"""Statuses of who is no longer a member of the mutuelle and must join again."""


def verdict(
    scheme: str, status: str, valid_from: date, valid_to: date | None, covered_from: date | None, day: date
) -> Verdict:
    """What a right is worth on `day`; its first and last days are included (assumption for the RAMED receipt).

    A mutuelle's own word comes before the dates: who is suspended is not "expired", and who pays late (one to thirty
    days after the due date, by the usual statutes) is still covered.
    """
    if status in LEFT:
        return Verdict.RADIE
    if status == "SUSPENDU":
        return Verdict.SUSPENDU
    if day < valid_from:
        return Verdict.PAS_ENCORE_VALIDE
    late = scheme == "MUTUELLE" and status == "EN_RETARD"
    if valid_to is not None and day > valid_to and not late:
        return Verdict.EXPIRE
    waiting = covered_from is not None and day < covered_from
    if waiting or (status == "EN_OBSERVATION" and covered_from is None):
        return Verdict.EN_OBSERVATION
    return Verdict.VALIDE


class Right(NamedTuple):
    """One living person's right under one scheme and its worth on the day asked about.

    Amounts in FCFA; `born` is None when only the year is known; `size` counts the living members of the household, or
    is 0 when nobody asked; `late_since` is the day the missing amount was due; `covered_from` the first day after the
    observation period.
    """

    coverage_id: int
    person_id: int
    household_id: int
    scheme: str
    role: str
    status: str
    valid_from: date
    valid_to: date | None
    given: str
    family: str
    born: date | None
    sex: str
    birth_year: int
    mutuelle: str | None
    missing_fcfa: int
    late_since: date | None
    covered_from: date | None
    organism: str | None
    size: int
    commune_code: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a look-up found, best right first, and how often this asker found nobody since the moment given."""

    misses: int
    rights: tuple[Right, ...]


_kin = persons.alias("kin")
_SIZE = (
    select(func.count())
    .where(
        _kin.c.household_id == persons.c.household_id, _kin.c.died_on.is_(None), _kin.c.erased_at.is_(None)
    )
    .scalar_subquery()
)
# Of one row, not a join: PostgreSQL would read every mutuelle into a hash table for it.
_MUTUELLE = select(mutuelles.c.name).where(mutuelles.c.id == coverages.c.mutuelle_id).scalar_subquery()
RIGHT_COLUMNS: tuple[Any, ...] = (
    coverages.c.id,
    coverages.c.person_id,
    persons.c.household_id,
    coverages.c.scheme,
    coverages.c.role,
    coverages.c.status,
    coverages.c.valid_from,
    coverages.c.valid_to,
    persons.c.identity_sealed,
    persons.c.sex,
    persons.c.birth_year,
    _MUTUELLE,
    coverages.c.missing_fcfa,
    coverages.c.late_since,
    coverages.c.covered_from,
    coverages.c.organism,
    _SIZE,
    persons.c.commune_code,
)
"""What a select must give, in this order, for `rights_from`."""

LIVING = persons.c.died_on.is_(None) & persons.c.erased_at.is_(None)
"""The condition on people whose rights are told."""


def with_rights(people: FromClause) -> Join:
    """`people` (which has persons) joined to each person's rights; persons without stay."""
    return people.outerjoin(coverages, coverages.c.person_id == persons.c.id)


def rights_from(keys: KeyRing, rows: Iterable[Sequence[Any]], day: date) -> tuple[Right, ...]:
    """Rights out of rows of RIGHT_COLUMNS, best first: by verdict, then in the order in which schemes pay."""
    rights = [_right(keys, row, day) for row in rows if row[0] is not None]
    if len(rights) > 1:
        payers = _payers(day)
        rights.sort(
            key=lambda right: (BEST_FIRST.index(right.verdict), payers.get(right.scheme, len(payers)))
        )
    return tuple(rights)


def by_number(db: Db, keys: KeyRing, number: CardNumber, asker: Msisdn, since: datetime, day: date) -> Lookup:
    """Every right of the person who holds a number, and the asker's misses: one select. Raises DatabaseAway."""
    index = number_index(keys, number.scheme, number.value)
    return _looked_up(
        keys, _BY_NUMBER.all(db, number=index, asker=asker_index(keys, asker), since=since), day
    )


def by_nina(db: Db, keys: KeyRing, nina: NinaNumber, asker: Msisdn, since: datetime, day: date) -> Lookup:
    """Every right of the person who holds a NINA, and the asker's misses: one select. Raises DatabaseAway."""
    index = keys.index(nina.value, "nina")
    return _looked_up(keys, _BY_NINA.all(db, nina=index, asker=asker_index(keys, asker), since=since), day)


def by_name(
    db: Db,
    keys: KeyRing,
    name: str,
    birth_year: int,
    commune_codes: tuple[str, ...],
    asker: Msisdn,
    since: datetime,
    day: date,
) -> Lookup:
    """The rights of at most three people of this name, year and place, and the asker's misses: one select.

    The words of the name may come in any order and spelling (`models.names`); one to MOST_COMMUNES communes.
    Raises ValueError for more communes or none, DatabaseAway.
    """
    if not 1 <= len(commune_codes) <= MOST_COMMUNES:
        raise ValueError(f"one to {MOST_COMMUNES} communes can be searched, not {len(commune_codes)}")
    givens, families = search_keys(keys, name)
    if not givens:
        return Lookup(misses_since(db, keys, asker, since), ())
    communes = [*commune_codes, *commune_codes[-1:] * (MOST_COMMUNES - len(commune_codes))]
    slots = {
        f"{slot}{place}": value
        for slot, values in (("given", givens), ("family", families), ("commune", communes))
        for place, value in enumerate(values)
    }
    rows = _BY_NAME.all(db, **slots, birth_year=birth_year, asker=asker_index(keys, asker), since=since)
    return _looked_up(keys, rows, day)


def by_person(db: Db, keys: KeyRing, person_id: int, day: date, *, counted: bool = True) -> tuple[Right, ...]:
    """One person's rights, best first; () for a person who died, was erased or has none. Raises DatabaseAway.

    To count her household costs a third of the read: who does not need it says `counted=False`.
    """
    wanted = _BY_PERSON if counted else _BY_PERSON_ALONE
    return rights_from(keys, wanted.all(db, person_id=person_id), day)


def neighbours(db: Db, keys: KeyRing, digits: str, day: date) -> tuple[tuple[str, Right], ...]:
    """(number, right) of the cards that `digits` may have been meant for: one select, or none. Raises DatabaseAway.

    For staff of a facility alone: to others it would tell which numbers exist.
    """
    near = {number_index(keys, card.scheme, card.value): card.value for card in slips(digits, day)}
    if not near:
        return ()
    indexes = [*near, *[b""] * (MOST_SLIPS - len(near))]
    rows = _BY_NUMBERS.all(db, **{f"number{place}": index for place, index in enumerate(indexes)})
    return tuple(sorted(((near[row[-1]], _right(keys, row, day)) for row in rows), key=lambda pair: pair[0]))


def number_index(keys: KeyRing, scheme: str, digits: str) -> bytes:
    """The keyed index under which a number of a scheme is stored."""
    return keys.index(f"{scheme}:{digits}", NUMBER)


def _right(keys: KeyRing, row: Sequence[Any], day: date) -> Right:
    scheme, _, status, valid_from, valid_to, sealed = row[3:9]
    worth = verdict(scheme, status, valid_from, valid_to, row[14], day)
    return Right._make((*row[:8], *opened_identity(keys, sealed), *row[9:18], worth))


def _looked_up(keys: KeyRing, rows: list[tuple[Any, ...]], day: date) -> Lookup:
    return Lookup(rows[0][-1], rights_from(keys, rows, day))


@lru_cache(maxsize=8)
def _payers(day: date) -> dict[str, int]:
    return {row["code"]: int(row["payer_order"]) for row in facts.on(day, facts.rows("schemes"))}


def _slots(name: str, count: int) -> list[Any]:
    return [bindparam(f"{name}{place}") for place in range(count)]


# One row is there whatever is found, so that the misses come back with the rights.
_one = select(literal_column("1").label("one")).subquery("one")
_holder = coverages.alias("holder")


def _look_up(condition: Any, people: FromClause = _one) -> Any:
    found = people.outerjoin(persons, condition & LIVING)
    return (
        select(*RIGHT_COLUMNS, MISSES)
        .select_from(with_rights(found))
        .order_by(persons.c.id)
        .limit(literal_column(str(MOST_ROWS)))
    )


def _of_person(columns: Iterable[Any]) -> Prepared:
    people = with_rights(persons)
    return Prepared(
        select(*columns).select_from(people).where(persons.c.id == bindparam("person_id"), LIVING)
    )


_BY_PERSON = _of_person(RIGHT_COLUMNS)
_BY_PERSON_ALONE = _of_person(literal_column("0") if column is _SIZE else column for column in RIGHT_COLUMNS)
_BY_NUMBERS = Prepared(
    select(*RIGHT_COLUMNS, coverages.c.number_index)
    .select_from(with_rights(persons))
    .where(coverages.c.number_index.in_(_slots("number", MOST_SLIPS)), LIVING)
)
_BY_NINA = Prepared(_look_up(persons.c.nina_index == bindparam("nina")))
_BY_NUMBER = Prepared(
    _look_up(
        persons.c.id == _holder.c.person_id,
        _one.outerjoin(_holder, _holder.c.number_index == bindparam("number")),
    )
)
_namesake = persons.alias("namesake")
_BY_NAME = Prepared(
    _look_up(
        persons.c.id.in_(
            select(_namesake.c.id)
            .where(
                _namesake.c.given_key.in_(_slots("given", MOST_WORDS)),
                _namesake.c.family_key.in_(_slots("family", MOST_FAMILIES)),
                _namesake.c.birth_year == bindparam("birth_year"),
                _namesake.c.commune_code.in_(_slots("commune", MOST_COMMUNES)),
                _namesake.c.died_on.is_(None),
                _namesake.c.erased_at.is_(None),
            )
            .order_by(_namesake.c.id)
            .limit(literal_column(str(MOST_PEOPLE)))
        )
    )
)
