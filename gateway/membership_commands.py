"""Commands of `ramu mutuelle` about one household: join, plan, account, pay at the till, reverse, and decisions."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import click

from config.settings import load
from flows.texts import Catalogues
from gateway.console_audit import note
from gateway.named_members import the_household, the_membership, the_mutuelle
from gateway.payments.receipts import Receipts
from gateway.register import opened
from models import contributions, member_numbers, membership_changes, memberships, proposals, refunds
from models.contributions import TILL, Account
from models.days import day_of

DAY = click.DateTime(["%Y-%m-%d"])
as_json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")
member_argument = click.argument("member", metavar="NUMBER|CODE")


def console() -> str:
    """Who is at the console, as the ledger and the trail name it."""
    return f"console:{os.getuid()}"


@click.command()
@member_argument
@click.argument("mutuelle")
@click.option("--plan", default="MOIS", show_default=True, help="A code of contribution_plans.csv.")
@click.option("--no-fee", is_flag=True, help="The fee for joining is not asked for.")
@click.option("--day", type=DAY, help="The first day; else today.")
@as_json_option
def join(member: str, mutuelle: str, plan: str, no_fee: bool, day: datetime | None, as_json: bool) -> None:
    """Let the household of a member's NUMBER, or with the file CODE, join MUTUELLE: its year is called.

    A household without a member number gets one, and an SMS that says it.

    Example: ramu mutuelle join 54120016 MUT-ML0305 --plan COTON
    """
    now = datetime.now(UTC)
    start = day.date() if day else day_of(now)
    with opened(load()) as (database, keys), database.begin() as conn:
        household_id = the_household(conn, keys, member, start)
        mutuelle_id = the_mutuelle(conn, mutuelle)
        made = memberships.join(
            conn, keys, household_id, mutuelle_id, start, plan, now=now, fee=not no_fee, by=console()
        )
        Receipts(keys, Catalogues.load()).joined(conn, made, now)
        note(conn, keys, "mutuelle.join", f"membership:{made}", plan, now)
        found = contributions.account(conn, made, start)
        number = member_numbers.of_household(conn, keys, household_id)
    tell(found, as_json, number=number)


@click.command("numbers")
def issue_numbers() -> None:
    """Give a member number to each household of a mutuelle that has none: who joined before there were any.

    Example: ramu mutuelle numbers
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        found = member_numbers.without(conn)
        for household_id in found:
            member_numbers.give(conn, keys, household_id, day_of(now))
        note(conn, keys, "mutuelle.numbers", "households:all", f"{len(found)} given", now)
    click.echo(f"{len(found)} households got a member number")


@click.command()
@member_argument
@click.argument("code")
@as_json_option
def plan(member: str, code: str, as_json: bool) -> None:
    """Let a household pay by another plan CODE: COTON, RIZ, CEREALES, MOIS... What is paid stays paid.

    Example: ramu mutuelle plan 54100015 CEREALES
    """
    now = datetime.now(UTC)
    day = day_of(now)
    with opened(load()) as (database, keys), database.begin() as conn:
        one = the_membership(conn, keys, member, day)
        membership_changes.change_plan(conn, one.id, code.upper(), day, now=now, by=console())
        note(conn, keys, "mutuelle.plan", f"membership:{one.id}", code.upper(), now)
        found = contributions.account(conn, one.id, day)
    tell(found, as_json)


@click.command()
@member_argument
@as_json_option
def account(member: str, as_json: bool) -> None:
    """Show where a household stands, with its last receipts and the number of each entry.

    Example: ramu mutuelle account 54100015
    """
    now = datetime.now(UTC)
    day = day_of(now)
    with opened(load()) as (database, keys):
        with database.begin() as conn:
            one = the_membership(conn, keys, member, day)
            note(conn, keys, "mutuelle.account", f"membership:{one.id}", "", now)
        found = contributions.account(database.reader(), one.id, day)
        number = member_numbers.of_household(database.reader(), keys, one.household_id)
        last = contributions.receipts(database.reader(), one.id, 5)
    tell(found, as_json, [asdict(line) for line in last], number)


@click.command()
@member_argument
@click.argument("amount", type=click.IntRange(1), metavar="FCFA")
@click.option("--reference", help="The number on the paper receipt; else one is made.")
@as_json_option
def pay(member: str, amount: int, reference: str | None, as_json: bool) -> None:
    """Book FCFA paid at the till. The same --reference of the same day counts once.

    Example: ramu mutuelle pay 54100028 1375 --reference G-00412
    """
    now = datetime.now(UTC)
    day = day_of(now)
    number = reference or f"{secrets.randbelow(900_000) + 100_000}"
    with opened(load()) as (database, keys), database.begin() as conn:
        one = the_membership(conn, keys, member, day)
        paid = contributions.pay(
            conn, one.id, amount, TILL, "", f"till:{one.mutuelle_id}:{day}:{number}", number, now, day
        )
        note(conn, keys, "mutuelle.pay", f"membership:{one.id}", f"{amount} entry {paid.entry_id}", now)
    if as_json:
        click.echo(json.dumps(asdict(paid), default=str))
        return
    click.echo(
        f"{'booked' if paid.fresh else 'was booked before'}: entry {paid.entry_id}, receipt {paid.reference},"
        f" {paid.season_paid} of {paid.season_due} FCFA, covered until {paid.covered_until or '-'}"
    )


@click.command()
@click.argument("entry", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why; it stays in the ledger.")
def reverse(entry: int, reason: str) -> None:
    """Take the payment or the refund ENTRY back. Nothing is deleted: an entry beside it says so, with the reason.

    Example: ramu mutuelle reverse 4711 --reason "typed for the wrong member"
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        undo = refunds.reverse if refunds.is_refund(conn, entry) else contributions.reverse
        made = undo(conn, entry, reason, console(), f"reverse:{entry}", now, day_of(now))
        note(conn, keys, "mutuelle.reverse", f"entry:{entry}", f"entry {made}", now)
    click.echo(f"entry {entry} is taken back by entry {made}")


@click.command("proposals")
@click.option("--mutuelle", help="Only of this one.")
@as_json_option
def proposals_command(mutuelle: str | None, as_json: bool) -> None:
    """List who should be suspended or struck off by the terms; a person decides each.

    Example: ramu mutuelle proposals --mutuelle benkadi
    """
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        found = proposals.undecided(conn, the_mutuelle(conn, mutuelle) if mutuelle else None)
    if as_json:
        click.echo(json.dumps({"proposals": [asdict(one) for one in found]}, default=str, ensure_ascii=False))
        return
    for one in found:
        click.echo(
            f"{one.id:8}  {one.status:9} late since {one.late_since}  {one.overdue:8} FCFA  {one.mutuelle}"
        )
    click.echo(f"{len(found)} wait for a decision", err=True)


@click.command()
@click.argument("proposal", type=click.IntRange(1))
@click.argument("answer", type=click.Choice(["accept", "refuse"]))
@click.option("--notice", type=DAY, help="The day of the notice, which striking off needs.")
def decide(proposal: int, answer: str, notice: datetime | None) -> None:
    """Accept or refuse a PROPOSAL. A payment restores who was suspended at once.

    Example: ramu mutuelle decide 12 accept --notice 2026-10-01
    """
    now = datetime.now(UTC)
    warned: date | None = notice.date() if notice else None
    with opened(load()) as (database, keys), database.begin() as conn:
        one = proposals.decide(
            conn, proposal, answer == "accept", day_of(now), now=now, by=console(), noticed_on=warned
        )
        note(conn, keys, "mutuelle.decide", f"membership:{one.membership_id}", f"{one.status} {answer}", now)
    click.echo(f"{one.status} {'decided' if answer == 'accept' else 'refused'}")


def tell(
    found: Account | None, as_json: bool, last: list[dict[str, Any]] | None = None, number: str = ""
) -> None:
    """An account, line by line or as JSON, with the household's member number where it is asked for."""
    told = {**({"number": number} if number else {}), **(asdict(found) if found else {})}
    if as_json:
        more = {} if last is None else {"receipts": last}
        click.echo(json.dumps(told | more, default=str, ensure_ascii=False))
        return
    for name, value in told.items():
        click.echo(f"{name:16}{'-' if value is None else value}")
    for line in last or ():
        click.echo(f"  {line['day']}  {line['amount']:8} FCFA  {line['means']:6}{line['reference']}")
