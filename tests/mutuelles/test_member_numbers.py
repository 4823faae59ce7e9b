"""Member numbers: one for each household that joins, drawn, its own for ever, and found at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice, pairwise

import pytest
from sqlalchemy import select, update

from models import coverage, member_numbers, memberships
from models.coverage import coverages
from models.database import Database
from models.identifiers import Msisdn, is_example, recognise
from models.locks import Overtaken
from models.people import persons
from tests.mutuelles.conftest import DAY, after, noon, opened
from tests.register.conftest import Register

SEED = b"s" * 16
ASKER = Msisdn("+22370009901")


def number_of(books, household):
    with books.database.begin(reading=True) as conn:
        return member_numbers.of_household(conn, books.register.keys, household)


def give(books, household, wanted=""):
    with books.database.begin() as conn:
        return member_numbers.give(conn, books.register.keys, household, DAY, wanted)


def asked(books, query):
    with books.database.begin(reading=True) as conn:
        return conn.execute(query).all()


def test_numbers_have_the_shape_and_no_order_that_can_be_guessed():
    drawn = list(islice(member_numbers.numbers_from(SEED, DAY), 3_000))
    cards = [recognise(number, DAY) for number in drawn]
    assert {(card.scheme, card.kind, card.check_ok) for card in cards} == {("MUTUELLE", "ADHERENT", True)}
    assert {number[:2] for number in drawn} == {"54", "55", "56", "57", "58", "59"}
    assert not any(is_example(number) for number in drawn)
    assert len(set(drawn)) > 2_980
    steps = [int(late) - int(early) for early, late in pairwise(drawn)]
    assert sum(step > 0 for step in steps) in range(1_350, 1_650)
    assert sum(abs(step) < 100_000 for step in steps) < 300
    assert drawn == list(islice(member_numbers.numbers_from(SEED, DAY), 3_000))


def test_who_joins_has_a_number_that_is_verified_at_once(books):
    household = books.family(3)
    assert number_of(books, household) == ""
    books.join(household)
    number = number_of(books, household)
    found = coverage.by_number(
        books.database.reader(),
        books.register.keys,
        recognise(number, DAY),
        ASKER,
        noon(DAY) - timedelta(minutes=30),
        DAY,
    ).rights
    assert [(right.household_id, right.role, right.scheme) for right in found] == [
        (household, "ADHERENT", "MUTUELLE")
    ]
    rows = select(coverages.c.number_index, coverages.c.number_sealed).where(
        coverages.c.number_index.is_not(None)
    )
    (kept,) = asked(books, rows)
    assert number.encode() not in kept.number_sealed


def test_a_number_from_a_file_is_kept_and_so_is_ones_own_in_another_mutuelle(books):
    household = books.family(2)
    who = select(persons.c.id).where(persons.c.household_id == household).order_by(persons.c.id)
    (first, *_) = asked(books, who)[0]
    books.register.right(first, scheme="MUTUELLE", number="54100015", mutuelle=books.other_id)
    books.join(household)
    assert number_of(books, household) == "54100015"
    assert give(books, household, "54100028") == "54100015"


def test_who_stands_for_the_household_holds_the_number_and_after_her_another(books):
    household = books.family(2)
    books.join(household)
    holders = select(persons.c.relation).join(coverages).where(coverages.c.number_index.is_not(None))
    assert [tuple(row) for row in asked(books, holders)] == [("SOI",)]
    with books.database.begin() as conn:
        conn.execute(update(persons).where(persons.c.relation == "SOI").values(died_on=DAY))
        assert member_numbers.without(conn) == (household,)
    number = give(books, household)
    assert number_of(books, household) == number
    with books.database.begin() as conn:
        assert member_numbers.without(conn) == ()


def test_a_number_that_was_shown_and_is_taken_by_now_is_not_given_twice(books):
    first, second = books.family(1), books.family(1)
    with books.database.begin(reading=True) as conn:
        shown = member_numbers.free(conn, books.register.keys, SEED, DAY)
    books.join(first, number=shown)
    assert number_of(books, first) == shown
    with pytest.raises(Overtaken):
        books.join(second, number=shown)
    assert number_of(books, second) == ""
    with books.database.begin(reading=True) as conn:
        assert memberships.of_household(conn, second) is None
        again = member_numbers.free(conn, books.register.keys, SEED, DAY)
    assert again != shown
    books.join(second, number=again)
    assert number_of(books, second) == again


def test_when_nothing_is_left_it_is_said(books):
    taken = next(member_numbers.numbers_from(SEED, DAY))
    books.join(number=taken)
    with books.database.begin(reading=True) as conn, pytest.raises(member_numbers.NoneLeft):
        member_numbers.free(conn, books.register.keys, SEED, DAY, most=1)


def test_households_that_join_at_the_same_moment_have_numbers_of_their_own(postgresql_url, keys):
    database = Database.open(postgresql_url, deadline_ms=None)
    books = opened(Register(database, keys))
    homes = [books.family(1) for _ in range(12)]
    with database.begin(reading=True) as conn:
        shown = member_numbers.free(conn, keys, SEED, DAY)

    def joins(household):
        try:
            books.join(household, number=shown)
        except Overtaken:
            books.join(household, day=after(1))
        return number_of(books, household)

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(joins, homes))
    assert len(set(numbers)) == len(homes)
    assert numbers.count(shown) == 1
    database.dispose()
