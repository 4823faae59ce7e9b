"""`ramu demo`: fictional people to try with, and registers of any size to measure with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.settings import DEMO_SECRET, Settings, load
from gateway.register import BAMAKO, opened, prepare_demo, url_of
from models import sample_writer
from models.database import Database
from models.demo_world import expected, staff
from models.keyring import KeyRing

PROCESSES = 2
"""Processes that write to PostgreSQL side by side; a SQLite file has one writer."""


@click.group("demo")
def demo() -> None:
    """Fictional people: to try the gateway with, or by the million."""


@demo.command("load")
def load_people() -> None:
    """Write the fictional people into the database and bring their days up to date. Safe to repeat.

    Example: ramu demo load
    """
    count = prepare_demo(load(), datetime.now(UTC))
    click.echo(f"{count} fictional people: ramu demo show")


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(as_json: bool) -> None:
    """List phones and numbers to try, with the verdict that each must get and why, and the phones of health staff.

    Example: ramu demo show --json
    """
    people, team = ([asdict(row) for row in rows] for rows in (expected(), staff()))
    if as_json:
        told = {"ussd_url": ussd_url(load()), "people": people, "staff": team}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{'phone':14}{'number':15}{'scheme':10}{'verdict':19}why")
    for row in people:
        phone, number, scheme = (row[name] or "-" for name in ("phone", "number", "scheme"))
        click.echo(f"{phone:14}{number:15}{scheme:10}{row['verdict']:19}{row['why']}")
    click.echo(f"\n{'staff phone':14}{'role':8}{'activation':12}facility")
    for row in team:
        click.echo(f"{row['phone']:14}{row['role']:8}{row['activation_code']:12}{row['facility']}")


@demo.command()
@click.option("--people", type=click.IntRange(1, 100_000_000), required=True, help="How many people to add.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same people.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def generate(people: int, seed: int, as_json: bool) -> None:
    """Add a made-up register: households, rights and phones in realistic proportions.

    Example: ramu demo generate --people 100000 --seed 1
    """
    settings, now = load(), datetime.now(UTC)
    prepare_demo(settings, now)
    started = monotonic()
    with opened(settings) as (database, _):
        with database.begin() as conn:
            plan = sample_writer.plan(conn, people, seed, now.astimezone(BAMAKO).date(), now)
        with _progress() as progress:
            task = progress.add_task("people", total=people)
            for count in _written(settings, database.dialect, plan):
                progress.advance(task, count)
        with database.begin() as conn:
            sample_writer.finish(conn)
    rate = round(people / (monotonic() - started))
    if as_json:
        click.echo(json.dumps({"people": people, "seed": seed, "people_per_second": rate}))
    else:
        click.echo(f"{people} people added, {rate} a second")


def ussd_url(settings: Settings) -> str:
    """Where the demonstration's USSD callback is answered."""
    return f"http://{settings.host}:{settings.port}/hooks/africastalking/{DEMO_SECRET}/ussd"


def _written(settings: Settings, dialect: str, plan: sample_writer.Plan) -> Iterator[int]:
    """Writes every part, and yields its size as soon as it is there."""
    url, keys = url_of(settings), settings.key_folder
    if dialect == "sqlite" or len(plan.parts) == 1:
        yield from (_write_part(url, keys, plan, part) for part in plan.parts)
        return
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(_write_part, url, keys, plan, part) for part in plan.parts]
        yield from (done.result() for done in as_completed(parts))


def _write_part(url: str, key_folder: Path, plan: sample_writer.Plan, part: int) -> int:
    database = Database.open(url, deadline_ms=None)
    try:
        with database.begin() as conn:
            return sample_writer.write_part(conn, KeyRing.open(key_folder), plan, part)
    finally:
        database.dispose()


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
