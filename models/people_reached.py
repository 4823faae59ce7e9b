"""How many people campaigns reached in a year, each counted once: against the number that the plan asks for.

A number is taken for a person: what the plan's own proof counts. It is reached by the first message of the year that
was delivered to it, and counted in the month of that message, whatever campaigns follow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select

from config import facts
from models.campaign_tables import campaigns, recipients
from models.database import Connection, Prepared, UtcDateTime
from models.days import month_bounds
from models.messages import DELIVERED
from models.small_counts import FEW, HIDDEN, LEAST, Shown, protected

GOAL = "people_reached_goal"
"""The parameter with the number of people to reach in a year."""

NOWHERE, UNSAID = "", ""
"""The region, and the sex, of a number that no person of the register is tied to."""

SEXES = ("F", "M", UNSAID)

_from, _to = bindparam("from_", type_=UtcDateTime()), bindparam("to_", type_=UtcDateTime())


def _month() -> ColumnElement[int]:
    """The month in Bamako, from 1: the last one that has begun."""
    sent = recipients.c.settled_at
    later = [(sent >= bindparam(f"month_{month}", type_=UtcDateTime()), month) for month in range(12, 1, -1)]
    return case(*later, else_=1)


_firsts = (
    select(
        func.coalesce(recipients.c.region, NOWHERE).label("region"),
        func.coalesce(recipients.c.sex, UNSAID).label("sex"),
        _month().label("month"),
        func.row_number()
        .over(
            partition_by=recipients.c.phone_index,
            order_by=(recipients.c.settled_at, recipients.c.campaign_id),
        )
        .label("place"),
    )
    .where(
        recipients.c.campaign_id.in_(
            select(campaigns.c.id).where(
                campaigns.c.began_at < _to, or_(campaigns.c.ended_at.is_(None), campaigns.c.ended_at >= _from)
            )
        ),
        recipients.c.state == DELIVERED,
        recipients.c.settled_at >= _from,
        recipients.c.settled_at < _to,
    )
    .subquery("firsts")
)
_REACHED = Prepared(
    select(_firsts.c.region, _firsts.c.sex, _firsts.c.month, func.count())
    .where(_firsts.c.place == 1)
    .group_by(_firsts.c.region, _firsts.c.sex, _firsts.c.month)
)


@dataclass(frozen=True, slots=True)
class Reached:
    """People reached in a year. `people` and the cells are numbers, or marks in place of small counts.

    `goal` and its `source` as in force at the year's end; `percent` of the goal, None while `people` is hidden.
    """

    year: int
    people: int | str
    goal: int
    source: str
    percent: float | None
    by_region: dict[str, int | str]
    by_sex: dict[str, int | str]
    by_month: dict[int, int | str]


def reached(conn: Connection, year: int) -> Reached:
    """The people reached in a year, by region, by sex and by month. Raises NotInForce, DatabaseAway."""
    starts = [month_bounds(date(year, month, 1))[0] for month in range(1, 13)]
    bounds = {f"month_{month}": starts[month - 1] for month in range(2, 13)}
    end = month_bounds(date(year, 12, 1))[1]
    rows = _REACHED.all(conn, from_=starts[0], to_=end, **bounds)
    regions, sexes, months = Counter[str](), Counter[str](), Counter[str]()
    for region, sex, month, people in rows:
        regions[region] += people
        sexes[sex] += people
        months[f"{month:02}"] += people
    return _shown(
        year,
        protected(dict(sorted(regions.items()))),
        protected({sex: sexes[sex] for sex in SEXES}),
        protected({f"{month:02}": months[f"{month:02}"] for month in range(1, 13)}),
    )


def _shown(year: int, regions: Shown, sexes: Shown, months: Shown) -> Reached:
    people = months.total
    row = next(row for row in facts.SHIPPED.in_force("parameters", date(year, 12, 31)) if row["name"] == GOAL)
    goal = int(row["value"])
    return Reached(
        year=year,
        people=people,
        goal=goal,
        source=row["source"],
        percent=None if isinstance(people, str) else 100 * people / goal,
        by_region=regions.cells,
        by_sex=sexes.cells,
        by_month={int(month): count for month, count in months.cells.items()},
    )


NOTE = f"{FEW} : moins de {LEAST} personnes ; {HIDDEN} : caché, pour qu'aucune soustraction ne les révèle."
"""What the marks mean, for who reads the report."""
