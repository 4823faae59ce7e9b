"""One phone, ten, a thousand, and stolen phones of staff guess numbers for days: what they learn stays within bounds.

A record is disclosed when an answer names somebody. How many that are a day: misses that the budgets allow, times the
share of numbers that are somebody's, times the chance that a guessed second fact is right.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from config import facts
from flows.context import SMS
from flows.sms.conversation import reply
from flows.world import World
from gateway.outbox import carry_out
from models import staff
from models.identifiers import Msisdn, recognise
from models.lookups import Budgets
from models.staff import STAFF
from tests.abuse.attack import (
    FIRST_NUMBER,
    RANGE,
    Gang,
    Misses,
    Victims,
    any_number,
    limited,
    phones,
    with_a_year,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECEIPTS = 3_000_000
"""As many as the country may issue (the load that issue's benchmark has)."""

A_NUMBER, A_THOUSAND = 0.001, 1.0
"""Records that may be disclosed in a day, expected: to one phone, to a thousand together."""

NURSE = "+22370000102"


def receipts_density(world: World) -> float:
    """The share of a receipt's numbers that are somebody's, when all of RECEIPTS are issued: 13 digits, no check."""
    shape = recognise(str(FIRST_NUMBER), world.now.date())
    assert shape is not None
    assert shape.kind == "RECEPISSE"
    return float(RECEIPTS / 10 ** len(shape.value))


def expected(misses_a_day: float, density: float, second_fact: float) -> float:
    """Records disclosed in a day."""
    return misses_a_day * density * second_fact


def test_one_phone_learns_who_is_covered_but_names_nobody(world: World, victims: Victims) -> None:
    gang = Gang(world, phones(1)).days(2, 8, any_number)
    misses = Misses.of(world)
    assert misses.most_of_one_within(HOUR) == 5
    assert misses.most_of_one_within(DAY) == 10
    assert gang.looked_up < gang.tries / 10
    assert gang.named == 0
    assert expected(10, receipts_density(world), 1.0) <= A_NUMBER


def test_ten_phones_with_a_guessed_year(world: World, victims: Victims) -> None:
    gang = Gang(world, phones(10)).days(1.25, 6, with_a_year)
    misses = Misses.of(world)
    assert misses.most_of_one_within(HOUR) <= 5
    assert misses.most_of_one_within(DAY) == 10
    assert misses.most_within(DAY) == 100
    assert gang.named <= 3  # 0.04 a day are expected among numbers as dense as these
    assert expected(10, receipts_density(world), victims.second_fact) <= A_NUMBER


@pytest.mark.parametrize("guess", [any_number, with_a_year])
def test_a_thousand_phones_share_the_public_part_of_the_country(
    world: World, victims: Victims, guess: Callable[[random.Random], str]
) -> None:
    gang = Gang(world, phones(1_000)).days(0.25, 1, guess)
    misses = Misses.of(world)
    assert misses.most_within(DAY) == Budgets().public_misses_a_day
    assert gang.looked_up < 1.1 * Budgets().public_misses_a_day
    assert gang.named <= 4 if guess is with_a_year else gang.named == 0  # 0.4 are expected
    nurse = Msisdn.parse(NURSE)
    assert "OK RAMED" in Gang(world, [nurse]).guesses(nurse, victims.numbers[0], world.now + 6 * HOUR)


def test_a_thousand_phones_a_day() -> None:
    """Even were two million cards issued among the hundred million numbers of eight digits and a check digit."""
    card = next(row for row in facts.rows("number_shapes") if row["kind"] == "CARTE")
    assert (card["length"], card["check"]) == ("9", "DAMM")
    dense = 2_000_000 / 10**8
    assert expected(Budgets().public_misses_a_day, dense, 1 / 40) <= A_THOUSAND


def test_many_phones_cannot_share_the_guessing_of_one_persons_year(world: World, victims: Victims) -> None:
    gang, number = Gang(world, phones(60)), victims.numbers[7]
    told = [
        gang.guesses(phone, f"DROITS {number} {1941 + place}", world.now + timedelta(minutes=place))
        for place, phone in enumerate(gang.phones)
    ]
    wrong = [text for text in told if text.startswith("E12")]
    assert len(wrong) >= len(told) - 1
    assert gang.named <= (0 if len(wrong) == len(told) else 1)
    after = gang.phones[world.limits.misses :]
    years = range(1941 + world.limits.misses, 2001)
    assert all(
        gang.guesses(after[place % 50], f"DROITS {number} {year}", world.now + 3 * HOUR).startswith(
            ("E12", "E71")
        )
        for place, year in enumerate(years)
    )


def test_stolen_phones_of_a_centre_share_its_budget(world: World, victims: Victims) -> None:
    thief = Msisdn.parse(NURSE)
    small = limited(world, facility_misses_a_day=30)
    with small.register.begin() as conn:
        there = staff.of_phone(conn, small.keys, thief, small.now)
        assert there is not None
        stolen = [thief, *phones(9)]
        for phone in stolen[1:]:
            staff.add(conn, small.keys, phone, there.facility.facility_id, STAFF, small.now)
    gang = Gang(small, stolen).days(0.5, 5, any_number)
    misses = Misses.of(small)
    assert misses.most_of_one_within(HOUR) <= 5
    assert misses.most_of_one_within(DAY) <= 10
    assert misses.most_of_a_centre_within(DAY) == 30
    assert gang.named <= 30 * victims.density / (1 - victims.density) + 5
    assert expected(10, receipts_density(world), 1.0) <= A_NUMBER
    assert expected(Budgets().facility_misses_a_day, receipts_density(world), 1.0) <= A_NUMBER


def test_a_stolen_phone_with_a_list_of_numbers_finds_sixty_an_hour(world: World, victims: Victims) -> None:
    thief = Msisdn.parse(NURSE)
    gang = Gang(world, [thief])
    for place, number in enumerate(victims.numbers[:70]):
        gang.guesses(thief, number, world.now + timedelta(seconds=place))
    assert gang.named == 60


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Every statement that SQLite runs, for reading and for writing."""
    said: list[str] = []
    reading = world.register.reader().connection
    with world.register.begin() as conn:
        writing = conn.connection.driver_connection
    for connection in (reading, writing):
        assert connection is not None
        connection.set_trace_callback(lambda text: said.append(text.split("(")[0][:40]))
    yield said
    for connection in (reading, writing):
        assert connection is not None
        connection.set_trace_callback(None)


def work(world: World, phone: str, text: str) -> tuple[str, list[str]]:
    """The answer to one message, without its number and reference, and the statements that it took."""
    context = world.context(Msisdn.parse(phone), text + phone, channel=SMS)
    with counted(world) as said:
        answer = reply(text, context)
        carry_out(world.register, answer.effects, context)
    number = next(word for word in text.split() if len(word) == 13)
    return answer.text.replace(number, "#").split(" Ref ")[0], said


def test_unknown_and_not_hers_read_alike_and_are_the_same_work(world: World, victims: Victims) -> None:
    nobody = str(FIRST_NUMBER + RANGE + 1)
    not_hers = work(world, "+22376000001", f"DROITS {victims.numbers[3]} 1930")
    unknown = work(world, "+22376000002", f"DROITS {nobody} 1930")
    assert not_hers[0] == unknown[0]
    assert not_hers[0].startswith("E12 #")
    assert len(unknown[1]) > 8
    assert not_hers[1] == unknown[1]
