"""What mutuelles have and do in a period: members, contributions, claims, care and cash, by mutuelle and by place.

Every sum of money is that of the ledger as it stood at the end of the period, so that a report of last year is the
same next year. Places are those of the division of 2021, the map of the mutuelles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from config import facts
from config.faults import Fault
from models import mutuelle_counts
from models.database import Connection
from models.mutuelle_baseline import baseline, compared_year
from models.mutuelle_figures import Figures, forecast, total
from models.mutuelles import MUTUELLE, mutuelles
from models.periods import Period
from models.places import fold

COUNTRY, REGION, CERCLE, ONE = "pays", "region", "cercle", "mutuelle"
LEVELS = (COUNTRY, REGION, CERCLE, ONE)
"""What a report may be broken down by, the widest first."""

PREFIX = "MUT-"
"""Before the code of a mutuelle of the map."""

ELSEWHERE = "Hors du découpage de 2021"
"""The region of a mutuelle whose cercle is on no map."""

NOTHING = {"due": 0, "recovered": 0, "paid_up": 0, "paid_up_in": 0, "cofinanced": 0} | dict.fromkeys(
    ("received", "state", "guarantee", "cash"), 0
)
"""Of a mutuelle that keeps accounts here which say nothing more: then nothing happened."""


class NotBegun(Fault):
    """The period lies ahead."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row belongs: a region, a cercle and a mutuelle's code and name, as far down as the row's level."""

    region: str = ""
    cercle: str = ""
    code: str = ""
    name: str = ""

    def above(self, level: str) -> Place:
        """The place of a wider level in which this one lies."""
        parts = {COUNTRY: (), REGION: (self.region,), CERCLE: (self.region, self.cercle)}
        return self if level == ONE else Place(*parts[level])


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of the mutuelles by level and place. `until`: the last day that is in them, today at the latest.

    `baseline` percent were recovered in `baseline_year`; `season`: the year of contributions in which `until` lies.
    """

    period: Period
    until: date
    season: Period
    baseline_year: int
    baseline: Decimal
    rows: Mapping[str, Mapping[Place, Figures]]

    @property
    def country(self) -> Figures:
        """The figures of all mutuelles."""
        return self.rows[COUNTRY][Place()]

    @property
    def covered(self) -> dict[str, tuple[int, int]]:
        """In how many cercles and communes a mutuelle has members, and of how many: 2021's cercles, 2023's communes."""
        cercles = sum(bool(row.members) for row in self.rows[CERCLE].values())
        communes = len(self.country.communes or ())
        return {
            "cercles": (cercles, len(_units())),
            "communes": (communes, len(facts.reference("mali_communes_2023"))),
        }


def report_of(conn: Connection, period: Period, today: date) -> Report:
    """The report of a period. Raises NotBegun for one that begins after `today`, NotInForce, DatabaseAway."""
    if period.first > today:
        raise NotBegun(f"la période commence le {period.first:%d/%m/%Y} : rien n'en est connu")
    until = min(period.last, today)
    season = season_of(until)
    year = compared_year(until)
    usual = baseline(year).recovery.computed
    own = _by_mutuelle(conn, Period(period.first, until), season, usual)
    return Report(period, until, season, year, usual, dict(_by_level(own)))


def season_of(day: date) -> Period:
    """The year of contributions in which a day lies: from harvest to harvest. Raises NotInForce."""
    month = int(facts.parameter("mutuelle_season_month", day))
    year = day.year if day.month >= month else day.year - 1
    return Period(date(year, month, 1), date(year + 1, month, 1) - timedelta(days=1))


def _by_mutuelle(conn: Connection, period: Period, season: Period, usual: Decimal) -> dict[Place, Figures]:
    """The figures of each mutuelle, unions and the federation left out: they have no members of their own."""
    told: dict[int, dict[str, Any]] = defaultdict(dict)
    told |= {
        mutuelle_id: NOTHING | some
        for mutuelle_id, some in mutuelle_counts.members(conn, period.last).items()
    }
    for mutuelle_id, some in mutuelle_counts.registered(conn, period.last).items():
        told[mutuelle_id] |= _together(told[mutuelle_id], some)
    paid, seasons = mutuelle_counts.contributions(conn, period, season)
    for found in (paid, mutuelle_counts.money(conn, period), mutuelle_counts.care(conn, period)):
        for mutuelle_id, figures in found.items():
            told[mutuelle_id] |= figures
    for mutuelle_id, one in seasons.items():
        told[mutuelle_id] |= forecast(one, usual)
    return {
        place: Figures(**told[mutuelle_id], mutuelles=1, known=int("members" in told[mutuelle_id]))
        for mutuelle_id, place in _places(conn)
    }


def _together(figures: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Households with and without an account, as one."""
    counts = {name: figures.get(name, 0) + more[name] for name in ("members", "beneficiaries")}
    return counts | {"communes": figures.get("communes", frozenset()) | more["communes"]}


def _places(conn: Connection) -> Iterator[tuple[int, Place]]:
    """Every mutuelle and where it is, in the order of the map."""
    units = _units()
    asked = select(mutuelles.c.id, mutuelles.c.code, mutuelles.c.name, mutuelles.c.cercle_pcode).where(
        mutuelles.c.kind == MUTUELLE
    )
    order = {place: number for number, place in enumerate(units.values())}
    found = []
    for mutuelle_id, code, name, pcode in conn.execute(asked):
        cercle = units.get(pcode or code.removeprefix(PREFIX), Place(ELSEWHERE))
        found.append(
            (order.get(cercle, len(order)), code, mutuelle_id, replace(cercle, code=code, name=name))
        )
    return ((mutuelle_id, place) for _, _, mutuelle_id, place in sorted(found, key=lambda one: one[:2]))


def _by_level(own: Mapping[Place, Figures]) -> Iterator[tuple[str, dict[Place, Figures]]]:
    """The figures added up for each level; every place of the map is there, ND where nothing is known."""
    for level in LEVELS:
        map_of_level = (
            dict.fromkeys(place.above(level) for place in _units().values()) if level != ONE else {}
        )
        parts: dict[Place, list[Figures]] = {place: [] for place in map_of_level}
        for place, figures in own.items():
            parts.setdefault(place.above(level), []).append(figures)
        yield level, {place: total(some) for place, some in parts.items()}


@lru_cache(maxsize=1)
def _units() -> dict[str, Place]:
    """The 64 units of the map, by code; the cercles of Taoudénit, which have none, by the code of their mutuelle."""
    return {
        row["pcode"] or fold(row["cercle"]): Place(row["region"], row["cercle"])
        for row in facts.reference("mali_admin_2021")
    }
