"""The CPU time of processes that are not ours, read from the kernel in nanoseconds."""

from __future__ import annotations

import time
from collections.abc import Iterable

from workers.servers.process import children_of

# linux/posix-timers.h: the CPU clock of another process is named by its id, inverted, and a kind of clock.
_KIND_BITS = 3
_SCHEDULER_CLOCK = 2


def microseconds(pids: Iterable[int]) -> float:
    """User and system time that these processes and all below them have used; ended threads are counted."""
    families = (pid for parent in pids for pid in (parent, *children_of(parent)))
    return sum(map(_seconds, families)) * 1e6


def _seconds(pid: int) -> float:
    try:
        return time.clock_gettime((~pid << _KIND_BITS) | _SCHEDULER_CLOCK)
    except OSError:
        # It ended since it was listed, as a PostgreSQL worker does now and then.
        return 0.0


class Meter:
    """The CPU used by groups of processes since it was made, in microseconds by group."""

    def __init__(self, groups: dict[str, tuple[int, ...]]) -> None:
        self._groups = groups
        self._before = self._now()

    def used(self) -> dict[str, float]:
        """Microseconds by group. A group whose process came or went meanwhile is only roughly right."""
        return {name: value - self._before[name] for name, value in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: microseconds(pids) for name, pids in self._groups.items()}
