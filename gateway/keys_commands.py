"""`ramu keys`: the keys that seal personal data, and their change without a stop."""

from __future__ import annotations

import json
import sys
import time

import click
from rich.console import Console
from rich.progress import Progress

from config.faults import Fault
from config.settings import load
from gateway.register import opened
from models import rotation
from models.database import Database
from models.keyring import NOTICE_SECONDS, KeyRing

GRACE_SECONDS = NOTICE_SECONDS + 2
"""Until every process seals by a new key, and then longer than any transaction of a hop may last."""


class StillNeeded(Fault):
    """An old key cannot be dropped: it has sealed values that are still there."""


@click.group("keys")
def keys() -> None:
    """The keys that seal what names a person."""


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(as_json: bool) -> None:
    """List the keys, and how many stored values each has sealed. Keys themselves are never shown.

    Example: ramu keys show
    """
    with opened(load()) as (database, ring), database.begin(reading=True) as conn:
        values = rotation.values_by_key(conn)
    rows = [
        {"key": number, "primary": number == ring.primary, "values": values.get(number, 0)}
        for number in ring.key_ids
    ]
    if as_json:
        click.echo(json.dumps({"keys": rows}))
        return
    for row in rows:
        mark = "  seals now" if row["primary"] else ""
        click.echo(f"key {row['key']}: {row['values']} values{mark}")


@keys.command()
def add() -> None:
    """Add a key that seals from now on; older ones go on opening what they sealed.

    Example: ramu keys add
    """
    with opened(load()) as (_, ring):
        click.echo(f"key {ring.add_key()} seals now")


@keys.command()
@click.option("--drop-old", is_flag=True, help="Then forget the older keys, if nothing is left under them.")
def rotate(drop_old: bool) -> None:
    """Seal everything anew under a new key, while the gateway runs. After a stop or a crash, call it again.

    Conversations and promises in Redis are sealed too: drop old keys a day later, with a second call.

    Example: ramu keys rotate
    """
    with opened(load()) as (database, ring):
        _choose_key(database, ring)
        if drop_old:
            # A hop that began before sealed by the key before; it commits within its deadline or not at all.
            time.sleep(GRACE_SECONDS)
        _reseal(database, ring)
        if drop_old:
            _drop_old(database, ring)


def _choose_key(database: Database, ring: KeyRing) -> None:
    """Adds a key, unless an earlier rotation is not finished."""
    with database.begin(reading=True) as conn:
        left = rotation.left_over(conn, ring)
    if left:
        click.echo(f"{left} values are left from an earlier rotation: going on under key {ring.primary}")
    elif len(ring.key_ids) > 1:
        click.echo(f"everything is already sealed by key {ring.primary}")
    else:
        click.echo(f"key {ring.add_key()} seals now")


def _reseal(database: Database, ring: KeyRing) -> None:
    with database.begin(reading=True) as conn:
        left = rotation.left_over(conn, ring)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("sealing anew", total=left)
        done = rotation.reseal(database, ring, lambda count: progress.advance(task, count))
    click.echo(f"{done} values sealed anew")


def _drop_old(database: Database, ring: KeyRing) -> None:
    with database.begin(reading=True) as conn:
        values = rotation.values_by_key(conn)
    old = [number for number in ring.key_ids if number != ring.primary]
    needed = [f"key {number}: {values[number]} values" for number in old if values.get(number)]
    if needed:
        raise StillNeeded(f"nothing was dropped, rows are left ({', '.join(needed)}): ramu keys rotate")
    for number in old:
        ring.drop_key(number)
        click.echo(f"key {number} is forgotten")
