"""What a plan would ask a household for, before she chooses it: the days, the amounts, and when cover begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.mutuelle_terms import Terms
from models.plans import DAY, HARVEST, Part, Plan, season_parts, window_months


@dataclass(frozen=True, slots=True)
class Preview:
    """A season of a plan: (day, FCFA) of each part, FCFA in all, and FCFA from which cover begins (0: any).

    `until_then`: FCFA for the days before the first harvest, when the year does not begin with it.
    """

    parts: tuple[tuple[date, int], ...]
    whole: int
    threshold: int
    until_then: int = 0

    @property
    def even(self) -> bool:
        """Whether every part asks for the same."""
        return len({amount for _, amount in self.parts}) == 1


def begins(today: date, covered_until: date | None) -> date:
    """The day from which another plan counts: the first one that is not paid for yet."""
    return max(today, covered_until + DAY) if covered_until else today


def preview(plan: Plan, cercle_pcode: str, day: date, terms: Terms, people: int) -> Preview:
    """What a household of `people` would be asked for from `day` on. Raises BadPlan."""
    first = season_parts(plan, cercle_pcode, day, day, terms)
    season, until_then = first, 0
    if plan.rhythm == HARVEST and not _at_harvest(plan, cercle_pcode, first[0], terms):
        until_then = sum(part.share for part in first) * people
        season = season_parts(plan, cercle_pcode, day, first[-1].period_to + DAY, terms)
    parts = tuple((part.due_on, part.share * people) for part in season if part.share)
    whole = sum(amount for _, amount in parts)
    return Preview(parts, whole, -(-whole * terms.threshold_percent // 100), until_then)


def _at_harvest(plan: Plan, cercle_pcode: str, part: Part, terms: Terms) -> bool:
    """Whether a part is asked for when a harvest is sold, not on the day on which somebody begins in between."""
    months = window_months(cercle_pcode, plan)[: terms.instalments]
    return part.due_on.day == terms.due_day and part.due_on.month in months
