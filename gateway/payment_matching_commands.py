"""`ramu payments unmatched|match|drop`: what operators told that fits no payment is settled by a person."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import click
from sqlalchemy import Connection

from config.faults import Fault
from config.jobs import SEND_READY
from config.settings import load
from gateway.console_audit import note
from gateway.payment_desk import payment_desk
from gateway.payments.matching import Matching
from gateway.register import opened
from gateway.runtime import Runtime
from gateway.wake import wake
from models import payment_callbacks, payment_lists
from models.identifiers import BadMsisdn, Msisdn
from models.payment_callbacks import Unmatched


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def unmatched(as_json: bool) -> None:
    """List callbacks that fit no payment, the oldest first.

    Example: ramu payments unmatched
    """
    with opened(load()) as (database, keys), database.begin(reading=True) as conn:
        rows = [_told(one) for one in payment_callbacks.unmatched(conn, keys)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo("  ".join(f"{key}: {value}" for key, value in row.items() if value not in ("", None)))
    click.echo(f"{len(rows)} waiting", err=True)


@click.command()
@click.argument("callback_id", type=click.IntRange(1), metavar="ID")
@click.option("--payment", metavar="REF", help="The payment that it is about: a reference, or P and an id.")
@click.option("--member", metavar="NUMBER", help="Or whose household the money is for: a member's number.")
@click.option("--payer", metavar="NUMBER", help="Who paid, when the operator did not say it.")
@click.option("--why", required=True, help="What shows that it is so; it is kept.")
def match(callback_id: int, payment: str | None, member: str | None, payer: str | None, why: str) -> None:
    """Say what a callback is about: its money is booked and the receipts go out.

    Example: ramu payments match 3 --payment 713482 --why "statement of the operator, line 41"
    """
    if (payment is None) == (member is None):
        raise click.UsageError("one of --payment and --member")
    paid_by = _phone(payer)
    with payment_desk() as desk:
        matching = Matching(desk, _who())
        with desk.database.begin() as conn:
            if payment is not None:
                payment_id = _one(conn, desk, payment)
                amount = matching.to_payment(conn, callback_id, payment_id, why)
                about = f"P{payment_id}"
            else:
                amount, about = matching.to_member(conn, callback_id, str(member), why, paid_by)
            note(conn, desk.keys, "payments.match", f"callback:{callback_id}", f"{amount} F", desk.clock())
        wake(desk.redis, SEND_READY)
    click.echo(f"{amount} F booked, {about}" if amount else f"nothing was taken, {about}")


@click.command()
@click.argument("callback_id", type=click.IntRange(1), metavar="ID")
@click.option("--why", required=True, help="What shows that it is so; it is kept.")
def drop(callback_id: int, why: str) -> None:
    """Say that a callback is about no money of ours.

    Example: ramu payments drop 3 --why "test of the operator's"
    """
    with payment_desk() as desk, desk.database.begin() as conn:
        Matching(desk, _who()).drop(conn, callback_id, why)
        note(conn, desk.keys, "payments.drop", f"callback:{callback_id}", "", desk.clock())
    click.echo("dropped")


def _one(conn: Connection, desk: Runtime, name: str) -> int:
    """Raises Fault."""
    found = payment_lists.named(conn, desk.keys, name)
    if len(found) != 1:
        some = ", ".join(f"P{one.id}" for one in found[:5])
        raise Fault(f"{len(found)} payments are called so{': ' if some else ''}{some}")
    return found[0].id


def _told(one: Unmatched) -> dict[str, object]:
    """A callback for people and programs, the number masked."""
    return {
        **asdict(one),
        "payer": one.payer.masked if one.payer else "",
        "at": one.at.isoformat(timespec="seconds"),
    }


def _phone(typed: str | None) -> Msisdn | None:
    try:
        return Msisdn.parse(typed) if typed else None
    except BadMsisdn as fault:
        raise Fault(f"--payer: {fault}") from None


def _who() -> str:
    return f"console:{os.getuid()}"
