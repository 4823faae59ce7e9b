"""Redis and PostgreSQL really stopped and hung: every hop is answered in words within two seconds."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from models import schema
from tests.gateway.handset import AS_SHIPPED, AWA, STRANGER, Gateway, Handset, open_gateway, people
from workers.answers import keep_promises
from workers.servers import PostgresServer, RedisServer

LIMIT = 2.0
NUMBER = "2600100000017"

Break = Callable[[RedisServer | PostgresServer], None]

BREAKS = [
    pytest.param(lambda server: server.kill(), id="killed"),
    pytest.param(lambda server: server.pause(), id="hung"),
]


@pytest.fixture
def on_redis(tmp_path: Path, sqlite_url: str, own_redis: RedisServer) -> Iterator[Gateway]:
    opened = people(open_gateway(tmp_path / "g", sqlite_url, own_redis.url, **AS_SHIPPED))
    yield opened
    opened.runtime.close()


@pytest.fixture
def on_postgres(tmp_path: Path, own_postgres: PostgresServer, redis_url: str) -> Iterator[Gateway]:
    schema.migrate(own_postgres.url)
    opened = people(open_gateway(tmp_path / "g", own_postgres.url, redis_url, **AS_SHIPPED))
    yield opened
    opened.runtime.close()


def mend(server: RedisServer | PostgresServer) -> None:
    if server.child is None:
        server.restart()
    else:
        server.resume()
    sleep(1.1)  # what was broken is not asked for a second


def timed(phone: Handset, *keys: str) -> float:
    began = monotonic()
    phone.types(*keys) if keys else phone.dial()
    return monotonic() - began


@pytest.mark.parametrize("breaking", BREAKS)
def test_without_redis_the_call_ends_politely_and_begins_again_afterwards(
    on_redis: Gateway, own_redis: RedisServer, breaking: Break
) -> None:
    phone = Handset(on_redis, AWA).dial().goes_on()
    breaking(own_redis)
    assert timed(phone, "1") < LIMIT
    phone.ends().sees("Rappelez le *212#")
    assert timed(phone) < LIMIT
    phone.ends()
    began = monotonic()
    ready = on_redis.client.get("/health/ready")
    assert monotonic() - began < LIMIT
    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["parts"]["redis"] != "ok"
    assert ready.json["parts"]["database"] == "ok"
    mend(own_redis)
    phone.dial().goes_on().sees("RAMED VALIDE")
    assert on_redis.client.get("/health/ready").status_code == 200


def forty_at_once(gateway: Gateway) -> list[float]:
    """The seconds that each of forty calls took, all begun at the same moment."""
    took: list[float] = []
    phones = [Handset(gateway, f"+2237000{number:04}") for number in range(40)]
    threads = [Thread(target=lambda phone=phone: took.append(timed(phone))) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def test_many_hops_at_once_do_not_queue_behind_a_hung_redis(
    on_redis: Gateway, own_redis: RedisServer
) -> None:
    own_redis.pause()
    took = forty_at_once(on_redis)
    own_redis.resume()
    assert len(took) == 40
    assert max(took) < LIMIT


def test_a_script_that_redis_forgot_is_told_again(on_redis: Gateway) -> None:
    phone = Handset(on_redis, AWA).dial()
    on_redis.runtime.redis.script_flush()
    assert "Trouver un centre" in phone.types("6").goes_on().screen
    assert "RAMED VALIDE" in phone.types("0").goes_on().screen


@pytest.mark.parametrize("breaking", BREAKS)
def test_without_the_database_the_answer_follows_by_sms_once(
    on_postgres: Gateway, own_postgres: PostgresServer, breaking: Break
) -> None:
    phone = Handset(on_postgres, STRANGER).dial().types("1", "1")
    before = on_postgres.count("messages")
    breaking(own_postgres)
    assert timed(phone, NUMBER) < LIMIT
    phone.ends().sees("SMS", "Ref ")
    owed = phone.screen
    assert phone.sends().screen == owed
    ready = on_postgres.client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["parts"] == {"database": ready.json["parts"]["database"], "redis": "ok"}
    assert ready.json["parts"]["database"] != "ok"
    assert keep_promises(on_postgres.runtime) == 0
    mend(own_postgres)
    assert keep_promises(on_postgres.runtime) == 1
    assert keep_promises(on_postgres.runtime) == 0
    assert on_postgres.count("messages") == before + 1
    assert on_postgres.client.get("/health/ready").status_code == 200
    assert phone.sends().screen == owed


def test_a_first_hop_without_the_database_is_owed_too(
    on_postgres: Gateway, own_postgres: PostgresServer
) -> None:
    own_postgres.kill()
    phone = Handset(on_postgres, AWA)
    assert timed(phone) < LIMIT
    phone.ends().sees("SMS")
    own_postgres.restart()
    sleep(1.1)
    assert keep_promises(on_postgres.runtime) == 1


def test_many_hops_at_once_do_not_queue_behind_a_hung_database(
    on_postgres: Gateway, own_postgres: PostgresServer
) -> None:
    own_postgres.pause()
    took = forty_at_once(on_postgres)
    own_postgres.resume()
    assert len(took) == 40
    assert max(took) < LIMIT


def test_a_database_that_vanishes_while_writing_is_repeated_without_doubling(
    on_postgres: Gateway, own_postgres: PostgresServer
) -> None:
    phone = Handset(on_postgres, STRANGER).dial().types("1", "1")
    own_postgres.kill()
    phone.types(NUMBER).ends()
    own_postgres.restart()
    sleep(1.1)
    rows = on_postgres.count("audit")
    assert keep_promises(on_postgres.runtime) == 1
    assert on_postgres.count("audit") == rows + 1
    assert on_postgres.count("owed_answers") == 1
