"""Every place on the path of a message has a way that leads to it; what is wrong after a crash is told."""

from gateway.crash_points import POINTS
from tests.storm import payment_crashes
from tests.storm.campaign_crashes import PLACES
from tests.storm.crash_points import BEFORE, report
from tests.storm.crashing import Crash

PATH = ("taking:", "spooling:", "answering:", "sending:", "reaping:")


def test_each_place_of_the_path_is_crashed_at() -> None:
    assert set(BEFORE) == {point for point, what in POINTS.items() if what.startswith(PATH)}


def test_each_place_of_a_campaign_is_crashed_at() -> None:
    subjects = ("sending:", "reaping:", "caring:")
    assert set(PLACES) == {point for point, what in POINTS.items() if what.startswith(subjects)}


def test_each_place_of_a_payment_is_crashed_at() -> None:
    ours = {point for point, what in POINTS.items() if what.startswith("paying:")}
    assert {point for places in payment_crashes.PLACES.values() for point in places} == ours


def test_a_fault_is_told_with_its_place() -> None:
    sound, wrong = Crash(21, "ACCEPTED", 1, ()), Crash(22, "PENDING", 2, ("sent 2 times",))
    assert report([sound, sound], 2)["ok"]
    assert report([sound], 1)["measured"]["bound"].startswith("0 of 1 crashes")
    told = report([sound, wrong], 1)
    assert not told["ok"]
    assert told["measured"]["examples"] == ["22: sent 2 times"]
    assert told["measured"]["by_point"][f"22 {POINTS[22]}"] == {"PENDING, sent 2": 1}
