"""Payments by mobile money: what was asked of which operator for which membership, and what came of it.

    ASKED -> UNKNOWN -> SENT -> CONFIRMED | REFUSED(reason)      as the operator says, whenever it says it
      ^---------'  `-> CONFIRMED | REFUSED(reason) | EXPIRED     the operator says that it never saw the request
      `-> REFUSED(ABSENT)                                        nothing was ever asked: it could not be

A row is there before anything is asked. It is UNKNOWN from the moment before its one request: only who made the request
may put it back, and only when it was certainly not sent. What is in doubt is never sent again, it is asked about. A
final state still changes when the operator, asked once more, says that the money went the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import Overtaken, hold
from models.phones import PHONE, phone_index

ASKED, UNKNOWN, SENT = "ASKED", "UNKNOWN", "SENT"
CONFIRMED, REFUSED, EXPIRED = "CONFIRMED", "REFUSED", "EXPIRED"

OPEN = (ASKED, UNKNOWN, SENT)
"""States in which nobody knows yet whether money moves."""

NOTHING_TAKEN = (REFUSED, EXPIRED)

ORDER = "payment-order"
"""Purpose of the index under which an operator knows a payment: our idempotency key, which tells it nothing."""

WHY = 80
"""The most characters of a technical reason."""


def _few(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


payments = Table(
    "payments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("order_id", String(24), nullable=False, unique=True),
    Column("reference", String(12), nullable=False, index=True),
    Column("membership_id", BigInteger, nullable=False),
    Column("payer_index", LargeBinary, nullable=False),
    Column("payer_sealed", Sealed(PHONE)),
    Column("member_sealed", Sealed(PHONE)),
    Column("operator", String(8), nullable=False),
    Column("amount", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(12)),
    Column("why", String(WHY)),
    Column("provider_ref", String(80)),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("next_at", UtcDateTime),
    Column("token", BigInteger),
    Column("claims", Integer, nullable=False),
    Column("queries", Integer, nullable=False),
    Column("bookings", Integer, nullable=False),
    Column("entry_id", BigInteger),
    Index("ix_payments_membership_id", "membership_id", "asked_at"),
    Index("ix_payments_payer", "payer_index", "asked_at"),
    # Each over the few rows that somebody looks for: requests to make, questions to ask.
    _few("ix_payments_ready", "operator", "id", where="state = 'ASKED'"),
    _few("ix_payments_settled_at", "settled_at", where="payer_sealed IS NOT NULL"),
    _few("ix_payments_due", "operator", "next_at", where="next_at IS NOT NULL AND state <> 'ASKED'"),
)
"""`reference` is told to people and may come again in a lifetime; `order_id` never does. `amount` in FCFA.

`next_at`: not before then is it asked (ASKED), or asked about. `claims` and `queries` count both; `bookings` how often
it was booked, `entry_id` where, while it is.
"""


class AlreadyAsked(Overtaken):
    """The same amount was asked for since the caller looked: show that payment, and ask back."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as screens show it. `reason` is a word of payment_reasons, when nothing was taken."""

    payment_id: int
    reference: str
    operator: str
    amount: int
    state: str
    reason: str | None
    asked_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether the operator has not said yet what became of it."""
        return self.state in OPEN


_SHOWN = (
    payments.c.id,
    payments.c.reference,
    payments.c.operator,
    payments.c.amount,
    payments.c.state,
    payments.c.reason,
    payments.c.asked_at,
)
_INSERT = Prepared(
    insert(payments)
    .values(
        once=bindparam("once"),
        order_id=bindparam("order_id"),
        reference=bindparam("reference"),
        membership_id=bindparam("membership_id"),
        payer_index=bindparam("payer_index"),
        payer_sealed=bindparam("payer_sealed"),
        member_sealed=bindparam("member_sealed"),
        operator=bindparam("operator"),
        amount=bindparam("amount"),
        state=ASKED,
        asked_at=bindparam("now"),
        claims=0,
        queries=0,
        bookings=0,
    )
    .on_conflict_do_nothing(index_elements=["once"])
    .returning(payments.c.id)
)
_BY_ONCE = Prepared(select(payments.c.id).where(payments.c.once == bindparam("once")))
_of_payer = (
    payments.c.payer_index == bindparam("payer"),
    payments.c.asked_at > bindparam("since"),
    payments.c.membership_id == bindparam("membership_id"),
)
_SAME = Prepared(
    select(*_SHOWN)
    .where(
        *_of_payer,
        payments.c.amount == bindparam("amount"),
        payments.c.state != REFUSED,
        payments.c.state != EXPIRED,
    )
    .order_by(payments.c.asked_at.desc(), payments.c.id.desc())
    .limit(1)
)
_LATEST = Prepared(
    select(*_SHOWN).where(*_of_payer).order_by(payments.c.asked_at.desc(), payments.c.id.desc()).limit(1)
)
_ASKED_OF = Prepared(
    select(func.count()).where(
        payments.c.payer_index == bindparam("payer"), payments.c.asked_at > bindparam("since")
    )
)


def asked_of(db: Db, keys: KeyRing, payer: Msisdn, since: datetime) -> int:
    """How often a phone was asked for money since a moment, by whomever. Raises DatabaseAway."""
    row = _ASKED_OF.first(db, payer=phone_index(keys, payer), since=since)
    return int(row[0]) if row else 0


def again_since(now: datetime) -> datetime:
    """Since when the same payment is asked back (parameter payment_again_minutes)."""
    return now - timedelta(minutes=int(facts.parameter("payment_again_minutes", day_of(now))))


def open_of(
    db: Db, keys: KeyRing, membership_id: int, payer: Msisdn, amount: int, since: datetime
) -> Payment | None:
    """The newest payment of the same amount (FCFA) by the same phone for the same membership, asked for since a moment.

    Under way or confirmed, not one of which nothing was taken. Raises DatabaseAway.
    """
    row = _SAME.first(
        db, payer=phone_index(keys, payer), membership_id=membership_id, amount=amount, since=since
    )
    return Payment(*row) if row else None


def last_refused(db: Db, keys: KeyRing, payer: Msisdn, membership_id: int, since: datetime) -> Payment | None:
    """The phone's newest payment for a membership since a moment, if nothing was taken of it. Raises DatabaseAway."""
    row = _LATEST.first(db, payer=phone_index(keys, payer), membership_id=membership_id, since=since)
    return Payment(*row) if row and row[4] in NOTHING_TAKEN else None


def ask(
    conn: Connection,
    keys: KeyRing,
    *,
    membership_id: int,
    payer: Msisdn,
    operator: str,
    amount: int,
    reference: str,
    once: bytes,
    now: datetime,
    member_phone: Msisdn | None = None,
    again: bool = True,
) -> int:
    """Note that `payer` is to be asked for `amount` FCFA by `operator` (OM, MOOV); the same `once` asks once. Its id.

    `member_phone` gets the receipt too. Not `again`: raises AlreadyAsked when the same amount was asked for within
    minutes (parameter payment_again_minutes), however many calls ask at the same time.
    """
    if amount <= 0:
        raise ValueError("an amount is above nothing")
    index = phone_index(keys, payer)
    hold(conn, "payment", index)
    known = _BY_ONCE.first(conn, once=once)
    if known:
        return int(known[0])
    if not again and open_of(conn, keys, membership_id, payer, amount, again_since(now)):
        raise AlreadyAsked
    told: dict[str, Any] = {"reference": reference, "operator": operator, "amount": amount, "now": now}
    ((payment_id,),) = _INSERT.all(
        conn,
        once=once,
        order_id=keys.index(once.hex(), ORDER)[:12].hex(),
        membership_id=membership_id,
        payer_index=index,
        payer_sealed=keys.seal(payer.e164, PHONE),
        member_sealed=keys.seal(member_phone.e164, PHONE) if member_phone else None,
        **told,
    )
    return int(payment_id)
