"""Commands of `ramu mutuelle` about what members left behind: who is owed an advance, and giving it back."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime

import click

from config.settings import load
from gateway.console_audit import note
from gateway.membership_commands import as_json_option, console, member_argument
from gateway.named_members import the_ended, the_mutuelle
from gateway.register import opened
from models import refunds as books
from models.contributions import TILL
from models.days import day_of


@click.command()
@click.option("--mutuelle", help="Only of this one.")
@as_json_option
def refunds(mutuelle: str | None, as_json: bool) -> None:
    """List the advances of households that are no longer members; the mutuelle settles each by its statutes.

    Example: ramu mutuelle refunds --mutuelle benkadi
    """
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        found = books.left_behind(conn, the_mutuelle(conn, mutuelle) if mutuelle else None)
    if as_json:
        click.echo(json.dumps({"refunds": [asdict(one) for one in found]}, default=str, ensure_ascii=False))
        return
    for one in found:
        click.echo(
            f"{one.membership_id:8}  {one.ended_why:14} {one.ended_on} {one.amount:8} FCFA  {one.mutuelle}"
        )
    click.echo(f"{sum(one.amount for one in found)} FCFA are left behind", err=True)


@click.command()
@member_argument
@click.argument("amount", type=click.IntRange(1), metavar="FCFA")
@click.option("--reason", required=True, help="Why; it stays in the ledger.")
@click.option("--from", "means", default=TILL, show_default=True, help="TILL, or an operator: OM, MOOV.")
@click.option("--reference", help="The number on the signed paper; else one is made.")
@as_json_option
def refund(member: str, amount: int, reason: str, means: str, reference: str | None, as_json: bool) -> None:
    """Give FCFA back to a household that has left. The same --reference of the same day counts once.

    Example: ramu mutuelle refund FOYER-12 2750 --reason "left, statutes art. 9" --reference R-0031
    """
    now = datetime.now(UTC)
    day = day_of(now)
    number = reference or f"{secrets.randbelow(900_000) + 100_000}"
    with opened(load()) as (database, keys), database.begin() as conn:
        left = the_ended(conn, keys, member, day)
        one = left.membership_id
        key = f"refund:{one}:{day}:{number}"
        made = books.refund(conn, one, amount, means, reason, console(), number, key, now, day)
        note(conn, keys, "mutuelle.refund", f"membership:{one}", f"{amount} entry {made}", now)
    told = {"entry_id": made, "reference": number, "amount": amount, "membership_id": one}
    click.echo(json.dumps(told) if as_json else f"entry {made}, receipt {number}: {amount} FCFA given back")
