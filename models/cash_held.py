"""Cash between a collector's hands and the till, out of the ledger: what she has, and what she handed over. FCFA."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import bindparam, func, select

from models import ledger
from models.contributions import CASH, BadPayment
from models.database import Connection, Db, Prepared
from models.ledger import Cause, Line, once_of
from models.locks import hold
from models.mutuelle_tables import ledger_entries, ledger_lines

_reversal = ledger_entries.alias("reversal")


def deposit(
    conn: Connection,
    mutuelle_id: int,
    collector: str,
    amount: int,
    reference: str,
    once: bytes | str,
    now: datetime,
    day: date,
) -> int:
    """Book cash that a collector handed to the till, once; the entry's id. Raises BadPayment for more than she has."""
    hold(conn, "collector", collector.encode())
    key = once_of(once)
    before = ledger.booked(conn, key)
    if before is not None:
        return before
    if not 0 < amount <= cash_in_hand(conn, collector)[0]:
        raise BadPayment("a deposit is above zero and not more than the cash in hand")
    lines = [Line(ledger.CAISSE, amount), Line(ledger.COLLECTEUR, -amount, holder=collector)]
    cause = Cause(key, now, day, "deposit")
    return ledger.post(conn, ledger.DEPOSIT, mutuelle_id, lines, cause, receipt=reference, means=CASH)


_IN_HAND = Prepared(
    select(func.coalesce(func.sum(ledger_lines.c.amount), 0)).where(
        ledger_lines.c.holder == bindparam("collector"), ledger_lines.c.account == ledger.COLLECTEUR
    )
)
_emptied = (
    select(func.coalesce(func.max(ledger_entries.c.id), 0))
    .select_from(ledger_entries.join(ledger_lines, ledger_lines.c.entry_id == ledger_entries.c.id))
    .where(
        ledger_lines.c.holder == bindparam("collector"),
        ledger_lines.c.account == ledger.COLLECTEUR,
        ledger_entries.c.kind == ledger.DEPOSIT,
    )
    .scalar_subquery()
)
_SINCE = Prepared(
    select(func.count(), func.min(ledger_entries.c.day))
    .select_from(
        ledger_entries.join(ledger_lines, ledger_lines.c.entry_id == ledger_entries.c.id).outerjoin(
            _reversal, _reversal.c.reverses_id == ledger_entries.c.id
        )
    )
    .where(
        ledger_lines.c.holder == bindparam("collector"),
        ledger_lines.c.account == ledger.COLLECTEUR,
        ledger_entries.c.kind == ledger.PAYMENT,
        _reversal.c.id.is_(None),
        ledger_entries.c.id > _emptied,
    )
)


def cash_in_hand(db: Db, collector: str) -> tuple[int, int, date | None]:
    """(FCFA that a collector has, receipts since the last deposit, the day of the first). Raises DatabaseAway."""
    ((amount,),) = _IN_HAND.all(db, collector=collector)
    ((count, since),) = _SINCE.all(db, collector=collector)
    return int(amount), int(count), since
