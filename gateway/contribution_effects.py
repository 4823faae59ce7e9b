"""Does what a call or an SMS asks of a household's mutuelle: join, change the plan, pay later or by another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from flows.context import Context
from flows.contribution_effects import MutuelleJoined, PaymentLater, PaymentRequested, PlanChosen
from models import membership_changes, memberships, payment_requests, reminders_wanted
from models.locks import Overtaken, hold
from models.memberships import NotPossible

BY_MEMBER = "member"
"""Who joins and who changes a plan, when the household itself does."""


def _joined(conn: Connection, effect: MutuelleJoined, context: Context, once: bytes) -> None:
    # Two phones of one household may ask at the same moment: the second finds it joined.
    hold(conn, "household", str(effect.household_id).encode())
    try:
        memberships.join(
            conn,
            context.keys,
            effect.household_id,
            effect.mutuelle_id,
            context.today,
            effect.plan,
            now=context.now,
            by=BY_MEMBER,
            number=effect.number,
        )
    except NotPossible as changed:
        raise Overtaken from changed


def _plan(conn: Connection, effect: PlanChosen, context: Context, once: bytes) -> None:
    try:
        membership_changes.change_plan(
            conn, effect.membership_id, effect.plan, context.today, now=context.now, by=BY_MEMBER
        )
    except NotPossible as changed:
        raise Overtaken from changed


def _requested(conn: Connection, effect: PaymentRequested, context: Context, once: bytes) -> None:
    payment_requests.request(
        conn,
        context.keys,
        effect.reference,
        effect.membership_id,
        effect.amount,
        effect.to,
        context.now,
    )


def _later(conn: Connection, effect: PaymentLater, context: Context, once: bytes) -> None:
    reminders_wanted.want(conn, [effect.membership_id], reminders_wanted.HOUSEHOLD, effect.at)


DOING: dict[type[Any], Callable[[Connection, Any, Context, bytes], None]] = {
    MutuelleJoined: _joined,
    PaymentLater: _later,
    PaymentRequested: _requested,
    PlanChosen: _plan,
}
"""Effects to what each does."""
