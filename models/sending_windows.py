"""Decent hours: when messages of a kind may be sent, by weekday and region (table sending_windows)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from config import facts
from models.days import BAMAKO, day_of

CAMPAIGN = "campaign"
"""The kind of message that campaigns send."""

EVERYWHERE = ""
"""A row without a region holds for all that have no rows of their own."""

BETWEEN = "|"

DAYS_AHEAD = 8
"""How far an opening is looked for: every weekday once, and today's again."""


@dataclass(frozen=True, slots=True)
class Open:
    """Where messages may go at a moment: everywhere but in the regions `but`, or nowhere but there."""

    everywhere: bool
    but: frozenset[str]

    @property
    def nowhere(self) -> bool:
        """Whether nothing may be sent at all."""
        return not self.everywhere and not self.but

    @property
    def listed(self) -> str:
        """The regions `but` as one text, with a mark on both sides of each."""
        return f"{BETWEEN}{BETWEEN.join(sorted(self.but))}{BETWEEN}" if self.but else ""

    def at(self, region: str) -> bool:
        """Whether messages may go to a region (a folded name, or nothing when it is not known)."""
        return self.everywhere != (region in self.but)


ANYWHERE = Open(everywhere=True, but=frozenset())
"""Everywhere: for rehearsals, at any hour."""


def open_at(kind: str, moment: datetime) -> Open:
    """Where messages of a kind may go at an aware moment; the hour that closes is no longer open."""
    return _open_at(kind, day_of(moment), f"{moment.astimezone(BAMAKO):%H:%M}")


@lru_cache(maxsize=64)
def _open_at(kind: str, day: date, told: str) -> Open:
    hours = _hours(kind, day)
    is_open = {
        region: any(opens <= told < closes for opens, closes in some) for region, some in hours.items()
    }
    everywhere = is_open.pop(EVERYWHERE, False)
    return Open(everywhere, frozenset(region for region, now in is_open.items() if now != everywhere))


def next_open(kind: str, region: str, moment: datetime) -> datetime:
    """When messages of a kind may go to a region again, after an aware moment at which they may not.

    A week on when nothing opens before that.
    """
    local = moment.astimezone(BAMAKO)
    told = f"{local:%H:%M}"
    for later in range(DAYS_AHEAD):
        day = local.date() + timedelta(days=later)
        hours = _hours(kind, day)
        opening = [
            opens for opens, _ in hours.get(region, hours.get(EVERYWHERE, ())) if later or opens > told
        ]
        if opening:
            return datetime.combine(day, time.fromisoformat(min(opening)), BAMAKO)
    return moment + timedelta(days=DAYS_AHEAD)


def minutes_open(kind: str, region: str, day: date) -> int:
    """For how many minutes of a day messages of a kind may go to a region."""
    hours = _hours(kind, day)
    return sum(
        _minutes(closes) - _minutes(opens) for opens, closes in hours.get(region, hours.get(EVERYWHERE, ()))
    )


@lru_cache(maxsize=64)
def _hours(kind: str, day: date) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """By region: when it opens and when it closes, on a day. A region that has rows at all keeps to these alone.

    While an occasion such as Ramadan has rows, the usual ones rest.
    """
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    rows = [row for row in facts.SHIPPED.in_force("sending_windows", day) if row["kind"] == kind]
    for row in [row for row in rows if row["occasion"]] or rows:
        some = found[row["region"]]
        if str(day.isoweekday()) in row["weekdays"].split(BETWEEN):
            some.append((row["opens"], row["closes"]))
    return {region: tuple(some) for region, some in found.items()}


def _minutes(hour: str) -> int:
    return int(hour[:2]) * 60 + int(hour[3:])
