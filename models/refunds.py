"""Refunds: the advance of a household that is no longer a member, given back from where its mutuelle has money. FCFA.

Whether statutes let it be given back is the assembly's to say; the ledger only sees that no franc is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

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
    the mutuelle has there, taken back since), LookupError.
    """
    row = ledger.held(conn, membership_id)[membership_id]
    key = once_of(once)
    before = ledger.booked(conn, key)
    if before is not None:
        if _taken_back(conn, before) is not None:
            raise BadPayment("this refund was taken back: another one has another reference")
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


def is_refund(conn: Connection, entry_id: int) -> bool:
    """Whether an entry gave money back; not one that takes that back."""
    return conn.execute(_REFUNDS.where(ledger_entries.c.id == entry_id)).one_or_none() is not None


def reverse(
    conn: Connection, entry_id: int, reason: str, by: str, once: bytes | str, now: datetime, day: date
) -> int:
    """Take a refund back that was not paid out or came back, with its reason, once; the id of the entry that does it.

    Its money is the household's advance again, and where it was. The entry is a REFUND, too: a REVERSAL is of what
    members paid, and figures of what was received count it so. Raises BadPayment.
    """
    entry = conn.execute(_REFUNDS.where(ledger_entries.c.id == entry_id)).one_or_none()
    if entry is None:
        raise BadPayment("only a refund can be taken back so")
    if not reason.strip():
        raise BadPayment("a reversal has a reason")
    ledger.held(conn, entry.membership_id)
    key = once_of(once)
    before = _taken_back(conn, entry_id)
    if before is not None:
        if before.once == key:
            return int(before.id)
        raise BadPayment("this refund is taken back already")
    mirrored = [
        Line(line.account, -line.amount, line.membership_id, line.due_id, line.holder)
        for line in ledger.lines_of(conn, entry_id)
    ]
    made = ledger.post(
        conn,
        ledger.REFUND,
        entry.mutuelle_id,
        mirrored,
        Cause(key, now, day, reason, by),
        membership_id=entry.membership_id,
        reverses_id=entry_id,
        means=entry.means,
        receipt=entry.receipt,
    )
    amount = -sum(line.amount for line in mirrored if line.account == ledger.AVANCE)
    dues.add_advance(conn, entry.membership_id, amount)
    return made


_REFUNDS = select(ledger_entries).where(
    ledger_entries.c.kind == ledger.REFUND, ledger_entries.c.reverses_id.is_(None)
)


def _taken_back(conn: Connection, entry_id: int) -> Any:
    """The entry (id, once) that took a refund back, or None."""
    asked = select(ledger_entries.c.id, ledger_entries.c.once).where(ledger_entries.c.reverses_id == entry_id)
    return conn.execute(asked).one_or_none()


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
