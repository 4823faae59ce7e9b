"""Strands take turns in one thread: they wait together, fail alone, and never hold up the others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE, Popen
from threading import get_ident
from time import monotonic, sleep
from typing import Any

import pytest
import uvloop
from sqlalchemy import func, literal, select

from config.settings import CHECKOUT
from gateway.places import Places
from gateway.redis_lines import RedisAway, RedisLines, Script
from gateway.together import Together
from models import strands
from models.database import Database, DatabaseAway, Prepared
from workers.servers import PostgresServer, RedisServer

Run = Callable[..., Awaitable[Any]]


def in_a_loop(work: Callable[[Run], Awaitable[Any]]) -> Any:
    """What `work` returns; it is given what begins a strand."""
    with ThreadPoolExecutor(4) as threads:

        async def whole() -> Any:
            return await work(strands.Strands(threads).run)

        return uvloop.run(whole())


def test_they_wait_together_in_one_thread() -> None:
    def work(number: int) -> tuple[int, int]:
        strands.pause(0.2)
        return number, get_ident()

    async def all_of_them(run: Run) -> Any:
        return await asyncio.gather(*(run(work, number) for number in range(20)))

    began = monotonic()
    done = in_a_loop(all_of_them)
    assert monotonic() - began < 2.0  # one after the other: four seconds
    assert [number for number, _ in done] == list(range(20))
    assert {thread for _, thread in done} == {get_ident()}


def test_what_blocks_is_done_in_another_thread_meanwhile() -> None:
    turns: list[str] = []

    def slow() -> int:
        sleep(0.2)
        turns.append("slow")
        return get_ident()

    def work() -> int:
        return strands.blocking(slow)

    def other() -> None:
        turns.append("other")

    async def both(run: Run) -> Any:
        return (await asyncio.gather(run(work), run(other)))[0]

    assert in_a_loop(both) != get_ident()
    assert turns == ["other", "slow"]


def test_in_a_thread_everything_is_done_at_once() -> None:
    assert strands.current() is None
    assert strands.blocking(get_ident) == get_ident()
    began = monotonic()
    strands.pause(0.05)
    assert monotonic() - began >= 0.05


@pytest.mark.parametrize("late", [False, True], ids=["at once", "after a wait"])
def test_one_that_fails_fails_alone(late: bool) -> None:
    def fails() -> None:
        if late:
            strands.pause(0.01)
        raise LookupError("mine")

    def blocks() -> int:
        try:
            strands.blocking(fails)
        except LookupError:
            return 2
        return 0

    async def both(run: Run) -> Any:
        return await asyncio.gather(run(fails), run(blocks), run(lambda: 1), return_exceptions=True)

    failed, blocked, well = in_a_loop(both)
    assert isinstance(failed, LookupError)
    assert (blocked, well) == (2, 1)


def test_who_finds_no_place_waits_for_one_and_then_gives_up() -> None:
    places = Places(1)

    def holds(seconds: float) -> bool:
        found = places.take(0.2)
        if found:
            strands.pause(seconds)
            places.give_back()
        return found

    async def turns(run: Run, *seconds: float) -> Any:
        return await asyncio.gather(*(run(holds, each) for each in seconds))

    assert in_a_loop(lambda run: turns(run, 0.01, 0.01, 0.01)) == [True, True, True]
    assert in_a_loop(lambda run: turns(run, 0.6, 0.0, 0.0)) == [True, False, False]
    assert in_a_loop(lambda run: turns(run, 0.0)) == [True]
    assert places.take(0.01)
    assert not places.take(0.01)
    places.give_back()
    assert places.take(0.01)


class Reluctant(ThreadPoolExecutor):
    """Has no thread to give, the first time."""

    refused = False

    def submit(self, *told: Any, **more: Any) -> Any:
        if not self.refused:
            self.refused = True
            raise RuntimeError("can't start new thread")
        return super().submit(*told, **more)


def test_a_group_that_no_thread_takes_is_told_and_the_next_is_worked_on() -> None:
    together = Together[int, int](lambda asked: [10 * number for number in asked], 100, 0.01)

    async def whole() -> Any:
        with Reluctant(2) as threads:
            run = strands.Strands(threads).run
            first = await asyncio.gather(*(run(together.ask, n) for n in range(5)), return_exceptions=True)
            return first, await asyncio.gather(*(run(together.ask, n) for n in range(5)))

    first, second = uvloop.run(whole())
    assert [type(fault) for fault in first] == [RuntimeError] * 5
    assert second == [0, 10, 20, 30, 40]


STOPPED_READER = """
import asyncio, os, sys
from concurrent.futures import ThreadPoolExecutor
from gateway import logs
from models.strands import Strands

async def whole():
    strands = Strands(ThreadPoolExecutor(1))
    for _ in range(3_000):
        await strands.run(logs._write, b"x" * 100)

asyncio.run(whole())
print("done")
"""


def test_a_log_that_nobody_reads_stops_nobody() -> None:
    # Its standard error is a pipe of 64 kB that is not read before the end.
    process = Popen([sys.executable, "-c", STOPPED_READER], cwd=CHECKOUT, stdout=PIPE, stderr=PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "done\n"
    process.communicate()


@pytest.fixture
def lines(own_redis: RedisServer) -> Iterator[RedisLines]:
    opened = RedisLines(own_redis.url, connect_ms=300, read_ms=400)
    yield opened
    opened.close()


def asked(lines: RedisLines, *words: str, times: int = 50) -> list[Any]:
    """What so many strands are answered at the same moment, each to its own question."""

    async def all_of_them(run: Run) -> Any:
        questions = (run(lines.ask, "ECHO", f"{word}{n}") for n in range(times) for word in words)
        return await asyncio.gather(*questions, return_exceptions=True)

    answered: list[Any] = in_a_loop(all_of_them)
    return answered


def test_each_is_told_the_answer_to_its_own_question(lines: RedisLines) -> None:
    assert asked(lines, "a", "b") == [f"{word}{n}".encode() for n in range(50) for word in "ab"]


def test_long_answers_come_in_pieces(lines: RedisLines) -> None:
    long = "x" * 200_000
    assert asked(lines, long, "b", times=5) == [
        f"{word}{n}".encode() for n in range(5) for word in (long, "b")
    ]


def test_a_script_that_is_not_known_is_sent_once_more(lines: RedisLines) -> None:
    script = Script(1, "return {KEYS[1], ARGV[1]}")

    async def one(run: Run) -> Any:
        return await run(lines.run, script, "k", "v")

    assert in_a_loop(one) == [b"k", b"v"]


def test_a_restart_is_not_noticed_and_a_death_is(lines: RedisLines, own_redis: RedisServer) -> None:
    async def all_of_it(run: Run) -> Any:
        told = [await run(lines.ask, "ECHO", "before")]
        await asyncio.to_thread(own_redis.stop)
        await asyncio.to_thread(own_redis.restart)
        told.append(await run(lines.ask, "ECHO", "after"))
        await asyncio.to_thread(own_redis.kill)
        return told, await asyncio.gather(
            *(run(lines.ask, "ECHO", "x") for _ in range(20)), return_exceptions=True
        )

    told, dead = in_a_loop(all_of_it)
    assert told == [b"before", b"after"]
    assert {type(fault) for fault in dead} == {RedisAway}


def test_a_server_that_hangs_costs_the_limit_for_all_together(
    lines: RedisLines, own_redis: RedisServer
) -> None:
    async def all_of_it(run: Run) -> Any:
        await run(lines.ask, "PING")
        own_redis.pause()
        began = monotonic()
        hung = await asyncio.gather(*(run(lines.ask, "PING") for _ in range(20)), return_exceptions=True)
        lasted = monotonic() - began
        own_redis.resume()
        await asyncio.sleep(1.1)
        return hung, lasted, await run(lines.ask, "ECHO", "well")

    hung, lasted, well = in_a_loop(all_of_it)
    assert all(isinstance(fault, RedisAway) for fault in hung)
    assert 0.4 <= lasted < 4.0  # one after the other: eight seconds
    assert well == b"well"


_SLEEP = Prepared(select(literal(1)).where(func.pg_sleep(0.3).is_not(None)))


def test_statements_wait_together_and_a_hung_server_costs_the_deadline(
    own_postgres: PostgresServer,
) -> None:
    database = Database.open(own_postgres.url, deadline_ms=1_500)

    def read() -> Any:
        try:
            return _SLEEP.first(database.reader())
        finally:
            database.give_back()

    def write() -> None:
        with database.begin():
            return

    async def all_of_it(run: Run) -> Any:
        began = monotonic()
        well = await asyncio.gather(*(run(read) for _ in range(10)))
        together = monotonic() - began
        with pytest.raises(RuntimeError):
            await run(write)
        own_postgres.pause()
        began = monotonic()
        hung = await asyncio.gather(*(run(read) for _ in range(10)), return_exceptions=True)
        lasted = monotonic() - began
        own_postgres.resume()
        await asyncio.sleep(1.1)
        return well, together, hung, lasted, await run(read)

    well, together, hung, lasted, again = in_a_loop(all_of_it)
    database.dispose()
    assert well == [(1,)] * 10
    assert together < 3.0
    assert all(isinstance(fault, DatabaseAway) for fault in hung)
    assert 1.0 < lasted < 8.0  # one after the other: fifteen seconds
    assert again == (1,)
