"""Rule rows as questions: which rows of a table are met by what is known of a person. Pure; tables say, nobody else.

A condition is a cell: empty is always met, `A|B` is met when the fact of that column is A or B. The columns
`age_below` and `age_above` compare the age in whole years; they are not met while the age is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from config.columns import SEPARATOR
from config.facts import Facts, Row


@dataclass(frozen=True, slots=True)
class Rule:
    """One row, and its conditions made ready to compare."""

    row: Row
    allowed: tuple[tuple[str, frozenset[str]], ...]
    age_below: int | None
    age_above: int | None

    def is_met(self, known: Mapping[str, str], age: int | None) -> bool:
        """Whether every condition of the row holds for what is `known` and an `age` in whole years."""
        if self.age_below is not None and (age is None or age >= self.age_below):
            return False
        if self.age_above is not None and (age is None or age <= self.age_above):
            return False
        return all(known[column] in values for column, values in self.allowed)


def met(rules: Iterable[Rule], known: Mapping[str, str], age: int | None) -> Iterator[Row]:
    """The rows that hold, in the table's order."""
    return (rule.row for rule in rules if rule.is_met(known, age))


@lru_cache(maxsize=256)
def ready(rules: Facts, table: str, conditions: tuple[str, ...], day: date) -> tuple[Rule, ...]:
    """The rows of `table` in force on `day`, with these columns as their conditions."""
    return tuple(_rule(row, conditions) for row in rules.in_force(table, day))


def _rule(row: Row, conditions: tuple[str, ...]) -> Rule:
    allowed = tuple((column, frozenset(row[column].split(SEPARATOR))) for column in conditions if row[column])
    return Rule(row, allowed, _years(row.get("age_below")), _years(row.get("age_above")))


def _years(cell: str | None) -> int | None:
    return int(cell) if cell else None
