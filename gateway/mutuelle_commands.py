"""`ramu mutuelle`: the structure of the mutuelles, their terms, and every command about their members and money."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import click
from sqlalchemy import func, select

from config.settings import load
from gateway.console_audit import note
from gateway.ledger_commands import call, check
from gateway.membership_commands import (
    account,
    decide,
    issue_numbers,
    join,
    pay,
    plan,
    proposals_command,
    reverse,
)
from gateway.mutuelle_baseline_command import baseline
from gateway.mutuelle_report_command import report
from gateway.named_members import the_mutuelle
from gateway.refund_commands import refund, refunds
from gateway.register import opened
from gateway.reminder_commands import reminders
from models import mutuelle_map, mutuelle_terms
from models.days import day_of
from models.mutuelle_tables import memberships
from models.mutuelles import KINDS, MUTUELLE, mutuelles

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("mutuelle")
def mutuelle() -> None:
    """Mutuelles: structure, terms, members, contributions, ledger."""


@mutuelle.command("map")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def load_map(as_json: bool) -> None:
    """Make the strategy's structure: federation, unions, 64 mutuelles, sections. Twice makes nothing twice.

    Example: ramu mutuelle map
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        made = mutuelle_map.load(conn)
        there = mutuelle_map.count(conn)
        note(conn, keys, "mutuelle.map", "mutuelles:all", f"{sum(made.values())} made", now)
    if as_json:
        click.echo(json.dumps({"made": made, "there": there}))
        return
    for kind in KINDS:
        click.echo(f"{kind:12}{there.get(kind, 0):6}  {made.get(kind, 0)} made now")


@mutuelle.command("list")
@click.option("--kind", type=click.Choice(KINDS), default=MUTUELLE, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_mutuelles(kind: str, as_json: bool) -> None:
    """List mutuelles with their code, cercle and how many households are in them.

    Example: ramu mutuelle list
    """
    members = (
        select(func.count())
        .where(memberships.c.mutuelle_id == mutuelles.c.id, memberships.c.ended_on.is_(None))
        .scalar_subquery()
    )
    asked = (
        select(mutuelles.c.code, mutuelles.c.name, mutuelles.c.cercle_pcode, members.label("households"))
        .where(mutuelles.c.kind == kind)
        .order_by(mutuelles.c.code)
    )
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        rows = [row._asdict() for row in conn.execute(asked)]
    if as_json:
        click.echo(json.dumps({"mutuelles": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['code']:18}{row['cercle_pcode']:12}{row['households']:8}  {row['name']}")


@mutuelle.command()
@click.argument("which")
@click.option("--set", "term", type=click.Choice(mutuelle_terms.TERMS), help="The term to change.")
@click.option("--value", type=int, help="FCFA, percent or days.")
@click.option("--from", "valid_from", type=DAY, help="First day of the new value; else today.")
@click.option("--source", help="What decided it: the assembly's minutes and their day.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def terms(
    which: str,
    term: str | None,
    value: int | None,
    valid_from: datetime | None,
    source: str | None,
    as_json: bool,
) -> None:
    """Show the terms of the mutuelle WHICH (code, or enough of its name), or change one from a day on.

    What no assembly decided is an assumption and is marked so.

    Example: ramu mutuelle terms MUT-ML0305 --set member_fcfa --value 3600 --source "AG du 12/10/2026"
    """
    now = datetime.now(UTC)
    day: date = valid_from.date() if valid_from else day_of(now)
    with opened(load()) as (database, keys), database.begin() as conn:
        mutuelle_id = the_mutuelle(conn, which)
        if term:
            if value is None or not source:
                raise click.UsageError("--set needs --value and --source")
            mutuelle_terms.change(conn, mutuelle_id, term, value, day, source)
            note(conn, keys, "mutuelle.terms", f"mutuelle:{mutuelle_id}", f"{term} {value} {day}", now)
        told = mutuelle_terms.told(conn, mutuelle_id, day)
    if as_json:
        rows = [dict(zip(("term", "value", "source"), row, strict=True)) for row in told]
        click.echo(json.dumps({"day": str(day), "terms": rows}, ensure_ascii=False))
        return
    for name, amount, why in told:
        click.echo(f"{name:24}{amount:>8}  {why}")


for command in (
    join,
    issue_numbers,
    plan,
    account,
    pay,
    reverse,
    refund,
    refunds,
    proposals_command,
    decide,
    call,
    check,
    report,
    reminders,
    baseline,
):
    mutuelle.add_command(command)
