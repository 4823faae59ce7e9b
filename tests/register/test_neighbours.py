"""Cards that are one slip away from a number: every single slip is found, and nothing that has no check digit."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.coverage import MOST_SLIPS, Verdict, neighbours
from models.identifiers import recognise, slips, with_check_digit
from tests.register.conftest import NOW, TODAY

CARD, MEMBER = with_check_digit("48210937"), with_check_digit("5512093")
BODIES = st.text("0123456789", min_size=8, max_size=8)


def slipped(number, place, digit):
    return number[:place] + digit + number[place + 1 :]


def swapped(number, place):
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


@given(BODIES, st.integers(0, 8), st.sampled_from("0123456789"))
def test_a_wrong_digit_leads_back_to_the_card(body, place, digit):
    number = with_check_digit(body)
    typed = slipped(number, place, digit)
    assert (number in {card.value for card in slips(typed, TODAY)}) is (typed != number)


@given(BODIES, st.integers(0, 7))
def test_two_neighbours_swapped_lead_back_to_the_card(body, place):
    number = with_check_digit(body)
    typed = swapped(number, place)
    assert (number in {card.value for card in slips(typed, TODAY)}) is (typed != number)


@given(st.text("0123456789", max_size=16))
def test_few_cards_are_near_and_each_could_have_been_issued(typed):
    near = slips(typed, TODAY)
    assert len(near) <= MOST_SLIPS
    for card in near:
        assert recognise(card.value, TODAY) == card
        assert sum(one != other for one, other in zip(card.value, typed, strict=True)) in (1, 2)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(CARD, id="a card that is right"),
        pytest.param("2600100000018", id="a receipt, which has no check digit"),
        pytest.param("0410000013", id="a matricule of the AMO"),
        pytest.param("482109", id="too short for any"),
        pytest.param("48210937X", id="a letter"),
        pytest.param("", id="nothing"),
    ],
)
def test_nothing_is_near(typed):
    assert slips(typed, TODAY) == ()


def near(register, typed):
    found = neighbours(register.reader, register.keys, typed, TODAY)
    return [(digits, right.given, right.verdict) for digits, right in found]


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(slipped(CARD, 3, "7"), id="a wrong digit"),
        pytest.param(swapped(CARD, 7), id="two swapped"),
        pytest.param(slipped(CARD, 8, "0"), id="a wrong check digit"),
    ],
)
def test_the_person_of_the_card_meant_is_found(register, typed):
    register.right(register.person(given="Awa"), number=CARD, end=date(2026, 3, 14))
    register.right(register.person(given="Fanta"), number=with_check_digit("11111111"))
    assert near(register, typed) == [(CARD, "Awa", Verdict.EXPIRE)]
    assert near(register, "2600100000018") == []


def test_a_member_number_with_wrong_first_digits(register):
    mutuelle = register.mutuelle()
    person = register.person(given="Mamadou")
    register.right(person, scheme="MUTUELLE", number=MEMBER, mutuelle=mutuelle, status="A_JOUR")
    assert near(register, slipped(MEMBER, 0, "4")) == [(MEMBER, "Mamadou", Verdict.VALIDE)]


def test_who_died_is_near_nothing(register):
    register.right(register.person(died=NOW.date()), number=CARD)
    assert near(register, slipped(CARD, 3, "7")) == []
