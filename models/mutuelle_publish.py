"""Figures of mutuelles as cells to show: all of them, or without those that would tell of fewer than five people.

What is hidden is chosen from the country down to the mutuelle, and the same whatever a report is broken down by: who
lays the tables of the country, the regions, the cercles and the mutuelles beside each other subtracts in vain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

from models.mutuelle_figures import COUNTED, Figures
from models.mutuelle_report import COUNTRY, LEVELS, Place
from models.small_counts import FEW, HIDDEN, is_small, protected

Cell = int | Decimal | str | None
"""A number, a mark in place of a small count, or None: nothing is known (ND)."""

Cells = dict[str, Cell]
Rows = Mapping[str, Mapping[Place, Figures]]
Counts = Mapping[str, Mapping[Place, int | None]]

NAMES = (*COUNTED, "communes", "recovery", "season_recovery")
"""The cells of a row, by name."""

OF_NOBODY = ("mutuelles", "known")
"""What may be told of a place however few people there are."""

OF_MEMBERS = ("members", "beneficiaries", "communes")
OF_CARE = ("acts", "treated", "care_fcfa")
OF_ACCOUNTS = tuple(name for name in NAMES if name not in (*OF_NOBODY, *OF_MEMBERS, *OF_CARE))
OF_PEOPLE = ("members", "accounts", "paid_up", "beneficiaries", "treated")


def cells(figures: Figures) -> Cells:
    """All the figures of a row."""
    told: Cells = {name: getattr(figures, name) for name in NAMES}
    return told | {"communes": None if figures.communes is None else len(figures.communes)}


def whole(rows: Rows) -> dict[str, dict[Place, Cells]]:
    """Every row with all its figures."""
    return {level: {place: cells(one) for place, one in some.items()} for level, some in rows.items()}


def published(rows: Rows) -> dict[str, dict[Place, Cells]]:
    """Every row, without small counts and what would give them away.

    A row with too few households or people shows nothing else either; one with too few accounts tells nothing about
    money; one with too few who are up to date, or late, does not tell how many; one with too few who were treated tells
    nothing about care.
    """
    few_people = _hidden(_column(rows, "members")) | _hidden(_column(rows, "beneficiaries"))
    few_accounts = _hidden(_column(rows, "accounts"))
    few_paid_up = _hidden(_column(rows, "paid_up")) | _hidden(_late(rows))
    few_treated = _hidden(_column(rows, "treated"))
    found = whole(rows)
    for level, some in found.items():
        for place, row in some.items():
            where = (level, place)
            names = {
                *(OF_CARE if where in few_treated else ()),
                *(("paid_up",) if where in few_paid_up else ()),
                *(OF_ACCOUNTS if where in few_accounts else ()),
                *((name for name in NAMES if name not in OF_NOBODY) if where in few_people else ()),
            }
            row.update({name: _mark(name, row[name]) for name in names})
    return found


def _mark(name: str, value: Cell) -> Cell:
    """What is shown in place of a known figure; ND stays ND."""
    if value is None:
        return None
    return FEW if name in OF_PEOPLE and isinstance(value, int) and is_small(value) else HIDDEN


def _column(rows: Rows, name: str) -> Counts:
    return {level: {place: getattr(one, name) for place, one in some.items()} for level, some in rows.items()}


def _late(rows: Rows) -> Counts:
    """Households with an account that are not up to date."""
    return {
        level: {
            place: None if one.accounts is None or one.paid_up is None else one.accounts - one.paid_up
            for place, one in some.items()
        }
        for level, some in rows.items()
    }


def _hidden(counts: Counts) -> set[tuple[str, Place]]:
    """The cells of a count that must not be shown, at every level: what is in a hidden place is hidden with it."""
    hidden: set[tuple[str, Place]] = set()
    ((country, everybody),) = counts[COUNTRY].items()
    if everybody is not None and is_small(everybody):
        hidden.add((COUNTRY, country))
    for above, level in pairwise(LEVELS):
        parts: dict[Place, dict[Place, int]] = defaultdict(dict)
        for place, count in counts[level].items():
            if count is not None:
                parts[place.above(above)][place] = count
        for parent, children in parts.items():
            all_of_them = (above, parent) in hidden
            hidden |= {(level, place) for place in (children if all_of_them else _unsafe(children))}
    return hidden


def _unsafe(children: Mapping[Place, int]) -> Iterator[Place]:
    """The places whose counts must not stand beside their sum."""
    names = {f"{position:05}": place for position, place in enumerate(children)}
    shown = protected({name: children[place] for name, place in names.items()}).cells
    return (place for name, place in names.items() if isinstance(shown[name], str))
