"""Addresses of Redis, with Sentinels and without; and a real failover that the gateway's connections follow."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from config.settings import BadSettings, load
from gateway.buckets import Buckets, Pace
from gateway.redis_addresses import BadRedisAddress, Watched, pool_of, watched
from gateway.redis_lines import RedisAway, RedisLines
from gateway.runtime import redis_client
from workers.servers.binaries import redis_program


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "redis+sentinel://one:1,two:2,three:3/ramu/4",
            Watched((("one", 1), ("two", 2), ("three", 3)), "ramu", 4, None, None, None, False),
            id="three with ports",
        ),
        pytest.param(
            "redis+sentinel://:p%40ss@one/ramu?sentinel_password=other&ssl=true",
            Watched((("one", 26379),), "ramu", 0, None, "p@ss", "other", True),
            id="passwords and TLS",
        ),
        pytest.param(
            "redis+sentinel://awa:secret@one,two/ramu",
            Watched((("one", 26379), ("two", 26379)), "ramu", 0, "awa", "secret", None, False),
            id="a user",
        ),
    ],
)
def test_a_sentinel_address_is_taken_apart(url: str, expected: Watched) -> None:
    assert watched(url) == expected
    assert load(redis_url=url).redis_url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("redis+sentinel://one,two", id="no service"),
        pytest.param("redis+sentinel://one:x/ramu", id="a port that is none"),
        pytest.param("redis+sentinel://one,/ramu", id="a host that is none"),
        pytest.param("redis+sentinel://one/ramu/x", id="a database that is none"),
    ],
)
def test_a_sentinel_address_that_cannot_be_used_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(BadRedisAddress, match="Sentinel address") as refused:
        pool_of(url.replace("//", "//:hidden@"))
    assert "hidden" not in str(refused.value)


def test_the_settings_know_no_other_way_to_redis() -> None:
    with pytest.raises(BadSettings, match="redis_url: must begin with"):
        load(redis_url="sentinel://one/ramu")


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def server(folder: Path, port: int, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir()
    command = [str(redis_program()), *arguments, "--port", str(port), "--dir", str(folder), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(what: str, seconds: float, found: object) -> None:
    """Waits until `found()` is true and nothing is raised."""
    assert callable(found)
    end = monotonic() + seconds
    while monotonic() < end:
        try:
            if found():
                return
        except (RedisError, RedisAway, OSError):
            sleep(0.1)
        sleep(0.05)
    raise AssertionError(f"not {what} within {seconds} s")


def told(answer: Any, what: str) -> Any:
    """One figure of an answer."""
    return answer[what]


def test_after_a_failover_the_new_master_is_asked(tmp_path: Path) -> None:
    first, second, sentinel = free_port(), free_port(), free_port()
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"sentinel monitor ramu 127.0.0.1 {first} 1\n"
        "sentinel down-after-milliseconds ramu 500\n"
        "sentinel failover-timeout ramu 3000\n"
    )
    url = f"redis+sentinel://127.0.0.1:{sentinel}/ramu"
    pace = Pace(1_000.0, 1_000)
    with ExitStack() as stack:
        master = stack.enter_context(server(tmp_path / "first", first))
        stack.enter_context(server(tmp_path / "second", second, "--replicaof", "127.0.0.1", str(first)))
        replica = Redis(port=second)
        until("linked", 20, lambda: told(replica.info("replication"), "master_link_status") == "up")
        watching = server(tmp_path / "sentinel", sentinel, str(configuration), "--sentinel")
        stack.enter_context(watching)
        asked = Redis(port=sentinel)
        until("watched", 20, lambda: told(asked.sentinel_master("ramu"), "num-slaves") == 1)
        lines = RedisLines(url, connect_ms=500, read_ms=500)
        buckets = Buckets(lines)
        client = redis_client(load(redis_url=url))
        assert buckets.take("ORANGE", pace, 1) == 0.0
        assert client.set("before", b"1")
        master.kill()
        master.wait()
        until("another master", 30, lambda: told(asked.sentinel_master("ramu"), "port") == second)
        until("followed by the lines", 20, lambda: buckets.take("ORANGE", pace, 1) == 0.0)
        until("followed by the client", 20, lambda: client.set("after", b"1"))
        assert replica.get("after") == b"1"
        lines.close()
        client.close()
        replica.close()
        asked.close()
