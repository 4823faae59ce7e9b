"""What is found when a storm of payments is over: the operator's books, our rows and entries, what was told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import func, select

from gateway.simulated.money_books import Books
from models import ledger_check
from models.chunks import INTENT, chunks
from models.database import Connection, Database
from models.deposits import cash_deposits
from models.inbound import WAITING, inbound
from models.keyring import KeyRing
from models.ledger import COLLECTEUR, MOBILE
from models.messages import PENDING, messages
from models.mutuelle_tables import ledger_entries, ledger_lines
from models.owed_answers import OWED, owed_answers
from models.payment_callbacks import UNMATCHED, payment_callbacks
from models.payments import OPEN, payments
from models.phones import PHONE
from tests.storm.evidence import left_on_disk, owed_in, sent_in
from tests.storm.payment_found import Entry, Found, Handed, Order, Row
from tests.storm.payment_wishes import Wish

FINAL_WORD = ("e429", "e401")
"""How a request may be turned away so that it may be made again."""

OF_PAYMENT = re.compile(r"payment:(\d+)(:|$)")


def gathered(
    database: Database,
    keys: KeyRing,
    data: Path,
    books: Path,
    ledger: Path,
    wishes: Sequence[Wish],
) -> Found:
    """Everything, once it is quiet. `books`: the operator's folder. Raises DatabaseAway."""
    homes = {one.home.membership_id: one.home.phone for one in wishes}
    with database.begin(reading=True) as conn:
        return Found(
            orders=tuple(orders_in(books)),
            rows=tuple(_rows(conn, keys, homes)),
            entries=tuple(_entries(conn)),
            handed=tuple(_handed(conn)),
            unmatched=tuple(_unmatched(conn)),
            owed=tuple(owed_in(conn, keys, {})),
            ledger=tuple(sent_in(ledger)),
            crooked=tuple(ledger_check.faults(conn)),
            left={what: count for what, count in left_on_disk(data).items() if what != "spool aside"},
        )


def orders_in(folder: Path) -> Iterator[Order]:
    """The operator's orders, those of which it took nothing included."""
    books = Books(folder)
    try:
        moved = books.moved()
        away = Counter(name for name, fault in books.turned_away() if fault not in FINAL_WORD)
        for order in books.orders():
            yield Order(
                order.operator,
                order.name,
                order.amount,
                order.fault,
                moved.get((order.operator, order.name), 0),
                order.requests,
                away.pop(order.name, 0),
            )
        for name, times in away.items():
            yield Order("", name, 0, "", 0, 0, times)
    finally:
        books.close()


def _rows(conn: Connection, keys: KeyRing, homes: dict[int, str]) -> Iterator[Row]:
    for row in conn.execute(select(payments).order_by(payments.c.id)):
        payer = keys.unseal(row.payer_sealed, PHONE)
        member = keys.unseal(row.member_sealed, PHONE) if row.member_sealed else homes[row.membership_id]
        yield Row(
            row.id,
            row.order_id,
            row.reference,
            row.membership_id,
            tuple(dict.fromkeys((payer, member))),
            row.operator,
            row.amount,
            row.state,
        )


def _entries(conn: Connection) -> Iterator[Entry]:
    joined = ledger_lines.join(ledger_entries, ledger_entries.c.id == ledger_lines.c.entry_id)
    original = ledger_entries.alias("original")
    asked = (
        select(
            ledger_entries.c.kind,
            ledger_entries.c.once,
            ledger_entries.c.membership_id,
            func.coalesce(ledger_entries.c.receipt, original.c.receipt).label("receipt"),
            ledger_lines.c.holder,
            ledger_lines.c.amount,
        )
        .select_from(joined.outerjoin(original, original.c.id == ledger_entries.c.reverses_id))
        .where(ledger_lines.c.account.in_((MOBILE, COLLECTEUR)))
        .order_by(ledger_entries.c.id)
    )
    for row in conn.execute(asked):
        found = OF_PAYMENT.match(row.once)
        yield Entry(
            row.kind,
            row.holder,
            row.amount,
            row.membership_id or 0,
            row.receipt or "",
            int(found[1]) if found else 0,
        )


def _handed(conn: Connection) -> Iterator[Handed]:
    for row in conn.execute(select(cash_deposits).order_by(cash_deposits.c.id)):
        yield Handed(row.number, row.reference, row.amount, row.counted)


def _unmatched(conn: Connection) -> Iterator[tuple[str, str]]:
    table = payment_callbacks
    for row in conn.execute(select(table.c.order_id, table.c.why).where(table.c.state == UNMATCHED)):
        yield row.order_id, row.why


def left_in(conn: Connection) -> dict[str, int]:
    """What is left to do, by what it is."""
    counts = {
        "SMS of people waiting": select(func.count()).where(inbound.c.state == WAITING),
        "SMS to send": select(func.count()).where(messages.c.state == PENDING),
        "SMS under way": select(func.count()).where(chunks.c.state == INTENT),
        "answers promised": select(func.count()).where(owed_answers.c.state == OWED),
        "payments open": select(func.count()).where(payments.c.state.in_(OPEN)),
        "payments to ask about again": select(func.count()).where(
            payments.c.next_at.is_not(None), payments.c.state.not_in(OPEN)
        ),
    }
    return {what: conn.scalar(query) or 0 for what, query in counts.items()}
