"""What a campaign costs, in FCFA by the tariffs of a day, and how long it takes, in minutes, by operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from math import ceil

from config import facts


@dataclass(frozen=True, slots=True)
class Line:
    """One operator's part: numbers that are written to, segments that are paid for, FCFA, whole minutes."""

    people: int
    segments: int
    fcfa: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Bill:
    """The whole, and each operator's part. Operators are sent to at the same time: the slowest one's minutes count."""

    operators: dict[str, Line]

    @property
    def fcfa(self) -> int:
        """What all of it costs."""
        return sum(line.fcfa for line in self.operators.values())

    @property
    def minutes(self) -> int:
        """How long it takes at least, while the hours allow it."""
        return max((line.minutes for line in self.operators.values()), default=0)

    def left(self, budget_fcfa: int | None) -> int | None:
        """What stays of a budget, negative when it is not enough; None without a budget."""
        return None if budget_fcfa is None else budget_fcfa - self.fcfa

    def told(self) -> dict[str, dict[str, int]]:
        """The lines, for programs."""
        return {operator: asdict(line) for operator, line in self.operators.items()}


def bill(counts: Mapping[str, tuple[int, int]], pace: Callable[[str], float], day: date) -> Bill:
    """The bill of (people, segments) by operator at the tariffs of a day; `pace` is messages a second.

    Raises KeyError for an operator without a tariff.
    """
    tariffs = {row["operator"]: int(row["fcfa"]) for row in facts.SHIPPED.in_force("tariffs", day)}
    return Bill(
        {
            operator: Line(
                people,
                segments,
                segments * tariffs[operator],
                ceil(people / pace(operator) / 60),
            )
            for operator, (people, segments) in sorted(counts.items())
        }
    )


def paces(day: date) -> dict[str, int]:
    """Messages a second by operator, where the settings say nothing else."""
    return {row["operator"]: int(row["per_second"]) for row in facts.SHIPPED.in_force("paces", day)}
