"""The free-care menu: what people ask for, in a fixed order, and the decrees that answer it on a given day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from config import facts
from models import gratuites
from models.gratuites import Gratuite


@dataclass(frozen=True, slots=True)
class FreeCareItem:
    """A line of the menu: its fixed digits, its French label, the free services it stands for, what it asks first."""

    key: str
    label: str
    codes: tuple[str, ...]
    asks: str


def menu(day: date) -> tuple[FreeCareItem, ...]:
    """The lines of the menu whose free services are all in force on `day`."""
    known = {gratuite.code for gratuite in gratuites.all_on(day)}
    items = (
        FreeCareItem(row["key"], row["label"], tuple(row["codes"].split("|")), row["asks"])
        for row in facts.SHIPPED.in_force("free_care_menu", day)
    )
    return tuple(item for item in items if known.issuperset(item.codes))


def one(code: str, day: date) -> Gratuite:
    """A free service by its code. Raises config.facts.NotInForce."""
    for gratuite in gratuites.all_on(day):
        if gratuite.code == code:
            return gratuite
    raise facts.NotInForce(f"no free service {code} on {day}")


def child_age(day: date) -> int:
    """The age in whole years from which a child's care is no longer free (5: until the day before the birthday)."""
    return _limit("G13", "age_below", day)


def old_age(day: date) -> int:
    """The age in whole years above which old people are named by the rule."""
    return _limit("G12", "age_above", day)


def _limit(code: str, column: str, day: date) -> int:
    for row in facts.SHIPPED.in_force("gratuite_rules", day):
        if row["code"] == code and row[column]:
            return int(row[column])
    raise facts.NotInForce(f"no {column} for {code} on {day}")
