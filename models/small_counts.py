"""Counts of few people are not shown, nor what would give them away by subtraction.

A cell of 1 to 4 people reads `<5`. Since the total is shown, other cells are hidden with it, the smallest first, until
whoever subtracts still cannot tell any small cell closer than "1 to 4". Where even that does not help, all is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEAST = 5
"""The smallest count that is shown: assumption, as statistics offices of many countries do."""

FEW, HIDDEN = "<5", "…"
"""In place of a small count; in place of one that would give it away."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Cells as they may be shown, and their total: a number, or one of the marks."""

    cells: dict[str, int | str]
    total: int | str


def is_small(count: int) -> bool:
    """Whether so few people are not shown. Nobody at all is."""
    return 0 < count < LEAST


def protected(cells: Mapping[str, int]) -> Shown:
    """Cells that add up to a total that is shown with them, without those that must stay hidden."""
    total = sum(cells.values())
    if is_small(total):
        return Shown(dict.fromkeys(cells, HIDDEN), FEW)
    few = {name for name, count in cells.items() if is_small(count)}
    hidden: set[str] = set()
    larger = sorted((count, name) for name, count in cells.items() if count >= LEAST)
    while few and not _is_safe(cells, few, hidden):
        if not larger:
            return Shown(dict.fromkeys(cells, HIDDEN), total)
        hidden.add(larger.pop(0)[1])
    marks = dict.fromkeys(few, FEW) | dict.fromkeys(hidden, HIDDEN)
    return Shown({name: marks.get(name, count) for name, count in cells.items()}, total)


def _is_safe(cells: Mapping[str, int], few: set[str], hidden: set[str]) -> bool:
    """Whether each small cell could still be 1 and could still be 4, for all that the sum of the hidden ones tells.

    Known to the reader: that sum, that small cells are 1 to 4, and that the others are LEAST or more.
    """
    total = sum(cells[name] for name in few | hidden)
    others = len(few) - 1
    least = others * 1 + len(hidden) * LEAST
    # Without another hidden cell, the small ones alone make up the sum.
    most = total if hidden else others * (LEAST - 1)
    return total - 1 <= most and total - (LEAST - 1) >= least
