"""The edge and the worker are killed (SIGKILL) at each numbered place: no question lost, none answered twice."""

from __future__ import annotations

import signal

import pytest

from gateway.crash_points import POINTS
from gateway.intake import Intake
from tests.forks import ended
from tests.gateway.correspondent import Correspondent, echo, inbox, owed
from tests.gateway.handset import Gateway
from tests.workers.one_message import answer, take
from workers.inbox import answer_inbox

TAKING, SPOOLING, ANSWERING, STORING = {11: 0, 12: 1}, {13: 0, 14: 1}, (15, 16), (17,)
"""Places, and how many messages are kept when the process was killed there."""

NOWHERE = {"DATABASE_URL": "sqlite:////nowhere/at/all"}


def taking(gateway: Gateway, crash_at: int, **elsewhere: str) -> int:
    """The edge takes a message in a process of its own; the signal that killed it, negative."""
    return ended(gateway.runtime.settings, take, "crash", crash_at=crash_at, **elsewhere)


def answering(gateway: Gateway, crash_at: int) -> int:
    """A worker answers what waits; the signal that killed it, negative."""
    return ended(gateway.runtime.settings, answer, crash_at=crash_at)


def answered_once(gateway: Gateway) -> bool:
    """Whether, in the end, the one message has its one answer."""
    answer_inbox(gateway.runtime, echo)
    answer_inbox(gateway.runtime, echo)
    return inbox(gateway) == [("ANSWERED", None)] and owed(gateway) == ["lu: AIDE"]


@pytest.mark.parametrize("point", TAKING)
def test_an_edge_that_is_killed_is_called_again_and_answers_once(each_gateway: Gateway, point: int) -> None:
    assert taking(each_gateway, point) == -signal.SIGKILL
    assert len(inbox(each_gateway)) == TAKING[point]
    assert Correspondent(each_gateway).writes("AIDE", id="crash").status_code == 200
    assert answered_once(each_gateway)


@pytest.mark.parametrize("point", SPOOLING)
def test_an_edge_that_is_killed_while_it_spools_leaves_all_or_nothing(gateway: Gateway, point: int) -> None:
    assert taking(gateway, point, **NOWHERE) == -signal.SIGKILL
    assert Intake(gateway.runtime).spool.waiting() == SPOOLING[point]
    assert Correspondent(gateway).writes("AIDE", id="crash").status_code == 200
    assert answered_once(gateway)


@pytest.mark.parametrize("point", ANSWERING)
def test_a_worker_that_is_killed_while_it_answers_answers_once(each_gateway: Gateway, point: int) -> None:
    Correspondent(each_gateway).writes("AIDE")
    assert answering(each_gateway, point) == -signal.SIGKILL
    assert answered_once(each_gateway)


@pytest.mark.parametrize("point", STORING)
def test_a_worker_that_is_killed_while_it_stores_the_spool_stores_it_once(
    gateway: Gateway, point: int
) -> None:
    assert taking(gateway, 14, **NOWHERE) == -signal.SIGKILL
    assert answering(gateway, point) == -signal.SIGKILL
    assert (len(inbox(gateway)), Intake(gateway.runtime).spool.waiting()) == (1, 1)
    assert answered_once(gateway)
    assert Intake(gateway.runtime).spool.waiting() == 0


def test_each_place_is_killed_at() -> None:
    ours = {
        point for point, what in POINTS.items() if what.startswith(("taking:", "spooling:", "answering:"))
    }
    assert ours == {*TAKING, *SPOOLING, *ANSWERING, *STORING}
