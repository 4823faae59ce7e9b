"""What effects about cash do: the outbox calls these, in the transaction of the hop or the SMS.

Whoever changes a collector's cash holds it first. An answer that took other cash for granted than she has is overtaken,
and worked out again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from config.jobs import TRANSACTIONAL
from flows import cash_texts
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
from gateway.payments.receipts import Receipts
from models import (
    collector_cash,
    collectors,
    contributions,
    deposits,
    messages,
    phones,
    reminders_wanted,
)
from models.identifiers import Msisdn
from models.locks import Overtaken, hold
from models.phones import phone_index

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
    if contributions.cash_in_hand(conn, str(number))[0] != in_hand:
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
    tell_depositor(conn, context, settled, once)


def tell_depositor(conn: Connection, context: Context, settled: deposits.Deposit, once: bytes) -> None:
    """Owe the collector what became of her deposit, and what she has left. The same `once` owes it once."""
    to = collectors.phone_of(conn, context.keys, settled.number)
    left = contributions.cash_in_hand(conn, str(settled.number))[0]
    if to is not None:
        translate = context.catalogues.translator(_language(conn, context, to))
        _owe(conn, context, to, cash_texts.settled(translate, settled, left), once)


def _alarmed(conn: Connection, effect: CashAlarmed, context: Context, once: bytes) -> None:
    if not collector_cash.raise_alarm(conn, effect.number, effect.kind, effect.about, context.now):
        return
    found = collectors.by_number(conn, effect.number, context.now)
    if found is None:
        return
    for place, (_, to) in enumerate(
        collectors.treasurers(conn, context.keys, found.mutuelle_id, context.now, but=effect.number)
    ):
        translate = context.catalogues.translator(_language(conn, context, to))
        text = cash_texts.above_limit(translate, effect.number, effect.in_hand, effect.limit)
        _owe(conn, context, to, text, once + bytes([place]))


def _wanted(conn: Connection, effect: ReminderWanted, context: Context, once: bytes) -> None:
    collectors.used(conn, effect.number, context.now)
    reminders_wanted.want(conn, effect.membership_ids, effect.number, context.now)


def _used(conn: Connection, effect: CollectorUsed, context: Context, once: bytes) -> None:
    collectors.used(conn, effect.number, context.now)


def _language(conn: Connection, context: Context, phone: Msisdn) -> str:
    known = phones.reachable(conn, context.keys, phone_index(context.keys, phone))
    return (known[1] if known else None) or "fr"


def _owe(conn: Connection, context: Context, to: Msisdn, text: str, once: bytes) -> None:
    messages.owe(
        conn,
        context.keys,
        to=to,
        text=text,
        kind=KIND,
        lane=TRANSACTIONAL,
        once=once,
        now=context.now,
    )


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
