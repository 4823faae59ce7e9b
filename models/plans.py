"""Plans of contribution: when a household's money comes, and so in which parts and on which days a year is asked for.

Pure rules over dated rows (config/rules/contribution_plans.csv) and the harvest calendar of the region. A harvest plan
never asks for money in the lean months, July to September (assumption, as all days here).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from config import facts
from config.faults import Fault
from models.mutuelle_terms import Terms
from models.places import fold

HARVEST, MONTHLY, QUARTERLY, WEEKLY = "RECOLTE", "MENSUEL", "TRIMESTRIEL", "HEBDOMADAIRE"
MAIN, SECOND = "MAIN", "SECOND"
MONTHS_OF = {MONTHLY: 1, QUARTERLY: 3}
WEEKS = 52
DAYS_OF_A_YEAR = 365
DAY = timedelta(days=1)


class BadPlan(Fault):
    """A plan is not known, or the cercle has no harvest for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A row of contribution_plans.csv. `window`: MAIN or SECOND of the harvest calendar, for a harvest plan."""

    code: str
    label: str
    rhythm: str
    window: str | None
    crops: frozenset[str]


@dataclass(frozen=True, slots=True)
class Part:
    """A due to be: its days, both included, the day on which it is asked for, and FCFA a person."""

    period_from: date
    period_to: date
    due_on: date
    share: int


def plan_named(code: str, day: date) -> Plan:
    """The plan of this code on `day`. Raises BadPlan."""
    for plan in _plans(day):
        if plan.code == code:
            return plan
    raise BadPlan(f"no plan {code}; known: {', '.join(plan.code for plan in _plans(day))}")


def choices(cercle_pcode: str, day: date) -> tuple[Plan, ...]:
    """The plans that a household of a cercle may choose, in the order of the file: harvests only where they are."""
    grown = fold_crops(calendar_of(cercle_pcode)["crops"])
    return tuple(
        plan
        for plan in _plans(day)
        if plan.rhythm != HARVEST or (plan.crops & grown and window_months(cercle_pcode, plan))
    )


def calendar_of(cercle_pcode: str) -> facts.Row:
    """The harvest calendar's row of a cercle of the 2021 division; the cercles of Taoudénit have no code."""
    region = _regions().get(cercle_pcode, "Taoudénit")
    return next(row for row in facts.reference("harvest_calendar") if row["region"] == region)


def fold_crops(crops: str) -> frozenset[str]:
    """The words of a text about crops, without accents."""
    return frozenset(
        fold(word) for word in crops.replace(",", " ").replace(";", " ").replace("/", " ").split()
    )


def window_months(cercle_pcode: str, plan: Plan) -> tuple[int, ...]:
    """The months in which a harvest brings money, in their order, lean ones left out.

    The main window is one month after the harvest: what is cut in October is sold in November (assumption).
    """
    calendar = calendar_of(cercle_pcode)
    lean = _months(calendar["lean_season_months"])
    if plan.window == SECOND:
        months: Sequence[int] = _months(calendar["second_income_window_months"])
    else:
        months = [month % 12 + 1 for month in _months(calendar["main_harvest_months"])]
    return tuple(month for month in months if month not in lean)


def season_parts(plan: Plan, cercle_pcode: str, anchor: date, start: date, terms: Terms) -> tuple[Part, ...]:
    """The parts of the year of contributions that begins on `start`, without a gap between them.

    `anchor` is the day from which months and weeks are counted. Each is asked for on the last day before its own,
    but nothing before the anchor, on which the household joined or changed its plan. A harvest's year begins after the
    first day on which it is asked for; who starts in between pays for the days until then. Raises BadPlan.
    """
    if plan.rhythm == HARVEST:
        parts = _harvest_parts(plan, cercle_pcode, start, terms)
        return tuple(replace(part, due_on=max(part.due_on, anchor)) for part in parts)
    periods = list(_periods(plan.rhythm, anchor, start))
    ends = _cumulated(plan.rhythm, terms.member_fcfa, len(periods))
    return tuple(
        Part(first, last, max(first - DAY, anchor), share)
        for (first, last), share in zip(periods, ends, strict=True)
    )


def _harvest_parts(plan: Plan, cercle_pcode: str, start: date, terms: Terms) -> Iterator[Part]:
    days = _asked_for(plan, cercle_pcode, start, terms)
    first, following, before = (harvest[0] + DAY for harvest in days)
    if start < first and (first - start).days >= terms.call_days:
        length, year = (first - start).days, (first - before).days
        share = terms.member_fcfa * length // year
        yield Part(start, first - DAY, _not_lean(cercle_pcode, start), share)
        return
    length = (following - start).days
    whole = terms.member_fcfa * length // (following - first).days
    count, begun = len(days[0]), start
    for place, due_on in enumerate(days[0], start=1):
        end = start + timedelta(days=length * place // count) - DAY
        share = whole // count if place < count else whole - whole // count * (count - 1)
        yield Part(begun, end, due_on, share)
        begun = end + DAY


def _asked_for(plan: Plan, cercle_pcode: str, start: date, terms: Terms) -> list[list[date]]:
    """The days of the next harvest whose year begins on `start` or later, of the one after and of the one before."""
    months = window_months(cercle_pcode, plan)[: terms.instalments]
    if not months:
        raise BadPlan(f"no harvest for the plan {plan.code} in this cercle")
    harvests = [list(_days(months, year, terms.due_day)) for year in range(start.year - 1, start.year + 3)]
    following = next(place for place, days in enumerate(harvests) if days[0] + DAY >= start)
    return [harvests[following], harvests[following + 1], harvests[following - 1]]


def _days(months: Sequence[int], year: int, day: int) -> Iterator[date]:
    before = 0
    for month in months:
        year += month < before
        before = month
        yield date(year, month, day)


def _not_lean(cercle_pcode: str, day: date) -> date:
    lean = _months(calendar_of(cercle_pcode)["lean_season_months"])
    while day.month in lean:
        day = day.replace(day=1) + timedelta(days=31)
        day = day.replace(day=1)
    return day


def _periods(rhythm: str, anchor: date, start: date) -> Iterator[tuple[date, date]]:
    """The periods of one year, counted from the anchor."""
    if rhythm == WEEKLY:
        for week in range(WEEKS):
            first = start + timedelta(weeks=week)
            yield first, first + timedelta(days=6)
        return
    step = MONTHS_OF[rhythm]
    begun = (start.year - anchor.year) * 12
    for months in range(begun, begun + 12, step):
        yield add_months(anchor, months), add_months(anchor, months + step) - DAY


def _cumulated(rhythm: str, share: int, count: int) -> Iterator[int]:
    """What each period costs a person: sums rounded down as they grow, so that a year comes to exactly its share."""
    whole = share * WEEKS * 7 // DAYS_OF_A_YEAR if rhythm == WEEKLY else share
    for place in range(count):
        yield whole * (place + 1) // count - whole * place // count


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the month's last one: a month after 31 January is 28 or 29 February."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _months(written: str) -> tuple[int, ...]:
    return tuple(int(month) for month in written.split(";") if month)


@lru_cache(maxsize=64)
def _plans(day: date) -> tuple[Plan, ...]:
    return tuple(
        Plan(
            row["code"],
            row["label"],
            row["rhythm"],
            row["window"] or None,
            frozenset(row["crops"].split("|")) - {""},
        )
        for row in facts.SHIPPED.in_force("contribution_plans", day)
    )


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    return {row["pcode"]: row["region"] for row in facts.reference("mali_admin") if row["pcode"]}
