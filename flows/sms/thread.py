"""What a phone and we were talking about: the question it may answer with a digit, what it left half said, mistakes.

Kept for a day as a small sealed JSON record (`models.threads`), so that the next SMS can be short.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

VERSION = 1
"""Version of the record's shape; a record of another version is forgotten, and the person asked again."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked last: a kind of `flows.sms.choices`, with what the answer needs (small JSON values)."""

    kind: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partial:
    """A command of which something is missing: what was read, as it could be sent again, and the kind that it wants."""

    read: str
    wants: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A chief's yes that is waited for: the `code` that was sent to her, and what it lets be done with a phone.

    It outlives other messages, so that two requests at once do not lose one another; `tries` are wrong codes.
    """

    phone: str
    facility: int
    code: str
    remove: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Thread:
    """The record. `mistakes` counts messages in a row that were not understood; `stuck` is the phone (E.164) of who
    made too many, so that the help desk finds her; `at` is the second (Unix time) of the last message.
    """

    question: Question | None = None
    partial: Partial | None = None
    mistakes: int = 0
    stuck: str = ""
    approvals: tuple[Approval, ...] = ()
    at: int = 0

    def encode(self) -> str:
        """The record as JSON."""
        record: dict[str, Any] = {"v": VERSION, "mistakes": self.mistakes}
        if self.question:
            record["question"] = [self.question.kind, self.question.args]
        if self.partial:
            record["partial"] = [self.partial.read, self.partial.wants]
        if self.stuck:
            record["stuck"] = self.stuck
        if self.approvals:
            record["approvals"] = [asdict(one) for one in self.approvals]
        if self.at:
            record["at"] = self.at
        return orjson.dumps(record).decode()

    @classmethod
    def decode(cls, record: str | None) -> Thread:
        """The thread in a record; an empty one when there is none or when this version cannot read it."""
        if record is None:
            return cls()
        try:
            found = orjson.loads(record)
            if found["v"] != VERSION:
                return cls()
            question, partial = found.get("question"), found.get("partial")
            return cls(
                question=Question(question[0], question[1]) if question else None,
                partial=Partial(partial[0], partial[1]) if partial else None,
                mistakes=int(found["mistakes"]),
                stuck=str(found.get("stuck", "")),
                approvals=tuple(Approval(**one) for one in found.get("approvals", ())),
                at=int(found.get("at", 0)),
            )
        except (ValueError, KeyError, TypeError, IndexError):
            return cls()
