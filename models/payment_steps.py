"""The steps of a payment, each one transaction: claim, what came of the request, a question, its answer.

Between a claim and what came of it lies one HTTP request. Who claims draws a token that nobody else has, and only the
holder of the token writes what came of it; a settled payment is changed by `finish` alone, under its lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, null, or_, select, update

from models.chunks import written
from models.database import Connection, Db, Prepared
from models.database_clock import SECONDS, DatabaseNow, SecondsFromNow
from models.identifiers import BadMsisdn, Msisdn
from models.keyring import KeyRing, KeyRingError
from models.payments import ASKED, CONFIRMED, SENT, UNKNOWN, WHY, payments
from models.phones import PHONE

LEASE_OVER = "nobody wrote down what came of the request"
"""Why a payment is in doubt whose owner was killed."""


@dataclass(frozen=True, slots=True)
class Request:
    """A payment that is ours to ask for, once. `payer` None: her number cannot be read any more."""

    payment_id: int
    token: int
    order_id: str
    reference: str
    payer: Msisdn | None
    amount: int
    asked_at: datetime
    claims: int


@dataclass(frozen=True, slots=True)
class Question:
    """A payment that is ours to ask about. `state` is what it was; `sent_at` when it was about to be asked for."""

    payment_id: int
    token: int
    order_id: str
    operator: str
    state: str
    provider_ref: str | None
    queries: int
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A payment that nobody else changes until the transaction ends."""

    payment_id: int
    order_id: str
    reference: str
    membership_id: int
    payer: Msisdn | None
    member_phone: Msisdn | None
    operator: str
    amount: int
    state: str
    reason: str | None
    token: int | None
    bookings: int
    entry_id: int | None


_waiting = payments.alias("waiting")
_oldest = (
    select(_waiting.c.id)
    .where(
        _waiting.c.state == written(ASKED),
        _waiting.c.operator == bindparam("operator"),
        or_(_waiting.c.next_at.is_(None), _waiting.c.next_at <= DatabaseNow()),
    )
    .order_by(_waiting.c.id)
    .limit(1)
)
_CLAIM = Prepared(
    update(payments)
    .where(payments.c.id == _oldest.with_for_update(skip_locked=True).scalar_subquery())
    .values(
        state=UNKNOWN,
        why=LEASE_OVER,
        token=bindparam("new_token", type_=BigInteger),
        claims=payments.c.claims + 1,
        sent_at=DatabaseNow(),
        next_at=SecondsFromNow(bindparam("lease", type_=SECONDS)),
    )
    .returning(
        payments.c.id,
        payments.c.order_id,
        payments.c.reference,
        payments.c.payer_sealed,
        payments.c.amount,
        payments.c.asked_at,
        payments.c.claims,
    )
)
_ours = (payments.c.token == bindparam("held"), payments.c.state == written(UNKNOWN))
_GIVE_BACK = Prepared(
    update(payments)
    .where(*_ours)
    .values(
        state=ASKED,
        token=null(),
        sent_at=null(),
        next_at=SecondsFromNow(bindparam("pause", type_=SECONDS)),
        why=bindparam("reason"),
    )
)
_TAKEN = Prepared(
    update(payments)
    .where(*_ours)
    .values(
        state=SENT,
        provider_ref=bindparam("ref"),
        next_at=SecondsFromNow(bindparam("pause", type_=SECONDS)),
        why=null(),
    )
)
_LATER = Prepared(
    update(payments)
    .where(payments.c.token == bindparam("held"), payments.c.next_at.is_not(None))
    .values(next_at=SecondsFromNow(bindparam("pause", type_=SECONDS)), why=bindparam("reason"))
)
_QUESTIONED = {
    "token": bindparam("new_token", type_=BigInteger),
    "queries": payments.c.queries + 1,
    "next_at": SecondsFromNow(bindparam("lease", type_=SECONDS)),
}
_ASKED_ABOUT = (
    payments.c.id,
    payments.c.order_id,
    payments.c.operator,
    payments.c.state,
    payments.c.provider_ref,
    payments.c.queries,
    payments.c.sent_at,
)
_due = payments.alias("due")
_DUE = Prepared(
    update(payments)
    .where(
        payments.c.id
        == select(_due.c.id)
        .where(
            _due.c.state != written(ASKED),
            _due.c.operator == bindparam("operator"),
            _due.c.next_at <= DatabaseNow(),
        )
        .order_by(_due.c.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    .values(**_QUESTIONED)
    .returning(*_ASKED_ABOUT)
)
_ABOUT = Prepared(
    update(payments)
    .where(payments.c.id == bindparam("payment_id"), payments.c.state != written(ASKED))
    .values(**_QUESTIONED)
    .returning(*_ASKED_ABOUT)
)
_HELD = (
    payments.c.id,
    payments.c.order_id,
    payments.c.reference,
    payments.c.membership_id,
    payments.c.payer_sealed,
    payments.c.member_sealed,
    payments.c.operator,
    payments.c.amount,
    payments.c.state,
    payments.c.reason,
    payments.c.token,
    payments.c.bookings,
    payments.c.entry_id,
)
_HOLD = Prepared(select(*_HELD).where(payments.c.id == bindparam("payment_id")).with_for_update())
_HOLD_ORDER = Prepared(select(*_HELD).where(payments.c.order_id == bindparam("order_id")).with_for_update())
_FINISH = Prepared(
    update(payments)
    .where(payments.c.id == bindparam("payment_id"))
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        provider_ref=func.coalesce(bindparam("ref"), payments.c.provider_ref),
        settled_at=bindparam("now"),
        next_at=null(),
        token=null(),
        why=null(),
        entry_id=bindparam("new_entry"),
        bookings=bindparam("new_bookings"),
    )
)
_LOOK_AGAIN = Prepared(
    update(payments)
    .where(payments.c.id == bindparam("payment_id"), payments.c.state != ASKED)
    # Without its token an answer that is under way counts no more: it may be older than what was told.
    .values(next_at=SecondsFromNow(bindparam("pause", type_=SECONDS)), token=null(), queries=0)
)
_GIVEN_UP = Prepared(
    select(payments.c.id)
    .where(payments.c.state == written(ASKED), payments.c.asked_at < bindparam("before"))
    .order_by(payments.c.id)
    .limit(bindparam("most"))
)
_FORGET_DOUBT = Prepared(
    update(payments)
    .where(payments.c.id == bindparam("payment_id"))
    .values(next_at=null(), token=null(), why=null())
)


def claim(conn: Connection, keys: KeyRing, operator: str, token: int, lease_seconds: float) -> Request | None:
    """Take an operator's oldest payment to ask for; None when none waits. From here on it is in doubt.

    `token` is a number nobody else draws. The claim holds once it is committed; when the commit's answer is lost,
    nothing may be asked for. When the lease is over the operator is asked what became of it.
    """
    found = _CLAIM.all(conn, operator=operator, new_token=token, lease=lease_seconds)
    if not found:
        return None
    payment_id, order_id, reference, sealed, amount, asked_at, claims = found[0]
    payer = _phone(keys, sealed)
    return Request(payment_id, token, order_id, reference, payer, amount, asked_at, claims)


def give_back(conn: Connection, token: int, pause_seconds: float, why: str) -> bool:
    """The claim's owner certainly asked for nothing: ASKED again, after a pause. False when it is not held (any more).

    For the owner alone, who may not know the payment: the answer to its commit may have been lost.
    """
    return bool(_GIVE_BACK.run(conn, held=token, pause=pause_seconds, reason=why[:WHY]))


def taken(conn: Connection, token: int, provider_ref: str | None, pause_seconds: float) -> bool:
    """The operator has taken the request: SENT; it is asked about after a pause. False when it was settled before."""
    return bool(_TAKEN.run(conn, held=token, ref=provider_ref, pause=pause_seconds))


def later(conn: Connection, token: int, pause_seconds: float, why: str) -> bool:
    """Nobody knows: it stays as it is, and is asked about after a pause. False when it was settled meanwhile."""
    return bool(_LATER.run(conn, held=token, pause=pause_seconds, reason=why[:WHY]))


def claim_question(conn: Connection, operator: str, token: int, lease_seconds: float) -> Question | None:
    """Take the payment that has waited longest to be asked about; None when none is due."""
    return _question(token, _DUE.all(conn, operator=operator, new_token=token, lease=lease_seconds))


def question_about(conn: Connection, payment_id: int, token: int, lease_seconds: float) -> Question | None:
    """Take one payment to be asked about, settled or not; None when it was not asked for yet."""
    return _question(token, _ABOUT.all(conn, payment_id=payment_id, new_token=token, lease=lease_seconds))


def hold_payment(conn: Connection, keys: KeyRing, payment_id: int) -> Held | None:
    """A payment, held until the transaction ends; None when there is none."""
    return _held(keys, _HOLD.first(conn, payment_id=payment_id))


def hold_order(conn: Connection, keys: KeyRing, order_id: str) -> Held | None:
    """The payment that an operator knows as this order, held as `hold_payment`."""
    return _held(keys, _HOLD_ORDER.first(conn, order_id=order_id))


def finish(
    conn: Connection,
    held: Held,
    state: str,
    now: datetime,
    *,
    reason: str | None = None,
    provider_ref: str | None = None,
    entry_id: int | None = None,
) -> None:
    """Write down what became of a payment that is held; `entry_id` is the ledger's, when it was booked."""
    _FINISH.run(
        conn,
        payment_id=held.payment_id,
        new_state=state,
        new_reason=reason,
        ref=provider_ref,
        now=now,
        new_entry=entry_id,
        new_bookings=held.bookings + (state == CONFIRMED),
    )


def given_up(db: Db, before: datetime, most: int = 100) -> list[int]:
    """Payments that nobody could ask for since a moment, the oldest first."""
    return [payment_id for (payment_id,) in _GIVEN_UP.all(db, before=before, most=most)]


def look_again(conn: Connection, payment_id: int, pause_seconds: float = 0.0) -> None:
    """Ask the operator about it, at once when something that was told contradicts what is known."""
    _LOOK_AGAIN.run(conn, payment_id=payment_id, pause=pause_seconds)


def forget_doubt(conn: Connection, payment_id: int) -> None:
    """The operator was asked about a settled payment, and says what was known: nothing is asked any more."""
    _FORGET_DOUBT.run(conn, payment_id=payment_id)


def _question(token: int, found: list[tuple[Any, ...]]) -> Question | None:
    if not found:
        return None
    payment_id, order_id, code, state, ref, queries, sent_at = found[0]
    return Question(payment_id, token, order_id, code, state, ref, queries, sent_at)


def _held(keys: KeyRing, row: tuple[Any, ...] | None) -> Held | None:
    if row is None:
        return None
    payment_id, order_id, reference, membership_id, payer, member, *rest = row
    phones = _phone(keys, payer), _phone(keys, member)
    return Held(payment_id, order_id, reference, membership_id, *phones, *rest)


def _phone(keys: KeyRing, sealed: bytes | None) -> Msisdn | None:
    try:
        return Msisdn.parse(keys.unseal(sealed, PHONE)) if sealed else None
    except (KeyRingError, BadMsisdn):
        return None
