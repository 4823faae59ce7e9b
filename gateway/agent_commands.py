"""`ramu agent`: whose phone may steer campaigns or register people by SMS, under which name."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from config.faults import Fault
from config.settings import load
from gateway.console_audit import note
from gateway.register import opened
from gateway.staff_commands import PHONE
from models import agents
from models.identifiers import Msisdn


class Unknown(Fault):
    """There is no such agent, or one is there already."""


@click.group("agent")
def agent() -> None:
    """People who steer campaigns (CAMP) or register people (INS) by SMS."""


@agent.command()
@click.argument("name")
@click.argument("phone", type=PHONE)
@click.option(
    "--role",
    type=click.Choice(agents.ROLES, case_sensitive=False),
    default=agents.CAMPAIGN,
    show_default=True,
    help="CAMPAIGN steers campaigns; RAMED and MUTUELLE register people for that scheme.",
)
def add(name: str, phone: Msisdn, role: str) -> None:
    """Let PHONE stand for NAME, as campaigns write it.

    Example: ramu agent add "F. Kone" 70000203 --role RAMED
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        if not agents.add(conn, keys, name, phone, now, role):
            raise Unknown("this name or this phone is an agent's already: ramu agent list")
        note(conn, keys, "agent.added", f"agent:{name}", role, now)
    click.echo(f"{phone} stands for {name}")


@agent.command()
@click.argument("name")
def remove(name: str) -> None:
    """Take NAME's phone away.

    Example: ramu agent remove "B. Keita"
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        if not agents.remove(conn, name):
            raise Unknown(f"no agent {name}: ramu agent list")
        note(conn, keys, "agent.removed", f"agent:{name}", "", now)
    click.echo(f"{name} has no phone any more")


@agent.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_agents(as_json: bool) -> None:
    """List the agents, their phones masked.

    Example: ramu agent list
    """
    with opened(load()) as (database, keys), database.begin(reading=True) as conn:
        rows = [
            {"name": one.name, "phone": one.phone.masked, "role": one.role}
            for one in agents.everybody(conn, keys)
        ]
    if as_json:
        click.echo(json.dumps({"agents": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['phone']:14}{row['role']:10}{row['name']}")
