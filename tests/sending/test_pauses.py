"""A provider that fails is left alone, longer each time, and then asked once."""

import pytest

from workers.pauses import FAILURES, FIRST_SECONDS, LONGEST_SECONDS, Pause


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def broken(watch: Watch) -> Pause:
    """A pause that has just begun."""
    pause = Pause(watch)
    assert [pause.failed() for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
    return pause


@pytest.mark.parametrize(
    ("apart", "paused"),
    [pytest.param(2.5, True, id="five in ten seconds"), pytest.param(2.6, False, id="five in a little more")],
)
def test_five_failures_in_ten_seconds_begin_a_pause(watch: Watch, apart: float, paused: bool) -> None:
    pause = Pause(watch)
    for _ in range(FAILURES):
        said = pause.failed()
        watch.now += apart
    assert said == paused
    assert pause.lets_through() != paused


def test_an_answer_between_them_forgets_the_failures(watch: Watch) -> None:
    pause = Pause(watch)
    for _ in range(FAILURES * 3):
        assert not pause.failed()
        pause.went()
    assert pause.lets_through()


def test_after_a_pause_one_is_let_through_and_its_answer_ends_it(watch: Watch) -> None:
    pause = broken(watch)
    watch.now += FIRST_SECONDS - 0.1
    assert not pause.lets_through()
    watch.now += 0.1
    assert [pause.lets_through() for _ in range(3)] == [True, False, False]
    pause.went()
    assert [pause.lets_through() for _ in range(3)] == [True, True, True]


def test_a_probe_that_found_nothing_to_send_leaves_the_next_one_its_turn(watch: Watch) -> None:
    pause = broken(watch)
    watch.now += FIRST_SECONDS
    assert pause.lets_through()
    pause.unused()
    assert pause.lets_through()


def test_each_failed_probe_doubles_the_pause_up_to_five_minutes(watch: Watch) -> None:
    pause = broken(watch)
    for wait in (FIRST_SECONDS, 60, 120, 240, LONGEST_SECONDS, LONGEST_SECONDS):
        watch.now += wait - 0.1
        assert not pause.lets_through()
        watch.now += 0.1
        assert pause.lets_through()
        assert pause.failed()


def test_a_provider_that_refuses_us_is_left_alone_at_once(watch: Watch) -> None:
    pause = Pause(watch)
    assert pause.failed(stop=True)
    watch.now += LONGEST_SECONDS - 1
    assert not pause.lets_through()
    watch.now += 1
    assert pause.lets_through()


def test_what_was_under_way_when_the_pause_began_does_not_prolong_it(watch: Watch) -> None:
    pause = broken(watch)
    assert not any(pause.failed() for _ in range(FAILURES * 2))
    watch.now += FIRST_SECONDS
    assert pause.lets_through()
