"""Care that is free by rule (gratuités): which there is, for whom it fires, and the phone's list. Dated rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from config import facts
from config import vocabulary as words
from config.columns import SEPARATOR
from config.facts import Facts, NotInForce, Row
from models.conditions import met, ready
from models.situations import Situation

_CONDITIONS = ("service", "service_asked", "enceinte", "after_birth", "eleve")
CHILD_MALARIA, OLD_AGE = "G01", "G12"


@dataclass(frozen=True, slots=True)
class Gratuite:
    """One gratuité in force. `status`: I instituted by the ministry, P announced, O by orientation only.

    P and O are said with "à confirmer au centre". `sensitive` care is never named in an SMS, a log or a history.
    `short` and `audience` fit a line of the phone (28 septets).
    """

    code: str
    label: str
    short: str
    status: str
    sensitive: bool
    audience: str
    source: str

    @property
    def to_confirm(self) -> bool:
        """Whether the centre may not apply it yet."""
        return self.status != "I"


@dataclass(frozen=True, slots=True)
class FreeCareItem:
    """One line of the phone's list: `codes` of gratuités; `asks` AGE or QUI when one question more is needed."""

    key: str
    label: str
    codes: tuple[str, ...]
    asks: str


@lru_cache(maxsize=64)
def all_on(day: date, rules: Facts = facts.SHIPPED) -> tuple[Gratuite, ...]:
    """The gratuités in force on `day`, by code."""
    in_force = sorted(rules.in_force("gratuites", day), key=lambda row: row["code"])
    return tuple(_gratuite(row) for row in in_force)


def one(code: str, day: date, rules: Facts = facts.SHIPPED) -> Gratuite:
    """The gratuité of this code. Raises NotInForce."""
    for gratuite in all_on(day, rules):
        if gratuite.code == code:
            return gratuite
    raise NotInForce(f"no gratuité {code} on {day}")


def firing(situation: Situation, day: date, rules: Facts = facts.SHIPPED) -> tuple[Gratuite, ...]:
    """The gratuités in force on `day` that fit the person and the care she asks about, by code.

    Rows of gratuite_rules say when (TdR gratuités DNPSES 2021); G18 and G19 have no such row, they are only listed.
    """
    table = ready(rules, "gratuite_rules", _CONDITIONS, day)
    codes = {row["code"] for row in met(table, _known(situation, day, rules), situation.age)}
    return tuple(gratuite for gratuite in all_on(day, rules) if gratuite.code in codes)


@lru_cache(maxsize=1024)
def kept_after_refusal(age: int, day: date) -> tuple[Gratuite, ...]:
    """What somebody of this age in whole years has free without any right, and may be named in an SMS.

    Only what the ministry has instituted and what does not tell of a condition; the narrowest ages first.
    """
    rules = [row for row in facts.SHIPPED.in_force("gratuite_rules", day) if not row["eleve"]]
    ages = {row["code"]: row for row in rules}
    kept = [
        gratuite
        for gratuite in all_on(day)
        if not gratuite.sensitive
        and not gratuite.to_confirm
        and gratuite.code in ages
        and _of_age(ages[gratuite.code], age)
    ]
    return tuple(sorted(kept, key=lambda gratuite: not _has_ages(ages[gratuite.code])))


def _of_age(rule: Row, age: int) -> bool:
    below, above = rule["age_below"], rule["age_above"]
    return (not below or age < int(below)) and (not above or age > int(above))


def _has_ages(rule: Row) -> bool:
    return bool(rule["age_below"] or rule["age_above"])


@lru_cache(maxsize=64)
def menu(day: date) -> tuple[FreeCareItem, ...]:
    """The phone's list on `day`, most asked first; a gratuité that is no longer in force leaves it."""
    codes = {gratuite.code for gratuite in all_on(day)}
    items = (_item(row, codes) for row in facts.SHIPPED.in_force("free_care_menu", day))
    return tuple(item for item in items if item.codes)


def child_age(day: date) -> int:
    """The age in whole years below which a child's malaria is treated free. Raises NotInForce."""
    return _age_of(CHILD_MALARIA, "age_below", day)


def old_age(day: date) -> int:
    """The age in whole years beyond which somebody is old (over, not from). Raises NotInForce."""
    return _age_of(OLD_AGE, "age_above", day)


def _known(situation: Situation, day: date, rules: Facts) -> Mapping[str, str]:
    days = situation.jours_apres_accouchement
    return {
        "service": situation.service or words.NO_SERVICE,
        "service_asked": _said(situation.service is not None),
        "enceinte": _said(situation.enceinte),
        "after_birth": _said(days is not None and days <= rules.parameter("postnatal_days", day)),
        "eleve": _said(situation.eleve),
    }


def _said(true: bool) -> str:
    return words.YES if true else words.NO


def _gratuite(row: Row) -> Gratuite:
    return Gratuite(
        code=row["code"],
        label=row["label"],
        short=row["short"],
        status=row["status"],
        sensitive=row["sensitive"] == words.YES,
        audience=row["audience"],
        source=row["source"],
    )


def _item(row: Row, in_force: set[str]) -> FreeCareItem:
    codes = tuple(code for code in row["codes"].split(SEPARATOR) if code in in_force)
    return FreeCareItem(row["key"], row["label"], codes, row["asks"])


@lru_cache(maxsize=64)
def _age_of(code: str, column: str, day: date) -> int:
    for row in facts.SHIPPED.in_force("gratuite_rules", day):
        if row["code"] == code and row[column]:
            return int(row[column])
    raise NotInForce(f"no {column} for {code} on {day}")
