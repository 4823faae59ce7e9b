"""What effects about payments do: the outbox calls these, in the transaction of the hop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from flows.context import Context
from flows.effects import PaymentAsked
from models import payments


def _asked(conn: Connection, effect: PaymentAsked, context: Context, once: bytes) -> None:
    payments.ask(
        conn,
        context.keys,
        membership_id=effect.membership_id,
        payer=effect.payer,
        operator=effect.operator,
        amount=effect.amount,
        reference=effect.reference,
        once=once,
        now=context.now,
        member_phone=effect.member_phone,
        again=effect.again,
    )


DOING: dict[type[Any], Callable[[Connection, Any, Context, bytes], None]] = {PaymentAsked: _asked}
"""Effects to what each does."""
