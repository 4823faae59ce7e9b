"""PostgreSQL and Redis really stopped: every callback is kept, answered 200 in time, and its answer given once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from config.jobs import ANSWER_SMS
from gateway.intake import Intake
from tests.gateway.correspondent import DELIVERY, OPT_OUT, Correspondent, echo, inbox, owed, posted, report
from tests.gateway.handset import AS_SHIPPED, AWA, STRANGER, Gateway, open_gateway
from workers.inbox import answer_inbox, store_spooled
from workers.servers import PostgresServer, RedisServer

LIMIT = 2.0
"""Seconds in which a callback is answered whatever is away."""

PATIENCE = 60.0
"""Seconds within which a server that was started again answers, on a busy machine too."""


@pytest.fixture
def on_postgres(tmp_path: Path, own_postgres: PostgresServer, redis_url: str) -> Iterator[Gateway]:
    opened = open_gateway(tmp_path / "g", own_postgres.url, redis_url, **AS_SHIPPED)
    yield opened
    opened.runtime.close()


@pytest.fixture
def on_redis(tmp_path: Path, sqlite_url: str, own_redis: RedisServer) -> Iterator[Gateway]:
    opened = open_gateway(tmp_path / "g", sqlite_url, own_redis.url, **AS_SHIPPED)
    yield opened
    opened.runtime.close()


def spooled(gateway: Gateway) -> int:
    return Intake(gateway.runtime).spool.waiting()


def until(done: Callable[[], bool]) -> None:
    last = monotonic() + PATIENCE
    while not done():
        assert monotonic() < last
        sleep(0.1)


def test_without_the_database_a_message_is_spooled_and_answered_once_afterwards(
    on_postgres: Gateway, own_postgres: PostgresServer
) -> None:
    writer = Correspondent(on_postgres)
    writer.writes("before", id="before")
    own_postgres.kill()
    for number in (1, 2, 2):
        began = monotonic()
        assert writer.writes(f"during {number}", id=f"during-{number}").data == b"OK\n"
        assert monotonic() - began < LIMIT
    assert writer.writes("before", id="before").data == b"OK\n"
    assert spooled(on_postgres) == 4
    assert answer_inbox(on_postgres.runtime, echo) == 0
    assert store_spooled(on_postgres.runtime) == 0
    own_postgres.restart()
    until(on_postgres.runtime.database.alive)
    writer.writes("after", id="after")
    assert answer_inbox(on_postgres.runtime, echo) == 4
    assert owed(on_postgres) == ["lu: before", "lu: during 1", "lu: during 2", "lu: after"]
    assert (spooled(on_postgres), answer_inbox(on_postgres.runtime, echo)) == (0, 0)
    page = on_postgres.client.get("/metrics").text
    assert 'ramu_callbacks_total{kept="spooled",kind="Incoming"} 4.0' in page


def test_a_database_that_hangs_holds_up_nobody(on_postgres: Gateway, own_postgres: PostgresServer) -> None:
    Correspondent(on_postgres).writes("before")
    own_postgres.pause()
    took: list[float] = []

    def write(number: int) -> None:
        began = monotonic()
        Correspondent(on_postgres, f"+2237010{number:04}").writes("during")
        took.append(monotonic() - began)

    threads = [Thread(target=write, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own_postgres.resume()
    assert len(took) == 40
    assert max(took) < LIMIT
    until(on_postgres.runtime.database.alive)
    assert store_spooled(on_postgres.runtime) == 40
    assert on_postgres.count("inbound") == 41


def test_reports_and_objections_wait_on_disk_too(on_postgres: Gateway, own_postgres: PostgresServer) -> None:
    posted(on_postgres, DELIVERY, report(id="first"))
    own_postgres.kill()
    assert posted(on_postgres, DELIVERY, report(id="first")).data == b"OK\n"
    assert posted(on_postgres, DELIVERY, report(id="second", status="Exploded")).data == b"OK\n"
    assert posted(on_postgres, OPT_OUT, {"senderId": "R", "phoneNumber": STRANGER}).data == b"OK\n"
    own_postgres.restart()
    until(on_postgres.runtime.database.alive)
    assert store_spooled(on_postgres.runtime) == 3
    assert (on_postgres.count("reports"), on_postgres.count("consents")) == (2, 2)


def test_a_thousand_messages_of_an_outage_are_answered_once_each(
    on_postgres: Gateway, own_postgres: PostgresServer
) -> None:
    Correspondent(on_postgres).writes("before")
    own_postgres.kill()
    for number in range(1_000):
        Correspondent(on_postgres, f"+2237{number % 250:07}").writes("x", id=f"m{number % 900}")
    own_postgres.restart()
    until(on_postgres.runtime.database.alive)
    until(lambda: answer_inbox(on_postgres.runtime, echo) == 0 and len(owed(on_postgres)) == 901)
    assert inbox(on_postgres) == [("ANSWERED", None)] * 901
    assert len(owed(on_postgres)) == 901


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_without_redis_a_message_is_kept_and_answered_afterwards(
    on_redis: Gateway, own_redis: RedisServer, how: str
) -> None:
    getattr(own_redis, how)()
    began = monotonic()
    assert Correspondent(on_redis, AWA).writes("AIDE").data == b"OK\n"
    assert monotonic() - began < LIMIT
    assert inbox(on_redis) == [("WAITING", None)]
    assert answer_inbox(on_redis.runtime, echo) == 1
    assert owed(on_redis) == ["lu: AIDE"]
    own_redis.restart() if how == "kill" else own_redis.resume()
    Correspondent(on_redis, AWA).writes("AIDE")
    assert on_redis.runtime.redis.exists(f"wake:{ANSWER_SMS}") == 1
