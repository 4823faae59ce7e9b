"""`ramu collector deposit`: what was declared and waits to be counted; what was counted, without a phone for it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import click

from config.faults import Fault
from config.settings import load
from flows.texts import Catalogues
from gateway.cash_effects import owe_depositor
from gateway.console_audit import note
from gateway.register import opened
from models import deposits
from models.locks import Overtaken


class NotSettled(Fault):
    """The deposit cannot be confirmed; the message says why."""


@click.group("deposit")
def deposit_group() -> None:
    """Cash that collectors say they handed over."""


@deposit_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def waiting(as_json: bool) -> None:
    """List what was declared and that nobody counted yet; FCFA.

    Example: ramu collector deposit list
    """
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        rows = [
            {
                "deposit": one.deposit_id,
                "agent": one.number,
                "amount": one.amount,
                "reference": one.reference,
                "declared_at": one.declared_at.isoformat(),
            }
            for one in deposits.waiting(conn)
        ]
    if as_json:
        click.echo(json.dumps({"deposits": rows}, ensure_ascii=False))
        return
    click.echo(f"{'deposit':9}{'agent':7}{'amount':>9}  {'declared':12}reference")
    for row in rows:
        day = str(row["declared_at"])[:10]
        click.echo(f"{row['deposit']:<9}{row['agent']:<7}{row['amount']:>9}  {day:12}{row['reference']}")


@deposit_group.command()
@click.argument("deposit_id", type=int)
@click.option("--counted", type=click.IntRange(0), help="FCFA that were counted; as declared without it.")
@click.option("--by", type=int, help="The number of the treasurer who counted.")
def confirm(deposit_id: int, counted: int | None, by: int | None) -> None:
    """Confirm deposit DEPOSIT_ID: the collector's cash falls by what was counted. 0: nothing was handed over.

    Example: ramu collector deposit confirm 12 --counted 38000 --by 207
    """
    now = datetime.now(UTC)
    settings = load()
    with opened(settings) as (database, keys), database.begin() as conn:
        found = deposits.by_id(conn, deposit_id)
        if found is None:
            raise NotSettled(f"no deposit {deposit_id}: ramu collector deposit list")
        who = str(by) if by is not None else f"console:{os.getuid()}"
        try:
            settled = deposits.settle(
                conn, deposit_id, found.amount if counted is None else counted, who, now
            )
        except deposits.OwnDeposit:
            raise NotSettled(f"agent {by} handed it over: somebody else counts it") from None
        except Overtaken:
            raise NotSettled(f"deposit {deposit_id} was settled before: {found.state}") from None
        owe_depositor(conn, keys, Catalogues.load(), settled, f"deposit:{deposit_id}".encode(), now)
        note(conn, keys, "cash.counted", f"collector:{found.number}", f"{settled.counted} F", now)
    click.echo(
        f"deposit {deposit_id}: {settled.counted} F of {settled.amount} F, difference {settled.difference} F"
    )
