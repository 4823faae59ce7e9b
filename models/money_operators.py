"""Who moves mobile money, and why none was moved, in the words of config/rules (money_operators, payment_reasons)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from config import facts


@dataclass(frozen=True, slots=True)
class MoneyOperator:
    """A mobile money service: `code` as payments keep it, `name` as people read it, `network` of models.operators."""

    code: str
    name: str
    network: str


@lru_cache(maxsize=64)
def money_operators(day: date) -> tuple[MoneyOperator, ...]:
    """Those in force on a day, in the order of the table."""
    rows = facts.SHIPPED.in_force("money_operators", day)
    return tuple(MoneyOperator(row["code"], row["name"], row["network"]) for row in rows)


def money_operator(code: str, day: date) -> MoneyOperator:
    """One by its code. Raises LookupError when none is called so on that day."""
    for one in money_operators(day):
        if one.code == code:
            return one
    raise LookupError(f"no mobile money {code} on {day}")


def of_network(network: str, day: date) -> MoneyOperator | None:
    """The one that serves a network's own numbers (a word of models.operators), or None."""
    return next((one for one in money_operators(day) if one.network == network), None)


@lru_cache(maxsize=256)
def refusal(reason: str, day: date) -> str:
    """Why nothing was taken, as people read it in French, with a place for {operator}; `reason` of payment_reasons."""
    rows = facts.SHIPPED.in_force("payment_reasons", day)
    texts = {row["reason"]: row["text"] for row in rows}
    return texts.get(reason) or texts["AUTRE"]
