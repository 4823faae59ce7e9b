"""Reports that arrive together share a commit: none is answered before it, and a kill loses none that was answered."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Barrier, Event, Thread
from time import monotonic, sleep

import pytest

from gateway.crash_points import CRASH_AT
from gateway.intake import Intake
from gateway.report_intake import LOOKED
from gateway.together import Together
from models.database import DatabaseAway
from tests.forks import LONGEST, begun
from tests.gateway.correspondent import DELIVERY, posted, report
from tests.gateway.handset import Gateway, open_gateway
from tests.gateway.reporting import take_reports
from workers.servers import PostgresServer


class Work:
    """What groups are worked on, held up until a test lets it go."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.groups: list[list[int]] = []
        self.may_go_on = Event()
        self._fault = fault

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.groups.append(list(asked))
        assert self.may_go_on.wait(10)
        if self._fault:
            raise self._fault
        return [10 * number for number in asked]


def start(together: Together[int, int], numbers: Sequence[int], answers: dict[int, object]) -> list[Thread]:
    """One thread asks for each number."""

    def ask(number: int) -> None:
        try:
            answers[number] = together.ask(number)
        except OSError as fault:
            answers[number] = fault

    threads = [Thread(target=ask, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    return threads


def wait_for(work: Work, groups: int) -> None:
    """Until so many groups were begun."""
    until = monotonic() + 10
    while len(work.groups) < groups and monotonic() < until:
        sleep(0.005)


def test_who_comes_while_others_are_worked_on_waits_for_the_next_group() -> None:
    work, answers = Work(), dict[int, object]()
    together = Together(work, 100, 0.0)
    threads = start(together, [1], answers)
    wait_for(work, 1)
    threads += start(together, range(2, 30), answers)
    sleep(0.1)
    assert (work.groups, answers) == ([[1]], {})
    work.may_go_on.set()
    for thread in threads:
        thread.join(10)
    assert answers == {number: 10 * number for number in range(1, 30)}
    assert sorted(work.groups[1]) == list(range(2, 30))


def test_a_group_is_never_larger_than_allowed_and_a_full_one_does_not_wait() -> None:
    work, answers = Work(), dict[int, object]()
    work.may_go_on.set()
    began = monotonic()
    for thread in start(Together(work, 5, 30.0), range(20), answers):
        thread.join(20)
    assert monotonic() - began < 20
    assert answers == {number: 10 * number for number in range(20)}
    assert [len(group) for group in work.groups] == [5, 5, 5, 5]


def test_what_fails_fails_for_each_of_the_group_and_not_for_the_next() -> None:
    work, answers = Work(OSError("full")), dict[int, object]()
    work.may_go_on.set()
    together = Together(work, 4, 30.0)
    for thread in start(together, range(4), answers):
        thread.join(10)
    assert {str(answer) for answer in answers.values()} == {"full"}
    work._fault = None
    assert together._gathering is None
    for thread in start(together, range(4), answers):
        thread.join(10)
    assert answers == {number: 10 * number for number in range(4)}


def test_a_hundred_at_once_are_each_kept_and_each_told_once(each_gateway: Gateway) -> None:
    barrier, statuses = Barrier(100), list[int]()

    def deliver(number: int) -> None:
        barrier.wait()
        answer = posted(each_gateway, DELIVERY, report(id=f"R{number % 50}"))
        statuses.append(answer.status_code)

    threads = [Thread(target=deliver, args=[number]) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 100
    replay(each_gateway)
    assert each_gateway.count("reports") == 50
    page = each_gateway.client.get("/metrics").text
    assert 'ramu_callbacks_total{kept="taken",kind="Report"} 50.0' in page
    assert 'ramu_callbacks_total{kept="repeated",kind="Report"} 50.0' in page


def replay(gateway: Gateway) -> None:
    """What found the database busy waits on the disk; who asks too soon after an outage is asked to come again."""
    for _ in range(20):
        try:
            Intake(gateway.runtime).replay()
            return
        except DatabaseAway:
            sleep(0.2)
    raise AssertionError("the database stayed away")


def environment(gateway: Gateway, database_url: str, crash_at: int = 0) -> dict[str, str]:
    """Of a process that takes reports beside a gateway."""
    settings = gateway.runtime.settings
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        CRASH_AT: str(crash_at),
    }


def reporting(path: Path, word: str, surroundings: dict[str, str]) -> ForkServerProcess:
    """A process that takes reports until it is killed."""
    return begun(take_reports, str(path), word, words=path.with_suffix(".err"), environment=surroundings)


def answered(path: Path) -> set[str]:
    """The ids that were kept, as the killed process said."""
    return set(path.read_text().split()) if path.exists() else set()


def stored(gateway: Gateway) -> set[str]:
    """The ids in the database, the spool emptied into it."""
    Intake(gateway.runtime).replay()
    with gateway.runtime.database.begin(reading=True) as conn:
        return {name for (name,) in conn.exec_driver_sql("SELECT provider_id FROM reports").all()}


def test_a_kill_loses_no_report_that_was_answered(each_gateway: Gateway, tmp_path: Path) -> None:
    url = each_gateway.runtime.settings.database_url.get_secret_value()
    for turn in range(3):
        path = tmp_path / f"kept-{turn}"
        process = reporting(path, f"turn{turn}", environment(each_gateway, url))
        until = monotonic() + 30
        while len(answered(path)) < 200 and monotonic() < until:
            sleep(0.02)
        process.kill()
        process.join()
        kept = answered(path)
        assert len(kept) >= 200
        assert kept <= stored(each_gateway)


@pytest.mark.parametrize("point", [11, 12, 13, 14])
def test_killed_at_each_place_a_group_is_kept_whole_or_was_not_answered(
    gateway: Gateway, tmp_path: Path, point: int
) -> None:
    url = gateway.runtime.settings.database_url.get_secret_value()
    away = "sqlite:////nowhere/at/all"
    path = tmp_path / "kept"
    process = reporting(path, "r", environment(gateway, away if point > 12 else url, point))
    process.join(LONGEST)
    assert process.exitcode == -signal.SIGKILL
    assert answered(path) == set()
    found = stored(gateway)
    assert bool(found) == (point in (12, 14))


@pytest.fixture
def beside(tmp_path: Path, own_postgres: PostgresServer, redis_url: str) -> Gateway:
    """A gateway on a server of its own, to be killed."""
    return open_gateway(tmp_path, own_postgres.url, redis_url)


def test_a_database_that_is_killed_meanwhile_loses_none(
    beside: Gateway, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    path = tmp_path / "kept"
    beside.runtime.redis.set(LOOKED, "2026-11-22T10:00:00+00:00")
    process = reporting(path, "r", environment(beside, own_postgres.url))
    try:
        for stage in ("before", "away", "after"):
            before, until = len(answered(path)), monotonic() + 30
            while len(answered(path)) < before + 150 and monotonic() < until:
                sleep(0.02)
            assert len(answered(path)) >= before + 150, stage
            if stage == "before":
                own_postgres.kill()
            elif stage == "away":
                assert Intake(beside.runtime).spool.waiting() > 0
                own_postgres.restart()
    finally:
        process.kill()
        process.join()
    assert answered(path) <= stored(beside)
    assert beside.runtime.redis.get(LOOKED) is None
