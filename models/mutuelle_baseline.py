"""The mutuelles before the gateway: the national strategy's two tables, their printed totals held against their rows.

What the strategy does not know (ND) is None here, never 0. Source: stratégie nationale d'extension par les mutuelles
2021-2025, tables 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from config import facts

ND = "ND"
"""How a count that nobody knows is written."""

TOTAL = "TOTAL"
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Counts:
    """Mutuelles of a region, people who depend on them, and how many of these were treated; None is ND."""

    region: str
    mutuelles: int | None
    beneficiaries: int | None
    treated: int | None


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure as it was printed and as its parts give it, both exact; they should be equal."""

    printed: Decimal
    computed: Decimal

    @property
    def difference(self) -> Decimal:
        """Printed less computed."""
        return self.printed - self.computed


@dataclass(frozen=True, slots=True)
class Baseline:
    """A year of the mutuelles. FCFA; `care_in_text` is what the strategy's text says beside the table's `care`.

    `before`: FCFA received in earlier years. `totals`: of each count of table 1 by name.
    """

    year: int
    regions: tuple[Counts, ...]
    totals: dict[str, Printed]
    expected: int
    received: int
    care: int
    running: int
    recovery: Printed
    balance: Printed
    care_in_text: int
    before: dict[int, int]
    sources: tuple[str, ...]

    @property
    def unknown(self) -> tuple[Counts, ...]:
        """Regions whose people nobody counted; their mutuelles are in the total all the same."""
        return tuple(row for row in self.regions if row.beneficiaries is None)


def percent(part: int, whole: int) -> Decimal | None:
    """So many in a hundred, to two digits, half up; None (ND) of nothing."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(CENT, ROUND_HALF_UP)


def compared_year(day: date) -> int:
    """The year with which recovery is compared on `day`. Raises NotInForce."""
    return int(facts.parameter("mutuelle_baseline_year", day))


def baseline(year: int) -> Baseline:
    """The tables of a year. Raises NotInForce for one that has none."""
    last = date(year, 12, 31)
    rows = [_counts(row) for row in facts.REFERENCE.in_force("mutuelle_baseline", last)]
    money = facts.REFERENCE.in_force("mutuelle_finances", last)
    said = {row["item"]: Decimal(row["value"]) for row in money}
    if not rows or "expected" not in said:
        raise facts.NotInForce(f"no figures of the mutuelles for {year}")
    regions = tuple(row for row in rows if row.region != TOTAL)
    printed = next(row for row in rows if row.region == TOTAL)
    expected, received, care, running = (
        int(said[item]) for item in ("expected", "received", "care", "running")
    )
    return Baseline(
        year=year,
        regions=regions,
        totals={name: _total(name, printed, regions) for name in ("mutuelles", "beneficiaries", "treated")},
        expected=expected,
        received=received,
        care=care,
        running=running,
        recovery=Printed(said["recovery_percent"], percent(received, expected) or Decimal(0)),
        balance=Printed(said["balance"], Decimal(received - care - running)),
        care_in_text=int(said["care_in_text"]),
        before=_before(year),
        sources=_sources(last),
    )


def _counts(row: facts.Row) -> Counts:
    known = [
        None if row[name] == ND else int(row[name]) for name in ("mutuelles", "beneficiaries", "treated")
    ]
    return Counts(row["region"], *known)


def _total(name: str, printed: Counts, regions: tuple[Counts, ...]) -> Printed:
    known = [value for row in regions if (value := getattr(row, name)) is not None]
    return Printed(Decimal(getattr(printed, name) or 0), Decimal(sum(known)))


def _before(year: int) -> dict[int, int]:
    return {
        int(row["from"][:4]): int(row["value"])
        for row in facts.reference("mutuelle_finances")
        if row["item"] == "received" and row["from"] < f"{year}-01-01"
    }


def _sources(day: date) -> tuple[str, ...]:
    tables = ("mutuelle_baseline", "mutuelle_finances")
    found = [row["source"] for table in tables for row in facts.REFERENCE.in_force(table, day)]
    return tuple(dict.fromkeys(found))
