"""`ramu storm crash-points`: each numbered place, again and again, in a process of its own that kills itself there.

Before the crash what leads to that place is done here; afterwards what the other processes would do. Then one message
has one answer, which was sent once or is told as in doubt, and nothing is left on the disk.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import click

from config.faults import Fault
from config.settings import load
from gateway.crash_points import CRASH_AT, POINTS
from gateway.intake import Intake
from gateway.journal import FOLDER as JOURNAL
from gateway.logs import configure
from models.messages import UNKNOWN
from models.schema import migrate
from tests.gateway.correspondent import echo
from tests.sending.conftest import Office, open_office
from tests.storm import one_step
from tests.storm.evidence import left_on_disk
from tests.storm.judge import bound
from tests.storm.scene import folder_of
from workers.inbox import answer_inbox
from workers.sending import reap_all, replay
from workers.servers import PostgresServer, RedisServer

AT_ONCE = 2
"""Crashes at the same time."""

SECONDS = 60.0
"""Of one process; it takes one or two."""

PROCESSES = get_context("forkserver")
"""Each process is a copy of one that has loaded everything and done nothing: it starts in no time, and ends with us."""

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"
"""A database that is away."""

TAKE, SPOOL, ANSWER, SEND, REAP, SEND_22, SEND_25 = (
    "take",
    "spool",
    "answer",
    "send",
    "reap",
    "send@22",
    "send@25",
)

BEFORE: dict[int, tuple[str, ...]] = {
    **dict.fromkeys((11, 12), (TAKE,)),
    **dict.fromkeys((13, 14), (SPOOL,)),
    **dict.fromkeys((15, 16), (TAKE, ANSWER)),
    17: (SPOOL, ANSWER),
    **dict.fromkeys(range(21, 29), (TAKE, ANSWER, SEND)),
    31: (TAKE, ANSWER, SEND_22, REAP),
    **dict.fromkeys((32, 33), (TAKE, ANSWER, SEND_25, REAP)),
}
"""What is done until the place is reached; the last of it dies there."""

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Lane:
    """Where one crash at a time may happen: the storm's folder, a database, Redis."""

    folder: Path
    database_url: str
    redis_url: str


Lanes = SimpleQueue[Lane]


@dataclass(frozen=True, slots=True)
class Crash:
    """What came of one crash: the message's state in the end, how often it was sent, and what is wrong."""

    point: int
    state: str
    sent: int
    faults: tuple[str, ...]


@click.command("crash-points")
@click.option(
    "--times", type=click.IntRange(min=1), default=20, show_default=True, help="Crashes at each place."
)
@click.option("--point", "points", type=int, multiple=True, help="This place alone; may be repeated.")
def crash_points(times: int, points: tuple[int, ...]) -> None:
    """Kill a process at every numbered place of the path of a message; each message is answered once.

    The last line of standard output is one JSON object; exit 0 only when every crash came out well.

    Example: ramu storm crash-points --times 3 --point 22
    """
    unknown = set(points) - set(BEFORE)
    if unknown:
        raise Fault(f"no such place: {sorted(unknown)}. Remedy: one of {sorted(BEFORE)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    PROCESSES.set_forkserver_preload([one_step.__name__])
    configure(load(log_level="ERROR"))
    with ExitStack() as stack:
        folder = stack.enter_context(folder_of(None))
        lanes = stack.enter_context(_lanes(folder))
        pool = ThreadPoolExecutor(AT_ONCE)
        # Who is told to stop does not wait for the crashes that were not begun.
        stack.callback(pool.shutdown, cancel_futures=True)
        found: list[Crash] = []
        for point in points or tuple(BEFORE):
            some = [pool.submit(crash, lanes, point) for _ in range(times)]
            found += [one.result() for one in some]
            tell(found[-times:])
    outcome = report(found, times)
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


@contextmanager
def _lanes(folder: Path) -> Iterator[Lanes]:
    """A database for each crash that happens at the same time. A crash kills no server, so they may be forgetful."""
    with (
        PostgresServer.start(folder / "postgres", forgetful=True) as postgres,
        RedisServer.start(folder / "redis") as redis,
    ):
        lanes: Lanes = SimpleQueue()
        for number in range(AT_ONCE):
            url = postgres.create_database(f"crashes_{number}")
            migrate(url)
            lanes.put(Lane(folder, url, redis.url))
        yield lanes


def crash(lanes: Lanes, point: int) -> Crash:
    """One message, one crash, and what the other processes do afterwards."""
    lane = lanes.get()
    home = lane.folder / f"crash-{next(NUMBERS)}"
    office = open_office(home, lane.database_url, lane.redis_url)
    try:
        before = len(office.rows())
        faults = _crashed(office, lane, point)
        return _judged(office, point, before, faults)
    finally:
        office.desk.close()
        shutil.rmtree(home, ignore_errors=True)
        lanes.put(lane)


def _crashed(office: Office, lane: Lane, point: int) -> list[str]:
    """Does what leads to the place and crashes there; what went otherwise."""
    faults: list[str] = []
    for step in BEFORE[point][:-1]:
        what, _, at = step.partition("@")
        if at:
            faults += _killed(office, what, lane, int(at))
        else:
            _done(office, what)
    if REAP in BEFORE[point]:
        _age(office)
    last = BEFORE[point][-1]
    return faults + _killed(office, last, lane, point)


def _done(office: Office, what: str) -> None:
    """A step that succeeds, in this process."""
    if what == TAKE:
        Intake(office.desk).take(one_step.MESSAGE)
    elif what == SPOOL:
        away = open_office(office.desk.settings.data_folder, NOWHERE, "redis://127.0.0.1:1/0")
        Intake(away.desk).take(one_step.MESSAGE)
        away.desk.close()
    else:
        answer_inbox(office.desk, echo)


def _killed(office: Office, what: str, lane: Lane, point: int) -> list[str]:
    """Runs a process until it kills itself; what is wrong when it does not."""
    environment = {
        "DATABASE_URL": NOWHERE if what == SPOOL else lane.database_url,
        "REDIS_URL": lane.redis_url,
        "RAMU_DATA_FOLDER": str(office.desk.settings.data_folder),
        "RAMU_SETTINGS": os.devnull,
        CRASH_AT: str(point),
    }
    process = PROCESSES.Process(target=one_step.main, args=(what, environment), daemon=True)
    process.start()
    process.join(SECONDS)
    if process.exitcode == -signal.SIGKILL:
        return []
    process.kill()
    return [f"{what} ended with {process.exitcode} and was not killed"]


def _age(office: Office) -> None:
    """As if the minute of the lease had passed, and the thread that wrote the journal had had its time."""
    office.end_leases()
    for entry in (office.desk.settings.data_folder / JOURNAL).glob("*.json"):
        os.utime(entry, (0, 0))


def _judged(office: Office, point: int, before: int, faults: list[str]) -> Crash:
    """The provider delivers again, workers answer, send and reap; then the message is looked at."""
    Intake(office.desk).take(one_step.MESSAGE)
    for _ in range(2):
        answer_inbox(office.desk, echo)
        replay(office.desk, 0)
        office.end_leases()
        reap_all(office.desk)
        office.turn()
    rows, sent = office.rows()[before:], office.outside.sent.total()
    states = [row.state for row in rows]
    if len(rows) != 1:
        faults.append(f"{len(rows)} answers")
    if sent > 1 or (sent == 0 and states != [UNKNOWN]):
        faults.append(f"sent {sent} times: {states}")
    if states == [UNKNOWN] and not rows[0].why:
        faults.append("in doubt, and nobody says why")
    left = left_on_disk(office.desk.settings.data_folder)
    faults += [f"{number} in {where}" for where, number in left.items() if number]
    return Crash(point, " ".join(states), sent, tuple(faults))


def report(found: Sequence[Crash], times: int) -> dict[str, Any]:
    """The JSON object: by place how often the message was sent in the end, and how it stands."""
    by_point = {
        f"{point} {POINTS[point]}": dict(
            Counter(f"{one.state}, sent {one.sent}" for one in found if one.point == point)
        )
        for point in sorted({one.point for one in found})
    }
    wrong = [f"{one.point}: {fault}" for one in found for fault in one.faults]
    missing = sorted(set(POINTS) - set(BEFORE))
    measured = {
        "crashes": len(found),
        "times": times,
        "by_point": by_point,
        "faults": len(wrong),
        "examples": wrong[:12],
        "places_tried_elsewhere": missing,
        "bound": bound(len(wrong), len(found), "crashes"),
    }
    return {"measured": measured, "goal": {"faults": 0}, "ok": not wrong}


def tell(some: Sequence[Crash]) -> None:
    """One line on standard error about one place."""
    states = Counter(f"{one.state}, sent {one.sent}" for one in some)
    what = "; ".join(f"{number} x {state}" for state, number in states.items())
    faults = sum(bool(one.faults) for one in some)
    click.echo(f"storm: {some[0].point} {POINTS[some[0].point]}: {what}; {faults} faults", err=True)
