"""Crashes on the path of a promise: web and worker are killed between the promise and the SMS that keeps it."""

from __future__ import annotations

import os
import shutil

from gateway.crash_points import CRASH_AT
from gateway.spool import PROMISES, Spool
from tests.gateway.handset import Gateway, open_gateway
from tests.storm.crashing import NOWHERE, NUMBERS, Crash, Lanes, dies
from tests.workers.one_promise import KEEP, PROMISE, hop_of, main
from workers.answers import TURN, keep_promises

PLACES = range(61, 65)
SHOWN = 61
"""Here the web process dies before it has answered the hop, elsewhere a worker."""


def crash(lanes: Lanes, point: int) -> Crash:
    """One promise, one crash, and what the other processes do afterwards."""
    lane, number = lanes.get(), next(NUMBERS)
    home = lane.folder / f"crash-{number}"
    gateway = open_gateway(home, lane.database_url, lane.redis_url)
    try:
        before = gateway.count("messages")
        faults = crashed(gateway, f"+22370{number:06}", point)
        return Crash(point, "promised", gateway.count("messages") - before, tuple(faults))
    finally:
        gateway.runtime.close()
        shutil.rmtree(home, ignore_errors=True)
        lanes.put(lane)


def crashed(gateway: Gateway, phone: str, point: int) -> list[str]:
    """A promise to a phone whose making or keeping dies at a place; what is wrong in the end."""
    before = gateway.count("messages"), gateway.count("audit")
    faults = dying(gateway, PROMISE, phone, point)
    if point == SHOWN:
        # Who was not answered calls again.
        gateway.post(**hop_of(phone))
    else:
        faults += dying(gateway, KEEP, phone, point)
    return faults + kept_once(gateway, before)


def kept_once(gateway: Gateway, before: tuple[int, int] = (0, 0)) -> list[str]:
    """What is wrong unless there is one SMS, what it tells is noted once, and the disk has let go."""
    for _ in range(2):
        # Who was killed holds her turn for ten seconds.
        gateway.runtime.redis.delete(TURN)
        keep_promises(gateway.runtime)
    sent, noted = gateway.count("messages") - before[0], gateway.count("audit") - before[1]
    waiting, aside = Spool.standing(gateway.runtime.settings.data_folder / PROMISES)
    found = {f"{sent} SMS": sent != 1, f"noted {noted} times": noted != 1, "left on disk": waiting or aside}
    return [what for what, wrong in found.items() if wrong]


def dying(gateway: Gateway, what: str, phone: str, point: int = 0) -> list[str]:
    """Runs a process that promises, or keeps, and kills itself on the way; what is wrong when it does not."""
    settings = gateway.runtime.settings
    environment = {
        "DATABASE_URL": NOWHERE if what == PROMISE else settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        "RAMU_SETTINGS": os.devnull,
        CRASH_AT: str(point),
    }
    return dies(what, main, what, phone, environment)
