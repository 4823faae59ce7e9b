"""What an operator says of a payment becomes true here: the payment, the ledger and the receipts in one transaction.

What agrees with what is known changes nothing, however often it comes. A callback that contradicts a settled payment is
not believed by itself, for callbacks overtake each other: the operator is asked, and its answer moves the money.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from config import facts
from gateway.crash_points import reached
from gateway.payments.port import Confirmed, NeverSeen, Refused, Status
from gateway.payments.receipts import Receipts
from gateway.runtime import Runtime
from models import contributions, payment_callbacks, payment_steps
from models.days import day_of
from models.payment_callbacks import (
    NO_SUCH_MEMBERSHIP,
    NO_SUCH_ORDER,
    NOT_EXPLAINED,
    OTHER_AMOUNT,
    OTHER_OPERATOR,
    Told,
)
from models.payment_steps import Held, Question
from models.payments import (
    CONFIRMED,
    EXPIRED,
    NOTHING_TAKEN,
    OPEN,
    REFUSED,
    SENT,
    UNKNOWN,
)

log = structlog.get_logger(__name__)

NOT_RECEIVED, ABSENT, TAKEN_BACK = "NON_RECU", "ABSENT", "ANNULE"
"""Reasons of payment_reasons that no operator's word stands for."""

BY_OPERATOR = "operator"
"""Who reverses what an operator took back."""

LONGEST_PAUSE = 3_600.0
"""Seconds between two questions about a payment that stays open."""


class Settling:
    """Settles payments at one desk."""

    def __init__(self, desk: Runtime) -> None:
        self._desk = desk
        self._receipts = Receipts(desk.keys, desk.catalogues)

    def confirm(
        self, conn: Connection, held: Held, now: datetime, *, amount: int, provider_ref: str | None = None
    ) -> None:
        """Book `amount` FCFA of a payment that is not booked, and owe its receipts. Raises LookupError."""
        booking = replace(held, bookings=held.bookings + 1)
        paid = contributions.pay(
            conn,
            held.membership_id,
            amount,
            held.operator,
            held.operator,
            _once(booking),
            held.reference,
            now,
            day_of(now),
        )
        payment_steps.finish(conn, held, CONFIRMED, now, provider_ref=provider_ref, entry_id=paid.entry_id)
        self._receipts.confirmed(conn, booking, paid, now)

    def refuse(self, conn: Connection, held: Held, now: datetime, reason: str, state: str = REFUSED) -> None:
        """Nothing was taken of a payment; what was booked of it is reversed."""
        if held.state == CONFIRMED and held.entry_id is not None:
            self._reverse(conn, held, held.entry_id, reason, now)
            payment_steps.finish(conn, held, REFUSED, now, reason=TAKEN_BACK)
            self._receipts.taken_back(conn, held, now)
            return
        payment_steps.finish(conn, held, state, now, reason=reason)
        self._receipts.refused(conn, held, reason, now)

    def _reverse(self, conn: Connection, held: Held, entry_id: int, reason: str, now: datetime) -> None:
        once = f"{_once(held)}:back"
        try:
            contributions.reverse(conn, entry_id, reason, BY_OPERATOR, once, now, day_of(now))
        except contributions.BadPayment as fault:
            # A person was faster: the ledger is right already.
            log.warning("a payment is not reversed", payment=held.payment_id, reason=str(fault))

    def heard(self, conn: Connection, told: Told, reason: str, now: datetime) -> str:
        """A callback that its operator signed. What it was, as a word for the figures. May be repeated."""
        held = payment_steps.hold_order(conn, self._desk.keys, told.order_id)
        why = _misfit(held, told)
        if held is not None and not why:
            try:
                with conn.begin_nested():
                    self._believe(conn, held, told, reason, now)
            except LookupError:
                why = NO_SUCH_MEMBERSHIP
        if why and held is not None and why != OTHER_OPERATOR:
            payment_steps.look_again(conn, held.payment_id)
        new = payment_callbacks.keep(
            conn, self._desk.keys, told, now, payment_id=held.payment_id if held else None, why=why
        )
        reached(57)
        return ("unmatched" if why else "applied") if new else "repeated"

    def _believe(self, conn: Connection, held: Held, told: Told, reason: str, now: datetime) -> None:
        if told.outcome == SENT or _agree(held.state, told.outcome):
            return
        if held.state not in OPEN or told.outcome == EXPIRED:
            payment_steps.look_again(conn, held.payment_id)
        elif told.outcome == CONFIRMED:
            self.confirm(conn, held, now, amount=held.amount, provider_ref=told.provider_ref)
            self._once_more(conn, held)
        else:
            self.refuse(conn, held, now, reason)
            self._once_more(conn, held)

    def _once_more(self, conn: Connection, held: Held) -> None:
        """What a callback settled is asked about once: one that takes it back may have been lost."""
        payment_steps.look_again(conn, held.payment_id, self.pause(0))

    def answered(self, conn: Connection, question: Question, status: Status, now: datetime) -> str:
        """The operator's answer to a question about a payment. What came of it, as a word for the figures."""
        held = payment_steps.hold_payment(conn, self._desk.keys, question.payment_id)
        if held is None or held.token != question.token or held.state != question.state:
            # It was settled while the question was under way: whoever settled it knows more than this answer.
            return "overtaken"
        word = self._settled(conn, held, question, status, now)
        reached(57)
        return word

    def _settled(
        self, conn: Connection, held: Held, question: Question, status: Status, now: datetime
    ) -> str:
        match status:
            case Confirmed() if held.state == CONFIRMED:
                payment_steps.forget_doubt(conn, held.payment_id)
            case Confirmed(amount, ref) if amount is not None and amount != held.amount:
                self._unmatched(conn, held, amount, ref, OTHER_AMOUNT, now)
                return self._later(conn, question, "the operator names another amount")
            case Confirmed(_, ref):
                return self._booked(conn, held, question, ref, now)
            case Refused() if held.state in NOTHING_TAKEN:
                payment_steps.forget_doubt(conn, held.payment_id)
            case Refused(reason):
                self.refuse(conn, held, now, reason)
                return "refused"
            case NeverSeen() if _unseen(held, question, now):
                self.refuse(conn, held, now, NOT_RECEIVED, EXPIRED)
                return "expired"
            case NeverSeen():
                return self._later(conn, question, "the operator knows of no such order")
            case _:
                return self._later(conn, question, getattr(status, "why", ""))
        return "as known"

    def _booked(
        self, conn: Connection, held: Held, question: Question, ref: str | None, now: datetime
    ) -> str:
        try:
            with conn.begin_nested():
                self.confirm(conn, held, now, amount=held.amount, provider_ref=ref)
        except LookupError:
            self._unmatched(conn, held, held.amount, ref, NO_SUCH_MEMBERSHIP, now)
            return self._later(conn, question, NO_SUCH_MEMBERSHIP)
        return "confirmed"

    def _unmatched(
        self, conn: Connection, held: Held, amount: int, ref: str | None, why: str, now: datetime
    ) -> None:
        told = Told(held.operator, held.order_id, CONFIRMED, amount, ref, held.payer)
        payment_callbacks.keep(conn, self._desk.keys, told, now, payment_id=held.payment_id, why=why)

    def _later(self, conn: Connection, question: Question, why: str) -> str:
        payment_steps.later(conn, question.token, self.pause(question.queries), why)
        return "open"

    def pause(self, queries: int) -> float:
        """Seconds until a payment is asked about again that was asked about so often: doubling, an hour at most."""
        first = self._desk.settings.payment_query_seconds
        return float(min(first * 2 ** min(queries, 16), LONGEST_PAUSE))


def _once(held: Held) -> str:
    """The ledger's key: a payment is booked once, and once more each time after it was taken back."""
    return f"payment:{held.payment_id}" + (f":{held.bookings}" if held.bookings > 1 else "")


def _misfit(held: Held | None, told: Told) -> str | None:
    """Why a callback fits no payment of ours, or None."""
    if held is None:
        return NO_SUCH_ORDER
    if held.operator != told.operator:
        return OTHER_OPERATOR
    if told.outcome == UNKNOWN:
        return NOT_EXPLAINED
    if told.outcome == CONFIRMED and told.amount not in (None, held.amount):
        return OTHER_AMOUNT
    return None


def _agree(state: str, outcome: str) -> bool:
    return state == outcome or (state in NOTHING_TAKEN and outcome in NOTHING_TAKEN)


def _unseen(held: Held, question: Question, now: datetime) -> bool:
    """Whether the operator's word that it knows nothing is believed: not at once, and not after it took the order."""
    minutes = int(facts.parameter("payment_unseen_minutes", day_of(now)))
    asked = question.sent_at
    return held.state == UNKNOWN and asked is not None and now - asked > timedelta(minutes=minutes)
