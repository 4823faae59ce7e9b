"""What is looked at when a storm of payments is over: what people know, the operator's books, ours, what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.storm.judge import Owed, Sent


@dataclass(slots=True)
class Known:
    """What people know of a wish: what they read in the end, how often they called and said yes.

    `promised`: the references under which an answer by SMS was promised, to a yes or to what came before it.
    """

    told: str = ""
    calls: int = 0
    yeses: int = 0
    promised: set[str] = field(default_factory=set)
    handed_over: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An order in the operator's books. `moved` FCFA.

    `turned_away`: requests for it after which nobody could know whether it was taken.
    """

    operator: str
    name: str
    amount: int
    fault: str
    moved: int
    requests: int
    turned_away: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A payment of ours. `phones` are told of it: the payer's first."""

    payment_id: int
    order: str
    reference: str
    membership_id: int
    phones: tuple[str, ...]
    operator: str
    amount: int
    state: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the ledger on an operator's account or a collector's: FCFA, debit above zero.

    `payment_id` is 0 for what no payment by mobile money has caused.
    """

    kind: str
    holder: str
    amount: int
    membership_id: int
    reference: str
    payment_id: int = 0


@dataclass(frozen=True, slots=True)
class Handed:
    """Cash that a collector says she has handed over under a slip's number, and what was counted of it."""

    agent: int
    slip: str
    amount: int
    counted: int | None


@dataclass(frozen=True)
class Found:
    """All that was found when it was quiet."""

    orders: Sequence[Order]
    rows: Sequence[Row]
    entries: Sequence[Entry]
    handed: Sequence[Handed]
    unmatched: Sequence[tuple[str, str]]
    owed: Sequence[Owed]
    ledger: Sequence[Sent]
    crooked: Sequence[str] = ()
    left: Mapping[str, int] = field(default_factory=dict)
