"""While the register is away its copy stands in: staff's verifications are answered from it, provisionally.

An SMS that waits on the disk is answered in the copy's own inbox, in one transaction, and sent by the same machine over
the copy's own tables. When the register is back, what was told is brought over before the SMS itself is stored; then
the register answers it, and confirms the code or takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic

import orjson
import structlog

from config.jobs import ANSWER_SMS, SEND_READY, TRANSACTIONAL
from flows.context import Context
from flows.sms import confirming, conversation
from flows.sms.conversation import Reply
from gateway.answered import Answered
from gateway.copies import Copies, Copy, opened
from gateway.crash_points import reached
from gateway.intake import INBOUND_ID, Incoming, Intake
from gateway.loop_guard import WINDOW, LoopGuard, written
from gateway.outbox import apply
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import wake
from models import chunks, copied_answers, inbound, messages, staff
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.locks import Overtaken
from workers import bringing
from workers.bringing import Record, answer_key
from workers.desk import runtime
from workers.sender import Sender

log = structlog.get_logger(__name__)

KIND = "copied_answer"
"""The kind of these messages: what the loop guard counts in a copy."""

FIGURE = "ramu_copied"
"""The figure of answers from copies, by what became of them."""

GIVEN, BROUGHT = "given", "brought"

ATTEMPTS = 5
"""How often an answer that was overtaken is worked out again."""


@cache
def standby() -> Standby:
    """This process's."""
    return Standby(runtime())


@dataclass(frozen=True, slots=True)
class _Question:
    """An SMS on the disk (`name`) that the copy may answer: when it came, its key, whose facility asks."""

    name: str
    message: Incoming
    at: datetime
    once: bytes
    facility_id: int
    context: Context


class Standby:
    """The copies of this machine: one stands in, older ones wait until the register was told what they did."""

    def __init__(self, desk: Runtime) -> None:
        self._desk = desk
        self._copies = Copies(desk.settings.data_folder)
        self._intake = Intake(desk)
        self._guard = LoopGuard(desk.settings)
        self._answered = Answered(desk.settings.data_folder)
        self._open: dict[Path, Copy] = {}
        self._closed: set[Path] = set()
        self._senders: dict[Path, Sender] = {}
        self._passed: set[str] = set()

    def copies(self) -> list[Copy]:
        """Every copy that can be opened, the oldest first."""
        folders = self._copies.names()
        for gone in self._open.keys() - set(folders):
            self._close(gone)
        for folder in folders:
            if folder not in self._open and folder not in self._closed:
                if copy := opened(self._desk, folder):
                    self._open[folder] = copy
                else:
                    self._closed.add(folder)
        return [self._open[folder] for folder in folders if folder in self._open]

    def current(self) -> Copy | None:
        """The copy that stands in now: the newest, unless it is too old."""
        oldest = self._desk.clock() - timedelta(days=self._desk.settings.copy_days)
        found = self.copies()
        return found[-1] if found and found[-1].made_at >= oldest else None

    def answer(self, seconds: float) -> int:
        """Answers what waits on the disk and may be answered from the copy, for so long; how many."""
        copy, until = self.current(), monotonic() + seconds
        if copy is None:
            return 0
        given = 0
        for name, record in self._intake.spool.look(self._passed):
            if monotonic() > until:
                wake(self._desk.redis, ANSWER_SMS)
                break
            given += self._consider(copy, name, record)
        return given

    def send(self, sender: Sender, lane: str) -> None:
        """Sends what copies owe, with the same provider, over each copy's own tables and journal."""
        for copy in self.copies():
            with copy.desk.database.begin(reading=True) as conn:
                waits = chunks.waits(conn, lane)
            if waits:
                if copy.folder not in self._senders:
                    self._senders[copy.folder] = sender.at(copy.desk)
                self._senders[copy.folder].turn(lane)

    def drain(self) -> None:
        """Waits until copies owe nothing more, and every request of theirs has ended."""
        for sender in self._senders.values():
            sender.drain()

    def bring_over(self) -> None:
        """Tells the register what the copies told, if it is back. Raises DatabaseAway."""
        if not self._desk.database.alive():
            # Nothing may be withdrawn from a copy that still stands in.
            raise DatabaseAway("it was asked before anything is brought over")
        self._passed.clear()
        for copy in self.copies():
            if brought := bringing.bring_over(self._desk, copy):
                log.info("answers of a copy are brought over", count=brought)
                tally(self._desk.redis, FIGURE, BROUGHT, brought)

    def holds_messages(self) -> bool:
        """Whether some copy has messages that the register does not know."""
        for copy in self.copies():
            with copy.desk.database.begin(reading=True) as conn:
                if copied_answers.holds_messages(conn):
                    return True
        return False

    def tidy(self) -> None:
        """Gives the register the messages that copies sent; old copies of which nothing is left go."""
        found = self.copies()
        try:
            for copy in found:
                bringing.bring_messages(self._desk, copy)
        except DatabaseAway as away:
            log.warning("messages of a copy wait", reason=str(away))
            return
        for copy in found[:-1]:
            self._remove_if_done(copy)

    def _remove_if_done(self, copy: Copy) -> None:
        # Nobody answers from it meanwhile: who does holds the spool, and looks whether the copy is there.
        with self._intake.spool.held(""), copy.desk.database.begin(reading=True) as conn:
            done = copied_answers.is_empty(conn)
            if done:
                self._copies.remove(copy.folder)
        if done:
            self._close(copy.folder)

    def _close(self, folder: Path) -> None:
        if sender := self._senders.pop(folder, None):
            sender.close()
        self._open.pop(folder).desk.database.dispose()

    def _consider(self, copy: Copy, name: str, record: bytes) -> bool:
        """Answers one record of the spool, if it is for the copy; what is not is passed by from now on."""
        question = self._question(copy, name, record)
        if question is None:
            self._passed.add(name)
            return False
        if self._guard.too_many(self._answers(copy, question.context.phone), staff=True):
            return False
        try:
            return self._answer(copy, question)
        except DatabaseAway as busy:
            log.warning("a copy is busy", reason=str(busy))
        except Exception:
            log.exception("a copy gave no answer")
            self._passed.add(name)
        return False

    def _question(self, copy: Copy, name: str, record: bytes) -> _Question | None:
        """What a record asks, when it is a verification of staff which the copy has not answered."""
        told = orjson.loads(record)
        if told["kind"] != Incoming.__name__:
            return None
        message = Incoming(**told["told"])
        number = written(message.sender)
        if number is None or self._guard.unanswerable(message.sender):
            return None
        once = self._desk.keys.index(message.provider_id, INBOUND_ID)
        if self._answered.has(once):
            # Delivered once more; the register has answered it, or was about to.
            return None
        context = bringing.surroundings(copy.desk, Msisdn(number), once, self._desk.clock(), copy)
        nurse = staff.of_phone(context.db, context.keys, context.phone, context.now)
        if nurse is None or not nurse.active or not nurse.facility.contracted:
            return None
        if copied_answers.is_answered(context.db, once) or not confirming.is_verification(
            message.text, context
        ):
            return None
        at = datetime.fromisoformat(told["at"])
        return _Question(name, message, at, once, nurse.facility.facility_id, context)

    def _answers(self, copy: Copy, phone: Msisdn) -> int:
        reader, since = copy.desk.database.reader(), self._desk.clock() - WINDOW
        return messages.count_to(reader, self._desk.keys, phone, since, KIND)

    def _answer(self, copy: Copy, question: _Question) -> bool:
        text, context = question.message.text, question.context
        for _ in range(ATTEMPTS):
            reply = confirming.of_copy(text, conversation.reply(text, context), context)
            if reply is None:
                break
            try:
                with self._intake.spool.held(question.name) as waits:
                    # Else the register is back and has it, or another copy stands in.
                    given = waits and copy.there and self._commit(copy, question, reply)
            except Overtaken:
                # Between the look and the commit another worker answered something from the same copy.
                continue
            if given:
                reached(42)
                tally(self._desk.redis, FIGURE, GIVEN)
                wake(self._desk.redis, SEND_READY)
            return given
        self._passed.add(question.name)
        return False

    def _commit(self, copy: Copy, question: _Question, reply: Reply) -> bool:
        """The question, what its answer does, and the answer, in one transaction of the copy. Raises Overtaken."""
        keys, context, once = self._desk.keys, question.context, question.once
        record = Record(context.now, question.facility_id, reply.effects)
        with copy.desk.database.begin(durable=True) as conn:
            if not inbound.take(
                conn,
                keys,
                once=once,
                sender=context.phone.e164,
                text=question.message.text,
                service_code=question.message.service_code,
                now=question.at,
            ):
                return False
            apply(conn, reply.effects, context)
            copied_answers.keep(conn, keys, once, record.encode(), context.now)
            messages.owe(
                conn,
                keys,
                to=context.phone,
                text=reply.text,
                kind=KIND,
                lane=TRANSACTIONAL,
                once=answer_key(once),
                now=context.now,
            )
            reached(41)
        return True
