"""The schemes (AMO, RAMED, mutuelle): who pays first, what the patient pays, where one registers. Dated rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import ceil
from typing import Protocol, TypeVar

from config import facts
from config.facts import Facts, NotInForce, Row

MONTHS_A_YEAR = 12


class OfScheme(Protocol):
    """Anything that belongs to a scheme."""

    @property
    def scheme(self) -> str:
        """AMO, RAMED or MUTUELLE."""


Paid = TypeVar("Paid", bound=OfScheme)


@dataclass(frozen=True, slots=True)
class Registration:
    """How a scheme is offered on a phone: its name, for whom it is, where one registers. French, to be translated."""

    scheme: str
    who: str
    where: str


def registration(scheme: str, day: date) -> Registration:
    """The offer of `scheme` on `day`. Raises NotInForce."""
    row = _row("schemes", scheme, day)
    return Registration(row["name"], row["who"], row["where"])


def payer_first(rights: Iterable[Paid], day: date) -> Paid:
    """The right whose scheme pays before the others (payer order: assumption). Raises ValueError without rights."""
    return min(rights, key=lambda right: int(_row("schemes", right.scheme, day)["payer_order"]))


def patient_share(scheme: str, day: date) -> int:
    """Percent that the patient pays where care begins: the first row of the scheme's cost_shares. Raises NotInForce."""
    for share in shares(scheme, day).values():
        return share
    raise NotInForce(f"no share of {scheme} on {day}")


def share_at(scheme: str, kind: str, day: date) -> int:
    """Percent that the patient pays at a kind of facility; without a row of its own, as where care begins.

    Raises NotInForce.
    """
    return shares(scheme, day).get(kind, patient_share(scheme, day))


@lru_cache(maxsize=64)
def shares(scheme: str, day: date, rules: Facts = facts.SHIPPED) -> dict[str, int]:
    """Percent that the patient pays for each kind of care, in the order of the path of care."""
    return {
        row["care"]: int(row["patient_percent"])
        for row in rules.in_force("cost_shares", day)
        if row["scheme"] == scheme
    }


def patient_pays(answer: str, day: date) -> tuple[str, dict[str, int]]:
    """What a decision's scheme leaves to pay: a French text with {kinds of care} in it, and their percents to fill in.

    Raises NotInForce.
    """
    return _row("answers", answer, day)["patient_pays"], shares(answer, day)


def monthly_share(day: date) -> int:
    """FCFA a month and person that a member pays, rounded up (the yearly sum is an assumption). Raises NotInForce."""
    return ceil(facts.parameter("mutuelle_member_fcfa", day) / MONTHS_A_YEAR)


def validity_years(day: date) -> int:
    """Years that a RAMED receipt or card is valid. Raises NotInForce."""
    return int(facts.parameter("receipt_years", day))


def scheme_label(answer: str, day: date) -> str:
    """A decision's scheme (vocabulary.ANSWERS) in French, at most 28 septets. Raises NotInForce."""
    return _row("answers", answer, day)["label"]


def place_label(office: str, day: date) -> str:
    """Where one registers (vocabulary.OFFICES) in French, at most 28 septets. Raises NotInForce."""
    return _row("registration_places", office, day)["label"]


@lru_cache(maxsize=256)
def _row(table: str, code: str, day: date) -> Row:
    for row in facts.SHIPPED.in_force(table, day):
        if row["code"] == code:
            return row
    raise NotInForce(f"no {code} in {table} on {day}")
