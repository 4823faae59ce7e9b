"""`ramu bench reminders`: how fast the reminders of a day are planned for all members, and owed one by one."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from models import contribution_reminders, reminders
from models.database import Database
from models.keyring import KeyRing
from models.reminders import Planner
from models.schema import migrate
from tests.bench.audience import fill_phones
from tests.bench.figures import Json
from tests.bench.mutuelles import fill_mutuelles
from tests.bench.words import tell
from workers.servers import PostgresServer

MEMBERS, QUICK_MEMBERS = 1_000_000, 50_000
SECONDS = 60.0
"""Goal for 1,000,000 members, in proportion to how many there are; the least is for what any planning takes."""

LEAST_SECONDS = 10.0
OWED = 2_000
"""Reminders of which the phone is chosen and the draw made, to see how fast that goes."""

DAY = date(2027, 1, 8)
NOW = datetime(2027, 1, 8, 10, tzinfo=UTC)

FILL = (
    "INSERT INTO memberships (id, household_id, mutuelle_id, joined_on, rhythm, crop, anchored_on, called_to, status,"
    " advance, overdue) SELECT id, id, (ARRAY{mutuelles})[1 + id % 64], DATE '{day}' - 300, 'RECOLTE', 'COTON',"
    " DATE '{day}' - 300, DATE '{day}' + 365, 'EN_OBSERVATION', 0, 0 FROM households WHERE id <= {n}",
    "INSERT INTO dues (id, membership_id, kind, season_from, period_from, period_to, due_on, persons, amount, paid,"
    " state_percent, guarantee_percent, threshold_percent)"
    " SELECT 3 * m.id + k, m.id, 'COTISATION', DATE '{day}', DATE '{day}' + 120 * k, DATE '{day}' + 120 * k + 119,"
    " DATE '{day}' + (ARRAY[7, 38, 66])[k + 1], 1, 1100, 0, 100, 3, 0 FROM memberships m, generate_series(0, 2) k",
)
"""Everybody grows cotton, has paid nothing, and is to pay the first of three parts in a week: a year's worst day."""


@click.command("reminders")
@click.option("--members", type=click.IntRange(1_000, 10_000_000), help=f"Households ({MEMBERS:,}).")
@click.option("--quick", is_flag=True, help=f"{QUICK_MEMBERS:,} members; the goal in proportion.")
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
def remind(members: int | None, quick: bool, bare: bool) -> None:
    """Plan a day on which every member is to be reminded, plan it again, and owe some; the last line is JSON.

    Example: ramu bench reminders --quick
    """
    count = members or (QUICK_MEMBERS if quick else MEMBERS)
    with tempfile.TemporaryDirectory(prefix="ramu-bench-") as scratch, PostgresServer.start() as server:
        keys = KeyRing.create(Path(scratch) / "keys")
        migrate(server.url)
        fill(server.url, keys, count)
        database = Database.open(server.url, deadline_ms=None)
        first, planned = day_planned(database)
        again, doubled = day_planned(database)
        chosen = choices(database, keys)
        database.dispose()
    found: Json = {
        "members": count,
        "planned": planned,
        "plan_seconds": round(first, 2),
        "planned_per_second": round(planned / first),
        "again_seconds": round(again, 2),
        "planned_again": doubled,
        "chosen_per_second": round(chosen),
    }
    most = max(SECONDS * count / MEMBERS, LEAST_SECONDS)
    outcome: Json = {
        "measured": found,
        "goal": {"plan_seconds": f"< {most:g}", "planned": count, "planned_again": 0},
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "ok": first < most and planned == count and doubled == 0,
    }
    if not bare:
        for name, goal in outcome["goal"].items():
            tell(f"{name}: {found[name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def fill(url: str, keys: KeyRing, count: int) -> None:
    """So many households of one, each with a phone, in the 64 mutuelles, made inside PostgreSQL."""
    fill_phones(url, keys, count, household=1)
    fill_mutuelles(url, FILL, count, DAY)


def day_planned(database: Database) -> tuple[float, int]:
    """(seconds, how many were new) of every kind's planning of the day, each in its transaction."""
    started, planned = perf_counter(), 0
    for planner in contribution_reminders.PLANNERS:
        with database.begin() as conn:
            planned += planned_by(conn, planner)
    return perf_counter() - started, planned


def planned_by(conn: Any, planner: Planner) -> int:
    """How many a planner adds, whether or not the day was planned before."""
    return planner.plan(conn, DAY, NOW)


def choices(database: Database, keys: KeyRing) -> float:
    """How many reminders a second have their phone chosen and are drawn."""
    started = perf_counter()
    with database.begin() as conn:
        kind = contribution_reminders.PLANNERS[0]
        waiting = reminders.to_owe(conn, kind.kind, OWED)
        for one in waiting:
            kind.address(conn, keys, one, NOW)
    return len(waiting) / (perf_counter() - started)
