"""A provider for tests: it does what it is told, and its ledger is the truth about what was really sent."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from config.sms_codes import ACCEPTED
from gateway.providers import Answered, Outcome, Recipient
from models.identifiers import Msisdn

Say = Callable[[str, Sequence[Msisdn]], Outcome]


@dataclass
class Outside:
    """Accepts everything unless `say` answers instead; each text it was asked to send is a line of its ledger."""

    ledger: Path
    say: Say | None = None
    name: str = "outside"
    most: int = 100
    _lock: Lock = field(default_factory=Lock)

    def send(self, text: str, to: Sequence[Msisdn]) -> Outcome:
        """Writes the ledger, then answers."""
        with self._lock, open(self.ledger, "a") as ledger:
            ledger.writelines(f"{number.e164} {text}\n" for number in to)
            ledger.flush()
            os.fsync(ledger.fileno())
        return self.say(text, to) if self.say else accepted(text, to)

    def close(self) -> None:
        """Nothing is kept open."""

    @property
    def sent(self) -> Counter[str]:
        """How often each number and text was sent."""
        return Counter(self.ledger.read_text().splitlines()) if self.ledger.exists() else Counter()


def accepted(text: str, to: Sequence[Msisdn]) -> Answered:
    """Each number is accepted, under an id made of number and text."""
    return Answered(
        tuple(Recipient(one, True, f"id-{one.e164}-{text}", ACCEPTED, "XOF 15.0000") for one in to)
    )


def refused(code: str) -> Say:
    """Each number is refused."""
    return lambda _text, to: Answered(tuple(Recipient(one, False, None, code, "") for one in to))


def always(outcome: Outcome) -> Say:
    """The same, whatever is asked."""
    return lambda _text, _to: outcome
