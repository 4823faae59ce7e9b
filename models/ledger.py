"""The ledger of the mutuelles: entries that are only ever added, each of lines that come to nothing together. FCFA.

Debit is above zero. Whoever adds an entry holds the membership that it is about (`held`), so that sums which were just
read are still true when they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from models.database import Connection, Prepared
from models.mutuelle_tables import ledger_entries, ledger_lines, memberships

MEMBRE = "MEMBRE"
"""What a household owes."""
AVANCE = "AVANCE"
"""A household's money that no due has taken yet."""
COTISATIONS, ADHESIONS = "COTISATIONS", "ADHESIONS"
"""Income."""
ETAT, ETAT_COTISATIONS = "ETAT", "ETAT_COTISATIONS"
"""What the State owes beside what members paid, and the income that it is."""
FONDS_CHARGE, FONDS_GARANTIE = "FONDS_CHARGE", "FONDS_GARANTIE"
"""The guarantee fund's share of what members paid, and that it is still to be handed over."""
CAISSE, COLLECTEUR, MOBILE = "CAISSE", "COLLECTEUR", "MOBILE"
"""Where money is: in the till, in a collector's hands, with an operator of mobile money."""
LIAISON = "LIAISON"
"""What a mutuelle owes another whose member it has become; over all mutuelles it comes to nothing."""
ACCOUNTS = (
    MEMBRE,
    AVANCE,
    COTISATIONS,
    ADHESIONS,
    ETAT,
    ETAT_COTISATIONS,
    FONDS_CHARGE,
    FONDS_GARANTIE,
    CAISSE,
    COLLECTEUR,
    MOBILE,
    LIAISON,
)

DUE, PAYMENT, ALLOCATION, STATE = "DUE", "PAYMENT", "ALLOCATION", "STATE"
GUARANTEE, DEPOSIT, ADJUSTMENT, REVERSAL = "GUARANTEE", "DEPOSIT", "ADJUSTMENT", "REVERSAL"
REFUND = "REFUND"
KINDS = (DUE, PAYMENT, ALLOCATION, STATE, GUARANTEE, DEPOSIT, ADJUSTMENT, REVERSAL, REFUND)


class Unbalanced(ValueError):
    """The lines of an entry do not come to nothing: a fault of the programme."""


@dataclass(frozen=True, slots=True)
class Line:
    """FCFA on an account, debit above zero; `holder` is who has the money."""

    account: str
    amount: int
    membership_id: int | None = None
    due_id: int | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry is added: what makes it count once, the moment and its day in Bamako, the reason, and by whom."""

    once: str
    now: datetime
    day: date
    reason: str
    done_by: str | None = None

    def part(self, name: str) -> Cause:
        """The cause of an entry that follows from the same."""
        return Cause(f"{self.once}/{name}", self.now, self.day, self.reason, self.done_by)


def once_of(once: bytes | str) -> str:
    """A key as the ledger keeps it, at most 64 characters. Raises ValueError for a longer one."""
    text = once.hex() if isinstance(once, bytes) else once
    if not 0 < len(text) <= 64:
        raise ValueError("a key of the ledger has 1 to 64 characters")
    return text


_BY_ONCE = Prepared(select(ledger_entries.c.id).where(ledger_entries.c.once == bindparam("once")))


def booked(conn: Connection, once: str) -> int | None:
    """The entry with this key, when it is there."""
    row = _BY_ONCE.first(conn, once=once)
    return int(row[0]) if row else None


def post(
    conn: Connection, kind: str, mutuelle_id: int, lines: Sequence[Line], cause: Cause, **more: Any
) -> int:
    """Add an entry; its id. `more`: membership_id, means, receipt, reverses_id. Lines of nothing are left out.

    Raises Unbalanced.
    """
    if sum(line.amount for line in lines):
        raise Unbalanced(f"{kind}: {[(line.account, line.amount) for line in lines]}")
    row = {
        "once": cause.once,
        "at": cause.now,
        "day": cause.day,
        "kind": kind,
        "mutuelle_id": mutuelle_id,
        "reason": cause.reason[:80],
        "done_by": cause.done_by,
        **more,
    }
    entry_id = conn.execute(insert(ledger_entries).values(row).returning(ledger_entries.c.id)).scalar_one()
    written = [
        {
            "entry_id": entry_id,
            "account": line.account,
            "amount": line.amount,
            "membership_id": line.membership_id,
            "due_id": line.due_id,
            "holder": line.holder,
        }
        for line in lines
        if line.amount
    ]
    if written:
        # One statement: PostgreSQL refuses lines of one that do not come to nothing.
        conn.execute(insert(ledger_lines).values(written))
    return int(entry_id)


def lines_of(conn: Connection, entry_id: int) -> tuple[Line, ...]:
    """The lines of an entry."""
    found = conn.execute(
        select(
            ledger_lines.c.account,
            ledger_lines.c.amount,
            ledger_lines.c.membership_id,
            ledger_lines.c.due_id,
            ledger_lines.c.holder,
        )
        .where(ledger_lines.c.entry_id == entry_id)
        .order_by(ledger_lines.c.id)
    )
    return tuple(Line(*row) for row in found)


def balance(conn: Connection, account: str, membership_id: int | None = None) -> int:
    """FCFA on an account, debit above zero: of one membership or of all."""
    asked = select(func.coalesce(func.sum(ledger_lines.c.amount), 0)).where(ledger_lines.c.account == account)
    if membership_id is not None:
        asked = asked.where(ledger_lines.c.membership_id == membership_id)
    return int(conn.execute(asked).scalar_one())


def held(conn: Connection, *membership_ids: int) -> dict[int, Any]:
    """The rows of memberships by id, nobody else changes them until this transaction ends. Raises LookupError."""
    rows: dict[int, Any] = {}
    for membership_id in sorted(set(membership_ids)):
        asked = select(memberships).where(memberships.c.id == membership_id).with_for_update()
        row = conn.execute(asked).one_or_none()
        if row is None:
            raise LookupError(f"no membership {membership_id}")
        rows[membership_id] = row
    return rows
