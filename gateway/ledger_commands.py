"""`ramu mutuelle call` and `check`: the next years of contributions by hand, and whether the books are right."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click

from config.settings import load
from gateway.console_audit import note
from gateway.register import opened
from models import calls, ledger_check, proposals
from models.days import day_of

MOST_TOLD = 50
"""Faults that are printed; the rest is counted."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def call(as_json: bool) -> None:
    """Call the next year of everybody whose turn it is, and bring all statuses to today. The worker does it by itself.

    Example: ramu mutuelle call
    """
    now = datetime.now(UTC)
    day, called, changed = day_of(now), 0, 0
    with opened(load()) as (database, keys):
        with database.begin(reading=True) as conn:
            found = calls.groups(conn, day)
        for place, group in enumerate(found, start=1):
            while True:
                with database.begin() as conn:
                    done = calls.call(conn, group, day, now)
                if not done:
                    break
                called += done
                click.echo(f"{called} memberships called, group {place} of {len(found)}", err=True)
        with database.begin(reading=True) as conn:
            waiting = proposals.waiting(conn, day)
        for mutuelle_id in waiting:
            with database.begin() as conn:
                changed += proposals.bring_to_day(conn, mutuelle_id, day)
        with database.begin() as conn:
            note(conn, keys, "mutuelle.call", "mutuelles:all", f"{called} called", now)
    told = {"day": str(day), "called": called, "mutuelles": len(waiting), "rights_changed": changed}
    click.echo(json.dumps(told) if as_json else f"{called} called, {changed} rights changed")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(as_json: bool) -> None:
    """Compute dues, advances, the State's share, the guarantee fund and days of cover anew from the ledger's lines.

    Exit code 1 when anything differs.

    Example: ramu mutuelle check
    """
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        totals = ledger_check.totals(conn)
        found = list(ledger_check.faults(conn, _progress))
    if as_json:
        click.echo(json.dumps({"ok": not found, "faults": found[:MOST_TOLD], "totals": totals}))
    else:
        for account, amount in totals.items():
            click.echo(f"{account:18}{amount:>16} FCFA")
        for fault in found[:MOST_TOLD]:
            click.echo(fault, err=True)
        click.echo("the books are right" if not found else f"{len(found)} faults")
    sys.exit(1 if found else 0)


def _progress(count: int) -> None:
    if count % 50_000 < ledger_check.BATCH:
        click.echo(f"{count} memberships looked at", err=True)
