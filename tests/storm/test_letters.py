"""What is written and what is struck is known from the seed, and within the limits that are predicted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tests.storm import weather
from tests.storm.letters import (
    ANSWERS,
    COMPLAINT,
    IN_A_LOOP,
    MISS,
    STAFF_ANSWERS,
    Cast,
    Centre,
    Visit,
    written,
)

RATE = 20.0


def cast() -> Cast:
    centres = [Centre(number, f"{number:06}", f"+2237810000{number}") for number in range(1, 4)]
    return Cast(
        centres=centres,
        staff={
            one.facility_id: [f"+223780{one.facility_id}{turn:04}" for turn in range(400)] for one in centres
        },
        citizens=[f"+22379{turn:06}" for turn in range(800)],
        cards=[(person, f"26{person:011}") for person in range(300)],
        visits={
            one.facility_id: [
                Visit(one.facility_id * 1000 + turn, f"{turn:06}", one.facility_id) for turn in range(300)
            ]
            for one in centres
        },
        strangers=[f"99{turn:011}" for turn in range(2_000)],
    )


@pytest.mark.parametrize("seed", range(5))
def test_nobody_but_a_loop_writes_more_often_than_is_answered(seed: int) -> None:
    letters = written(cast(), seed, 1_200, RATE)
    often = Counter(one.sender for one in letters if not one.held)
    crew = {one.sender for one in letters if one.by_staff}
    loops = {phone for phone, times in often.items() if times > ANSWERS and phone not in crew}
    assert loops
    assert max(often.values()) <= IN_A_LOOP
    assert ANSWERS < max(often[phone] for phone in crew) <= STAFF_ANSWERS, "staff may"
    assert {one.effects[0][0] for one in letters if one.sender in loops} == {COMPLAINT}


def test_the_messages_of_a_loop_come_within_its_ten_minutes() -> None:
    letters = written(cast(), 1, 1_200, RATE)
    loop = next(
        phone for phone, times in Counter(one.sender for one in letters).items() if times == IN_A_LOOP
    )
    moments = [one.at for one in letters if one.sender == loop]
    assert max(moments) - min(moments) < 60


def test_the_same_seed_writes_the_same_at_a_constant_pace() -> None:
    letters = written(cast(), 3, 600, RATE)
    assert letters == written(cast(), 3, 600, RATE)
    assert letters != written(cast(), 4, 600, RATE)
    assert [one.at for one in letters] == [place / RATE for place in range(600)]
    assert {one.copies for one in letters} == {1, 2, 3, 4, 5}
    assert len({one.name for one in letters}) == 600


def test_a_visit_has_acts_or_an_incident_and_never_both() -> None:
    letters = written(cast(), 5, 1_200, RATE)
    of_visits: dict[str, set[str]] = {}
    for kind, *whose in (key for one in letters for key in one.effects if key[0] in ("act", "incident")):
        of_visits.setdefault(whose[0], set()).add(kind)
    assert of_visits
    assert all(len(found) == 1 for found in of_visits.values())


def test_unknown_numbers_stay_within_the_budgets_of_centres_and_country() -> None:
    letters = written(cast(), 6, 3_600 // 3, RATE)
    misses = Counter(key for one in letters for key in one.effects if key[0] == MISS)
    assert sum(min(5, times) for times in misses.values()) < 600


@pytest.mark.parametrize("seconds", [30.0, 180.0])
def test_a_storm_kills_all_along_empties_redis_twice_and_stops_one_worker(seconds: float) -> None:
    blows = weather.forecast(1, seconds)
    what = Counter(blow.what for blow in blows)
    assert blows == sorted(weather.forecast(1, seconds), key=lambda blow: blow.at)
    assert (what[weather.FLUSH], what[weather.PAUSE]) == (2, 1)
    assert all(0 < blow.at < seconds for blow in blows)
    kills = [blow.at for blow in blows if blow.what in weather.KILLS]
    assert max(later - sooner for sooner, later in pairwise(kills)) <= weather.GAP_SECONDS[1]


def test_a_long_storm_kills_everything() -> None:
    assert {blow.what for blow in weather.forecast(1, 180.0)} >= set(weather.KILLS)
