"""What is done to the processes, and when: drawn from a seed before anything runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

WEB, WEB_PROCESS, WORKER, BULK, TICK = "web", "web_process", "worker", "bulk_worker", "tick"
REDIS, POSTGRES, BACKEND = "redis", "postgres", "postgres_backend"
KILLS = {
    WORKER: 6,
    WEB_PROCESS: 3,
    REDIS: 3,
    WEB: 2,
    POSTGRES: 2,
    BACKEND: 2,
    BULK: 1,
    TICK: 1,
}
"""What is killed (SIGKILL), and how often beside the others."""

OPERATOR = "operator"
WITH_OPERATOR = KILLS | {OPERATOR: 3}
"""The same where mobile money is asked for: the operator's own machines fail, too."""

FLUSH, PAUSE = "flushall", "pause"

FIRST_SECONDS = 4.0
GAP_SECONDS = (0.6, 2.4)
"""From one blow to the next."""

REST_SECONDS = (0.2, 3.0)
"""How long what was killed stays away."""

PAUSE_SECONDS = 20.0
"""A worker is stopped for so long (SIGSTOP), then goes on."""


@dataclass(frozen=True, slots=True)
class Blow:
    """Something that is done `at` so many seconds; for a kill, `rest` is the time until it is started again."""

    at: float
    what: str
    rest: float = 0.0


def forecast(seed: int, seconds: float, kills: Mapping[str, int] = KILLS) -> list[Blow]:
    """The blows of a storm, in order: kills all along, two emptied queues, one worker that is stopped for a while."""
    chance = Random(seed)
    at, blows = FIRST_SECONDS, []
    while at < seconds:
        (what,) = chance.choices(list(kills), list(kills.values()))
        blows.append(Blow(at, what, chance.uniform(*REST_SECONDS)))
        at += chance.uniform(*GAP_SECONDS)
    blows += [Blow(seconds * part, FLUSH) for part in (0.35, 0.7)]
    blows.append(Blow(seconds * 0.4, PAUSE, min(PAUSE_SECONDS, seconds * 0.4)))
    return sorted(blows, key=lambda blow: blow.at)
