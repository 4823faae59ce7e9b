"""Requests for payment that go through another person: an agent who takes the cash, or a relative who pays by phone.

A request is a reference of six digits that stands for a household and an amount for some days. It moves no money.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    insert,
    select,
)

from config import facts
from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import phone_index

payment_requests = Table(
    "payment_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reference", String(12), nullable=False),
    Column("membership_id", BigInteger, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("to_index", LargeBinary),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Index("ix_payment_requests_reference", "reference", "expires_at"),
)
"""`to_index`: the phone that is asked to pay; none when any agent may take the cash. `amount` in FCFA."""


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What a reference stands for: FCFA for a membership."""

    membership_id: int
    amount: int


_OPEN = (
    payment_requests.c.reference == bindparam("reference"),
    payment_requests.c.expires_at > bindparam("now", type_=UtcDateTime),
)
_SHOWN = select(payment_requests.c.membership_id, payment_requests.c.amount).order_by(
    payment_requests.c.id.desc()
)
_FOR_PHONE = Prepared(
    _SHOWN.where(*_OPEN, payment_requests.c.to_index == bindparam("phone", type_=LargeBinary)).limit(1)
)
_FOR_AGENT = Prepared(_SHOWN.where(*_OPEN, payment_requests.c.to_index.is_(None)).limit(1))
_OF_ANYBODY = Prepared(_SHOWN.where(*_OPEN).limit(1))


def is_free(db: Db, reference: str, wanted: PaymentRequest, now: datetime) -> bool:
    """Whether a reference stands for nothing but what is wanted at this moment. Raises DatabaseAway."""
    row = _OF_ANYBODY.first(db, reference=reference, now=now)
    return row is None or PaymentRequest(*row) == wanted


def for_phone(db: Db, keys: KeyRing, reference: str, phone: Msisdn, now: datetime) -> PaymentRequest | None:
    """What this phone was asked to pay under a reference; None for any other phone. Raises DatabaseAway."""
    row = _FOR_PHONE.first(db, reference=reference, phone=phone_index(keys, phone), now=now)
    return PaymentRequest(*row) if row else None


def for_agent(db: Db, reference: str, now: datetime) -> PaymentRequest | None:
    """What an agent may take in cash under a reference. Only for who may take cash. Raises DatabaseAway."""
    row = _FOR_AGENT.first(db, reference=reference, now=now)
    return PaymentRequest(*row) if row else None


def request(
    conn: Connection,
    keys: KeyRing,
    reference: str,
    membership_id: int,
    amount: int,
    to: Msisdn | None,
    now: datetime,
) -> None:
    """Let a reference stand for `amount` FCFA: of a phone, or (None) of any agent; for payment_request_days."""
    days = int(facts.parameter("payment_request_days", day_of(now)))
    conn.execute(
        insert(payment_requests).values(
            reference=reference,
            membership_id=membership_id,
            amount=amount,
            to_index=phone_index(keys, to) if to else None,
            asked_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
