"""The subtraction and the bill: what is found less what is left out is the people, whatever the register holds."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.audiences import DEAD, OFF, REASONS, RECENT, STOP, Asked, Draw
from models.campaign_costs import bill
from models.campaign_size import Size, size
from tests.campaigns.conftest import NOW, World, days_ago

FATES = ("none", STOP, RECENT, DEAD, OFF)


def sized(world: World, percent: int = 0) -> Size:
    asked = Asked(1, {}, (), Draw.of(world.keys, 1, percent), NOW)
    with world.database.begin(reading=True) as conn:
        return size(conn, asked)


def meet(world: World, fates: set[str], campaign_id: int) -> None:
    """A phone to whose person all of this happened."""
    person = world.person(died_on=NOW.date() if DEAD in fates else None)
    phone = world.phone(person)
    if STOP in fates:
        world.says(phone, False)
    if RECENT in fates:
        world.was_sent(phone, "DELIVERED", days_ago(1), campaign_id)
    if OFF in fates:
        world.was_sent(phone, "REJECTED", days_ago(200), campaign_id + 1, code="NUMERO_INVALIDE")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(st.sets(st.sampled_from(FATES)), min_size=1, max_size=5))
def test_found_less_excluded_is_people(world: World, told: list[set[str]]) -> None:
    before = sized(world)
    for place, fates in enumerate(told):
        meet(world, fates, 1_000 + 2 * place)
    after = sized(world, 30)
    assert after.found == before.found + len(told)
    assert after.found - sum(after.excluded.values()) == after.people
    assert 0 <= after.held_out <= after.people
    first = [next((reason for reason in REASONS if reason in fates), None) for fates in told]
    for reason in REASONS:
        assert after.excluded[reason] == before.excluded[reason] + first.count(reason)


@pytest.mark.parametrize(
    ("people", "minutes"),
    [pytest.param(0, 0, id="nobody"), pytest.param(600, 1, id="a minute"), pytest.param(601, 2, id="begun")],
)
def test_minutes_at_ten_a_second(people: int, minutes: int) -> None:
    found = bill({"ORANGE": (people, people)}, lambda _: 10.0, date(2026, 11, 22))
    assert found.minutes == minutes


def test_the_bill_is_by_operator_and_the_slowest_one_counts() -> None:
    found = bill(
        {"ORANGE": (100, 200), "MOOV": (600, 600)}, {"ORANGE": 100.0, "MOOV": 1.0}.__getitem__, NOW.date()
    )
    assert found.operators["ORANGE"].fcfa == 200 * 17
    assert found.fcfa == 800 * 17
    assert found.minutes == 10
    assert (found.left(13_600), found.left(13_599), found.left(None)) == (0, -1, None)
