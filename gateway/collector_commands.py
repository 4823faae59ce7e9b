"""`ramu collector`: who takes cash for a mutuelle, how much each may have, what she has, and deposits to be counted."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import click
from sqlalchemy import Connection, select

from config.faults import Fault
from config.settings import load
from gateway.collector_deposits import deposit_group
from gateway.console_audit import note
from gateway.register import opened
from gateway.staff_commands import PHONE
from models import collector_cash, collectors, deposits, member_groups, places
from models.collectors import Collector, Listed
from models.coverage import coverages, number_index
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.mutuelles import mutuelles
from models.people import persons
from models.places import fold

CONSOLE = "set at the console"


class Unclear(Fault):
    """What a command names cannot be used; the message says why."""


@click.group("collector")
def collector() -> None:
    """Collectors, treasurers and group leaders: their phones, limits, cash and deposits."""


collector.add_command(deposit_group)


@collector.command()
@click.argument("phone", type=PHONE)
@click.option("--mutuelle", "words", metavar="CODE|NAME", help="Its code, or enough of its name.")
@click.option(
    "--role",
    type=click.Choice(collectors.ROLES, case_sensitive=False),
    default=collectors.COLLECTOR,
    show_default=True,
    help="A treasurer counts what others hand over; a leader collects in her own group.",
)
@click.option("--section", "sections", multiple=True, metavar="COMMUNE", help="Only there; may be repeated.")
@click.option("--group", "code", metavar="CODE", help="The group of a leader: ramu collector group.")
@click.option("--number", type=int, help="Somebody who has a number already: this is her phone from now on.")
def add(
    phone: Msisdn,
    words: str | None,
    role: str,
    sections: tuple[str, ...],
    code: str | None,
    number: int | None,
) -> None:
    """Let PHONE take cash for a mutuelle, under the next number.

    Example: ramu collector add 70000301 --mutuelle benkadi --section kati
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        try:
            if number is None:
                number = _added(conn, keys, phone, words, role, sections, code, now)
            elif not collectors.give_phone(conn, keys, number, phone, now):
                raise Unclear(f"nobody has the number {number}: ramu collector list")
        except collectors.PhoneTaken:
            raise Unclear(f"{phone} takes cash already: ramu collector list") from None
        note(conn, keys, "collector.added", f"collector:{number}", role, now)
    click.echo(f"{phone} is agent {number}")


def _added(
    conn: Connection,
    keys: KeyRing,
    phone: Msisdn,
    words: str | None,
    role: str,
    sections: tuple[str, ...],
    code: str | None,
    now: datetime,
) -> int:
    if words is None:
        raise Unclear("a new collector needs --mutuelle")
    if (role == collectors.LEADER) != (code is not None):
        raise Unclear("a leader needs --group, and nobody else has one")
    mutuelle_id, _ = the_mutuelle(conn, words)
    found = member_groups.by_code(conn, code) if code else None
    if code and (found is None or found.mutuelle_id != mutuelle_id):
        raise Unclear(f"no group {code} in this mutuelle: ramu collector group")
    communes = [_commune(words, day_of(now)) for words in sections]
    group_id = found.group_id if found else None
    return collectors.add(conn, keys, phone, mutuelle_id, role, now, communes=communes, group_id=group_id)


@collector.command()
@click.argument("number", type=int)
@click.argument("fcfa", type=click.IntRange(0, 10_000_000))
@click.option("--from", "valid_from", metavar="DAY", help="From this day on (YYYY-MM-DD); today without it.")
@click.option("--source", default=CONSOLE, show_default=True, help="Who decided it, and where it is written.")
def limit(number: int, fcfa: int, valid_from: str | None, source: str) -> None:
    """Let agent NUMBER have at most FCFA in hand.

    Example: ramu collector limit 204 75000 --source "bureau du 12/11"
    """
    now = datetime.now(UTC)
    day = _day(valid_from) if valid_from else day_of(now)
    with opened(load()) as (database, keys), database.begin() as conn:
        the_collector(conn, number, now)
        collector_cash.set_limit(conn, number, fcfa, day, source)
        note(conn, keys, "collector.limit", f"collector:{number}", f"{fcfa} F from {day}", now)
    click.echo(f"agent {number}: at most {fcfa} F in hand from {day}")


@collector.command()
@click.argument("number", type=int)
def remove(number: int) -> None:
    """Take agent NUMBER's phone away. What she has in hand stays hers, and is listed until it is handed over.

    Example: ramu collector remove 204
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        found = the_collector(conn, number, now)
        if not collectors.remove(conn, number, now):
            raise Unclear(f"agent {number} has no phone any more")
        left = collector_cash.in_hand(conn, found, day_of(now)).amount
        note(conn, keys, "collector.removed", f"collector:{number}", f"{left} F in hand", now)
    click.echo(f"agent {number} has no phone any more; {left} F are still in her hands")


@collector.command("list")
@click.option("--mutuelle", "words", metavar="CODE|NAME", help="Only this one.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_collectors(words: str | None, as_json: bool) -> None:
    """List everybody who has a number, phones masked.

    Example: ramu collector list --mutuelle benkadi
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin(reading=True) as conn:
        only = the_mutuelle(conn, words)[0] if words else None
        rows = [_told(one) for one in collectors.everybody(conn, keys, now, only)]
    if as_json:
        click.echo(json.dumps({"collectors": rows}, ensure_ascii=False))
        return
    click.echo(f"{'agent':7}{'phone':14}{'role':16}{'state':9}mutuelle")
    for row in rows:
        click.echo(f"{row['number']:<7}{row['phone']:14}{row['role']:16}{row['state']:9}{row['mutuelle']}")


@collector.command()
@click.option("--differences", is_flag=True, help="Deposits that were counted otherwise than declared.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def cash(differences: bool, as_json: bool) -> None:
    """Show the cash in hand of everybody who has some, removed agents too; FCFA.

    Example: ramu collector cash --differences
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, _), database.begin(reading=True) as conn:
        rows = _differences(conn) if differences else _in_hand(conn, now)
    if as_json:
        click.echo(json.dumps({"differences" if differences else "cash": rows}, ensure_ascii=False))
        return
    if not rows:
        click.echo("no differences" if differences else "no cash in hand")
        return
    click.echo("  ".join(rows[0]))
    for row in rows:
        click.echo("  ".join("ND" if value is None else str(value) for value in row.values()))


@collector.command("group")
@click.argument("code")
@click.argument("name")
@click.option("--mutuelle", "words", required=True, metavar="CODE|NAME")
@click.option(
    "--member", "numbers", multiple=True, metavar="NUMBER", help="A member's number; may be repeated."
)
def make_group(code: str, name: str, words: str, numbers: tuple[str, ...]) -> None:
    """Make the group CODE called NAME, or let more households belong to it.

    Example: ramu collector group COTON1 "Groupe Coton Sanankoroba" --mutuelle benkadi --member 54100015
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        mutuelle_id, _ = the_mutuelle(conn, words)
        known = member_groups.by_code(conn, code)
        if known and known.mutuelle_id != mutuelle_id:
            raise Unclear(f"{code} is a group of another mutuelle")
        group_id = known.group_id if known else member_groups.make(conn, code, name, mutuelle_id)
        assert group_id is not None  # nosec B101: the code was free in this transaction
        for number in numbers:
            member_groups.put(conn, group_id, _household(conn, keys, number))
        note(conn, keys, "collector.group", f"group:{group_id}", f"{len(numbers)} households", now)
        households = member_groups.by_id(conn, group_id)
    click.echo(f"{code.upper()}: {households.households if households else 0} households of the mutuelle")


def the_mutuelle(conn: Connection, words: str) -> tuple[int, str]:
    """(id, name) of the one mutuelle that a code, or enough of a name, means. Raises Unclear."""
    rows = conn.execute(select(mutuelles.c.id, mutuelles.c.name, mutuelles.c.code)).all()
    found = [row for row in rows if row.code == words] or [
        row for row in rows if fold(words) in fold(row.name)
    ]
    if len(found) != 1:
        some = "; ".join(f"{row.code} {row.name}" for row in found[:5])
        raise Unclear(f"{len(found)} mutuelles are called so{': ' if some else ''}{some}")
    return int(found[0].id), str(found[0].name)


def the_collector(conn: Connection, number: int, now: datetime) -> Collector:
    """The agent with a number. Raises Unclear."""
    found = collectors.by_number(conn, number, now)
    if found is None:
        raise Unclear(f"nobody has the number {number}: ramu collector list")
    return found


def _commune(words: str, day: date) -> str:
    found = places.search(words, day)
    if not found:
        raise Unclear(f"no commune is called {words}")
    return found[0].code


def _household(conn: Connection, keys: KeyRing, number: str) -> int:
    whose = coverages.c.number_index == number_index(keys, "MUTUELLE", number)
    query = select(persons.c.household_id).join(coverages, coverages.c.person_id == persons.c.id).where(whose)
    found = conn.execute(query).scalar()
    if found is None:
        raise Unclear(f"no member has the number ***{number[-3:]}")
    return int(found)


def _day(told: str) -> date:
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise Unclear(f"{told} is not a day written YYYY-MM-DD") from None


def _told(listed: Listed) -> dict[str, Any]:
    one = listed.collector
    state = "removed" if one.removed else "idle" if one.idle else "active"
    return {
        "number": one.number,
        "phone": listed.phone.masked,
        "role": one.role,
        "state": state,
        "mutuelle": one.mutuelle,
        "sections": [places.name_of(code) for code in sorted(one.communes)],
        "group_id": one.group_id,
    }


def _in_hand(conn: Connection, now: datetime) -> list[dict[str, Any]]:
    rows = []
    for holder in sorted(collector_cash.holders(conn)):
        found = collectors.by_number(conn, int(holder), now) if holder.isdigit() else None
        if found is None:
            continue
        standing = collector_cash.in_hand(conn, found, day_of(now))
        rows.append(
            {
                "agent": found.number,
                "in_hand": standing.amount,
                "declared": standing.declared,
                "limit": standing.limit,
                "since": standing.since.isoformat() if standing.since else None,
                "before": standing.before.isoformat() if standing.before else None,
                "mutuelle": found.mutuelle,
            }
        )
    return rows


def _differences(conn: Connection) -> list[dict[str, Any]]:
    return [
        {
            "deposit": one.deposit_id,
            "agent": one.number,
            "declared": one.amount,
            "counted": one.counted,
            "difference": one.difference,
            "reference": one.reference,
            "counted_by": one.settled_by,
        }
        for one in deposits.differences(conn)
    ]
