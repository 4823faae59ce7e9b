"""The register of a storm: fictional people, centres with many phones of staff, and codes that are open already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import select

from models import coverage, demo, facilities, staff, visit_codes
from models.coverage import NUMBER, Verdict, coverages
from models.database import Connection, Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.schema import migrate
from models.staff import CHIEF, STAFF
from tests.bench.fill import fill
from tests.storm.letters import Cast, Centre, Visit

PEOPLE, SEED = 6_000, 3
CODE_HOURS = 24
CARDS_FOR_VISITS = 0.3
"""Share of the cards whose people have codes before the storm; the others are verified in it."""

STAFF_PHONES, CHIEFS, CITIZENS, STRANGERS = "+223780", "+223781", "+223790", "990000"
"""Beginnings of invented numbers: telephones, and cards that nobody has."""


def prepared(url: str, keys: KeyRing, letters: int) -> Cast:
    """Makes the register in an empty database, with enough of everybody for so many letters."""
    migrate(url)
    database = Database.open(url, deadline_ms=None)
    now = datetime.now(UTC)
    try:
        with database.begin() as conn:
            demo.load(conn, keys, now.date(), now)
        fill(url, keys, PEOPLE, SEED)
        with database.begin() as conn:
            return _cast(conn, keys, letters, now)
    finally:
        database.dispose()


def _cast(conn: Connection, keys: KeyRing, letters: int, now: datetime) -> Cast:
    where = select(facilities.facilities.c.id).where(facilities.facilities.c.contracted)
    places = list(conn.execute(where.order_by(facilities.facilities.c.id)).scalars())
    centres = [_centre(conn, keys, place, number, now) for number, place in enumerate(places)]
    each = letters // (3 * len(centres)) + 2
    phones: dict[int, list[str]] = {}
    for number, centre in enumerate(centres):
        phones[centre.facility_id] = [f"{STAFF_PHONES}{number * each + turn:05}" for turn in range(each)]
        for phone in phones[centre.facility_id]:
            staff.add(conn, keys, Msisdn(phone), centre.facility_id, STAFF, now)
    cards = _cards(conn, keys, now)
    cut = int(len(cards) * CARDS_FOR_VISITS)
    visits = {
        centre.facility_id: list(
            _visits(conn, cards[:cut], centre.facility_id, letters // (2 * len(centres)) + 2, now)
        )
        for centre in centres
    }
    return Cast(
        centres,
        phones,
        [f"{CITIZENS}{turn:05}" for turn in range(letters // 2 + 20)],
        [(person, number) for person, _, number in cards[cut:]],
        visits,
        [f"{STRANGERS}{turn:07}" for turn in range(letters + 100)],
    )


def _centre(conn: Connection, keys: KeyRing, facility_id: int, number: int, now: datetime) -> Centre:
    chief = f"{CHIEFS}{number:05}"
    staff.add(conn, keys, Msisdn(chief), facility_id, CHIEF, now)
    activation = facilities.activation_code(conn, keys, facility_id)
    if activation is None:
        activation = next(facilities.activation_codes_from(f"storm {facility_id}".encode()))
        facilities.set_activation_code(conn, keys, facility_id, activation)
    return Centre(facility_id, activation, chief)


def _cards(conn: Connection, keys: KeyRing, now: datetime) -> list[tuple[int, int, str]]:
    """(person, coverage, number) of people who have one right that is good today, under the RAMED."""
    table = coverages
    rows = conn.execute(
        select(table.c.id, table.c.person_id, table.c.number_sealed)
        .where(table.c.scheme == "RAMED", table.c.number_sealed.is_not(None))
        .order_by(table.c.id)
    ).all()
    found = []
    for coverage_id, person_id, sealed in rows:
        rights = coverage.by_person(conn, keys, person_id, now.date())
        if len(rights) == 1 and rights[0].verdict is Verdict.VALIDE:
            found.append((person_id, coverage_id, keys.unseal(sealed, NUMBER)))
    return found


def _visits(
    conn: Connection, cards: list[tuple[int, int, str]], facility_id: int, most: int, now: datetime
) -> Iterator[Visit]:
    """Open codes of a centre, each of another person."""
    codes = visit_codes.codes_from(f"storm {facility_id}".encode())
    for person_id, coverage_id, _ in cards[:most]:
        code = next(code for code in codes if visit_codes.is_free(conn, code, now, facility_id))
        visit_codes.issue(conn, code, person_id, coverage_id, now, CODE_HOURS, facility_id)
        visit = visit_codes.at_facility(conn, code, facility_id, now)
        if visit is not None:
            yield Visit(visit.visit_id, code, facility_id)
