"""What is done to the processes while campaigns are sent, and when: at which share of the work. Pure.

Blows are spread over the work and not over time: whatever slows the sending down, all of them hit it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.storm.weather import FLUSH, PAUSE, POSTGRES, REDIS, WORKER, Blow

FIRST, LAST = 0.02, 0.85
"""The shares of the work between which the blows fall."""

SENDER_REST, SERVER_REST = (0.05, 0.5), (0.2, 2.0)
"""Seconds until what was killed is started again."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often what is done. `pause_seconds`: one sender is stopped (SIGSTOP) for so long, each time."""

    sender_kills: int
    postgres_crashes: int
    redis_kills: int
    flushes: int
    pauses: int
    pause_seconds: float

    @property
    def blows(self) -> dict[str, int]:
        """By what is done."""
        return {
            WORKER: self.sender_kills,
            POSTGRES: self.postgres_crashes,
            REDIS: self.redis_kills,
            FLUSH: self.flushes,
            PAUSE: self.pauses,
        }


def forecast(seed: int, counts: Counts) -> list[Blow]:
    """The blows in their order; `at` is the share of the work that is done then. Pauses do not overlap by much."""
    chance = Random(seed)
    rests = {WORKER: SENDER_REST, POSTGRES: SERVER_REST, REDIS: SERVER_REST}
    blows = []
    for what, times in counts.blows.items():
        width = (LAST - FIRST) / max(times, 1)
        for place in range(times):
            at = FIRST + (place + (0.2 if what == PAUSE else chance.random())) * width
            rest = counts.pause_seconds if what == PAUSE else chance.uniform(*rests.get(what, (0.0, 0.0)))
            blows.append(Blow(at, what, rest))
    return sorted(blows, key=lambda blow: blow.at)
