"""Refunds: the advance of a household that is no longer a member, given back from where its mutuelle has money. FCFA.

Whether statutes let it be given back is the assembly's to say; the ledger only sees that no franc is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from models import dues, ledger
from models.contributions import TILL, BadPayment
from models.database import Connection
from models.ledger import Cause, Line, once_of
from models.locks import hold
from models.mutuelle_tables import ledger_entries, ledger_lines, memberships
from models.mutuelles import mutuelles


@dataclass(frozen=True, slots=True)
class Left:
    """Money of a household whose membership ended: FCFA, since when and why (a word of memberships.ENDS)."""

    membership_id: int
    household_id: int
    mutuelle: str
    ended_on: date
    ended_why: str
    amount: int


def left_behind(conn: Connection, mutuelle_id: int | None = None) -> tuple[Left, ...]:
    """The advances of ended memberships, which went on nowhere, the oldest first."""
    asked = (
        select(
            memberships.c.id,
            memberships.c.household_id,
            mutuelles.c.name,
            memberships.c.ended_on,
            memberships.c.ended_why,
            memberships.c.advance,
        )
        .select_from(memberships.join(mutuelles, mutuelles.c.id == memberships.c.mutuelle_id))
        .where(memberships.c.ended_on.is_not(None), memberships.c.advance > 0)
        .order_by(memberships.c.ended_on, memberships.c.id)
    )
    if mutuelle_id is not None:
        asked = asked.where(memberships.c.mutuelle_id == mutuelle_id)
    return tuple(Left(*row) for row in conn.execute(asked))


def refund(
    conn: Connection,
    membership_id: int,
    amount: int,
    means: str,
    reason: str,
    by: str,
    reference: str,
    once: bytes | str,
    now: datetime,
    day: date,
) -> int:
    """Give FCFA of an ended membership's advance back, once for each `once`; the entry's id.

    `means`: TILL, or an operator's code. Raises BadPayment (a running membership, more than its advance, more than
    the mutuelle has there), LookupError.
    """
    row = ledger.held(conn, membership_id)[membership_id]
    key = once_of(once)
    before = ledger.booked(conn, key)
    if before is not None:
        return before
    if row.ended_on is None:
        raise BadPayment("the advance of a running membership goes on its next dues")
    if not reason.strip():
        raise BadPayment("a refund has a reason")
    if not 0 < amount <= row.advance:
        raise BadPayment(f"the household has an advance of {row.advance} F")
    holder = None if means == TILL else means
    hold(conn, "refund", str(row.mutuelle_id).encode())
    there = available(conn, row.mutuelle_id, means)
    if amount > there:
        raise BadPayment(f"the mutuelle has {there} F there")
    account = ledger.CAISSE if means == TILL else ledger.MOBILE
    made = ledger.post(
        conn,
        ledger.REFUND,
        row.mutuelle_id,
        [Line(ledger.AVANCE, amount, row.id), Line(account, -amount, row.id, holder=holder)],
        Cause(key, now, day, reason, by),
        membership_id=row.id,
        means=means,
        receipt=reference,
    )
    dues.add_advance(conn, row.id, -amount)
    return made


def available(conn: Connection, mutuelle_id: int, means: str) -> int:
    """FCFA of a mutuelle in its till (TILL) or with an operator, as the ledger knows it."""
    asked = (
        select(func.coalesce(func.sum(ledger_lines.c.amount), 0))
        .select_from(ledger_lines.join(ledger_entries, ledger_entries.c.id == ledger_lines.c.entry_id))
        .where(ledger_entries.c.mutuelle_id == mutuelle_id)
    )
    if means == TILL:
        asked = asked.where(ledger_lines.c.account == ledger.CAISSE)
    else:
        asked = asked.where(ledger_lines.c.account == ledger.MOBILE, ledger_lines.c.holder == means)
    return int(conn.execute(asked).scalar_one())
