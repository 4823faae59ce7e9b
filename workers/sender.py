"""Sends what is READY: claim, one request, journal, outcome. The order of these four is the whole promise.

- The claim is committed before the request, and a claim is never sent twice: at most one request for a chunk.
- What the provider answered is on the disk before it goes to the database, so that no crash forgets it.
- Only what was certainly not sent is given back, by us, under our token. All else is UNKNOWN, and listed.
"""

from __future__ import annotations

from datetime import timedelta
from random import SystemRandom
from secrets import randbits
from time import monotonic

import structlog

from config.message_kinds import MONEY, REMINDERS, SMS, STAFF, SYSTEM, USSD
from config.settings import Settings
from config.sms_codes import OUT_OF_CREDIT
from gateway.crash_points import reached
from gateway.journal import Entry, Journal
from gateway.providers import Answered, NotSent, Outcome, Provider, Unknown
from gateway.runtime import Runtime
from gateway.tallies import tally
from models import reports, sending
from models.caps import Caps
from models.connections import ALREADY_THERE
from models.database import DatabaseAway
from models.sending import Settled, Taken
from workers.crew import Crew
from workers.pauses import Pause

log = structlog.get_logger(__name__)

FIGURE = "ramu_sms"
"""The figure of messages, by what became of them: a code of the port or of `models.caps`, or a word below."""

IN_DOUBT, NOT_SENT = "EN_DOUTE", "NON_ENVOYE"

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
"""Seconds until what was not sent is tried again, doubling."""

JITTER = SystemRandom()
"""So that what failed together is not tried again together."""

SPARE_SECONDS = 5.0
"""A lease is at least so much longer than a request."""


def caps_of(settings: Settings) -> Caps:
    """The caps of this installation."""
    endpoints = {
        USSD: settings.cap_ussd,
        SMS: settings.cap_sms,
        STAFF: settings.cap_staff,
        SYSTEM: settings.cap_system,
        MONEY: settings.cap_money,
        REMINDERS: settings.cap_reminders,
    }
    oldest = timedelta(hours=settings.send_within_hours)
    return Caps(settings.outgoing_prefixes, settings.cap_number, endpoints, settings.cap_day, oldest)


class Sender(Crew):
    """The sender of one process: `sends_at_once` threads, one provider, one pause for all."""

    def __init__(self, desk: Runtime, provider: Provider, pause: Pause | None = None) -> None:
        settings = desk.settings
        super().__init__(desk.database, settings.sends_at_once)
        self._desk = desk
        self._provider = provider
        self._pause = pause or Pause()
        self._journal = Journal(settings.data_folder)
        self._caps = caps_of(settings)
        self._lease = max(settings.lease_seconds, settings.provider_seconds + SPARE_SECONDS)
        self._fence = self._lease - settings.provider_seconds - 1

    def at(self, desk: Runtime) -> Sender:
        """A sender at another desk, with the same provider and the same pause."""
        return Sender(desk, self._provider, self._pause)

    def _send_one(self, lane: str) -> bool:
        """One chunk, from claim to outcome; whether there was one."""
        if not self._pause.lets_through():
            return False
        began = monotonic()
        taken = self._take(lane)
        if taken is None or not taken.sms:
            self._pause.unused()
            return taken is not None
        self._start(lane)
        if monotonic() - began > self._fence:
            # The machine slept: the lease may be over before the provider has answered.
            self._pause.unused()
            self._give_back(taken.claimed.token, 0, "held up before the request")
            return True
        self._settle(taken, self._asked(taken))
        return True

    def _take(self, lane: str) -> Taken | None:
        token = randbits(63)
        desk = self._desk
        try:
            with desk.database.begin(durable=True) as conn:
                taken = sending.take(conn, desk.keys, lane, token, self._lease, desk.clock(), self._caps)
                reached(21)
        except DatabaseAway:
            # It may have been committed all the same; nothing was sent, and we are the ones who know.
            self._unsent.append(token)
            self._pause.unused()
            raise
        reached(22)
        for word in taken.refused if taken else ():
            tally(desk.redis, FIGURE, word)
        return taken

    def _asked(self, taken: Taken) -> Outcome:
        """The one request. No connection to the database is held meanwhile."""
        try:
            outcome = self._provider.send(taken.sms[0].text, [sms.to for sms in taken.sms])
        except Exception as error:  # the port promises not to raise; what did may have been sent
            log.exception("a provider raised")
            return Unknown(f"the adapter failed: {type(error).__name__}")
        reached(23)
        if isinstance(outcome, Answered) and len(outcome.recipients) != len(taken.sms):
            return Unknown("the answer is not about what was asked")
        return outcome

    def _settle(self, taken: Taken, outcome: Outcome) -> None:
        if isinstance(outcome, Answered):
            self._answered(taken, outcome)
        elif isinstance(outcome, NotSent):
            self._not_sent(taken, outcome)
        else:
            self._doubted(taken, outcome)

    def _answered(self, taken: Taken, outcome: Answered) -> None:
        pairs = zip(taken.sms, outcome.recipients, strict=True)
        settled = tuple(
            Settled(sms.message_id, r.accepted, r.code, r.cost, r.provider_id) for sms, r in pairs
        )
        if any(one.code == OUT_OF_CREDIT for one in settled):
            self._failed(OUT_OF_CREDIT, stop=True)
        else:
            self._pause.went()
        entry = Entry(taken.claimed.chunk_id, taken.claimed.token, settled)
        try:
            path = self._journal.write(entry)
        except OSError as fault:
            log.error("the journal cannot be written", reason=fault.strerror)
            path = None
        reached(25)
        write_down(self._desk, entry, 26)
        reached(27)
        if path:
            self._journal.forget(path)
        reached(28)
        for one in settled:
            tally(self._desk.redis, FIGURE, one.code)

    def _not_sent(self, taken: Taken, outcome: NotSent) -> None:
        self._failed(outcome.why, stop=outcome.stop)
        tally(self._desk.redis, FIGURE, NOT_SENT, len(taken.sms))
        doubling = FIRST_PAUSE * 2 ** min(taken.claimed.claims - 1, 10)
        pause = min(doubling, LONGEST_PAUSE) * JITTER.uniform(0.8, 1.2)
        self._give_back(taken.claimed.token, max(pause, outcome.retry_after or 0), outcome.why)

    def _doubted(self, taken: Taken, outcome: Unknown) -> None:
        self._failed(outcome.why)
        claimed = taken.claimed
        log.warning("a message is in doubt", chunk=claimed.chunk_id, why=outcome.why)
        tally(self._desk.redis, FIGURE, IN_DOUBT, len(taken.sms))
        with self._desk.database.begin() as conn:
            sending.doubted(conn, claimed.chunk_id, claimed.token, outcome.why, self._desk.clock())

    def _failed(self, why: str, *, stop: bool = False) -> None:
        if self._pause.failed(stop=stop):
            log.error("the provider is left alone for a while", why=why, stop=stop)


def write_down(desk: Runtime, entry: Entry, point: int) -> bool:
    """The outcome, in one transaction that may be repeated; false when it was written before. Raises DatabaseAway.

    `point`: where it crashes on demand, before the commit.
    """
    try:
        return _write_down(desk, entry, point)
    except ALREADY_THERE:
        # The provider gave its id to another message, too, whose answer is written at this moment: now it is seen.
        return _write_down(desk, entry, point)


def _write_down(desk: Runtime, entry: Entry, point: int) -> bool:
    now = desk.clock()
    words = reports.words_on(now.date())
    with desk.database.begin() as conn:
        written = sending.answered(conn, entry.chunk_id, entry.token, entry.settled, now, words)
        reached(point)
    return written
