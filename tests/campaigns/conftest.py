"""A small register with phones, made to measure by each test, on both databases."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from models import campaigns, consent, places
from models.audiences import TOPIC, Asked, Draw, people
from models.campaign_content import Text, put_text
from models.campaign_plan import Planned, plan_slice
from models.campaign_tables import recipients
from models.coverage import coverages
from models.database import Database
from models.households import households
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import identity_columns, persons
from models.phones import keep_number, phone_links, remember_language

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
KATI, SEGOU = "ML-C02040101", "ML-C04010101"
NUMBERS = count(70_000_100)


@dataclass
class World:
    """A register, its keys, and how a test adds to it and asks of it."""

    database: Database
    keys: KeyRing

    def person(self, *, given: str = "Awa", commune: str = KATI, sex: str = "F", **more: Any) -> int:
        """One person in a household of her own; her id."""
        told = {"relation": "SOI", "birth_year": 1990, "pupil": False, "disabled": False, **more}
        with self.database.begin() as conn:
            home = conn.execute(
                insert(households).values(commune_code=commune).returning(households.c.id)
            ).scalar_one()
            names = identity_columns(self.keys, given, "Traore", None)
            row = {"household_id": home, "commune_code": commune, "sex": sex, **names, **told}
            return conn.execute(insert(persons).values(row).returning(persons.c.id)).scalar_one()

    def right(self, person_id: int, scheme: str = "RAMED", **more: Any) -> None:
        """A right of a person."""
        told = {"role": "OUVRANT_DROIT", "status": "VALIDE", "valid_from": date(2025, 1, 1), **more}
        with self.database.begin() as conn:
            conn.execute(insert(coverages).values(person_id=person_id, scheme=scheme, **told))

    def mutuelle(self, code: str) -> int:
        """A mutuelle; its id."""
        row = {"code": code, "name": code.title(), "cercle_pcode": "ML0204", "demo": True}
        with self.database.begin() as conn:
            return conn.execute(insert(mutuelles).values(row).returning(mutuelles.c.id)).scalar_one()

    def phone(
        self, *people: int, number: str | None = None, language: str | None = None, how: str = "ussd"
    ) -> Msisdn:
        """A phone that is tied to people and whose number is kept."""
        phone = Msisdn.parse(number or str(next(NUMBERS)))
        with self.database.begin() as conn:
            phone_id = keep_number(conn, self.keys, phone, NOW)
            if language:
                remember_language(conn, self.keys, phone, language, NOW)
            for person_id in people:
                conn.execute(
                    insert(phone_links).values(
                        phone_id=phone_id, person_id=person_id, verified_at=NOW, how=how
                    )
                )
        return phone

    def says(self, phone: Msisdn, given: bool, topic: str = TOPIC) -> None:
        """A phone accepts or refuses a topic."""
        with self.database.begin() as conn:
            phone_id = keep_number(conn, self.keys, phone, NOW)
            consent.record(conn, phone_id, topic, given, "v1", "SMS", NOW)

    def was_sent(
        self, phone: Msisdn, state: str, at: datetime | None, campaign_id: int = 900, **more: Any
    ) -> None:
        """Another campaign wrote to a phone."""
        row = {
            "campaign_id": campaign_id,
            "phone_index": self.keys.index(phone.e164, "phone"),
            "language": "fr",
            "operator": "ORANGE",
            "hold_out": False,
            "state": state,
            "attempt": 1,
            "dup_risk": False,
            "settled_at": at,
            **more,
        }
        with self.database.begin() as conn:
            conn.execute(insert(recipients).values(row))

    def found(self, campaign_id: int = 1, **filters: str) -> dict[str, str | None]:
        """Numbers that an audience finds, each with why it is excluded."""
        asked = Asked(campaign_id, filters, (), Draw(bytes(16), 0), NOW)
        with self.database.begin(reading=True) as conn:
            rows = conn.execute(people(asked)).all()
        return {self.keys.unseal(row.phone_sealed, "phone"): row.excluded for row in rows}

    def campaign(self, *, text: str = "Sante Mali: bonjour. STOP", audience: str = "{}", **more: Any) -> int:
        """A campaign in DRAFT with a French text and an audience; its id."""
        told: dict[str, Any] = {
            "name": "essai",
            "author": "B. Keita",
            "policy": "evidence",
            "budget_fcfa": 1_000_000,
            "hold_out_percent": 0,
            "chunk_size": 50,
            "max_segments": 1,
            "now": NOW,
            **more,
        }
        with self.database.begin() as conn:
            campaign_id = campaigns.make(conn, **told)
            put_text(conn, campaign_id, Text("fr", text, "GSM7", None))
            campaigns.change(conn, campaign_id, NOW, audience=audience)
        return campaign_id

    def approved(self, *, personalised: bool = False, **more: Any) -> int:
        """A campaign that another person approved; its id."""
        campaign_id = self.campaign(**more)
        with self.database.begin() as conn:
            campaigns.checked(conn, campaign_id, personalised, {}, NOW)
            campaigns.sized(conn, campaign_id, {"people": 0}, NOW)
            campaigns.move(conn, campaign_id, campaigns.TEST, NOW)
            seen = campaigns.load(conn, campaign_id).content_hash
            assert campaigns.approve(conn, self.keys, campaign_id, "A. Diarra", None, seen, NOW) is None
        return campaign_id

    def plan(self, campaign_id: int, slice_size: int = 200_000, slices: int | None = None) -> Planned:
        """Plan so many slices of a campaign, or all."""
        done = 0
        while True:
            with self.database.begin() as conn:
                planned = plan_slice(conn, self.keys, campaign_id, NOW, slice_size)
            done += 1
            if planned.done or done == slices:
                return planned

    def recipients(self, campaign_id: int) -> list[Any]:
        """The rows of a campaign, by number."""
        with self.database.begin(reading=True) as conn:
            asked = select(recipients).where(recipients.c.campaign_id == campaign_id)
            return list(conn.execute(asked.order_by(recipients.c.phone_index)))


@pytest.fixture(scope="session")
def known_places(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of both communes and of what they lie in: those of the whole country cost each test 50 ms."""
    file = shutil.copy(migrated_file, tmp_path_factory.mktemp("places") / "all.sqlite3")
    database = Database.open(f"sqlite:///{file}", deadline_ms=None)
    with database.begin() as conn:
        places.load(conn)
        rows = [dict(row) for row in conn.execute(select(places.places)).mappings()]
    database.dispose()
    needed = {KATI, SEGOU}
    for _level in ("cercle", "region"):
        needed |= {row["parent"] for row in rows if row["code"] in needed}
    return [row for row in rows if row["code"] in needed]


@pytest.fixture
def world(database: Database, known_places: list[dict[str, Any]], tmp_path: Path) -> World:
    """An empty register with the places of its people, on SQLite and then on PostgreSQL."""
    with database.begin() as conn:
        conn.execute(insert(places.places), known_places)
    return World(database, KeyRing.create(tmp_path / "keys"))


def days_ago(days: float) -> datetime:
    """So many days before NOW."""
    return NOW - timedelta(days=days)


@pytest.fixture
def sqlite_world(sqlite_url: str, tmp_path: Path) -> Iterator[World]:
    """The same on SQLite alone, for what is pure order."""
    database = Database.open(sqlite_url, deadline_ms=None)
    yield World(database, KeyRing.create(tmp_path / "keys"))
    database.dispose()
