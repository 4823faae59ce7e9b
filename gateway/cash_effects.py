"""What effects about cash do: the outbox calls these, in the transaction of the hop or the SMS.

Whoever changes a collector's cash holds it first. An answer that took other cash for granted than she has is overtaken,
and worked out again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from config.jobs import TRANSACTIONAL
from flows import cash_texts
from flows.cash_texts import Translate
from flows.collecting_effects import (
    CashAlarmed,
    CashCollected,
    CashGivenBack,
    CollectorUsed,
    DepositDeclared,
    DepositSettled,
    ReminderWanted,
)
from flows.context import Context
from flows.texts import Catalogues
from gateway.payments.receipts import Receipts
from models import (
    cash_held,
    collector_cash,
    collectors,
    contributions,
    deposits,
    messages,
    phones,
    reminders_wanted,
)
from models.collectors import Collector
from models.deposits import Deposit
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import Overtaken, hold
from models.phones import phone_index

Text = Callable[[Translate], str]

KIND = "cash"
"""The kind of SMS about cash to collectors and treasurers."""

SLIP = "taken back by SMS: a slip of the thumb"


def _collected(conn: Connection, effect: CashCollected, context: Context, once: bytes) -> None:
    _hold(conn, effect.number, effect.in_hand)
    try:
        paid = contributions.pay(
            conn,
            effect.membership_id,
            effect.amount,
            contributions.CASH,
            str(effect.number),
            f"cash:{once.hex()}",
            effect.reference,
            context.now,
            context.today,
        )
    except LookupError as gone:
        raise Overtaken from gone
    collectors.used(conn, effect.number, context.now)
    receipts = Receipts(context.keys, context.catalogues)
    receipts.in_cash(conn, effect.membership_id, effect.number, paid, once, context.now)


def _given_back(conn: Connection, effect: CashGivenBack, context: Context, once: bytes) -> None:
    _hold(conn, effect.number, effect.in_hand)
    by = f"collector:{effect.number}"
    key = f"cash:{once.hex()}"
    try:
        contributions.reverse(conn, effect.entry_id, SLIP, by, key, context.now, context.today)
    except contributions.BadPayment as done:
        raise Overtaken from done
    collectors.used(conn, effect.number, context.now)
    receipts = Receipts(context.keys, context.catalogues)
    receipts.corrected(
        conn, effect.membership_id, effect.number, effect.reference, effect.amount, once, context.now
    )


def _hold(conn: Connection, number: int, in_hand: int) -> None:
    hold(conn, deposits.HOLD, str(number).encode())
    if cash_held.cash_in_hand(conn, str(number))[0] != in_hand:
        raise Overtaken


def _declared(conn: Connection, effect: DepositDeclared, context: Context, once: bytes) -> None:
    collectors.used(conn, effect.number, context.now)
    deposits.declare(
        conn,
        context.keys,
        number=effect.number,
        mutuelle_id=effect.mutuelle_id,
        amount=effect.amount,
        reference=effect.reference,
        code=effect.code,
        once=once,
        now=context.now,
    )


def _settled(conn: Connection, effect: DepositSettled, context: Context, once: bytes) -> None:
    settled = deposits.settle(conn, effect.deposit_id, effect.counted, str(effect.by), context.now)
    owe_depositor(conn, context.keys, context.catalogues, settled, once, context.now)


def owe_depositor(
    conn: Connection, keys: KeyRing, catalogues: Catalogues, settled: Deposit, once: bytes, now: datetime
) -> None:
    """Owe the collector what became of her deposit, and what she has left. The same `once` owes it once."""
    to = collectors.phone_of(conn, keys, settled.number)
    left = cash_held.cash_in_hand(conn, str(settled.number))[0]
    if to is not None:
        owe(conn, keys, catalogues, to, lambda t: cash_texts.settled(t, settled, left), once, now)


def owe_treasurers(
    conn: Connection,
    keys: KeyRing,
    catalogues: Catalogues,
    about: Collector,
    text: Text,
    once: bytes,
    now: datetime,
) -> None:
    """Owe an SMS about a collector's cash to the treasurers of her mutuelle, each in her language."""
    found = collectors.treasurers(conn, keys, about.mutuelle_id, now, but=about.number)
    for place, (_, to) in enumerate(found):
        owe(conn, keys, catalogues, to, text, once + bytes([place]), now)


def owe(
    conn: Connection,
    keys: KeyRing,
    catalogues: Catalogues,
    to: Msisdn,
    text: Text,
    once: bytes,
    now: datetime,
) -> None:
    """Owe an SMS about cash in the language of the phone. The same `once` owes it once."""
    known = phones.reachable(conn, keys, phone_index(keys, to))
    translate = catalogues.translator((known[1] if known else None) or "fr")
    messages.owe(
        conn,
        keys,
        to=to,
        text=text(translate),
        kind=KIND,
        lane=TRANSACTIONAL,
        once=b"cash:" + once,
        now=now,
    )


def _alarmed(conn: Connection, effect: CashAlarmed, context: Context, once: bytes) -> None:
    if not collector_cash.raise_alarm(conn, effect.number, effect.kind, effect.about, context.now):
        return
    found = collectors.by_number(conn, effect.number, context.now)
    if found is None:
        return

    def text(t: Translate) -> str:
        return cash_texts.above_limit(t, effect.number, effect.in_hand, effect.limit)

    owe_treasurers(conn, context.keys, context.catalogues, found, text, once, context.now)


def _wanted(conn: Connection, effect: ReminderWanted, context: Context, once: bytes) -> None:
    collectors.used(conn, effect.number, context.now)
    reminders_wanted.want(conn, effect.membership_ids, effect.number, context.now)


def _used(conn: Connection, effect: CollectorUsed, context: Context, once: bytes) -> None:
    collectors.used(conn, effect.number, context.now)


DOING: dict[type[Any], Callable[[Connection, Any, Context, bytes], None]] = {
    CashAlarmed: _alarmed,
    CashCollected: _collected,
    CashGivenBack: _given_back,
    CollectorUsed: _used,
    DepositDeclared: _declared,
    DepositSettled: _settled,
    ReminderWanted: _wanted,
}
"""Effects to what each does."""
