"""An open register of the day 2026-03-15, empty but for what a test writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import insert

from models.coverage import NUMBER, coverages, number_index
from models.database import Database, Reader
from models.facilities import activation_columns, cercle_of, facilities
from models.households import households
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import identity_columns, nina_columns, persons

TODAY = date(2026, 3, 15)
NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=30)
ASKER = Msisdn("+22370009901")
PHONE = Msisdn("+22370009902")
COMMUNE = "ML-C02040101"

CODES = count(1)


@dataclass
class Register:
    """A database, its keys, and one way to write each kind of row with its defaults."""

    database: Database
    keys: KeyRing

    @property
    def reader(self) -> Reader:
        """The thread's reader."""
        return self.database.reader()

    def mutuelle(self, *, name: str = "Benkadi") -> int:
        """A mutuelle; its id."""
        values = {"code": f"TEST-{next(CODES)}", "name": name, "cercle_pcode": "ML0204", "demo": True}
        return self._add(mutuelles, values)

    def facility(
        self,
        *,
        name: str = "Kati Koko",
        kind: str = "CSCOM",
        commune: str = COMMUNE,
        contracted: bool = True,
        hours: str = "8h-16h",
        code: str | None = None,
    ) -> int:
        """A facility, with an activation code when one is told; its id."""
        values = {"kind": kind, "name": name, "commune_code": commune, "cercle_code": cercle_of(commune)}
        values |= {"contracted": contracted, "hours": hours}
        return self._add(facilities, values | (activation_columns(self.keys, code) if code else {}))

    def household(self, *, commune: str = COMMUNE) -> int:
        """A household; its id."""
        return self._add(households, {"commune_code": commune})

    def person(
        self,
        *,
        household: int | None = None,
        given: str = "Awa",
        family: str = "Traoré",
        relation: str = "SOI",
        sex: str = "F",
        born: date = date(1987, 5, 17),
        exact: bool = True,
        commune: str = COMMUNE,
        pupil: bool = False,
        disabled: bool = False,
        nina: str | None = None,
        died: date | None = None,
    ) -> int:
        """A person; her id. `exact`: the day of birth is known, not only the year."""
        values = {
            "household_id": household or self.household(commune=commune),
            "relation": relation,
            "sex": sex,
            "birth_year": born.year,
            "commune_code": commune,
            "pupil": pupil,
            "disabled": disabled,
            "died_on": died,
            **identity_columns(self.keys, given, family, born if exact else None),
            **(nina_columns(self.keys, nina) if nina else {}),
        }
        return self._add(persons, values)

    def right(
        self,
        person: int,
        *,
        scheme: str = "RAMED",
        number: str | None = None,
        role: str = "OUVRANT_DROIT",
        status: str = "ACTIF",
        start: date = date(2025, 1, 1),
        end: date | None = date(2027, 12, 31),
        covered_from: date | None = None,
        mutuelle: int | None = None,
        missing: int = 0,
        late_since: date | None = None,
        organism: str | None = None,
    ) -> int:
        """A right of a person; its id."""
        values = {
            "person_id": person,
            "scheme": scheme,
            "role": role,
            "status": status,
            "valid_from": start,
            "valid_to": end,
            "covered_from": covered_from,
            "number_index": number_index(self.keys, scheme, number) if number else None,
            "number_sealed": self.keys.seal(number, NUMBER) if number else None,
            "mutuelle_id": mutuelle,
            "missing_fcfa": missing,
            "late_since": late_since,
            "organism": organism,
        }
        return self._add(coverages, values)

    def _add(self, table, values) -> int:
        with self.database.begin() as conn:
            return conn.execute(insert(table).values(values).returning(table.c.id)).scalar_one()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A key ring that no test changes."""
    return KeyRing.create(tmp_path_factory.mktemp("register") / "keys")


@pytest.fixture
def register(database: Database, keys: KeyRing) -> Iterator[Register]:
    """An empty register, on SQLite and then on PostgreSQL."""
    return Register(database, keys)
