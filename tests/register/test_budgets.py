"""Budgets on look-ups: the last one that is allowed and the one after, in every window, and many at the same moment."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from itertools import count
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st
from sqlalchemy import func, select

from models import lookups
from models.database import Database
from models.identifiers import Msisdn
from models.lookups import Budgets, Left, TooManyHits, TooManyMisses, lookup_hits, lookup_misses
from tests.register.conftest import ASKER, NOW, PHONE, Register

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
AT_ONCE = 20
NUMBERS = count(70_500_000)


def another_phone() -> Msisdn:
    return Msisdn(f"+223{next(NUMBERS)}")


def miss(register, phone=PHONE, facility=None, now=NOW, budgets=Budgets()):  # noqa: B008
    with register.database.begin() as conn:
        lookups.spend_miss(conn, register.keys, phone, facility, now, budgets)


def hit(register, phone=PHONE, now=NOW, how_many=1, budgets=Budgets()):  # noqa: B008
    with register.database.begin() as conn:
        lookups.spend_hit(conn, register.keys, phone, now, budgets, how_many)


def left(register, phone=PHONE, facility=None, now=NOW, budgets=Budgets()):  # noqa: B008
    return lookups.standing(register.reader, register.keys, phone, facility, now, budgets)


def stored(register, table):
    with register.database.begin(reading=True) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_budgets_that_an_installation_has_when_it_sets_nothing():
    assert Budgets() == Budgets(
        misses_an_hour=5,
        misses_a_day=10,
        facility_misses_a_day=200,
        country_misses_a_day=2_000,
        hits_an_hour=60,
    )


@pytest.mark.parametrize(
    ("before", "refused"), [pytest.param(4, False, id="the fifth"), pytest.param(5, True, id="the sixth")]
)
def test_a_phone_misses_five_times_an_hour(register, before, refused):
    for _ in range(before):
        miss(register)
    assert left(register).misses == 5 - before
    with pytest.raises(TooManyMisses) if refused else nullcontext():
        miss(register)
    assert stored(register, lookup_misses) == 5
    assert left(register, ASKER) == Left(5, 60), "another phone has its own"


@pytest.mark.parametrize(
    ("later", "free"),
    [pytest.param(HOUR - SECOND, 0, id="within the hour"), pytest.param(HOUR, 5, id="an hour later")],
)
def test_an_hour_rolls(register, later, free):
    for _ in range(5):
        miss(register)
    assert left(register, now=NOW + later).misses == free


@pytest.mark.parametrize(
    ("before", "refused"), [pytest.param(9, False, id="the tenth"), pytest.param(10, True, id="the eleventh")]
)
def test_a_phone_misses_ten_times_a_day(register, before, refused):
    for hours in range(before):
        miss(register, now=NOW + hours * HOUR)
    last = NOW + DAY - SECOND
    with pytest.raises(TooManyMisses) if refused else nullcontext():
        miss(register, now=last)
    assert left(register, now=last).misses == 0
    assert left(register, now=NOW + DAY).misses == 1, "the first of them is a day old"


@pytest.mark.parametrize(
    ("before", "refused"), [pytest.param(2, False, id="the last"), pytest.param(3, True, id="one more")]
)
@pytest.mark.parametrize("whose", ["facility", "country"])
def test_a_facility_and_the_country_have_theirs(register, whose, before, refused):
    one, other = register.facility(), register.facility(name="Diago")
    budgets = Budgets(**{f"{whose}_misses_a_day": 3})
    for _ in range(before):
        miss(register, another_phone(), one, budgets=budgets)
    with pytest.raises(TooManyMisses) if refused else nullcontext():
        miss(register, another_phone(), one, budgets=budgets)
    assert stored(register, lookup_misses) == 3
    elsewhere = left(register, facility=other, budgets=budgets).misses
    assert elsewhere == (3 if whose == "facility" else 0)
    assert left(register, facility=one, now=NOW + DAY - SECOND, budgets=budgets).misses == 0
    assert left(register, facility=one, now=NOW + DAY, budgets=budgets).misses == 3


def test_proofs_that_failed_cost_the_country_nothing(register):
    with register.database.begin() as conn:
        for _ in range(3):
            lookups.record_miss(conn, register.keys, "person:12", NOW)
        lookups.record_miss(conn, register.keys, PHONE, NOW)
    budgets = Budgets(country_misses_a_day=5)
    assert left(register, ASKER, budgets=budgets).misses == 5
    assert left(register, PHONE, budgets=budgets).misses == 4, "a phone's own misses count wherever it missed"


@pytest.mark.parametrize(
    ("how_many", "refused"),
    [pytest.param(1, False, id="the sixtieth"), pytest.param(2, True, id="a batch that goes beyond")],
)
def test_a_phone_finds_sixty_people_an_hour(register, how_many, refused):
    hit(register, how_many=52)
    hit(register, how_many=7)
    with pytest.raises(TooManyHits) if refused else nullcontext():
        hit(register, how_many=how_many)
    assert left(register).hits == (1 if refused else 0)
    assert left(register).misses == 5, "hits and misses have nothing to do with each other"
    assert left(register, now=NOW + HOUR).hits == 60
    assert stored(register, lookup_hits) == (2 if refused else 3)


def at_once(database: Database, spend: Callable[[int], None]) -> int:
    """How many of AT_ONCE transactions that begin together were not refused."""
    barrier, spent = Barrier(AT_ONCE), []

    def one(number: int) -> None:
        barrier.wait()
        try:
            spend(number)
        except (TooManyMisses, TooManyHits):
            return
        spent.append(number)

    threads = [Thread(target=one, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(spent)


@pytest.mark.parametrize("whose", ["phone", "facility", "country"])
def test_twenty_at_the_same_moment_stay_within_the_budget(register, whose):
    facility = register.facility()
    places = [facility if whose == "facility" else register.facility() for _ in range(AT_ONCE)]
    askers = [PHONE if whose == "phone" else another_phone() for _ in range(AT_ONCE)]
    budgets = Budgets(facility_misses_a_day=7, country_misses_a_day=200 if whose == "facility" else 9)
    allowed = {"phone": 5, "facility": 7, "country": 9}[whose]

    def spend(number: int) -> None:
        miss(register, askers[number], places[number], budgets=budgets)

    assert at_once(register.database, spend) == allowed
    assert stored(register, lookup_misses) == allowed


def test_twenty_batches_at_the_same_moment_find_no_more_than_sixty(register):
    assert at_once(register.database, lambda _: hit(register, how_many=8)) == 60 // 8
    assert left(register).hits == 60 % 8


@runs(max_examples=30)
@given(st.lists(st.integers(0, 30 * 60), max_size=25))
def test_no_hour_and_no_day_ever_holds_more(migrated_file, keys, tmp_path_factory, minutes):
    """Whenever a phone tries: no 60 minutes have more than five misses, no 24 hours more than ten."""
    database = Database.open(f"sqlite:///{migrated_file}", deadline_ms=None)
    register, phone, counted = Register(database, keys), another_phone(), []
    with database.begin() as conn:
        for minute in sorted(minutes):
            try:
                lookups.spend_miss(
                    conn,
                    register.keys,
                    phone,
                    None,
                    NOW + timedelta(minutes=minute),
                    Budgets(5, 10, 1, 10**6),
                )
            except TooManyMisses:
                continue
            counted.append(minute)
        conn.rollback()
    database.dispose()
    for start in counted:
        assert sum(start <= minute < start + 60 for minute in counted) <= 5
        assert sum(start <= minute < start + 24 * 60 for minute in counted) <= 10
    assert bool(counted) is bool(minutes)
