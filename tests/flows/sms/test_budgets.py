"""What guessing may cost by SMS: misses by hour, day and centre, hits by hour, and a second fact before a name."""

from dataclasses import replace

import pytest

from flows.world import World
from models.identifiers import Msisdn
from models.lookups import Budgets
from tests.flows.sms.conftest import NURSE, STRANGER, Texting
from tests.flows.sms.texting import Texter

RAMED = "2600100000017"


def nobody(place: int) -> str:
    """A number of the receipt's shape that nobody holds."""
    return str(9_000_000_000_000 + place)


def limited(world: World, **budgets: int) -> World:
    return world.moved(limits=replace(world.limits, budgets=replace(Budgets(), **budgets)))


@pytest.mark.parametrize(
    "number", [pytest.param(STRANGER, id="a citizen"), pytest.param(NURSE, id="a nurse")]
)
def test_five_misses_an_hour_then_even_a_true_number_is_not_looked_up(texter: Texting, number: str) -> None:
    phone = texter(number)
    for place in range(5):
        phone.sends(nobody(place)).reads("E12")
    phone.sends(RAMED).reads("E71").reads_not("VALIDE", "valide")
    phone.waits(minutes=61).sends(RAMED).reads("RAMED")


def test_ten_misses_a_day(texter: Texting) -> None:
    phone = texter(STRANGER)
    for hour in range(2):
        for place in range(5):
            phone.sends(nobody(hour * 5 + place)).reads("E12")
        phone.waits(minutes=61)
    phone.sends(RAMED).reads("E71")
    phone.waits(hours=22).sends(RAMED).reads("VALIDE")


def test_a_batch_cannot_ask_for_more_than_is_left(texter: Texting) -> None:
    phone = texter(NURSE).sends(" ".join(nobody(place) for place in range(8)))
    assert phone.answer.count("E12") == 5
    assert phone.answer.count("E71") == 3


def test_a_centre_has_a_budget_of_its_own(world: World) -> None:
    small = limited(world, facility_misses_a_day=3)
    nurse, chief = Texter(small, Msisdn.parse(NURSE)), Texter(small, Msisdn.parse("+22370000101"))
    nurse.sends(nobody(1), nobody(2)).reads("E12")
    chief.sends(nobody(3)).reads("E12")
    chief.sends(RAMED).reads("E71")


def test_the_country_has_a_budget(world: World) -> None:
    small = limited(world, country_misses_a_day=4)
    for place in range(4):
        Texter(small, Msisdn.parse(f"+2237600000{place}")).sends(nobody(place)).reads("E12")
    Texter(small, Msisdn.parse("+22376000009")).sends(RAMED).reads("E71")


def test_the_public_cannot_lock_the_centres_out(world: World) -> None:
    small = limited(world, country_misses_a_day=6, public_misses_a_day=3)
    for place in range(3):
        Texter(small, Msisdn.parse(f"+2237600000{place}")).sends(nobody(place)).reads("E12")
    Texter(small, Msisdn.parse("+22376000009")).sends(RAMED).reads("E71")
    Texter(small, Msisdn.parse(NURSE)).sends(RAMED).reads("OK RAMED")


def test_hits_of_an_hour(world: World) -> None:
    phone = Texter(limited(world, hits_an_hour=2), Msisdn.parse(STRANGER))
    phone.sends(RAMED, RAMED).reads("VALIDE").sends(RAMED).reads("E61")
    phone.waits(minutes=61).sends(RAMED).reads("VALIDE")


@pytest.mark.parametrize(
    ("second", "read", "hidden"),
    [
        pytest.param("", "VALIDE", "A. T.", id="none: the state alone"),
        pytest.param(" 1987", "AWA T***", "TRAORE", id="year of birth"),
        pytest.param(" AT", "AWA T***", "TRAORE", id="initials"),
        pytest.param(" 1988", "E12", "A. T.", id="another year"),
        pytest.param(" AB", "E12", "A. T.", id="other initials"),
    ],
)
def test_a_name_needs_a_second_fact(texter: Texting, second: str, read: str, hidden: str) -> None:
    texter(STRANGER).sends(f"DROITS {RAMED}{second}").reads(read).reads_not(hidden)


def test_a_wrong_second_fact_reads_like_nobody(texter: Texting) -> None:
    mine = texter(STRANGER).sends(f"DROITS {RAMED} 1950").answer
    nobodys = texter("+22376000001").sends(f"DROITS {nobody(1)} 1950").answer
    assert mine.replace(RAMED, "#").split("Ref")[0] == nobodys.replace(nobody(1), "#").split("Ref")[0]


def test_guessing_the_second_fact_is_locked(texter: Texting) -> None:
    phone = texter(STRANGER)
    for year in range(1950, 1955):
        phone.sends(f"DROITS {RAMED} {year}").reads("E12")
    phone.sends(f"DROITS {RAMED} 1987").reads("E71").reads_not("AWA")


def test_slips_are_proposed_to_staff_alone(texter: Texting) -> None:
    texter(NURSE).sends("483000062").reads("Un chiffre pres")
    texter(STRANGER).sends("483000062").reads_not("Un chiffre pres", "ZEINABOU")
