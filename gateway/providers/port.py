"""The port to whoever carries our SMS: what is asked of a provider, and the three things that can come of it.

No provider knows a reference of ours, so what is in doubt is said to be in doubt: only what was certainly not sent
may be tried again. Nothing here, and no `why`, holds a number, a text, a key or a word that a provider sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from models.identifiers import Msisdn

LONGEST_ID = 80
"""Characters of a provider's id that are kept. A longer one is not cut: two could then be the same."""

LONGEST_WORD = 24
"""Characters of a code and of a cost."""


class Recipient(NamedTuple):
    """What became of one number. `provider_id` is what its reports will name, if it was told.

    `code` is ACCEPTED or a word of REFUSALS (config.sms_codes). `cost` is a currency and an amount, `XOF 15.0000`,
    or empty.
    """

    number: Msisdn
    accepted: bool
    provider_id: str | None
    code: str
    cost: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The provider has certainly not taken the message: it may be tried again.

    `retry_after`: seconds that the provider asks to wait. `stop`: every message will meet the same until somebody
    corrects the account or the settings. `why`: a few words for the operator, at most 60 characters.
    """

    why: str
    retry_after: float | None = None
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The provider has answered for every number: `recipients` in the order in which they were asked."""

    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider may have taken the message or not. It is never sent again by a machine."""

    why: str


Outcome = NotSent | Answered | Unknown


class Provider(Protocol):
    """One provider. `name` is that of the settings; `most` is how many numbers one request may carry."""

    name: str
    most: int

    def send(self, text: str, to: Sequence[Msisdn]) -> Outcome:
        """Asks once, by at most one HTTP request, that `text` be sent to each number (no number twice).

        Never raises and never repeats; may be called by several threads. Takes `provider_seconds` at most once
        the provider's address is resolved, and writes nothing after that.
        """
        ...

    def close(self) -> None:
        """Closes the connections that were kept."""
        ...
