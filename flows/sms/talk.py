"""One SMS and its answer: what a command is given, what it returns, and how it says that something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flows.ask import Ask
from flows.context import Context
from flows.effects import Effect
from flows.sms.grammar import Said
from flows.sms.thread import Question, Thread
from models import staff
from models.staff import Staff

DAY_SLOT = "JOURNEE"
"""When somebody calls back who asked by SMS."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says, does, and remembers as the question that the next digit answers."""

    text: str
    effects: tuple[Effect, ...] = ()
    question: Question | None = None


class Declined(Exception):
    """The message was understood and cannot be done; `text` says why, under an error code, and what to do.

    `effects` are done all the same: a wrong guess is counted.
    """

    def __init__(self, text: str, question: Question | None = None, effects: tuple[Effect, ...] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.question = question
        self.effects = effects


class Mistake(Exception):
    """The message was not understood. `text` names the fault with an example, `smallest` the least to send instead.

    Mistakes in a row are counted: the second is answered with `smallest`, the third with an offer to be called.
    """

    def __init__(self, text: str, smallest: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.smallest = smallest


class Missing(Exception):
    """A part of the command is missing: what was read is kept for a day, and only the rest need be sent.

    `read` is what was understood, as it could be sent again; `send` the words that ask for the rest; `wants` what
    completes it: number (a card), code (six digits), phone, act, sex, amount, or words. `shown` is `read` as people
    read it.
    """

    def __init__(self, read: str, send: str, wants: str, shown: str = "") -> None:
        super().__init__(read)
        self.read = read
        self.send = send
        self.wants = wants
        self.shown = shown or read


class Talk:
    """One message in its surroundings: the words of the phone's language, who sends it, what was asked before."""

    def __init__(self, said: Said, context: Context, thread: Thread) -> None:
        self.said = said
        self.context = context
        self.thread = thread
        self.ask = Ask(context, "fr", "GSM7")
        caller = self.ask.caller()
        self.ask.own = tuple({right.household_id for right in caller.rights})
        self.ask.speak(caller.language or "fr", caller.charset)
        self.approvals = thread.approvals
        self.staff: Staff | None = staff.of_phone(context.db, context.keys, context.phone, context.now)

    def t(self, text: str, **values: object) -> str:
        """`text` in the phone's language, its `{values}` filled in."""
        return self.ask.t(text, **values)

    @property
    def reference(self) -> str:
        """Six digits for the help desk, the same for the same message."""
        return self.context.reference()

    @property
    def nurse(self) -> Staff | None:
        """The member of staff whose phone this is, when it may act for a facility today."""
        return self.staff if self.staff is not None and self.staff.active else None

    def at_work(self) -> Staff:
        """The member of staff, or the way to become one. Raises Declined (E01)."""
        if self.nurse is None:
            raise Declined(
                self.t(
                    "E01 Ce telephone n'est lie a aucun centre. Chef de centre: ACT code code."
                    " Aide: repondez 1, on vous appelle."
                ),
                Question("callback", {"reason": "CENTRE"}),
            )
        return self.nurse

    def at_contracted(self) -> Staff:
        """The member of staff of a centre whose care is billed. Raises Declined (E01, E18)."""
        nurse = self.at_work()
        if not nurse.facility.contracted:
            raise Declined(
                self.t(
                    "E18 Ce centre n'a pas de convention: pas de code ni d'acte ici. Droits: DROITS numero"
                )
            )
        return nurse


Command = Callable[[Talk], Answer]
COMMANDS: dict[str, Command] = {}
"""Canonical word of the grammar to what it does."""


def command(*words: str) -> Callable[[Command], Command]:
    """Names the canonical words that a function answers. Raises ValueError when a word has its function already."""

    def named(function: Command) -> Command:
        for word in words:
            if word in COMMANDS:
                raise ValueError(f"two functions answer {word}")
            COMMANDS[word] = function
        return function

    return named


Choosing = Callable[[Talk, str, dict[str, Any]], Answer]
CHOICES: dict[str, Choosing] = {}
"""Kind of a question to what a digit, OK, OUI or NON answers; it gets the answer and the question's arguments."""


def answers(kind: str) -> Callable[[Choosing], Choosing]:
    """Names the kind of question that a function takes the answers of."""

    def named(function: Choosing) -> Choosing:
        CHOICES[kind] = function
        return function

    return named
