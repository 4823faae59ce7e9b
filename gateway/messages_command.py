"""`ramu messages`: what is owed, sent, refused and in doubt. Numbers are masked; texts are not shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import bindparam, func, select

from config.settings import load
from gateway.register import opened
from models import phones
from models.chunks import chunks
from models.database import Connection, Prepared
from models.keyring import KeyRing
from models.messages import UNKNOWN, messages

MOST_LISTED = 1_000

_COUNTS = Prepared(
    select(messages.c.state, messages.c.lane, messages.c.kind, func.count())
    .group_by(messages.c.state, messages.c.lane, messages.c.kind)
    .order_by(messages.c.state, messages.c.lane, messages.c.kind)
)
_UNKNOWN = Prepared(
    select(messages.c.id, messages.c.kind, messages.c.to_sealed, chunks.c.intent_at, chunks.c.why)
    .select_from(messages.outerjoin(chunks, messages.c.chunk_id == chunks.c.id))
    .where(messages.c.state == UNKNOWN)
    .order_by(messages.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages of a kind are in a state, in a lane."""

    state: str
    lane: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A message of which nobody knows whether the provider took it: to whom (masked), since when, and why."""

    id: int
    kind: str
    to: str
    since: str
    why: str


@click.command("messages")
@click.option("--unknown", is_flag=True, help="List what is in doubt, and why.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(unknown: bool, as_json: bool) -> None:
    """Count messages by state, lane and kind, or list those in doubt. Exit code 0.

    A machine never sends again what is in doubt: the person may have read it.

    Example: ramu messages --unknown
    """
    with opened(load()) as (database, keys), database.begin(reading=True) as conn:
        rows: Sequence[Count | InDoubt] = in_doubt(conn, keys) if unknown else counts(conn)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows]))
        return
    _print(rows, "Nothing is in doubt." if unknown else "No message was ever owed.")


def counts(conn: Connection) -> list[Count]:
    """Messages by state, lane and kind. Raises DatabaseAway."""
    return [Count(*row) for row in _COUNTS.all(conn)]


def in_doubt(conn: Connection, keys: KeyRing, limit: int = MOST_LISTED) -> list[InDoubt]:
    """What is in doubt, the oldest first. Raises DatabaseAway."""
    return [
        InDoubt(message_id, kind, phones.masked(keys, to), _told(since), why or "")
        for message_id, kind, to, since, why in _UNKNOWN.all(conn, limit=limit)
    ]


def _told(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _print(rows: Sequence[Count | InDoubt], nothing: str) -> None:
    if not rows:
        click.echo(nothing)
        return
    table = Table(*asdict(rows[0]), box=None)
    for row in rows:
        table.add_row(*map(str, asdict(row).values()))
    Console().print(table)
