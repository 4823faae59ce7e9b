"""Periods as people write them: a year, a half-year, a quarter, a month, or from one of them to another."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from config.faults import Fault

FORMS = "2026, 2026-S2, 2026-T4, 2026-11, 2026-11-22 ou 2025-10..2026-09"
MONTHS_OF = {"S": 6, "T": 3}
_WRITTEN = re.compile(r"(20[0-9]{2})(?:-([ST])([1-4])|-([0-9]{2})(?:-([0-9]{2}))?)?")


class BadPeriod(Fault):
    """What was written is no period; the message says in French what may be written."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included."""

    first: date
    last: date


def period(written: str) -> Period:
    """The period that `written` means: S a half-year, T a quarter, `..` from the one to the other. Raises BadPeriod."""
    begin, dots, end = written.strip().upper().partition("..")
    first = _one(begin, written)
    last = _one(end, written) if dots else first
    if last.last < first.first:
        raise BadPeriod(f"période « {written} » : la fin est avant le début")
    return Period(first.first, last.last)


def _one(part: str, written: str) -> Period:
    found = _WRITTEN.fullmatch(part.strip())
    if not found:
        raise BadPeriod(f"« {written} » n'est pas une période -> {FORMS}")
    year, (kind, place, month, day) = int(found[1]), found.groups()[1:]
    try:
        if day:
            only = date(year, int(month), int(day))
            return Period(only, only)
        if month:
            return _months(year, int(month), 1)
        return _months(year, *_part(kind, int(place))) if kind else _months(year, 1, 12)
    except ValueError:
        raise BadPeriod(f"période « {written} » : {part} n'existe pas -> {FORMS}") from None


def _part(kind: str, place: int) -> tuple[int, int]:
    length = MONTHS_OF[kind]
    return (place - 1) * length + 1, length


def _months(year: int, month: int, count: int) -> Period:
    """So many months of one year. Raises ValueError for months that no year has."""
    last = month + count - 1
    return Period(date(year, month, 1), date(year, last, monthrange(year, last)[1]))
