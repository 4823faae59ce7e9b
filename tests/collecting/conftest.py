"""A mutuelle with households, a collector, two treasurers and the leader of a group, on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table

from flows.texts import Catalogues
from flows.world import LIMITS, World
from models import (
    collector_cash,
    collectors,
    ledger,
    member_groups,
    membership_status,
    memberships,
    phones,
)
from models.collectors import COLLECTOR, LEADER, TREASURER, Collector
from models.database import Database
from models.days import day_of
from models.identifiers import Msisdn, with_check_digit
from models.keyring import KeyRing
from tests.flows.sms.texting import Texter
from tests.gateway.kept_people import Row, put_rows, rows_of
from tests.register.conftest import Register

NOW = datetime(2026, 12, 3, 10, 42, tzinfo=UTC)
TODAY = day_of(NOW)
AWA, FANTA, LATE, ELSEWHERE = map(with_check_digit, ("5710001", "5710023", "5710145", "5710267"))
"""Members' numbers: of the group, of the mutuelle, late for months, and of another mutuelle."""

PHONES = {
    "collector": "+22376000301",
    "treasurer": "+22376000302",
    "other_treasurer": "+22376000303",
    "leader": "+22376000304",
    "member": "+22376000305",
    "stranger": "+22376000306",
    "nurse": "+22376000307",
}


@dataclass
class Till:
    """A mutuelle's money, and everybody's phone by a word."""

    register: Register
    world: World
    mutuelle_id: int
    numbers: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    phones: dict[str, Texter] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        """The register's database."""
        return self.register.database

    def phone(self, who: str) -> Texter:
        """A phone of PHONES, always the same one."""
        if who not in self.phones:
            self.phones[who] = Texter(self.world, Msisdn.parse(PHONES[who]))
        return self.phones[who]

    def household(
        self, number: str, given: str, family: str, *, mutuelle: int = 0, day: date = TODAY, people: int = 2
    ) -> int:
        """A household that joined on a day and pays monthly; its membership."""
        household = self.register.household()
        mutuelle_id = mutuelle or self.mutuelle_id
        for place in range(people):
            relation = "ENFANT" if place else "SOI"
            person = self.register.person(household=household, given=given, family=family, relation=relation)
            self.register.right(
                person, scheme="MUTUELLE", number=None if place else number, mutuelle=mutuelle_id
            )
            if place == 0 and number == AWA:
                with self.database.begin() as conn:
                    phone = Msisdn.parse(PHONES["member"])
                    phones.link(conn, self.register.keys, phone, person, "test", NOW)
        with self.database.begin() as conn:
            made = memberships.join(
                conn, self.register.keys, household, mutuelle_id, day, "MOIS", now=NOW, fee=False
            )
            membership_status.refresh(conn, made, TODAY)
        self.members[number] = made
        return made

    def collector(self, who: str, role: str, **more: object) -> None:
        """A phone takes cash from now on."""
        with self.database.begin() as conn:
            phone = Msisdn.parse(PHONES[who])
            self.numbers[who] = collectors.add(
                conn, self.register.keys, phone, self.mutuelle_id, role, NOW, **more
            )

    def in_hand(self, who: str = "collector", now: datetime = NOW) -> collector_cash.InHand:
        """What a collector has."""
        reader = self.database.reader()
        return collector_cash.in_hand(reader, self.known(who), day_of(now))

    def known(self, who: str = "collector") -> Collector:
        """A collector as the register has her."""
        found = collectors.by_number(self.database.reader(), self.numbers[who], NOW)
        assert found is not None
        return found

    def ledger(self, account: str = ledger.COLLECTEUR) -> int:
        """The balance of an account over all."""
        with self.database.begin(reading=True) as conn:
            return ledger.balance(conn, account)


Kept = tuple[Mapping[Table, Sequence[Row]], Till]
"""What a register holds, and by which words it is known."""


def later(**time: float) -> datetime:
    """So much time after NOW."""
    return NOW + timedelta(**time)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A key ring that no test changes."""
    return KeyRing.create(tmp_path_factory.mktemp("collecting") / "keys")


def furnished(database: Database, keys: KeyRing) -> Till:
    """The mutuelle, with everybody in it."""
    register = Register(database, keys)
    world = World(database, keys, Catalogues.load(), LIMITS, NOW, {})
    made = Till(register, world, register.mutuelle())
    made.household(AWA, "Awa", "Traoré", people=5)
    made.household(FANTA, "Fanta", "Diallo")
    made.household(LATE, "Moussa", "Keita", day=TODAY - timedelta(days=100))
    made.household(ELSEWHERE, "Sira", "Coulibaly", mutuelle=register.mutuelle(name="Jigi"))
    with database.begin() as conn:
        group = member_groups.make(conn, "COTON1", "Groupe Coton Sanankoroba", made.mutuelle_id)
        household = memberships.by_id(conn, made.members[AWA])
        assert group is not None
        assert household is not None
        member_groups.put(conn, group, household.household_id)
    made.collector("collector", COLLECTOR)
    made.collector("treasurer", TREASURER)
    made.collector("other_treasurer", TREASURER)
    made.collector("leader", LEADER, group_id=group)
    return made


@pytest.fixture(scope="session")
def kept(migrated_file: Path, keys: KeyRing, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The mutuelle as rows: making it takes each test a tenth of a second, writing it next to nothing."""
    file = shutil.copy(migrated_file, tmp_path_factory.mktemp("collecting") / "kept.sqlite3")
    database = Database.open(f"sqlite:///{file}", deadline_ms=None)
    made = furnished(database, keys)
    with database.begin(reading=True) as conn:
        rows = rows_of(conn)
    database.dispose()
    return rows, made


@pytest.fixture
def till(database: Database, keys: KeyRing, kept: Kept) -> Till:
    """The mutuelle, with everybody in it."""
    rows, made = kept
    with database.begin() as conn:
        put_rows(conn, rows)
    world = World(database, keys, Catalogues.load(), LIMITS, NOW, {})
    register = Register(database, keys)
    return Till(register, world, made.mutuelle_id, dict(made.numbers), dict(made.members))
