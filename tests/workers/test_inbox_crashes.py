"""The edge and the worker are killed (SIGKILL) at each numbered place: no question lost, none answered twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from gateway.crash_points import CRASH_AT, POINTS
from gateway.intake import Intake
from tests.gateway.correspondent import Correspondent, echo, inbox, owed
from tests.gateway.handset import Gateway
from workers.inbox import answer_inbox

TAKING, SPOOLING, ANSWERING, STORING = {11: 0, 12: 1}, {13: 0, 14: 1}, (15, 16), (17,)
"""Places, and how many messages are kept when the process was killed there."""


def process(gateway: Gateway, what: str, crash_at: int, database_url: str = "") -> int:
    """Runs a process to its end; its exit code (negative: the signal that killed it)."""
    settings = gateway.runtime.settings
    environment = {
        **os.environ,
        "DATABASE_URL": database_url or settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        CRASH_AT: str(crash_at),
    }
    command = [sys.executable, "-m", "tests.workers.one_message", what, "crash"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def answered_once(gateway: Gateway) -> bool:
    """Whether, in the end, the one message has its one answer."""
    answer_inbox(gateway.runtime, echo)
    answer_inbox(gateway.runtime, echo)
    return inbox(gateway) == [("ANSWERED", None)] and owed(gateway) == ["lu: AIDE"]


@pytest.mark.parametrize("point", TAKING)
def test_an_edge_that_is_killed_is_called_again_and_answers_once(each_gateway: Gateway, point: int) -> None:
    assert process(each_gateway, "take", point) == -signal.SIGKILL
    assert len(inbox(each_gateway)) == TAKING[point]
    assert Correspondent(each_gateway).writes("AIDE", id="crash").status_code == 200
    assert answered_once(each_gateway)


@pytest.mark.parametrize("point", SPOOLING)
def test_an_edge_that_is_killed_while_it_spools_leaves_all_or_nothing(gateway: Gateway, point: int) -> None:
    assert process(gateway, "take", point, "sqlite:////nowhere/at/all") == -signal.SIGKILL
    assert Intake(gateway.runtime).spool.waiting() == SPOOLING[point]
    assert Correspondent(gateway).writes("AIDE", id="crash").status_code == 200
    assert answered_once(gateway)


@pytest.mark.parametrize("point", ANSWERING)
def test_a_worker_that_is_killed_while_it_answers_answers_once(each_gateway: Gateway, point: int) -> None:
    Correspondent(each_gateway).writes("AIDE")
    assert process(each_gateway, "answer", point) == -signal.SIGKILL
    assert answered_once(each_gateway)


@pytest.mark.parametrize("point", STORING)
def test_a_worker_that_is_killed_while_it_stores_the_spool_stores_it_once(
    gateway: Gateway, point: int
) -> None:
    assert process(gateway, "take", 14, "sqlite:////nowhere/at/all") == -signal.SIGKILL
    assert process(gateway, "answer", point) == -signal.SIGKILL
    assert (len(inbox(gateway)), Intake(gateway.runtime).spool.waiting()) == (1, 1)
    assert answered_once(gateway)
    assert Intake(gateway.runtime).spool.waiting() == 0


def test_each_place_is_killed_at() -> None:
    ours = {
        point for point, what in POINTS.items() if what.startswith(("taking:", "spooling:", "answering:"))
    }
    assert ours == {*TAKING, *SPOOLING, *ANSWERING, *STORING}
