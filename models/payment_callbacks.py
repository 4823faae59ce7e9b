"""What operators told about payments, each kept once; what fits no payment of ours waits here for a person.

APPLIED                    it was about a payment, and agreed with it or settled it
UNMATCHED -> MATCHED       a person found the payment or the membership that the money belongs to
          `-> DROPPED      a person found that it is no money of ours
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
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
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.identifiers import BadMsisdn, Msisdn
from models.keyring import KeyRing, KeyRingError
from models.phones import PHONE

APPLIED, UNMATCHED, MATCHED, DROPPED = "APPLIED", "UNMATCHED", "MATCHED", "DROPPED"

NO_SUCH_ORDER, OTHER_AMOUNT, OTHER_OPERATOR = "no such order", "another amount", "another operator's order"
NOT_EXPLAINED = "a word that the settings do not explain"
NO_SUCH_MEMBERSHIP = "no such membership"
"""Why a callback fits no payment."""

LONGEST_ORDER, NOTE = 64, 200

payment_callbacks = Table(
    "payment_callbacks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("operator", String(8), nullable=False),
    Column("order_id", String(LONGEST_ORDER), nullable=False, index=True),
    Column("provider_ref", String(80)),
    Column("outcome", String(10), nullable=False),
    Column("amount", Integer),
    Column("payer_sealed", Sealed(PHONE)),
    Column("state", String(10), nullable=False),
    Column("why", String(40)),
    Column("payment_id", BigInteger),
    Column("at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("settled_by", String(40)),
    Column("note", String(NOTE)),
    Index(
        "ix_payment_callbacks_unmatched",
        "id",
        postgresql_where=text("state = 'UNMATCHED'"),
        sqlite_where=text("state = 'UNMATCHED'"),
    ),
)
"""`order_id` as the operator wrote it, which may be no order of ours; `outcome` a state of payments, or UNKNOWN."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an operator says of one order. `amount` FCFA, `payer` and `provider_ref` when it says them."""

    operator: str
    order_id: str
    outcome: str
    amount: int | None
    provider_ref: str | None
    payer: Msisdn | None = None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A callback that waits for a person. `payer` None when the operator did not say it."""

    callback_id: int
    operator: str
    order_id: str
    provider_ref: str | None
    outcome: str
    amount: int | None
    payer: Msisdn | None
    why: str
    at: datetime


_INSERT = Prepared(
    insert(payment_callbacks)
    .values(
        once=bindparam("once"),
        operator=bindparam("operator"),
        order_id=bindparam("order_id"),
        provider_ref=bindparam("provider_ref"),
        outcome=bindparam("outcome"),
        amount=bindparam("amount"),
        payer_sealed=bindparam("payer"),
        state=bindparam("state"),
        why=bindparam("why"),
        payment_id=bindparam("payment_id"),
        at=bindparam("now"),
    )
    .on_conflict_do_nothing(index_elements=["once"])
)
_UNMATCHED_COLUMNS = (
    payment_callbacks.c.id,
    payment_callbacks.c.operator,
    payment_callbacks.c.order_id,
    payment_callbacks.c.provider_ref,
    payment_callbacks.c.outcome,
    payment_callbacks.c.amount,
    payment_callbacks.c.payer_sealed,
    payment_callbacks.c.why,
    payment_callbacks.c.at,
)
_UNMATCHED = Prepared(
    select(*_UNMATCHED_COLUMNS)
    .where(payment_callbacks.c.state == UNMATCHED)
    .order_by(payment_callbacks.c.id)
    .limit(bindparam("most"))
)
_ONE = Prepared(
    select(*_UNMATCHED_COLUMNS)
    .where(payment_callbacks.c.id == bindparam("callback_id"), payment_callbacks.c.state == UNMATCHED)
    .with_for_update()
)
_SETTLE = Prepared(
    update(payment_callbacks)
    .where(payment_callbacks.c.id == bindparam("callback_id"), payment_callbacks.c.state == UNMATCHED)
    .values(
        state=bindparam("new_state"),
        payment_id=bindparam("found"),
        settled_at=bindparam("now"),
        settled_by=bindparam("by"),
        note=bindparam("reason"),
    )
)


def keep(
    conn: Connection,
    keys: KeyRing,
    told: Told,
    now: datetime,
    *,
    payment_id: int | None = None,
    why: str | None = None,
) -> bool:
    """Keep what an operator told: APPLIED to a payment, or UNMATCHED for a reason. False: it was told before."""
    return bool(
        _INSERT.run(
            conn,
            once=_key(told, why),
            operator=told.operator,
            order_id=told.order_id[:LONGEST_ORDER],
            provider_ref=told.provider_ref,
            outcome=told.outcome,
            amount=told.amount,
            payer=keys.seal(told.payer.e164, PHONE) if told.payer else None,
            state=UNMATCHED if why else APPLIED,
            why=why,
            payment_id=payment_id,
            now=now,
        )
    )


def _key(told: Told, why: str | None) -> bytes:
    """The same words about the same order are one callback, however the rest of them differs (a moment, say)."""
    said = (told.operator, told.order_id, told.outcome, told.amount, told.provider_ref, why)
    return blake2b(repr(said).encode(), digest_size=16).digest()


def unmatched(db: Db, keys: KeyRing, most: int = 1_000) -> tuple[Unmatched, ...]:
    """What waits for a person, the oldest first. Raises DatabaseAway."""
    return tuple(_read(keys, row) for row in _UNMATCHED.all(db, most=most))


def take(conn: Connection, keys: KeyRing, callback_id: int) -> Unmatched | None:
    """One that waits, held until the transaction ends; None when it is not there, or was settled meanwhile."""
    row = _ONE.first(conn, callback_id=callback_id)
    return _read(keys, row) if row else None


def settle(
    conn: Connection,
    callback_id: int,
    state: str,
    now: datetime,
    *,
    by: str,
    why: str,
    payment_id: int | None = None,
) -> bool:
    """A person has found what it is (MATCHED, DROPPED), and says `why`. False when it was settled before."""
    found = _SETTLE.run(
        conn,
        callback_id=callback_id,
        new_state=state,
        found=payment_id,
        now=now,
        by=by[:40],
        reason=why[:NOTE],
    )
    return bool(found)


def _read(keys: KeyRing, row: tuple[Any, ...]) -> Unmatched:
    callback_id, operator, order_id, provider_ref, outcome, amount, sealed, why, at = row
    return Unmatched(
        int(callback_id), operator, order_id, provider_ref, outcome, amount, _phone(keys, sealed), why, at
    )


def _phone(keys: KeyRing, sealed: bytes | None) -> Msisdn | None:
    try:
        return Msisdn.parse(keys.unseal(sealed, PHONE)) if sealed else None
    except (KeyRingError, BadMsisdn):
        return None
