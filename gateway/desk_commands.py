"""`ramu desk`: what people asked the help desk for, and who wrote three times without being understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from config.faults import Fault
from config.settings import load
from flows.sms.thread import Thread
from gateway.console_audit import note
from gateway.register import opened
from models import help_desk, threads
from models.help_desk import CALL, COMPLAINT, Waiting
from models.identifiers import Msisdn

STUCK = "stuck"
STUCK_DAYS = 1
"""How long somebody who was not understood is listed; she may have found her way."""


class NothingWaits(Fault):
    """No such thing is open."""


@click.group("desk")
def desk() -> None:
    """Calls to make, complaints to answer, people whom the gateway does not understand."""


@desk.command("list")
@click.option("--whole", is_flag=True, help="Whole telephone numbers and words; the trail notes who asked.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_waiting(whole: bool, as_json: bool) -> None:
    """List what waits, the oldest first.

    Example: ramu desk list --whole
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys):
        with database.begin(reading=True) as conn:
            found = help_desk.waiting(conn, keys)
            records = list(threads.since(conn, keys, now - timedelta(days=STUCK_DAYS)))
        if whole:
            with database.begin() as conn:
                note(conn, keys, "desk.list", "desk:all", f"{len(found)} waiting", now)
    found += [_stuck(at, phone) for at, record in records if (phone := Thread.decode(record).stuck)]
    rows = [_told(one, whole) for one in found]
    if as_json:
        click.echo(json.dumps({"waiting": rows}, ensure_ascii=False))
        return
    for row in rows:
        since = row["since"][:16].replace("T", " ")
        click.echo(
            f"{row['kind']:10}{row['reference']:8}{row['phone']:14}{since:18}{row['about']} {row['words']}".rstrip()
        )
    click.echo(f"{len(rows)} waiting", err=True)


@desk.command()
@click.argument("kind", type=click.Choice([CALL, COMPLAINT]))
@click.argument("reference")
def done(kind: str, reference: str) -> None:
    """Close a call or a complaint by the REFERENCE that the person was told.

    Example: ramu desk done call 713482
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        if not help_desk.done(conn, kind, reference):
            raise NothingWaits(f"no {kind} is open under {reference}: ramu desk list")
        note(conn, keys, f"desk.{kind}", f"{kind}:{reference}", "done", now)
    click.echo(f"{kind} {reference} is done")


def _stuck(at: datetime, phone: str) -> Waiting:
    return Waiting(STUCK, "", Msisdn.parse(phone), at, "three messages not understood")


def _told(one: Waiting, whole: bool) -> dict[str, Any]:
    """A person's words may name her: they are shown with her number or not at all."""
    return {
        "kind": one.kind,
        "reference": one.reference,
        "phone": one.phone.e164 if whole else one.phone.masked,
        "since": one.since.isoformat(),
        "about": one.about,
        "words": one.words if whole else "",
    }
