"""Web and worker are killed (SIGKILL) at each numbered place of a promise: none lost, none kept twice."""

from __future__ import annotations

import pytest

from gateway.crash_points import POINTS
from tests.gateway.handset import STRANGER, Gateway
from tests.storm.crashing import PROCESSES
from tests.storm.promise_crashes import PLACES, crashed, dying, kept_once
from tests.workers import one_promise
from tests.workers.one_promise import PROMISE


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    """Each process is a copy of one that has loaded everything."""
    PROCESSES.set_forkserver_preload([one_promise.__name__])


def test_a_web_process_that_has_promised_is_killed_and_redis_is_emptied(each_gateway: Gateway) -> None:
    assert dying(each_gateway, PROMISE, STRANGER) == []
    each_gateway.runtime.redis.flushdb()
    assert kept_once(each_gateway) == []


@pytest.mark.parametrize("point", PLACES)
def test_who_is_killed_at_a_place_leaves_a_promise_that_is_kept_once(
    each_gateway: Gateway, point: int
) -> None:
    assert crashed(each_gateway, STRANGER, point) == []


def test_each_place_is_killed_at() -> None:
    assert set(PLACES) == {point for point, what in POINTS.items() if what.startswith("promising:")}
