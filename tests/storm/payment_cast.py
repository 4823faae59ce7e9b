"""The register of a storm of payments: fictional households in mutuelles, with their phones, collectors, treasurers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import insert

from models import collector_cash, collectors, memberships, phones, places
from models.collectors import COLLECTOR, TREASURER
from models.coverage import NUMBER, coverages, number_index
from models.database import Connection, Database
from models.days import day_of
from models.households import households
from models.identifiers import Msisdn, with_check_digit
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import identity_columns, persons
from models.schema import migrate
from tests.storm.payment_wishes import AGENTS, Agent, Crowd, Home, Needed

PLACE, CERCLE = "ML-C02040101", "ML0204"
NAMES = ("Benkadi", "Jigi", "Sabati", "Dema", "Kènèya", "Nyèta", "Jèkafò", "Sinè", "Badenya", "Lafia")
OPENERS = (("Awa", "Traoré"), ("Moussa", "Keïta"), ("Fanta", "Diallo"), ("Sira", "Coulibaly"))
PLAN = "MOIS"

MEMBERS = ("+223741", "+223661")
"""Beginnings of invented numbers, of Orange and of Moov; the others are Orange's."""

RELATIVES, AGENT_PHONES, TREASURERS = "+223753", "+223764", "+223765"
BATCH = 100

MOST_CASH = 50_000_000
"""FCFA that a collector may have: her limit has tests of its own."""


def prepared(url: str, keys: KeyRing, wishes: int) -> Crowd:
    """Makes the register in an empty database, with enough of everybody for so many wishes."""
    migrate(url)
    database = Database.open(url, deadline_ms=None)
    now = datetime.now(UTC)
    needed = Needed.of(wishes)
    try:
        with database.begin() as conn:
            places.load(conn)
            houses = [_mutuelle(conn, place) for place in range(needed.agents // AGENTS)]
            agents = [
                one for place, house in enumerate(houses) for one in _agents(conn, keys, place, house, now)
            ]
        homes: list[Home] = []
        for first in range(0, needed.homes + needed.writers, BATCH):
            some = range(first, min(first + BATCH, needed.homes + needed.writers))
            with database.begin() as conn:
                homes += [_home(conn, keys, place, houses[place % len(houses)], now) for place in some]
    finally:
        database.dispose()
    relatives = [f"{RELATIVES}{place:05}" for place in range(needed.relatives)]
    return Crowd(homes[: needed.homes], homes[needed.homes :], agents, relatives)


def _mutuelle(conn: Connection, place: int) -> int:
    values = {"code": f"STORM-{place}", "name": NAMES[place % len(NAMES)], "cercle_pcode": CERCLE}
    return int(
        conn.execute(
            insert(mutuelles).values({**values, "demo": True}).returning(mutuelles.c.id)
        ).scalar_one()
    )


def _agents(conn: Connection, keys: KeyRing, place: int, mutuelle_id: int, now: datetime) -> Iterator[Agent]:
    treasurer = f"{TREASURERS}{place:05}"
    collectors.add(conn, keys, Msisdn(treasurer), mutuelle_id, TREASURER, now)
    for turn in range(AGENTS):
        phone = f"{AGENT_PHONES}{place * AGENTS + turn:05}"
        number = collectors.add(conn, keys, Msisdn(phone), mutuelle_id, COLLECTOR, now)
        collector_cash.set_limit(conn, number, MOST_CASH, day_of(now), "storm")
        yield Agent(number, mutuelle_id, phone, treasurer)


def _home(conn: Connection, keys: KeyRing, place: int, mutuelle_id: int, now: datetime) -> Home:
    """A household of two with one phone, which pays by the month."""
    phone = f"{MEMBERS[place % len(MEMBERS)]}{place:05}"
    number = with_check_digit(f"57{place:05}")
    home = conn.execute(insert(households).values(commune_code=PLACE).returning(households.c.id)).scalar_one()
    opener = _person(conn, keys, home, place, "SOI")
    _person(conn, keys, home, place + 1, "ENFANT")
    conn.execute(
        insert(coverages).values(
            person_id=opener,
            scheme="MUTUELLE",
            role="ADHERENT",
            status="EN_OBSERVATION",
            valid_from=day_of(now),
            mutuelle_id=mutuelle_id,
            missing_fcfa=0,
            number_index=number_index(keys, "MUTUELLE", number),
            number_sealed=keys.seal(number, NUMBER),
        )
    )
    phones.link(conn, keys, Msisdn(phone), opener, "storm", now)
    membership = memberships.join(conn, keys, home, mutuelle_id, day_of(now), PLAN, now=now, fee=False)
    return Home(membership, mutuelle_id, number, phone)


def _person(conn: Connection, keys: KeyRing, home: int, place: int, relation: str) -> int:
    given, family = OPENERS[place % len(OPENERS)]
    values = {
        "household_id": home,
        "relation": relation,
        "sex": "F",
        "birth_year": 1990 if relation == "SOI" else 2015,
        "commune_code": PLACE,
        **identity_columns(keys, given, family, None),
    }
    return int(conn.execute(insert(persons).values(values).returning(persons.c.id)).scalar_one())
