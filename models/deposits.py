"""What collectors say they handed over: declared by one, counted by another, and only then out of her hands. FCFA.

    DECLARED -> CONFIRMED (counted, perhaps another amount) | REFUSED (nothing was handed over)

A declaration books nothing. What was counted is booked as the ledger's deposit, in the transaction that confirms it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from models import cash_held
from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.days import day_of
from models.keyring import KeyRing
from models.locks import Overtaken, hold

DECLARED, CONFIRMED, REFUSED = "DECLARED", "CONFIRMED", "REFUSED"

CODE = "deposit-code"
"""Purpose of the index of the code that a treasurer was sent."""

HOLD = "collector"
"""What is held while a collector's cash changes, as the ledger's own deposit does."""

_OPEN = text("state = 'DECLARED'")

cash_deposits = Table(
    "cash_deposits",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("number", ForeignKey("collectors.number"), nullable=False),
    Column("mutuelle_id", ForeignKey("mutuelles.id"), nullable=False),
    Column("amount", Integer, nullable=False),
    Column("reference", String(20), nullable=False),
    Column("code_index", LargeBinary, nullable=False),
    Column("state", String(9), nullable=False),
    Column("declared_at", UtcDateTime, nullable=False),
    Column("counted", Integer),
    Column("settled_at", UtcDateTime),
    Column("settled_by", String(40)),
    Column("entry_id", ForeignKey("ledger_entries.id")),
    Index("ix_cash_deposits_number", "number", "id"),
    Index("ix_cash_deposits_open", "mutuelle_id", "code_index", postgresql_where=_OPEN, sqlite_where=_OPEN),
)
"""`reference`: of the slip or the till, as the collector wrote it. `counted`: FCFA, None while nobody counted."""


class OwnDeposit(Overtaken):
    """Nobody confirms what she handed over herself."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit as it was declared, and what was counted."""

    deposit_id: int
    number: int
    mutuelle_id: int
    amount: int
    reference: str
    state: str
    declared_at: datetime
    counted: int | None
    settled_by: str | None

    @property
    def difference(self) -> int:
        """FCFA counted beyond what was declared; below zero when some was lacking, or all of it."""
        if self.state == DECLARED:
            return 0
        return (self.counted or 0) - self.amount


_SELECT = select(*(cash_deposits.c[name] for name in ("id", *Deposit.__slots__[1:])))
_BY_ID = Prepared(_SELECT.where(cash_deposits.c.id == bindparam("id")))
_BY_CODE = Prepared(
    _SELECT.where(
        cash_deposits.c.mutuelle_id == bindparam("mutuelle_id"),
        cash_deposits.c.code_index == bindparam("code"),
        cash_deposits.c.state == DECLARED,
    )
    .order_by(cash_deposits.c.id.desc())
    .limit(1)
)
_SAME = Prepared(
    _SELECT.where(
        cash_deposits.c.number == bindparam("number"),
        cash_deposits.c.amount == bindparam("amount"),
        cash_deposits.c.reference == bindparam("reference"),
        cash_deposits.c.state != REFUSED,
    )
    .order_by(cash_deposits.c.id.desc())
    .limit(1)
)
_DECLARED = Prepared(
    select(func.coalesce(func.sum(cash_deposits.c.amount), 0)).where(
        cash_deposits.c.number == bindparam("number"), cash_deposits.c.state == DECLARED
    )
)


def declared(db: Db, number: int) -> int:
    """FCFA that a collector says she has handed over and that nobody counted yet. Raises DatabaseAway."""
    ((amount,),) = _DECLARED.all(db, number=number)
    return int(amount)


def by_id(db: Db, deposit_id: int) -> Deposit | None:
    """A deposit. Raises DatabaseAway."""
    row = _BY_ID.first(db, id=deposit_id)
    return Deposit(*row) if row else None


def by_code(db: Db, keys: KeyRing, mutuelle_id: int, code: str) -> Deposit | None:
    """The deposit of a mutuelle that waits to be counted under a code. Raises DatabaseAway."""
    row = _BY_CODE.first(db, mutuelle_id=mutuelle_id, code=keys.index(code, CODE))
    return Deposit(*row) if row else None


def same(db: Db, number: int, amount: int, reference: str) -> Deposit | None:
    """A collector's deposit of the same amount under the same reference, unless it was refused. Raises DatabaseAway."""
    row = _SAME.first(db, number=number, amount=amount, reference=reference)
    return Deposit(*row) if row else None


def declare(
    conn: Connection,
    keys: KeyRing,
    *,
    number: int,
    mutuelle_id: int,
    amount: int,
    reference: str,
    code: str,
    once: bytes,
    now: datetime,
) -> int:
    """Note what a collector says she handed over, once for each `once`; its id.

    Raises Overtaken when it was declared before, or is more than what she has and has not declared.
    """
    hold(conn, HOLD, str(number).encode())
    known = conn.execute(select(cash_deposits.c.id).where(cash_deposits.c.once == once)).scalar()
    if known is not None:
        return int(known)
    left = cash_held.cash_in_hand(conn, str(number))[0] - declared(conn, number)
    if not 0 < amount <= left or same(conn, number, amount, reference):
        raise Overtaken
    row: dict[str, Any] = {
        "once": once,
        "number": number,
        "mutuelle_id": mutuelle_id,
        "amount": amount,
        "reference": reference,
        "code_index": keys.index(code, CODE),
        "state": DECLARED,
        "declared_at": now,
    }
    return int(conn.execute(insert(cash_deposits).values(row).returning(cash_deposits.c.id)).scalar_one())


def settle(conn: Connection, deposit_id: int, counted: int, by: str, now: datetime) -> Deposit:
    """What was counted, FCFA (0: nothing was handed over): her cash falls by it, never below zero.

    `by`: a collector's number, or an account of the console. Raises OwnDeposit, Overtaken when it was settled before.
    """
    found = by_id(conn, deposit_id)
    if found is None or counted < 0:
        raise Overtaken
    if by == str(found.number):
        raise OwnDeposit
    hold(conn, HOLD, str(found.number).encode())
    booked = min(counted, cash_held.cash_in_hand(conn, str(found.number))[0])
    entry_id = _book(conn, found, booked, now) if booked > 0 else None
    values = {
        "state": CONFIRMED if counted else REFUSED,
        "counted": counted,
        "settled_at": now,
        "settled_by": by[:40],
        "entry_id": entry_id,
    }
    waits = (cash_deposits.c.id == deposit_id, cash_deposits.c.state == DECLARED)
    if not conn.execute(update(cash_deposits).where(*waits).values(values)).rowcount:
        raise Overtaken
    settled = by_id(conn, deposit_id)
    assert settled is not None  # nosec B101: it was just written
    return settled


def waiting(conn: Connection) -> tuple[Deposit, ...]:
    """What nobody counted yet, the oldest first."""
    query = _SELECT.where(cash_deposits.c.state == DECLARED).order_by(cash_deposits.c.id)
    return tuple(Deposit(*row) for row in conn.execute(query))


def differences(conn: Connection) -> tuple[Deposit, ...]:
    """What was counted otherwise than declared, the newest first."""
    other = cash_deposits.c.state != DECLARED, cash_deposits.c.counted != cash_deposits.c.amount
    query = _SELECT.where(*other).order_by(cash_deposits.c.id.desc())
    return tuple(Deposit(*row) for row in conn.execute(query))


def _book(conn: Connection, found: Deposit, amount: int, now: datetime) -> int:
    return cash_held.deposit(
        conn,
        found.mutuelle_id,
        str(found.number),
        amount,
        found.reference,
        f"deposit:{found.deposit_id}",
        now,
        day_of(now),
    )
