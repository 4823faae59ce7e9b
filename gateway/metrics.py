"""The figures of every process, added up at /metrics (Prometheus, multiprocess mode).

Each process writes its own files in PROMETHEUS_MULTIPROC_DIR, which whoever starts the processes empties first.
Labels are names of ours (screens, outcomes): never a number, never what somebody typed.

Hops are gathered and written together a moment later, or when this process is asked for the page: a process that is
killed loses those of its last moment.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter as Numbers
from collections import deque
from threading import Lock, Timer

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's name for the folder, read by prometheus_client when it is first imported."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Bounds of the histogram of a hop; nothing may lie beyond the last."""


GATHERED_SECONDS = 0.2
"""How long figures of hops wait to be written together: writing them one by one costs twenty times as much."""


class _Times(Histogram):
    """A histogram that is told of many observations at once."""

    def observe_all(self, amounts: list[float]) -> None:
        """Adds these."""
        self._sum.inc(sum(amounts))
        for place, number in Numbers(bisect_left(self._upper_bounds, amount) for amount in amounts).items():
            self._buckets[place].inc(number)


class Metrics:
    """The figures of this process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._hops = Counter(
            "ramu_hops", "Hops by screen and outcome", ["screen", "outcome"], registry=self._registry
        )
        self._seconds = _Times("ramu_hop_seconds", "Time of a hop", buckets=SECONDS, registry=self._registry)
        self._gathered: deque[tuple[str, str, float]] = deque()
        self._awaited = False
        self._writing = Lock()
        self._refused = Counter(
            "ramu_refused", "Callbacks refused, by reason", ["reason"], registry=self._registry
        )
        self._callbacks = Counter(
            "ramu_callbacks",
            "Callbacks about SMS by kind and where they were kept",
            ["kind", "kept"],
            registry=self._registry,
        )
        self._unread = Counter(
            "ramu_sessions_unread", "Calls whose record this version cannot read", registry=self._registry
        )

    def hop(self, screen: str, outcome: str, seconds: float) -> None:
        """One hop answered: `screen` a static name, `outcome` a word of gateway.ussd."""
        self._gathered.append((screen, outcome, seconds))
        if not self._awaited:
            self._awaited = True
            try:
                Timer(GATHERED_SECONDS, self._write).start()
            except RuntimeError:  # no thread is to be had
                self._write()

    def refused(self, reason: str) -> None:
        """One callback that was not taken."""
        self._refused.labels(reason).inc()

    def callback(self, kind: str, kept: str) -> None:
        """One callback that was kept: `kind` and `kept` are words of gateway.intake."""
        self._callbacks.labels(kind, kept).inc()

    def unread(self) -> None:
        """One call that began again because its record is of another version, or damaged."""
        self._unread.inc()

    def page(self) -> bytes:
        """The figures of all processes in Prometheus' text format."""
        self._write()
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return generate_latest(together)

    def _write(self) -> None:
        with self._writing:
            # First this: a hop that is gathered from now on either is written below or begins to wait anew.
            self._awaited = False
            hops = [self._gathered.popleft() for _ in range(len(self._gathered))]
            if not hops:
                return
            for (screen, outcome), number in Numbers(hop[:2] for hop in hops).items():
                self._hops.labels(screen, outcome).inc(number)
            self._seconds.observe_all([hop[2] for hop in hops])
