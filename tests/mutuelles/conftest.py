"""An empty register of the day 2026-11-22 with one mutuelle, and short ways to join it and to pay."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import update

from models import contributions, memberships
from models.database import Database
from models.days import BAMAKO
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from tests.register.conftest import Register

DAY = date(2026, 11, 22)
NUMBERS = count(1)


def noon(day: date) -> datetime:
    """A moment of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=BAMAKO)


@dataclass
class Books:
    """A register with a mutuelle of the cercle of Sikasso, which has cotton, rice and cereals."""

    register: Register
    mutuelle_id: int
    other_id: int = 0

    @property
    def database(self) -> Database:
        """The register's database."""
        return self.register.database

    def family(self, people: int = 5) -> int:
        """A household of so many people; its id."""
        household = self.register.household()
        for place in range(people):
            self.register.person(household=household, relation="ENFANT" if place else "SOI")
        return household

    def join(self, household: int | None = None, *, plan: str = "MOIS", day: date = DAY, **more) -> int:
        """A household joins; the membership's id. Without the fee unless `fee=True`."""
        told = {"now": noon(day), "fee": False, **more}
        mutuelle, home = told.pop("mutuelle_id", self.mutuelle_id), household or self.family()
        with self.database.begin() as conn:
            return memberships.join(conn, self.register.keys, home, mutuelle, day, plan, **told)

    def pay(self, membership: int, amount: int, *, day: date = DAY, once: str | None = None, **more):
        """Money is paid at the till unless told otherwise."""
        means, holder = more.get("means", contributions.TILL), more.get("holder", "")
        key = once or f"test:{next(NUMBERS)}"
        with self.database.begin() as conn:
            return contributions.pay(conn, membership, amount, means, holder, key, "713482", noon(day), day)

    def reverse(
        self, entry: int, *, day: date = DAY, reason: str = "typed twice", once: str | None = None
    ) -> int:
        """A payment is taken back."""
        key = once or f"test:{next(NUMBERS)}"
        with self.database.begin() as conn:
            return contributions.reverse(conn, entry, reason, "console:1", key, noon(day), day)

    def account(self, membership: int, day: date = DAY) -> contributions.Account:
        """Where a household stands."""
        found = contributions.account(self.database.reader(), membership, day)
        assert found is not None
        return found


def after(days: int, start: date = DAY) -> date:
    """So many days later."""
    return start + timedelta(days=days)


def opened(register: Register) -> Books:
    """Its books, with one mutuelle of the cercle of Sikasso and another of the same."""
    books = Books(register, register.mutuelle(), register.mutuelle(name="Jigiya"))
    with register.database.begin() as conn:
        conn.execute(update(mutuelles).values(cercle_pcode="ML0305"))
    return books


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A key ring that no test changes."""
    return KeyRing.create(tmp_path_factory.mktemp("mutuelles") / "keys")


@pytest.fixture
def books(database: Database, keys: KeyRing) -> Books:
    """An empty register with a mutuelle, on SQLite and then on PostgreSQL."""
    register = Register(database, keys)
    return opened(register)
