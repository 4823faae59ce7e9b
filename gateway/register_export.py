"""A register written to a CSV file that the same programme reads back, and that a spreadsheet opens as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from config import facts
from config.vocabulary import NO, YES
from models import staff
from models.coverage import LIVING, NUMBER, coverages
from models.facilities import facilities
from models.households import households
from models.import_columns import usual_headings
from models.imports import FACILITIES, SCHEME_OF, STAFF
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import opened_identity, persons
from models.phones import PHONE
from models.receipts import REFERENCE, receipts

AT_A_TIME = 5_000
"""Rows that are read at a time."""

Fields = dict[str, Any]


def header(register: str, day: date) -> tuple[str, ...]:
    """The usual headings, in the order of the rules."""
    return tuple(heading for _, heading in usual_headings(register, day))


def rows(
    conn: Connection, keys: KeyRing, register: str, communes: frozenset[str], day: date
) -> Iterator[tuple[Any, ...]]:
    """The register's rows in these communes (all when there are none), in the order of `header`."""
    fields = [field for field, _ in usual_headings(register, day)]
    words = _words(register, day)
    for said in _said(conn, keys, register, communes):
        yield tuple(_written(words, field, said.get(field)) for field in fields)


def _said(conn: Connection, keys: KeyRing, register: str, communes: frozenset[str]) -> Iterator[Fields]:
    if register == FACILITIES:
        return _facilities(conn, communes)
    if register == STAFF:
        return _staff(conn, keys, communes)
    return _people(conn, keys, SCHEME_OF[register], communes)


def _facilities(conn: Connection, communes: frozenset[str]) -> Iterator[Fields]:
    query = select(facilities).where(_within(facilities.c.commune_code, communes)).order_by(facilities.c.id)
    for row in conn.execute(query):
        yield {
            "kind": row.kind,
            "name": row.name,
            "commune": row.commune_code,
            "contracted": row.contracted,
            "hours": row.hours,
        }


def _staff(conn: Connection, keys: KeyRing, communes: frozenset[str]) -> Iterator[Fields]:
    ties = staff.staff_phones
    query = (
        select(ties.c.phone_sealed, ties.c.role, facilities.c.name, facilities.c.commune_code)
        .join(facilities, facilities.c.id == ties.c.facility_id)
        .where(ties.c.state == staff.ACTIVE, _within(facilities.c.commune_code, communes))
        .order_by(ties.c.id)
    )
    for row in conn.execute(query):
        yield {
            "phone": keys.unseal(row.phone_sealed, PHONE),
            "facility": row.name,
            "commune": row.commune_code,
            "role": row.role,
        }


_OPENER, _THEIRS = persons.alias("opener"), coverages.alias("theirs")
_OWN = ("number_sealed", "role", "status", "valid_from", "valid_to", "covered_from", "organism")
_OF_COVERAGE = (*_OWN, "missing_fcfa", "late_since")
_OF_PERSON = (
    "relation",
    "sex",
    "birth_year",
    "pupil",
    "disabled",
    "died_on",
    "nina_sealed",
    "identity_sealed",
)


def _people(conn: Connection, keys: KeyRing, scheme: str, communes: frozenset[str]) -> Iterator[Fields]:
    """Openers and dependants; a dependant with the number of whoever opens the household's right."""
    opener = (
        select(_THEIRS.c.number_sealed)
        .join(_OPENER, _OPENER.c.id == _THEIRS.c.person_id)
        .where(
            _OPENER.c.household_id == persons.c.household_id,
            _OPENER.c.relation == "SOI",
            _THEIRS.c.scheme == scheme,
            _THEIRS.c.number_sealed.is_not(None),
        )
        .limit(1)
        .correlate(persons)
        .scalar_subquery()
        .label("opener_sealed")
    )
    query = (
        select(
            coverages.c.id,
            *(coverages.c[name] for name in _OF_COVERAGE),
            *(persons.c[name] for name in _OF_PERSON),
            persons.c.commune_code,
            receipts.c.reference_sealed,
            receipts.c.issue_place,
            receipts.c.issue_date,
            mutuelles.c.code.label("mutuelle"),
            opener,
        )
        .select_from(
            coverages.join(persons, persons.c.id == coverages.c.person_id)
            .join(households, households.c.id == persons.c.household_id)
            .outerjoin(receipts, receipts.c.coverage_id == coverages.c.id)
            .outerjoin(mutuelles, mutuelles.c.id == coverages.c.mutuelle_id)
        )
        .where(coverages.c.scheme == scheme, LIVING, _within(persons.c.commune_code, communes))
        .order_by(coverages.c.id)
        .limit(AT_A_TIME)
    )
    last = 0
    while found := conn.execute(query.where(coverages.c.id > last)).mappings().all():
        yield from (_person(keys, row) for row in found)
        last = found[-1]["id"]


def _person(keys: KeyRing, row: Mapping[Any, Any]) -> Fields:
    given, family, born = opened_identity(keys, row["identity_sealed"])
    opens = row["relation"] == "SOI"
    said = {name: row[name] for name in (*_OF_COVERAGE, *_OF_PERSON, "issue_place", "issue_date", "mutuelle")}
    return said | {
        "number": _opened(keys, row["number_sealed"], NUMBER),
        "opener": None if opens else _opened(keys, row["opener_sealed"], NUMBER),
        "given": given,
        "family": family,
        "born": born,
        "birth_year": None if born else row["birth_year"],
        "commune": row["commune_code"],
        "reference": _opened(keys, row["reference_sealed"], REFERENCE),
        "nina": _opened(keys, row["nina_sealed"], "nina"),
        "role": row["role"] if opens else None,
        "pupil": row["pupil"] or None,
        "disabled": row["disabled"] or None,
        "missing_fcfa": row["missing_fcfa"] or None,
    }


def _opened(keys: KeyRing, sealed: bytes | None, purpose: str) -> str | None:
    return keys.unseal(sealed, purpose) if sealed else None


def _within(column: ColumnElement[str], communes: frozenset[str]) -> ColumnElement[bool]:
    return column.in_(communes) if communes else column.is_not(None)


def _words(register: str, day: date) -> dict[tuple[str, str], str]:
    """What is written for a value of a field; the register's own words win."""
    found: dict[tuple[str, str], str] = {}
    for row in facts.SHIPPED.in_force("register_words", day):
        owner, _, field = row["field"].rpartition(".")
        if owner == register or (not owner and (field, row["value"]) not in found):
            found[field, row["value"]] = row["writes"]
    return found


def _written(words: Mapping[tuple[str, str], str], field: str, value: Any) -> Any:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return words.get((field, value), value) if isinstance(value, str) else value
