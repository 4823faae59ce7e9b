"""The schemes (AMO, RAMED, mutuelles): who they are for, where one registers, who pays first, what the patient pays.

Everything is read from the dated tables `schemes`, `cost_shares` and `registration_places`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from config import facts
from models.coverage import Right

FIRST_LEVEL = ("AMBULATOIRE", "CSCOM")
"""The kinds of care of a first visit: where the pyramid of care begins."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme as people know it; `payer_order` 1 pays before 2 when a person has both."""

    code: str
    name: str
    who: str
    where: str
    payer_order: int


@lru_cache(maxsize=64)
def scheme(code: str, day: date) -> Scheme:
    """The scheme as it is on `day`. Raises config.facts.NotInForce."""
    for row in facts.SHIPPED.in_force("schemes", day):
        if row["code"] == code:
            return Scheme(code, row["name"], row["who"], row["where"], int(row["payer_order"]))
    raise facts.NotInForce(f"no scheme {code} on {day}")


def payer_first(rights: Iterable[Right], day: date) -> Right:
    """The right that pays first when a person has several."""
    return min(rights, key=lambda right: scheme(right.scheme, day).payer_order)


@lru_cache(maxsize=64)
def patient_shares(code: str, day: date) -> dict[str, int]:
    """What the patient pays in percent, by kind of care. Empty for a scheme without a tariff on that day."""
    rows = facts.SHIPPED.in_force("cost_shares", day)
    return {row["care"]: int(row["patient_percent"]) for row in rows if row["scheme"] == code}


def patient_share(code: str, day: date) -> int:
    """What the patient pays at the first level of care, in percent. Raises config.facts.NotInForce."""
    for care, percent in patient_shares(code, day).items():
        if care in FIRST_LEVEL:
            return percent
    raise facts.NotInForce(f"no share of the patient for {code} on {day}")


def place_label(code: str, day: date) -> str:
    """Where to register, in words that fit a screen. Raises config.facts.NotInForce."""
    for row in facts.SHIPPED.in_force("registration_places", day):
        if row["code"] == code:
            return row["label"]
    raise facts.NotInForce(f"no place {code} on {day}")


def monthly_share(day: date) -> int:
    """A member's own share of a mutual's contribution, in FCFA a person and month, rounded up."""
    return -(-int(facts.parameter("mutuelle_member_fcfa", day)) // 12)
