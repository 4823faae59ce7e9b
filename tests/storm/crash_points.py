"""`ramu storm crash-points`: each numbered place, again and again, in a process of its own that kills itself there.

Before the crash what leads to that place is done here; afterwards what the other processes would do. Then one message
has one answer, which was sent once or is told as in doubt, and nothing is left on the disk.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import Any

import click

from config.faults import Fault
from config.settings import load
from gateway.crash_points import POINTS
from gateway.intake import Intake
from gateway.logs import configure
from models.messages import UNKNOWN
from tests.gateway.correspondent import echo
from tests.payments import one_turn
from tests.sending.conftest import Office, open_office
from tests.storm import campaign_crashes, one_step, payment_crashes, promise_crashes
from tests.storm.crashing import (
    NOWHERE,
    NUMBERS,
    PROCESSES,
    Crash,
    Lane,
    Lanes,
    age,
    killed,
    lanes_in,
)
from tests.storm.evidence import left_on_disk
from tests.storm.judge import bound
from tests.storm.one_step import ANSWER, REAP, SEND, SPOOL, TAKE
from tests.storm.payment_crashes import PaymentCrashes
from tests.storm.scene import folder_of
from tests.workers import one_promise
from workers.inbox import answer_inbox
from workers.sending import reap_all, replay

AT_ONCE = 2
"""Crashes at the same time."""

SEND_22, SEND_25 = f"{SEND}@22", f"{SEND}@25"

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


@click.command("crash-points")
@click.option(
    "--times", type=click.IntRange(min=1), default=20, show_default=True, help="Crashes at each place."
)
@click.option("--point", "points", type=int, multiple=True, help="This place alone; may be repeated.")
def crash_points(times: int, points: tuple[int, ...]) -> None:
    """Kill a process at every numbered place of the paths of a message, a campaign, a promise and a payment.

    Each message is answered once, each person of the campaign is written to once, or is told as in doubt; each promise
    is kept by one SMS; each payment is asked for once at most, and booked as its money moved.

    The last line of standard output is one JSON object; exit 0 only when every crash came out well.

    Example: ramu storm crash-points --times 3 --point 22
    """
    known = {*_tried()}
    if unknown := set(points) - known:
        raise Fault(f"no such place: {sorted(unknown)}. Remedy: one of {sorted(known)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    PROCESSES.set_forkserver_preload([one.__name__ for one in (one_step, one_turn, one_promise)])
    configure(load(log_level="ERROR"))
    with ExitStack() as stack:
        folder = stack.enter_context(folder_of(None))
        lanes = stack.enter_context(lanes_in(folder, AT_ONCE))
        pool = ThreadPoolExecutor(AT_ONCE)
        # Who is told to stop does not wait for the crashes that were not begun.
        stack.callback(pool.shutdown, cancel_futures=True)
        payments = stack.enter_context(PaymentCrashes())
        found: list[Crash] = []
        for crashed, point in _paths(points, payments):
            some = [pool.submit(crashed, lanes, point) for _ in range(times)]
            found += [one.result() for one in some]
            tell(found[-times:])
    outcome = report(found, times)
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def _paths(
    points: Sequence[int], payments: PaymentCrashes
) -> Iterator[tuple[Callable[[Lanes, int], Crash], int]]:
    """What is crashed where: these places, or all, on each path on which they lie."""
    paths: list[tuple[Callable[[Lanes, int], Crash], Iterable[int]]] = [
        (crash, BEFORE),
        (campaign_crashes.crash, campaign_crashes.PLACES),
        (promise_crashes.crash, promise_crashes.PLACES),
        *((partial(payments.crash, what), places) for what, places in payment_crashes.PLACES.items()),
    ]
    for crashed, places in paths:
        yield from ((crashed, point) for point in places if not points or point in points)


def _tried() -> set[int]:
    """Every place at which something is crashed here."""
    others = (campaign_crashes.PLACES, promise_crashes.PLACES)
    return {*BEFORE, *chain.from_iterable(others), *chain.from_iterable(payment_crashes.PLACES.values())}


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
            faults += killed(office, what, lane, int(at))
        else:
            _done(office, what)
    if REAP in BEFORE[point]:
        age(office)
    last = BEFORE[point][-1]
    return faults + killed(office, last, lane, point)


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
    places = sorted({(one.of, one.point) for one in found})
    by_point = {
        _place(of, point): dict(
            Counter(f"{one.state}, sent {one.sent}" for one in found if (one.of, one.point) == (of, point))
        )
        for of, point in places
    }
    wrong = [f"{one.of} {one.point}: {fault}".strip() for one in found for fault in one.faults]
    missing = sorted(set(POINTS) - _tried())
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
    click.echo(f"storm: {_place(some[0].of, some[0].point)}: {what}; {faults} faults", err=True)


def _place(of: str, point: int) -> str:
    return f"{of} {point} {POINTS[point]}".strip()
