"""The cash that a collector has in hand: how much, since when, how much she may have, and what was said about it. FCFA.

The ledger alone says how much. The oldest cash is what deposits have not taken yet, the first received first: a small
deposit does not make old money young.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models import cash_held, ledger
from models.collectors import Collector
from models.database import Connection, Db, Prepared, UtcDateTime, metadata
from models.deposits import declared
from models.mutuelle_tables import ledger_entries, ledger_lines

OVER_LIMIT, REMINDED, TOO_OLD = "PLAFOND", "RAPPEL", "RETARD"
ALARMS = (OVER_LIMIT, REMINDED, TOO_OLD)
"""What is said once about a collector's cash: too much, to be handed over (to herself), kept too long."""

cash_limits = Table(
    "cash_limits",
    metadata,
    Column("number", ForeignKey("collectors.number"), primary_key=True, autoincrement=False),
    Column("valid_from", Date, primary_key=True),
    Column("fcfa", Integer, nullable=False),
    Column("source", String(80), nullable=False),
)
"""The most that a collector may have in hand, from a day until her next row; without one the parameter holds."""

cash_alarms = Table(
    "cash_alarms",
    metadata,
    Column("number", ForeignKey("collectors.number"), primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),
    Column("about", String(20), primary_key=True),
    Column("raised_at", UtcDateTime, nullable=False),
)
"""What was said once: `about` is the day of the oldest cash."""


@dataclass(frozen=True, slots=True)
class InHand:
    """A collector's cash. `declared`: what of it she says she has handed over; `since`: the day of the oldest.

    `before`: the last day to hand it over; `limit`: the most that she may have.
    """

    amount: int
    receipts: int
    declared: int
    since: date | None
    before: date | None
    limit: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment in cash that stands: its entry, and when it was received."""

    entry_id: int
    membership_id: int
    reference: str
    amount: int
    at: datetime


_LIMIT = Prepared(
    select(cash_limits.c.fcfa)
    .where(
        cash_limits.c.number == bindparam("number"), cash_limits.c.valid_from <= bindparam("day", type_=Date)
    )
    .order_by(cash_limits.c.valid_from.desc())
    .limit(1)
)
_reversal = ledger_entries.alias("reversal")
_STANDING = (
    select(
        ledger_entries.c.id,
        ledger_entries.c.membership_id,
        ledger_entries.c.receipt,
        ledger_lines.c.amount,
        ledger_entries.c.at,
    )
    .select_from(
        ledger_entries.join(ledger_lines, ledger_lines.c.entry_id == ledger_entries.c.id).outerjoin(
            _reversal, _reversal.c.reverses_id == ledger_entries.c.id
        )
    )
    .where(
        ledger_entries.c.kind == ledger.PAYMENT,
        ledger_lines.c.account == ledger.COLLECTEUR,
        _reversal.c.id.is_(None),
    )
    .order_by(ledger_entries.c.id.desc())
    .limit(1)
)
_SAME = Prepared(
    _STANDING.where(
        ledger_entries.c.membership_id == bindparam("membership_id"),
        ledger_lines.c.amount == bindparam("amount"),
        ledger_entries.c.at > bindparam("since", type_=UtcDateTime),
    )
)
_BY_REFERENCE = Prepared(
    _STANDING.where(
        ledger_lines.c.holder == bindparam("holder"),
        ledger_entries.c.receipt == bindparam("reference"),
        ledger_entries.c.day == bindparam("day", type_=Date),
    )
)
_received = (
    select(
        ledger_entries.c.day,
        ledger_lines.c.amount,
        func.sum(ledger_lines.c.amount).over(order_by=ledger_entries.c.id.desc()).label("so_far"),
    )
    .select_from(
        ledger_entries.join(ledger_lines, ledger_lines.c.entry_id == ledger_entries.c.id).outerjoin(
            _reversal, _reversal.c.reverses_id == ledger_entries.c.id
        )
    )
    .where(
        ledger_lines.c.holder == bindparam("holder"),
        ledger_lines.c.account == ledger.COLLECTEUR,
        ledger_entries.c.kind == ledger.PAYMENT,
        _reversal.c.id.is_(None),
    )
    .subquery("received")
)
_OLDEST = Prepared(
    select(func.min(_received.c.day)).where(
        _received.c.so_far - _received.c.amount < bindparam("in_hand", type_=Integer)
    )
)
_HOLDERS = (
    select(ledger_lines.c.holder, func.sum(ledger_lines.c.amount))
    .where(ledger_lines.c.account == ledger.COLLECTEUR, ledger_lines.c.holder.is_not(None))
    .group_by(ledger_lines.c.holder)
    .having(func.sum(ledger_lines.c.amount) > 0)
)


def in_hand(db: Db, collector: Collector, day: date) -> InHand:
    """What a collector has on `day`. Raises DatabaseAway."""
    amount, receipts, _ = cash_held.cash_in_hand(db, collector.holder)
    since = _since(db, collector.holder, amount) if amount > 0 else None
    days = int(facts.parameter("collector_cash_days", day))
    before = since + timedelta(days=days) if since else None
    limit = limit_of(db, collector.number, day)
    return InHand(amount, receipts, declared(db, collector.number), since, before, limit)


def limit_of(db: Db, number: int, day: date) -> int:
    """The most FCFA that a collector may have in hand: her own row, else the parameter. Raises DatabaseAway."""
    row = _LIMIT.first(db, number=number, day=day)
    return int(row[0]) if row else int(facts.parameter("collector_limit_fcfa", day))


def set_limit(conn: Connection, number: int, fcfa: int, valid_from: date, source: str) -> None:
    """Let a collector have at most so much from a day on; a row of that very day is replaced."""
    key: dict[str, Any] = {"number": number, "valid_from": valid_from}
    put = insert(cash_limits).values(**key, fcfa=fcfa, source=source[:80])
    conn.execute(
        put.on_conflict_do_update(
            index_elements=list(key), set_={"fcfa": put.excluded.fcfa, "source": put.excluded.source}
        )
    )


def refuses_above_limit(day: date) -> bool:
    """Whether what goes above the limit is refused; else it is booked with a warning (parameter)."""
    return bool(int(facts.parameter("collector_limit_refuses", day)))


def same(db: Db, membership_id: int, amount: int, since: datetime) -> Receipt | None:
    """A household's newest receipt in cash of the same amount since a moment, by whomever. Raises DatabaseAway."""
    row = _SAME.first(db, membership_id=membership_id, amount=amount, since=since)
    return Receipt(*row) if row else None


def by_reference(db: Db, collector: Collector, reference: str, day: date) -> Receipt | None:
    """A collector's receipt of a day by the number on it, unless it was taken back. Raises DatabaseAway."""
    row = _BY_REFERENCE.first(db, holder=collector.holder, reference=reference, day=day)
    return Receipt(*row) if row else None


def holders(conn: Connection) -> dict[str, int]:
    """FCFA in hand of everybody who has some, removed collectors too."""
    return {holder: int(amount) for holder, amount in conn.execute(_HOLDERS)}


def raise_alarm(conn: Connection, number: int, kind: str, about: str, now: datetime) -> bool:
    """Note that something was said about a collector's cash; False when it was said before."""
    row = insert(cash_alarms).values(number=number, kind=kind, about=about, raised_at=now)
    new = row.on_conflict_do_nothing().returning(cash_alarms.c.number)
    return conn.execute(new).first() is not None


def _since(db: Db, holder: str, amount: int) -> date | None:
    row = _OLDEST.first(db, holder=holder, in_hand=amount)
    found = row[0] if row else None
    return date.fromisoformat(found) if isinstance(found, str) else found
