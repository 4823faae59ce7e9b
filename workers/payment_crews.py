"""Asks operators for payments, and about payments. The order is the promise: claim, one request, what came of it.

- The claim is committed before the request, and from there on the payment is in doubt: nobody asks for it again.
- Only what was certainly not sent is given back, by us, under our token. All else is asked about until it is settled.
- An operator that does not answer is left alone for a while; the others go on.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from secrets import randbits
from time import monotonic

import structlog
from sqlalchemy import Connection

from config import facts
from config.jobs import SEND_READY
from gateway.crash_points import reached
from gateway.payments.port import NeverSeen, Operator, Pending, Refused, Status, Taken, Wanted
from gateway.payments.settling import ABSENT, Settling
from gateway.providers.port import NotSent, Unknown
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import wake
from models import payment_steps
from models.database import DatabaseAway
from models.days import day_of
from models.payment_steps import Question, Request
from models.payments import ASKED, UNKNOWN
from workers.crew import Crew
from workers.pauses import Pause

log = structlog.get_logger(__name__)

FIGURE = "ramu_payments"
"""The figure of payments, by what became of a request or of a question."""

SPARE_SECONDS = 10.0
"""A lease is so much longer than a request."""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 120.0
"""Seconds until what was not sent is tried again, doubling."""

JITTER = SystemRandom()
"""So that what failed together is not tried again together."""

PAYMENTS = "payments"
"""What the threads work on."""

Operators = Mapping[str, Operator]
Pauses = Mapping[str, Pause]


class PaymentCrew(Crew):
    """Threads that speak to operators. `pauses`: of each operator, shared by who asks for and who asks about."""

    def __init__(self, desk: Runtime, operators: Operators, pauses: Pauses) -> None:
        super().__init__(desk.database, desk.settings.payments_at_once)
        self._desk = desk
        self._settling = Settling(desk)
        self._operators = operators
        self._pauses = pauses
        self._lease = desk.settings.money_seconds + SPARE_SECONDS

    def _send_one(self, lane: str) -> bool:
        """One request, of whichever operator has something waiting and answers; whether there was one."""
        # In any order: a long queue of one operator holds up no other.
        return any(self._one_of(code) for code in JITTER.sample(list(self._operators), len(self._operators)))

    def _one_of(self, code: str) -> bool:
        pause = self._pauses[code]
        if not pause.lets_through():
            return False
        try:
            done = self._next(code)
        except BaseException:
            pause.unused()
            raise
        if not done:
            pause.unused()
        return done

    @abstractmethod
    def _next(self, code: str) -> bool:
        """From claim to outcome; whether there was something."""

    def _unclaim(self, conn: Connection, token: int, seconds: float, why: str) -> None:
        payment_steps.give_back(conn, token, seconds, why)

    def _failed(self, code: str, why: str, *, stop: bool = False) -> None:
        if self._pauses[code].failed(stop=stop):
            log.error("an operator is left alone for a while", operator=code, why=why, stop=stop)

    def _told(self, word: str) -> None:
        """Counts what came of it, and has the receipts sent."""
        tally(self._desk.redis, FIGURE, word)
        wake(self._desk.redis, SEND_READY)


class Asking(PaymentCrew):
    """Asks for what is ASKED."""

    def _next(self, code: str) -> bool:
        began = monotonic()
        request = self._claimed(code)
        if request is None:
            return False
        self._start(PAYMENTS)
        if request.payer is None or self._too_old(request):
            self._pauses[code].unused()
            give_up(self._desk, self._settling, request.payment_id, request.token)
        elif monotonic() - began > SPARE_SECONDS / 2:
            # The machine slept: the lease may be over before the operator has answered.
            self._pauses[code].unused()
            self._give_back(request.token, 0, "held up before the request")
        else:
            wanted = Wanted(request.order_id, request.reference, request.payer, request.amount)
            self._write_down(code, request, self._outcome(code, wanted))
        return True

    def _claimed(self, code: str) -> Request | None:
        token = randbits(63)
        try:
            with self._desk.database.begin(durable=True) as conn:
                request = payment_steps.claim(conn, self._desk.keys, code, token, self._lease)
                reached(51)
        except DatabaseAway:
            # It may have been committed all the same; nothing was asked, and we are the ones who know.
            self._unsent.append(token)
            raise
        if request:
            reached(52)
        return request

    def _too_old(self, request: Request) -> bool:
        return request.asked_at < asked_before(self._desk)

    def _outcome(self, code: str, wanted: Wanted) -> Taken | Refused | NotSent | Unknown:
        """The one request. No connection to the database is held meanwhile."""
        try:
            outcome = self._operators[code].request(wanted)
        except Exception as error:  # the port promises not to raise; what did may have been sent
            log.exception("an operator's adapter raised")
            return Unknown(f"the adapter failed: {type(error).__name__}")
        reached(53)
        return outcome

    def _write_down(self, code: str, request: Request, outcome: Taken | Refused | NotSent | Unknown) -> None:
        if isinstance(outcome, NotSent):
            self._failed(code, outcome.why, stop=outcome.stop)
            doubling = min(FIRST_PAUSE * 2 ** min(request.claims - 1, 10), LONGEST_PAUSE)
            pause = max(doubling * JITTER.uniform(0.8, 1.2), outcome.retry_after or 0)
            self._give_back(request.token, pause, outcome.why)
            self._told("not sent")
            return
        if isinstance(outcome, Unknown):
            self._failed(code, outcome.why)
        else:
            self._pauses[code].went()
        with self._desk.database.begin() as conn:
            word = self._came(conn, request, outcome)
            reached(54)
        reached(55)
        self._told(word)

    def _came(self, conn: Connection, request: Request, outcome: Taken | Refused | Unknown) -> str:
        """What came of a request, in a transaction; a callback may have settled it before."""
        soon = self._settling.pause(0)
        if isinstance(outcome, Taken):
            payment_steps.taken(conn, request.token, outcome.provider_ref, soon)
            return "taken"
        if isinstance(outcome, Unknown):
            log.warning("a payment is in doubt", payment=request.payment_id, why=outcome.why)
            payment_steps.later(conn, request.token, soon, outcome.why)
            return "in doubt"
        held = payment_steps.hold_payment(conn, self._desk.keys, request.payment_id)
        if held and held.token == request.token and held.state == UNKNOWN:
            self._settling.refuse(conn, held, self._desk.clock(), outcome.reason)
        return "refused"


class Querying(PaymentCrew):
    """Asks about what is in doubt, what is under way, and what an operator contradicted."""

    def _next(self, code: str) -> bool:
        with self._desk.database.begin() as conn:
            question = payment_steps.claim_question(conn, code, randbits(63), self._lease)
        if question is None:
            return False
        self._start(PAYMENTS)
        status = self._status(code, question)
        if isinstance(status, Unknown):
            self._failed(code, status.why)
        else:
            self._pauses[code].went()
        with self._desk.database.begin() as conn:
            word = self._settling.answered(conn, question, status, self._desk.clock())
        reached(58)
        self._told(word)
        return True

    def _status(self, code: str, question: Question) -> Status:
        try:
            status = self._operators[code].status(question.order_id)
        except Exception as error:  # as above; it is asked about again
            log.exception("an operator's adapter raised")
            return Unknown(f"the adapter failed: {type(error).__name__}")
        if not isinstance(status, Pending | NeverSeen | Unknown):
            reached(56)
        return status


def asked_before(desk: Runtime) -> datetime:
    """What was asked for before that moment and could not be asked of the operator is given up."""
    now = desk.clock()
    return now - timedelta(minutes=int(facts.parameter("payment_ask_minutes", day_of(now))))


def give_up(desk: Runtime, settling: Settling, payment_id: int, token: int | None = None) -> bool:
    """Refuse a payment that the operator was certainly never asked for, and tell the payer; whether it was so.

    `token`: of who claimed it, and asked for nothing.
    """
    with desk.database.begin() as conn:
        held = payment_steps.hold_payment(conn, desk.keys, payment_id)
        ours = held and token is not None and held.token == token and held.state == UNKNOWN
        if held is None or not (held.state == ASKED or ours):
            return False
        settling.refuse(conn, held, desk.clock(), ABSENT)
    return True
