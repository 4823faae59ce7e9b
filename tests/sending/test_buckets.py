"""Token buckets in Redis: shared by processes, refilled by time, nothing without Redis."""

import subprocess
import sys
from time import monotonic, sleep

import pytest

from config.settings import BadSettings, load
from gateway.buckets import Buckets, Pace, pace_of
from gateway.redis_lines import RedisAway, RedisLines


@pytest.fixture
def buckets(redis_url: str) -> Buckets:
    return Buckets(RedisLines(redis_url, connect_ms=500, read_ms=1_000))


def test_a_burst_is_there_at_once_and_then_the_pace(buckets: Buckets) -> None:
    pace = Pace(10.0, 5)
    assert [buckets.take("ORANGE", pace, 1) for _ in range(5)] == [0.0] * 5
    wait = buckets.take("ORANGE", pace, 1)
    assert 0.0 < wait <= 0.1
    sleep(wait)
    assert buckets.take("ORANGE", pace, 1) == 0.0


def test_operators_have_buckets_of_their_own(buckets: Buckets) -> None:
    pace = Pace(1.0, 1)
    assert buckets.take("ORANGE", pace, 1) == 0.0
    assert buckets.take("ORANGE", pace, 1) > 0.0
    assert buckets.take("MOOV", pace, 1) == 0.0


def test_what_was_not_used_comes_back(buckets: Buckets) -> None:
    pace = Pace(0.01, 10)
    assert buckets.take("ORANGE", pace, 10) == 0.0
    assert buckets.take("ORANGE", pace, 4) > 0.0
    buckets.give_back("ORANGE", pace, 4)
    assert buckets.take("ORANGE", pace, 4) == 0.0


def test_a_request_larger_than_a_burst_leaves_when_the_bucket_is_full_and_is_owed(buckets: Buckets) -> None:
    pace = Pace(100.0, 10)
    assert buckets.take("ORANGE", pace, 50) == 0.0
    assert 0.4 < buckets.take("ORANGE", pace, 1) <= 0.5


def test_without_redis_nothing_is_taken() -> None:
    away = Buckets(RedisLines("redis://127.0.0.1:1", connect_ms=50, read_ms=50))
    with pytest.raises(RedisAway):
        away.take("ORANGE", Pace(1.0, 1), 1)


PROCESS = """
import sys
from time import monotonic
from gateway.buckets import Buckets, Pace
from gateway.redis_lines import RedisLines
buckets = Buckets(RedisLines(sys.argv[1], connect_ms=500, read_ms=1000))
sys.stdin.readline()
until, taken = monotonic() + 1.0, 0
while monotonic() < until:
    taken += not buckets.take("ORANGE", Pace(200.0, 50), 5)
print(taken * 5)
"""


def test_two_processes_share_one_pace(redis_url: str) -> None:
    command = [sys.executable, "-c", PROCESS, redis_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    some = [subprocess.Popen(command, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    began = monotonic()
    for one in some:
        one.stdin.write("go\n")
        one.stdin.flush()
    taken = [int(one.communicate(timeout=60)[0]) for one in some]
    seconds = monotonic() - began
    assert all(taken)
    # Each process began and ended when its turn of the processor came: the pace holds over all of that time.
    assert 150 <= sum(taken) <= 50 + 200 * seconds + 5


@pytest.mark.parametrize(
    ("told", "operator", "pace"),
    [
        pytest.param("ORANGE=100/200, AUTRE=5/10", "ORANGE", Pace(100.0, 200), id="its own"),
        pytest.param("ORANGE=100/200,AUTRE=5/10", "MOOV", Pace(5.0, 10), id="that of all others"),
        pytest.param("ORANGE=100/200,MOOV=0.5/1", "TELECEL", Pace(0.5, 1), id="the least"),
    ],
)
def test_the_settings_name_the_paces(told: str, operator: str, pace: Pace) -> None:
    assert pace_of(load(paces=told), operator) == pace


@pytest.mark.parametrize("told", ["ORANGE=0/5", "ORANGE=5", "ORANGE=five/5", "ORANGE=5/0"])
def test_a_pace_that_is_none_is_refused(told: str) -> None:
    with pytest.raises(BadSettings, match=r"paces\.ORANGE"):
        load(paces=told)
