"""The port to whoever moves mobile money: what is asked of an operator, and what can come of it.

The order is the idempotency key: an operator that has taken it once takes it no second time. All the same nothing that
is in doubt is sent again; it is asked about. No `why` here holds a number, a key or a word that an operator sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.providers.port import NotSent, Unknown
from models.identifiers import Msisdn
from models.payment_callbacks import Told


@dataclass(frozen=True, slots=True)
class Wanted:
    """One payment to ask for: `amount` FCFA of `payer`; `reference` is what she was told."""

    order_id: str
    reference: str
    payer: Msisdn
    amount: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The operator has the request, and asks the person for her secret code. `provider_ref`: its own name of it."""

    provider_ref: str | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The money has moved: `amount` FCFA when the operator says how much."""

    amount: int | None = None
    provider_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """No money moves. `reason`: a word of config/rules/payment_reasons.csv."""

    reason: str
    provider_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The operator waits for the person."""


@dataclass(frozen=True, slots=True)
class NeverSeen:
    """The operator says that it knows of no such order."""


Asked = Taken | Refused | NotSent | Unknown
Status = Confirmed | Refused | Pending | NeverSeen | Unknown


class BadCallback(ValueError):
    """A callback that cannot be read. The message says what is wrong, in words of ours."""


class Operator(Protocol):
    """One operator; `code` is OM or MOOV. May be used by several threads; never raises but where it says so."""

    code: str

    def request(self, wanted: Wanted) -> Asked:
        """Asks once, by at most one HTTP request, that a person pay. Takes `money_seconds` at most."""
        ...

    def status(self, order_id: str) -> Status:
        """Asks what became of an order."""
        ...

    def signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether the operator wrote this callback; in constant time. Names of headers in small letters."""
        ...

    def told(self, body: bytes) -> tuple[Told, str]:
        """What a callback says, and its reason when it refuses. Raises BadCallback."""
        ...

    def close(self) -> None:
        """Closes the connections that were kept."""
        ...
