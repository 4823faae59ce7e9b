"""`ramu db`: the tables of the database, made or brought up to date."""

from __future__ import annotations

import json

import click

from config.settings import load
from gateway.register import keys_of, url_of
from models import places
from models.database import Database
from models.schema import migrate as bring_up_to_date
from models.schema import standing


@click.group("db")
def db() -> None:
    """The tables of the database."""


@db.command()
def migrate() -> None:
    """Make the tables or bring them up to date; the places of Mali are written anew. Safe to repeat.

    A register in which nothing is sealed yet also gets its keys, when it has none.

    Example: ramu db migrate
    """
    settings = load()
    url = url_of(settings)
    before = standing(url)
    bring_up_to_date(url)
    database = Database.open(url, deadline_ms=None)
    with database.begin() as conn:
        count = places.load(conn)
    keys_of(settings, database)
    database.dispose()
    steps = ", ".join(before.missing) or "nothing to do"
    click.echo(f"{steps}; {count} places")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool) -> None:
    """Say at which step the database stands. Exit code 1 when steps are missing.

    Example: ramu db status --json
    """
    found = standing(url_of(load()))
    if as_json:
        click.echo(json.dumps({"current": found.current, "newest": found.newest, "missing": found.missing}))
    elif found.missing:
        click.echo(f"at {found.current or 'no step'}, missing {', '.join(found.missing)}: ramu db migrate")
    else:
        click.echo(f"up to date: {found.newest}")
    if found.missing:
        raise SystemExit(1)
