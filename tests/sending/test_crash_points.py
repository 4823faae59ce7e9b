"""A sender is killed (SIGKILL) at each numbered place: nothing is sent twice, nothing is lost unsaid."""

import os
import signal

import pytest

from gateway.crash_points import POINTS
from tests.forks import ended
from tests.sending.conftest import Office
from tests.sending.one_turn import turn
from workers.sending import ITS_OWNERS_SECONDS, reap_all, replay

pytestmark = pytest.mark.storm

AFTERWARDS = {
    21: ("ACCEPTED", 0),
    22: ("UNKNOWN", 0),
    23: ("UNKNOWN", 1),
    24: ("UNKNOWN", 1),
    25: ("ACCEPTED", 1),
    26: ("ACCEPTED", 1),
    27: ("ACCEPTED", 1),
    28: ("ACCEPTED", 1),
}
"""What the message is in the end, and how often it had been sent when the process was killed."""


def process(office: Office, what: str, crash_at: int) -> int:
    """Runs a worker's process to its end; its exit code (negative: the signal that killed it)."""
    return ended(office.desk.settings, turn, what, crash_at=crash_at)


def recover(office: Office) -> None:
    """What the other processes do in the minute after."""
    replay(office.desk, 0)
    office.end_leases()
    reap_all(office.desk)
    office.turn()
    office.turn()


@pytest.mark.parametrize("point", AFTERWARDS)
def test_a_sender_that_is_killed_sends_nothing_twice_and_loses_nothing_unsaid(
    office: Office, point: int
) -> None:
    state, sent_before = AFTERWARDS[point]
    office.owe("Bonjour")
    assert process(office, "send", point) == -signal.SIGKILL
    assert office.outside.sent.total() == sent_before
    recover(office)
    ((message, _chunk),) = office.states()
    assert message == state
    assert office.outside.sent.total() <= 1
    assert office.outside.sent.total() == 1 or message == "UNKNOWN"


def test_each_place_of_sending_is_killed_at() -> None:
    assert set(AFTERWARDS) == {point for point, what in POINTS.items() if what.startswith("sending:")}


def test_a_reaper_that_is_killed_is_followed_by_one_that_is_not(office: Office) -> None:
    office.owe("one")
    assert process(office, "send", 22) == -signal.SIGKILL
    office.end_leases()
    assert process(office, "reap", 31) == -signal.SIGKILL
    assert office.states() == [("PENDING", "INTENT")]
    assert reap_all(office.desk) == 1
    assert office.states() == [("UNKNOWN", "UNKNOWN")]


@pytest.mark.parametrize(
    ("point", "states"),
    [
        pytest.param(33, ("PENDING", "INTENT"), id="before the commit"),
        pytest.param(32, ("ACCEPTED", "DONE"), id="behind it"),
    ],
)
def test_a_journal_outlives_a_reaper_that_is_killed(
    office: Office, point: int, states: tuple[str, str]
) -> None:
    office.owe("one")
    assert process(office, "send", 25) == -signal.SIGKILL
    journal = next((office.desk.settings.data_folder / "journal").glob("*.json"))
    os.utime(journal, (0, 0))
    assert process(office, "reap", point) == -signal.SIGKILL
    assert office.states() == [states]
    assert journal.exists()
    replay(office.desk, ITS_OWNERS_SECONDS)
    assert office.states() == [("ACCEPTED", "DONE")]
    assert not journal.exists()


def test_without_the_variable_nobody_dies(office: Office) -> None:
    office.owe("one")
    assert process(office, "send", 0) == 0
    assert office.states() == [("ACCEPTED", "DONE")]
