"""What it takes to crash one process at one place: where, a process that kills itself there, and what came of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue

from gateway.crash_points import CRASH_AT
from gateway.journal import FOLDER as JOURNAL
from models.schema import migrate
from tests.sending.conftest import Office
from tests.storm import one_step
from workers.servers import PostgresServer, RedisServer

SECONDS = 60.0
"""Of one process; it takes one or two."""

PROCESSES = get_context("forkserver")
"""Each process is a copy of one that has loaded everything and done nothing: it starts in no time, and ends with us."""

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"
"""A database that is away."""


NUMBERS = count(1)
"""Of the crashes, each of which has a folder of its own."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Where one crash at a time may happen: the storm's folder, a database, Redis."""

    folder: Path
    database_url: str
    redis_url: str


Lanes = SimpleQueue[Lane]


@dataclass(frozen=True, slots=True)
class Crash:
    """What came of one crash: the messages' states in the end, how often they were sent, and what is wrong.

    `of`: the path on which the place lies, where there are two.
    """

    point: int
    state: str
    sent: int
    faults: tuple[str, ...]
    of: str = ""


@contextmanager
def lanes_in(folder: Path, how_many: int) -> Iterator[Lanes]:
    """A database and a Redis for each crash that happens at the same time: some work is done by one process at a time.

    A crash kills no server, so they may be forgetful.
    """
    with ExitStack() as servers:
        postgres = servers.enter_context(PostgresServer.start(folder / "postgres", forgetful=True))
        lanes: Lanes = SimpleQueue()
        for number in range(how_many):
            url = postgres.create_database(f"crashes_{number}")
            migrate(url)
            redis = servers.enter_context(RedisServer.start(folder / f"redis-{number}"))
            lanes.put(Lane(folder, url, redis.url))
        yield lanes


def killed(office: Office, what: str, lane: Lane, point: int) -> list[str]:
    """Runs a process until it kills itself; what is wrong when it does not."""
    environment = {
        "DATABASE_URL": NOWHERE if what == one_step.SPOOL else lane.database_url,
        "REDIS_URL": lane.redis_url,
        "RAMU_DATA_FOLDER": str(office.desk.settings.data_folder),
        "RAMU_SETTINGS": os.devnull,
        **one_step.SETTINGS,
        CRASH_AT: str(point),
    }
    return dies(what, one_step.main, what, environment)


def dies(what: str, target: Callable[..., None], *told: object) -> list[str]:
    """Runs a process that does `target` and kills itself on the way; what is wrong when it does not."""
    process = PROCESSES.Process(target=target, args=told, daemon=True)
    process.start()
    process.join(SECONDS)
    if process.exitcode == -signal.SIGKILL:
        return []
    process.kill()
    return [f"{what} ended with {process.exitcode} and was not killed"]


def age(office: Office) -> None:
    """As if the minute of the lease had passed, and the thread that wrote the journal had had its time."""
    office.end_leases()
    for entry in (office.desk.settings.data_folder / JOURNAL).iterdir():
        os.utime(entry, (0, 0))
