"""What is made of the measurements: percentiles, medians of ratios, and whether the goals are met. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One contender in one round: CPU in microseconds a request, of its own processes and of the servers'."""

    requests: int
    seconds: float
    cpu_us: float
    postgresql_us: float = 0.0
    redis_us: float = 0.0
    latencies_ms: Sequence[float] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Goal:
    """One limit on one measured figure; a figure of None was not measured and is not judged."""

    at_most: float | None = None
    at_least: float | None = None

    def met_by(self, figure: float | None) -> bool | None:
        """Whether the figure keeps the limit, as it is reported: nothing is rounded in its favour."""
        if figure is None:
            return None
        over = self.at_most is not None and figure > self.at_most
        under = self.at_least is not None and figure < self.at_least
        return not (over or under)

    def as_json(self, figure: float | None) -> Json:
        """The limit, and whether it is met."""
        limits = {"at_most": self.at_most, "at_least": self.at_least}
        return {name: limit for name, limit in limits.items() if limit is not None} | {
            "met": self.met_by(figure)
        }


GOALS = {
    "hop_to_bare_flask": Goal(at_most=3.0),
    "menu_builder_to_hop": Goal(at_least=1.5),
    "large_to_small_register": Goal(at_most=1.10),
    "p99_ms_at_200_hops_a_second": Goal(at_most=50.0),
}
"""The figures that are judged, by their names in the report."""


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` in a hundred do not exceed. Raises ValueError without values."""
    if not values:
        raise ValueError("no values")
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(0, int(rank) - 1)]


def median_ratio(above: Sequence[Sample], below: Sequence[Sample]) -> float:
    """The median over the rounds of one contender's CPU divided by another's of the same round."""
    return median(one.cpu_us / other.cpu_us for one, other in zip(above, below, strict=True))


def summary(samples: Sequence[Sample]) -> Json:
    """One contender over all rounds: medians of CPU and pace, percentiles over every single request."""
    latencies = [latency for sample in samples for latency in sample.latencies_ms]
    return {
        "cpu_us": round(median(sample.cpu_us for sample in samples), 1),
        "postgresql_us": round(median(sample.postgresql_us for sample in samples), 1),
        "redis_us": round(median(sample.redis_us for sample in samples), 1),
        "requests_a_second": round(median(sample.requests / sample.seconds for sample in samples)),
        "p50_ms": round(percentile(latencies, 50), 2),
        "p99_ms": round(percentile(latencies, 99), 2),
        "requests": sum(sample.requests for sample in samples),
    }


def report(measured: Json, judged: dict[str, float | None]) -> Json:
    """The one object of the last line: what was measured, the goals, and whether all that was judged is met."""
    rounded = {name: None if figure is None else round(figure, 3) for name, figure in judged.items()}
    goals = {name: GOALS[name].as_json(figure) for name, figure in rounded.items()}
    return {
        "measured": {**rounded, **measured},
        "goal": goals,
        "ok": all(goal["met"] is not False for goal in goals.values()),
    }
