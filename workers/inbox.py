"""Answers the SMS that came in: each once, those of a phone in their order, with what it asks for in one transaction.

The conversation decides and reads; here it is carried out. A message is settled by the same transaction that owes its
answer, so that a crash anywhere leaves the question as it was, or answered. Of a phone that writes without end only
the answers are held back: an act that is told, a STOP, a complaint is never lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from random import Random
from time import monotonic

import structlog

from config.jobs import ANSWER_SMS, REQUEST_PAYMENTS, SEND_READY, TRANSACTIONAL
from flows.context import SMS, Context
from flows.effects import CallbackRequested, Effect, MessageOwed, PaymentAsked
from flows.sms import confirming, conversation
from flows.sms.confirming import Given
from flows.sms.conversation import Reply
from gateway.answered import Answered
from gateway.crash_points import reached
from gateway.intake import HELD as FIGURE
from gateway.intake import Intake
from gateway.loop_guard import TOO_MANY, UNREADABLE, WINDOW, LoopGuard
from gateway.outbox import apply
from gateway.runtime import Runtime
from gateway.spool import REFUSALS
from gateway.tallies import tally
from gateway.wake import awake, wake
from models import collectors, inbound, messages, staff
from models.database import Connection, DatabaseAway
from models.identifiers import BadMsisdn, Msisdn
from models.inbound import ANSWERED, HELD, Inbound
from models.keyring import KeyRingError
from models.locks import Overtaken
from workers import sending
from workers.desk import runtime
from workers.standby import Standby, standby

log = structlog.get_logger(__name__)

KIND = "sms_answer"
"""The kind of these messages: what the loop guard counts."""

CONFIRMATION = "confirmation"
"""The kind of those that follow an answer from a copy of the register: nobody asked for them."""

BATCH = 20

WORK_SECONDS = 2.0
"""Then the worker's other jobs have their turn; what still waits is asked for again."""

ATTEMPTS = 5
"""How often an answer that was overtaken is worked out again."""

SORRY = (
    "Votre SMS n'a pas pu etre traité. Un agent vous appelle (8h-18h). Carte: envoyez le numéro seul. Ref {}"
)

SORRIES = "ramu_apologies"
"""The figure of messages that were answered by an apology."""

Conversation = Callable[[str, Context], Reply]


def answer_waiting() -> int:
    """The job: answers what waits; how many."""
    return answer_inbox(runtime(), stand_in=standby(), send=sending.begin)


def answer_inbox(
    desk: Runtime,
    reply: Conversation = conversation.reply,
    stand_in: Standby | None = None,
    send: Callable[[], None] | None = None,
) -> int:
    """Stores what was spooled, then settles what waits, for about WORK_SECONDS; how many messages.

    When the database is away they wait; what `stand_in` may answer from a copy of it is answered provisionally.
    `send` is called when an answer is owed; by default the job that sends is asked for.
    """
    awake(desk.redis, ANSWER_SMS)
    stand_in = stand_in or Standby(desk)
    send = send or partial(wake, desk.redis, SEND_READY)
    inbox = Inbox(desk, reply, send)
    settled = 0
    try:
        Intake(desk).replay(stand_in.bring_over)
        # Not before: after a long outage storing takes longer than that, and nobody would be answered.
        until = monotonic() + WORK_SECONDS
        while monotonic() < until and (now := inbox.settle_some()):
            settled += now
        if monotonic() >= until:
            wake(desk.redis, ANSWER_SMS)
    except DatabaseAway as away:
        log.warning("messages wait", reason=str(away))
        if away.outage:
            settled += stand_in.answer(WORK_SECONDS)
    return settled


def store_spooled(desk: Runtime) -> int:
    """What a worker does first: stores what was spooled while nobody worked; how many. Without the database: none."""
    try:
        return Intake(desk).replay(Standby(desk).bring_over)
    except REFUSALS as fault:
        log.warning("spooled callbacks wait", reason=type(fault).__name__)
        return 0


class Inbox:
    """The messages that wait, and how each is settled: answered, or held with why."""

    def __init__(self, desk: Runtime, reply: Conversation, send: Callable[[], None]) -> None:
        self._desk = desk
        self._reply = reply
        self._send = send
        self._guard = LoopGuard(desk.settings)
        self._answered = Answered(desk.settings.data_folder)

    def settle_some(self) -> int:
        """Settles the oldest message of some phones; how many. Raises DatabaseAway."""
        found = list(inbound.waiting(self._desk.database.reader(), BATCH))
        # Workers that look at the same moment would else walk side by side and do everything twice.
        Random().shuffle(found)  # nosec B311
        return sum(self.settle(message) for message in found)

    def settle(self, message: Inbound) -> bool:
        """Settles one message; False when another worker did. Raises DatabaseAway."""
        if not inbound.waits(self._desk.database.reader(), message.inbound_id):
            return False
        try:
            phone = Msisdn(message.sender(self._desk.keys))
            text = message.text(self._desk.keys)
        except (KeyRingError, BadMsisdn):
            log.error("a message cannot be read", inbound=message.inbound_id)
            return self._hold(message, UNREADABLE)
        # What a copy told must be settled, however much there is of it: its own guard let it through.
        given = None if message.provisional is None else Given.decode(message.provisional)
        held = TOO_MANY if given is None and self._writes_without_end(phone) else None
        context = self._context(message, phone, given)
        for _ in range(ATTEMPTS):
            try:
                answer = self._reply(text, context)
                if given is not None:
                    answer = confirming.settled(answer, given, context)
                return self._answer(message, context, answer, held)
            except Overtaken:
                # Between the look and the commit somebody did what makes the answer wrong.
                continue
            except DatabaseAway:
                raise
            except Exception:
                log.exception("a message failed", inbound=message.inbound_id)
                break
        return self._apologise(message, context, held)

    def _writes_without_end(self, phone: Msisdn) -> bool:
        reader, keys, now = self._desk.database.reader(), self._desk.keys, self._desk.clock()
        answers = messages.count_to(reader, keys, phone, now - WINDOW, KIND)
        if not self._guard.too_many(answers):
            return False
        nurse = staff.of_phone(reader, keys, phone, now)
        # On a market day a collector writes a receipt a minute.
        collector = None if nurse else collectors.of_phone(reader, keys, phone, now)
        at_work = (nurse is not None and nurse.active) or (collector is not None and collector.active)
        return self._guard.too_many(answers, staff=at_work)

    def _context(self, message: Inbound, phone: Msisdn, given: Given | None) -> Context:
        desk, code = self._desk, self._desk.settings.service_code
        if given is None:
            return desk.context(phone, code, message.once, desk.clock(), channel=SMS)
        # It may have come to the register as well, and be answered: what is done now has a key of its own.
        seed = blake2b(CONFIRMATION.encode(), key=message.once, digest_size=16).digest()
        return confirming.surroundings(desk.context(phone, code, seed, desk.clock(), channel=SMS), given)

    def _answer(self, message: Inbound, context: Context, answer: Reply, held: str | None) -> bool:
        """The effects, the answer and the end of the question in one transaction. Raises Overtaken, DatabaseAway.

        `held` is why the answer is not owed, and nothing else to who wrote; None: it is.
        """
        effects = _not_to_the_sender(answer.effects) if held else answer.effects
        with self._desk.database.begin() as conn:
            state = HELD if held else ANSWERED
            if not inbound.settle(conn, message.inbound_id, state, held, context.now):
                return False
            self._answered.note(message.once, context.now)
            apply(conn, effects, context)
            if not held:
                self._owe(conn, message, context, answer.text)
            reached(15)
        reached(16)
        if held:
            tally(self._desk.redis, FIGURE, held)
        self._send()
        if any(isinstance(effect, PaymentAsked) for effect in effects):
            wake(self._desk.redis, REQUEST_PAYMENTS)
        return True

    def _owe(self, conn: Connection, message: Inbound, context: Context, text: str) -> None:
        messages.owe(
            conn,
            self._desk.keys,
            to=context.phone,
            text=text,
            kind=KIND if message.provisional is None else CONFIRMATION,
            lane=TRANSACTIONAL,
            once=(b"answer:" if message.provisional is None else b"confirmed:") + message.once,
            now=context.now,
        )

    def _apologise(self, message: Inbound, context: Context, held: str | None) -> bool:
        """Nobody's question is lost by our fault: a person will call. Raises DatabaseAway."""
        reference = context.reference()
        sorry = SORRY.format(reference)
        call = CallbackRequested(reference, "JOURNEE", "SMS sans réponse", "fr")
        tally(self._desk.redis, SORRIES, "fault")
        try:
            return self._answer(message, context, Reply(sorry, (call,)), held)
        except Overtaken:
            # Somebody calls this phone already.
            return self._answer(message, context, Reply(sorry, ()), held)

    def _hold(self, message: Inbound, why: str) -> bool:
        with self._desk.database.begin() as conn:
            now = self._desk.clock()
            held = inbound.settle(conn, message.inbound_id, HELD, why, now)
            if held:
                self._answered.note(message.once, now)
        if held:
            tally(self._desk.redis, FIGURE, why)
        return held


def _not_to_the_sender(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """What is done, and what others are told."""
    return tuple(one for one in effects if not isinstance(one, MessageOwed) or one.to is not None)
