"""The CPU time of processes that are not ours, read from the kernel in nanoseconds."""

from __future__ import annotations

import time
from collections.abc import Mapping

from workers.servers.process import children_of

# linux/posix-timers.h: the CPU clock of another process is named by its id, inverted, and a kind of clock.
_KIND_BITS = 3
_SCHEDULER_CLOCK = 2


def seconds_of(pid: int) -> float:
    """User and system time that a process has used, its ended threads included; 0 for one that is gone."""
    try:
        return time.clock_gettime((~pid << _KIND_BITS) | _SCHEDULER_CLOCK)
    except OSError:
        return 0.0


class Meter:
    """The CPU used by groups of processes (one, or several), and all below them, since it was made.

    What a process that ended meanwhile had used is not counted, as when PostgreSQL tidies up.
    """

    def __init__(self, groups: Mapping[str, int | tuple[int, ...]]) -> None:
        self._groups = {
            name: (parents,) if isinstance(parents, int) else parents for name, parents in groups.items()
        }
        self._before = {name: _by_process(parents) for name, parents in self._groups.items()}

    def used(self) -> dict[str, float]:
        """Microseconds by group."""
        return {name: self._since(name) * 1e6 for name in self._groups}

    def _since(self, name: str) -> float:
        before = self._before[name]
        return sum(
            max(0.0, now - before.get(pid, 0.0)) for pid, now in _by_process(self._groups[name]).items()
        )


def _by_process(parents: tuple[int, ...]) -> dict[int, float]:
    family = (pid for parent in parents for pid in (parent, *children_of(parent)))
    return {pid: seconds_of(pid) for pid in family}
