"""What is to be done about cash in a collector's hands: effects as those of `flows.effects`. Amounts in FCFA."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.collector_cash import OVER_LIMIT, InHand
from models.collectors import Collector


@dataclass(frozen=True, slots=True)
class CashCollected:
    """A collector received cash for a membership; `in_hand`: what her answer takes for granted that she had before."""

    number: int
    membership_id: int
    amount: int
    reference: str
    in_hand: int


@dataclass(frozen=True, slots=True)
class CashGivenBack:
    """A receipt of today was a slip of the thumb: its entry is reversed with the reason, and the member is told."""

    number: int
    entry_id: int
    membership_id: int
    amount: int
    reference: str
    in_hand: int


@dataclass(frozen=True, slots=True)
class DepositDeclared:
    """A collector says that she handed cash over; `code` is what the treasurer was sent to confirm it."""

    number: int
    mutuelle_id: int
    amount: int
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class DepositSettled:
    """What a treasurer counted; 0: nothing was handed over."""

    deposit_id: int
    counted: int
    by: int


@dataclass(frozen=True, slots=True)
class CashAlarmed:
    """The treasurers are told once about a collector's cash: `kind` of models.collector_cash.ALARMS, `about` a day."""

    number: int
    kind: str
    about: str
    in_hand: int
    limit: int


@dataclass(frozen=True, slots=True)
class ReminderWanted:
    """A collector asks that these households be reminded; whether they are is decided when each is claimed."""

    number: int
    membership_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CollectorUsed:
    """A collector is at work: her phone does not fall idle."""

    number: int


CollectingEffect = (
    CashAlarmed
    | CashCollected
    | CashGivenBack
    | CollectorUsed
    | DepositDeclared
    | DepositSettled
    | ReminderWanted
)


def alarmed(collector: Collector, standing: InHand, amount: int, day: date) -> CashAlarmed:
    """That a collector has as much as she may: said once about the same money, the oldest that she has."""
    about = (standing.since or day).isoformat()
    return CashAlarmed(collector.number, OVER_LIMIT, about, amount, standing.limit)
