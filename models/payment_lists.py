"""Payments as those see them who run the service: by state, by reference, and what an operator does not settle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select

from config import facts
from models import phones
from models.database import Connection
from models.days import day_of
from models.keyring import KeyRing
from models.payment_callbacks import payment_callbacks
from models.payments import OPEN, payments

MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One payment. `payer` is masked, moments are ISO 8601, `amount` FCFA; `why` is the last technical reason."""

    id: int
    reference: str
    operator: str
    amount: int
    payer: str
    state: str
    reason: str
    asked_at: str
    sent_at: str
    settled_at: str
    claims: int
    queries: int
    provider_ref: str
    why: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One callback about a payment."""

    id: int
    at: str
    outcome: str
    amount: int | None
    state: str
    why: str


def listed(
    conn: Connection, keys: KeyRing, state: str | None = None, most: int = MOST_LISTED
) -> list[Listed]:
    """Payments, the newest first, of one state or of all."""
    asked = select(payments).order_by(payments.c.id.desc()).limit(most)
    return _rows(conn, keys, asked if state is None else asked.where(payments.c.state == state))


def doubtful(conn: Connection, keys: KeyRing, now: datetime, most: int = MOST_LISTED) -> list[Listed]:
    """What an operator has not settled for a day (parameter payment_doubt_hours), the oldest first."""
    hours = int(facts.parameter("payment_doubt_hours", day_of(now)))
    old = payments.c.asked_at < now - timedelta(hours=hours)
    contradicted = and_(payments.c.state.notin_(OPEN), payments.c.next_at.is_not(None))
    asked = select(payments).where(or_(payments.c.state.in_(OPEN), contradicted), old)
    return _rows(conn, keys, asked.order_by(payments.c.id).limit(most))


def named(conn: Connection, keys: KeyRing, name: str) -> list[Listed]:
    """The payments that somebody means: `P12` is the one with the id 12, six digits a reference; the newest first."""
    asked = select(payments).order_by(payments.c.id.desc())
    number = name[1:]
    if name[:1] in ("P", "p") and number.isascii() and number.isdigit() and len(number) < 16:
        return _rows(conn, keys, asked.where(payments.c.id == int(number)))
    return _rows(conn, keys, asked.where(payments.c.reference == name))


def heard_of(conn: Connection, payment_id: int) -> list[Heard]:
    """The callbacks about a payment, the oldest first."""
    asked = select(payment_callbacks).where(payment_callbacks.c.payment_id == payment_id)
    return [
        Heard(row.id, _told(row.at), row.outcome, row.amount, row.state, row.why or "")
        for row in conn.execute(asked.order_by(payment_callbacks.c.id))
    ]


def _rows(conn: Connection, keys: KeyRing, asked: Select[Any]) -> list[Listed]:
    return [
        Listed(
            id=row.id,
            reference=row.reference,
            operator=row.operator,
            amount=row.amount,
            payer=phones.masked(keys, row.payer_sealed),
            state=row.state,
            reason=row.reason or "",
            asked_at=_told(row.asked_at),
            sent_at=_told(row.sent_at),
            settled_at=_told(row.settled_at),
            claims=row.claims,
            queries=row.queries,
            provider_ref=row.provider_ref or "",
            why=row.why or "",
        )
        for row in conn.execute(asked)
    ]


def _told(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
