"""The figures of every process, added up at /metrics (Prometheus, multiprocess mode).

Each process writes its own files in PROMETHEUS_MULTIPROC_DIR, which whoever starts the processes empties first.
Labels are names of ours (screens, outcomes): never a number, never what somebody typed.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's name for the folder, read by prometheus_client when it is first imported."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Bounds of the histogram of a hop; nothing may lie beyond the last."""


class Metrics:
    """The figures of this process. Children are bound once: finding one by its labels costs more than adding."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._hops = Counter(
            "ramu_hops", "Hops by screen and outcome", ["screen", "outcome"], registry=self._registry
        )
        self._bound: dict[tuple[str, str], Callable[[], None]] = {}
        self._seconds = Histogram(
            "ramu_hop_seconds", "Time of a hop", buckets=SECONDS, registry=self._registry
        )
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
        count = self._bound.get((screen, outcome))
        if count is None:
            count = self._bound[screen, outcome] = self._hops.labels(screen, outcome).inc
        count()
        self._seconds.observe(seconds)

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
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return generate_latest(together)
