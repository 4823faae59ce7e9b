"""Writes a made-up register: sealed and indexed rows in parts of ten thousand people, by COPY where there is COPY.

Each part has its own range of ids and of numbers, so that parts can be written side by side by several processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, func, insert, select, text

from config import facts
from models import sample
from models.coverage import NUMBER, coverages, number_index
from models.database import Connection
from models.demo import ROLES
from models.households import households
from models.identifiers import Msisdn, with_check_digit
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.names import name_keys
from models.people import nina_columns, persons, seal_identity
from models.phones import GSM7, phone_index, phone_links, phones

PART = 10_000
"""People in a part, and ids that it may use in each table but `coverages`, where it may use twice as many."""

MOST_MEMBERS = 1_900
"""Member numbers of a part: about one for each household of a mutuelle."""

MOST_PHONES = 1_300
"""Telephone numbers of a part."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write: `people` in parts, the first of which is number `first_part` in this database."""

    people: int
    seed: int
    first_part: int
    today: date
    now: datetime

    @property
    def parts(self) -> range:
        """The numbers of the parts."""
        return range(self.first_part, self.first_part + -(-self.people // PART))

    def size(self, part: int) -> int:
        """People in a part: all are full but the last."""
        return min(PART, self.people - (part - self.first_part) * PART)


def plan(conn: Connection, people: int, seed: int, today: date, now: datetime) -> Plan:
    """Prepare for `people` more people: their mutuelles are made, and their ids follow those that are there."""
    used = [
        conn.execute(select(func.max(table.c.id))).scalar() or 0 for table in (persons, households, phones)
    ]
    last = max(*used, (conn.execute(select(func.max(coverages.c.id))).scalar() or 0) // 2)
    _make_mutuelles(conn)
    return Plan(people, seed, last // PART + 1, today, now)


def write_part(conn: Connection, keys: KeyRing, plan: Plan, part: int) -> int:
    """Write one part in the caller's transaction; how many people it has."""
    rows = _Rows(keys, plan, part, _ids_by_code(conn))
    for family in sample.families(plan.seed, part - plan.first_part, plan.size(part), plan.today):
        rows.add(family)
    write = _copy if conn.dialect.name == "postgresql" else _insert
    for table, columns, content in rows.content():
        write(conn, table, columns, content)
    return plan.size(part)


def _ids_by_code(conn: Connection) -> dict[str, int]:
    rows = conn.execute(select(mutuelles.c.code, mutuelles.c.id))
    return {row.code: row.id for row in rows}


def finish(conn: Connection) -> None:
    """Let new rows be numbered after the written ones, and let PostgreSQL count what there is."""
    if conn.dialect.name == "postgresql":
        for table in (households, persons, coverages, phones):
            last = select(func.coalesce(func.max(table.c.id), 1)).scalar_subquery()
            conn.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))
        conn.execute(text("ANALYZE"))


class _Rows:
    """The rows of one part, as tuples in the order of their columns."""

    def __init__(self, keys: KeyRing, plan: Plan, part: int, of_code: dict[str, int]) -> None:
        self._keys = keys
        self._plan = plan
        self._of_code = of_code
        self._name_keys = lru_cache(maxsize=None)(lambda given, family: name_keys(keys, given, family))
        self._household_id = self._person_id = self._phone_id = part * PART
        self._coverage_id = 2 * part * PART
        self._next_member, self._last_member = part * MOST_MEMBERS, (part + 1) * MOST_MEMBERS
        self._next_phone, self._last_phone = part * MOST_PHONES, (part + 1) * MOST_PHONES
        self.households: list[tuple[Any, ...]] = []
        self.persons: list[tuple[Any, ...]] = []
        self.coverages: list[tuple[Any, ...]] = []
        self.phones: list[tuple[Any, ...]] = []
        self.links: list[tuple[Any, ...]] = []

    def content(self) -> tuple[tuple[Table, str, list[tuple[Any, ...]]], ...]:
        """(table, its columns, rows) in an order that foreign keys allow."""
        return (
            (households, "id commune_code mutuelle_id", self.households),
            (
                persons,
                "id household_id relation sex birth_year commune_code pupil disabled"
                " identity_sealed given_key family_key nina_index nina_sealed",
                self.persons,
            ),
            (
                coverages,
                "id person_id scheme role status valid_from valid_to covered_from number_index number_sealed"
                " organism mutuelle_id missing_fcfa late_since",
                self.coverages,
            ),
            (phones, "id phone_index language charset created_at", self.phones),
            (phone_links, "phone_id person_id verified_at how", self.links),
        )

    def add(self, family: sample.Family) -> None:
        """A family with its people, rights and phones."""
        self._household_id += 1
        mutuelle_id = self._of_code.get(_code(family.cercle))
        belongs = any(cover.scheme == "MUTUELLE" for cover in family.covers)
        self.households.append((self._household_id, family.commune_code, mutuelle_id if belongs else None))
        for person in family.people:
            self._person_id += 1
            self._add_person(person, family.commune_code)
            for cover in family.covers:
                self._coverage_id += 1
                self._add_cover(cover, person.relation == "SOI", mutuelle_id)

    def _add_person(self, person: sample.Person, commune_code: str) -> None:
        born, keys = person.born, self._keys
        given_key, family_key = self._name_keys(person.given, person.family)
        nina = nina_columns(keys, f"9{self._person_id:013}X") if person.nina else _NO_NINA
        self.persons.append(
            (
                self._person_id,
                self._household_id,
                person.relation,
                person.sex,
                born.year,
                commune_code,
                person.pupil,
                person.disabled,
                seal_identity(keys, person.given, person.family, born),
                given_key,
                family_key,
                nina["nina_index"],
                nina["nina_sealed"],
            )
        )
        if person.phone and self._next_phone < self._last_phone:
            self._add_phone()

    def _add_phone(self) -> None:
        self._phone_id += 1
        self._next_phone += 1
        # From 71 000 000 on: beyond the demonstration's own numbers.
        index = phone_index(self._keys, Msisdn(f"+223{71_000_000 + self._next_phone}"))
        self.phones.append((self._phone_id, index, "fr", GSM7, self._plan.now))
        self.links.append((self._phone_id, self._person_id, self._plan.now, "sample"))

    def _add_cover(self, cover: sample.Cover, opens: bool, mutuelle_id: int | None) -> None:
        number = self._number(cover.scheme) if opens else None
        self.coverages.append(
            (
                self._coverage_id,
                self._person_id,
                cover.scheme,
                ROLES[cover.scheme][0 if opens else 1],
                cover.status,
                cover.valid_from,
                cover.valid_to,
                cover.covered_from,
                number_index(self._keys, cover.scheme, number) if number else None,
                self._keys.seal(number, NUMBER) if number else None,
                cover.organism,
                mutuelle_id if cover.scheme == "MUTUELLE" else None,
                cover.missing_fcfa,
                cover.late_since,
            )
        )

    def _number(self, scheme: str) -> str | None:
        """A number of the scheme's shape that nobody has; None when a mutuelle's eight digits are used up."""
        if scheme == "RAMED":
            return str(3_000_000_000_000 + self._coverage_id)
        if scheme == "AMO":
            return str(5_000_000_000 + self._coverage_id)
        body = 5_500_000 + self._next_member
        if self._next_member >= self._last_member or body > 5_999_999:
            return None
        self._next_member += 1
        return with_check_digit(str(body))


_NO_NINA: dict[str, None] = {"nina_index": None, "nina_sealed": None}


def _copy(conn: Connection, table: Table, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    cursor: Any = conn.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(columns.split())}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(conn: Connection, table: Table, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    names = columns.split()
    if rows:
        conn.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])


def _make_mutuelles(conn: Connection) -> None:
    """One made-up mutuelle for each of the 64 units of the strategy that has a code."""
    known = set(conn.execute(select(mutuelles.c.code)).scalars())
    rows = [
        {
            "code": _code(row["pcode"]),
            "name": f"Mutuelle de {row['cercle']}",
            "cercle_pcode": row["pcode"],
            "demo": True,
        }
        for row in facts.reference("mali_admin_2021")
        if row["pcode"] and _code(row["pcode"]) not in known
    ]
    if rows:
        conn.execute(insert(mutuelles), rows)


def _code(cercle: str) -> str:
    return f"EXEMPLE-{cercle}"
