"""Verifications that are asked by SMS, and the answers in the provider's own ledger, in time."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

from gateway.simulated.ledger import NAME
from tests.bench.receipts import nurse, receipt

UNKNOWN_EVERY = 50
"""One question in so many is about a receipt that nobody holds: a miss, which all centres' misses wait for."""

STEP = 7_919
"""From one receipt to the next: far apart in the register, so that nothing is read ahead. A prime."""

LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Question:
    """One SMS: from which phone, in E.164, and whether its receipt is in the register."""

    phone: str
    number: str
    known: bool
    form: str

    def is_answered_by(self, text: str) -> bool:
        """Whether these words answer it."""
        return text.startswith("OK RAMED" if self.known else f"E12 {self.number}")


class Asking:
    """Makes questions, each new: nurse after nurse, receipts from all over the register."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._places = count()
        self._run = os.urandom(4).hex()

    def some(self, how_many: int) -> list[Question]:
        """The next questions."""
        return [self._one(next(self._places)) for _ in range(how_many)]

    def _one(self, place: int) -> Question:
        known = place % UNKNOWN_EVERY != UNKNOWN_EVERY - 1
        number = receipt(place * STEP % self._people + (0 if known else self._people))
        told = {
            "date": "2026-11-22 10:00:00",
            "from": nurse(place),
            "id": f"{self._run}-{place}",
            "text": number,
            "to": "36212",
            "networkCode": "99999",
        }
        return Question(nurse(place), number, known, urlencode(told))


@dataclass(slots=True)
class Answers:
    """The ledger of the simulated provider: what each phone was sent, and when the request came (Unix time).

    `phones`: how the numbers begin whose answers count; messages to `others` are only counted.
    """

    folder: Path
    phones: str = ""
    others: int = 0
    by_phone: defaultdict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    _read: int = 0

    def look(self) -> None:
        """Reads what was written since."""
        file = self.folder / NAME
        if not file.exists():
            return
        with file.open("rb") as ledger:
            ledger.seek(self._read)
            new = ledger.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            told = json.loads(line)
            if not told["to"].startswith(self.phones):
                self.others += 1
                continue
            came = datetime.fromisoformat(told["at"]).timestamp()
            self.by_phone[told["to"]].append((came, told["text"]))
            self.count += 1

    def wait_for(self, how_many: int, seconds: float) -> bool:
        """Until there are so many in all; whether there are in time."""
        until = monotonic() + seconds
        while self.count < how_many and monotonic() < until:
            sleep(LOOK_SECONDS)
            self.look()
        return self.count >= how_many


@dataclass(frozen=True, slots=True)
class Found:
    """How questions were answered: seconds of each that was, how many were wrong, missing, or answered again."""

    seconds: tuple[float, ...]
    wrong: int
    missing: int
    again: int

    @property
    def each_once(self) -> bool:
        """Whether every question has the one answer that it should have."""
        return not (self.wrong or self.missing or self.again)


def matched(
    asked: Sequence[tuple[float, Question]], sent: dict[str, list[tuple[float, str]]], earlier: dict[str, int]
) -> Found:
    """Each question with the answer to it: those of a phone are in its order, after the `earlier` ones."""
    waiting = defaultdict(list)
    for at, question in asked:
        waiting[question.phone].append((at, question))
    seconds, wrong, missing, again = [], 0, 0, 0
    for phone, questions in waiting.items():
        answers = sent.get(phone, [])[earlier.get(phone, 0) :]
        missing += max(0, len(questions) - len(answers))
        again += max(0, len(answers) - len(questions))
        for (at, question), (came, text) in zip(questions, answers, strict=False):
            seconds.append(came - at)
            wrong += not question.is_answered_by(text)
    return Found(tuple(seconds), wrong, missing, again)


def waiting_at(moments: Iterable[float], asked: Sequence[float], came: Sequence[float]) -> list[int]:
    """How many questions were asked and not answered yet at each moment."""
    return [sum(at <= moment for at in asked) - sum(at <= moment for at in came) for moment in moments]
