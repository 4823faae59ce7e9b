"""One SMS in, one answer out: what was said, what the phone was asked before, the command, and how mistakes escalate.

Nothing is sent or written here: the answer's text and what is to be done go back to who called (`Reply`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flows.context import Context
from flows.effects import Effect, Missed, Remembered, VisitCodeIssued
from flows.sms import (
    campaigning,
    collecting,
    complaints,
    contributing,
    day,
    depositing,
    done,
    enrolling,
    filing,
    grammar,
    helping,
    overseeing,
    own,
    rights,
    searching,
    staffing,
    stopping,
    till,
    verify,
    visits,
)
from flows.sms.grammar import Said
from flows.sms.talk import CHOICES, COMMANDS, Answer, Declined, Missing, Mistake, Talk
from flows.sms.thread import Partial, Thread
from flows.sms.writing import one_segment
from models import threads

FAMILIES = (
    campaigning,
    collecting,
    complaints,
    contributing,
    day,
    depositing,
    enrolling,
    filing,
    helping,
    overseeing,
    own,
    rights,
    searching,
    staffing,
    stopping,
    verify,
    visits,
)
"""Every module of commands: a command is known once its module is imported."""

REPLIES = {"CHOICE", "OK", "YES", "NOT_HOLDER"}
"""Words that answer a question when there is one: a digit, OK, OUI, and NON without a number."""

FITS = {
    "act": {"UNKNOWN", "CHOICE"},
    "number": {"NUMBERS"},
    "code": {"NUMBERS"},
    "phone": {"NUMBERS"},
    "words": {"UNKNOWN"},
    "amount": {"UNKNOWN", "NUMBERS"},
    "sex": {"UNKNOWN", "SHEET"},
}
"""What a half said command wants, to the readings of the next message that complete it."""

TOO_MANY_MISTAKES = 3

CODE_LENGTH = 6
"""Digits of a visit code or of a centre's, which are too few for a card."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The one answer: its text, final, one segment; and what is to be done in the transaction that owes it."""

    text: str
    effects: tuple[Effect, ...]


def reply(text: str, context: Context) -> Reply:
    """The answer to one SMS. Raises models.database.DatabaseAway."""
    thread = Thread.decode(threads.load(context.db, context.keys, context.phone, context.now))
    talk = Talk(_said(text, thread, context.today), context, thread)
    try:
        answer = _answered(talk)
        text, effects, then = answer.text, answer.effects, Thread(question=answer.question)
    except Declined as declined:
        text, effects, then = declined.text, declined.effects, Thread(question=declined.question)
    except Missing as missing:
        text = talk.t(
            "E21 lu: {read}. Envoyez seulement: {send}. Reste garde 24 h.",
            read=missing.shown,
            send=missing.send,
        )
        effects, then = (), Thread(partial=Partial(missing.read, missing.wants))
    except Mistake as mistake:
        (text, then), effects = _escalated(talk, mistake), ()
    then = replace(then, approvals=talk.approvals, at=int(context.now.timestamp()))
    if replace(then, at=thread.at) != thread:
        effects = (Remembered(then.encode()), *effects)
    return Reply(one_segment(text), _in_order_of_locks(effects))


def _in_order_of_locks(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Codes by person, so that two batches never wait for each other; a miss, which holds the whole country, last."""
    return tuple(sorted(effects, key=_lock))


def _lock(effect: Effect) -> tuple[bool, int]:
    return isinstance(effect, Missed), effect.person_id if isinstance(effect, VisitCodeIssued) else 0


def _said(text: str, thread: Thread, today: date) -> Said:
    """What was said, joined to the command that was left half said when it is no command of its own."""
    said, partial = grammar.parse(text, today), thread.partial
    if partial is None or said.word not in FITS[partial.wants]:
        return said
    if partial.wants == "code" and [len(number) for number in said.numbers] != [CODE_LENGTH]:
        return said  # a card's number is the next patient, whatever was left half said
    return grammar.parse(f"{partial.read} {text}", today)


def _answered(talk: Talk) -> Answer:
    question, said = talk.thread.question, talk.said
    if (answer := till.answered(talk)) is not None:
        return answer
    if said.word in ("YES", "NOT_HOLDER") and (answer := staffing.answered(talk)) is not None:
        return answer
    if said.word == "CHOICE" and (answer := helping.of_visit(talk)) is not None:
        return answer
    if said.word == "OK" and (answer := done.said_ok(talk)) is not None:
        return answer
    if said.word == "NUMBERS" and (answer := filing.handed_over(talk)) is not None:
        return answer
    if question is not None and _is_reply(said):
        return CHOICES[question.kind](talk, _short(said), question.args)
    return COMMANDS[said.word](talk)


def _is_reply(said: Said) -> bool:
    return said.word in REPLIES and (said.word != "NOT_HOLDER" or not said.args)


def _short(said: Said) -> str:
    """The reply in one word: the digit, OK, OUI or NON."""
    return {"OK": "OK", "YES": "OUI", "NOT_HOLDER": "NON"}.get(said.word) or said.args[0]


def _escalated(talk: Talk, mistake: Mistake) -> tuple[str, Thread]:
    """First the fault with an example, then the smallest thing to send, then numbers alone and an offer to be called.

    The question that was asked stays open: a wrong answer to it is no reason to ask for everything again.
    """
    count = talk.thread.mistakes + 1
    if count >= TOO_MANY_MISTAKES:
        text, question = helping.third(talk)
        return text, Thread(question=question, mistakes=count, stuck=talk.context.phone.e164)
    kept = replace(talk.thread, mistakes=count)
    if count > 1 and mistake.smallest:
        return talk.t("{code} Envoyez seulement: {send}.", code=mistake.text[:3], send=mistake.smallest), kept
    return mistake.text, kept
