"""`ramu bench ledger`: the daily pass over all members of all mutuelles, and what one account costs in a hop."""

from __future__ import annotations

import json
import os
import sys
from datetime import date, timedelta
from time import perf_counter, process_time

import click
import psycopg

from models import contributions, proposals
from models.database import Database
from models.schema import migrate
from tests.bench.figures import Json, percentile
from tests.bench.mutuelles import fill_mutuelles
from tests.bench.words import tell
from workers.servers import PostgresServer

MEMBERS, QUICK_MEMBERS = 1_000_000, 50_000
PASS_SECONDS, ACCOUNT_MS = 120.0, 2.0
"""Goals, each at most: the pass of 1,000,000 members in proportion to how many there are, an account in CPU."""

LEAST_SECONDS = 15.0
"""Sixty-four transactions take their time however few members there are."""

ACCOUNTS = 2_000
DAY = date(2026, 11, 22)

FILL = (
    "INSERT INTO households (id, commune_code) SELECT n, 'ML-C02040101' FROM generate_series(1, {n}) n",
    "INSERT INTO persons (id, household_id, relation, sex, birth_year, commune_code, pupil, disabled)"
    " SELECT n, n, 'SOI', 'F', 1987, 'ML-C02040101', false, false FROM generate_series(1, {n}) n",
    "INSERT INTO memberships (id, household_id, mutuelle_id, joined_on, rhythm, crop, anchored_on, called_to, status,"
    " covered_from, covered_until, good_until, advance, overdue) SELECT n, n, (ARRAY{mutuelles})[1 + n % 64],"
    " g - 400, 'TRIMESTRIEL', 'BETAIL', g - 400, g + 365, 'EN_OBSERVATION', g - 370, g, g, 0, 0"
    " FROM (SELECT n, DATE '{day}' + (n * 37) % 760 - 395 AS g FROM generate_series(1, {n}) n) one",
    "INSERT INTO coverages (id, person_id, scheme, role, status, valid_from, mutuelle_id, missing_fcfa)"
    " SELECT id, household_id, 'MUTUELLE', 'ADHERENT', 'EN_OBSERVATION', joined_on, mutuelle_id, 0 FROM memberships",
    "INSERT INTO dues (id, membership_id, kind, season_from, period_from, period_to, due_on, persons, amount, paid,"
    " paid_on, state_percent, guarantee_percent, threshold_percent)"
    " SELECT 2 * id - 1, id, 'COTISATION', good_until - 364, good_until - 364, good_until, good_until - 364, 1,"
    " 3300, 3300, good_until - 364, 100, 3, 0 FROM memberships"
    " UNION ALL SELECT 2 * id, id, 'COTISATION', good_until + 1, good_until + 1, good_until + 365, good_until, 1,"
    " 3300, 0, NULL, 100, 3, 0 FROM memberships",
    "INSERT INTO ledger_entries (id, once, at, day, kind, mutuelle_id, membership_id, means, receipt, reason)"
    " SELECT 3 * id + k, k || ':' || id, now(), joined_on, (ARRAY['DUE', 'PAYMENT', 'ALLOCATION'])[k + 1],"
    " mutuelle_id, id, 'OM', 'R' || id, 'bench' FROM memberships, generate_series(0, 2) k",
    "INSERT INTO ledger_lines (entry_id, account, amount, membership_id, due_id) SELECT 3 * m.id + k, account,"
    " amount, m.id, CASE WHEN first > 0 THEN 2 * m.id - first + 1 END FROM memberships m,"
    " (VALUES (0, 'MEMBRE', 3300, 2), (0, 'MEMBRE', 3300, 1), (0, 'COTISATIONS', -6600, 0), (1, 'MOBILE', 3300, 0),"
    " (1, 'AVANCE', -3300, 0), (2, 'AVANCE', 3300, 0), (2, 'MEMBRE', -3300, 2)) v (k, account, amount, first)",
)
"""Every member has a paid year and one that is called; her last good day lies from 395 days ago to a year ahead."""


@click.command("ledger")
@click.option("--members", type=click.IntRange(1_000, 10_000_000), help=f"Households ({MEMBERS:,}).")
@click.option("--quick", is_flag=True, help=f"{QUICK_MEMBERS:,} members; the goal of the pass in proportion.")
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
def ledger(members: int | None, quick: bool, bare: bool) -> None:
    """Bring all members' status to a day, twice, and read single accounts; the last line is one JSON object.

    The first pass changes everybody, the second is an ordinary day.

    Example: ramu bench ledger --quick
    """
    count = members or (QUICK_MEMBERS if quick else MEMBERS)
    with PostgresServer.start() as server:
        migrate(server.url)
        lines = fill(server.url, count)
        database = Database.open(server.url, deadline_ms=None)
        worst, changed = passed(database, DAY)
        usual, changed_next = passed(database, DAY + timedelta(days=1))
        cpu, clock = accounts(database, count)
        database.dispose()
    found: Json = {
        "members": count,
        "ledger_lines": lines,
        "first_pass_seconds": round(worst, 2),
        "first_pass_changed": changed,
        "usual_pass_seconds": round(usual, 2),
        "usual_pass_changed": changed_next,
        "account_cpu_ms": round(cpu, 3),
        "account_p99_ms": round(percentile(clock, 99), 3),
    }
    most = max(PASS_SECONDS * count / MEMBERS, LEAST_SECONDS)
    met = (worst < most, usual < most, cpu < ACCOUNT_MS)
    outcome: Json = {
        "measured": found,
        "goal": {
            "first_pass_seconds": f"< {most:g}",
            "usual_pass_seconds": f"< {most:g}",
            "account_cpu_ms": f"< {ACCOUNT_MS:g}",
        },
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "ok": all(met),
    }
    if not bare:
        for name, goal in outcome["goal"].items():
            tell(f"{name}: {found[name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def fill(url: str, count: int) -> int:
    """So many members with their dues and entries, made inside PostgreSQL; how many lines of the ledger."""
    fill_mutuelles(url, FILL, count, DAY)
    with psycopg.connect(url) as connection:
        ((lines,),) = connection.execute("SELECT count(*) FROM ledger_lines").fetchall()
    return int(lines)


def passed(database: Database, day: date) -> tuple[float, int]:
    """(seconds, rights changed) of the pass of a day over every mutuelle."""
    started, changed = perf_counter(), 0
    with database.begin(reading=True) as conn:
        waiting = proposals.waiting(conn, day)
    for place, mutuelle_id in enumerate(waiting, start=1):
        with database.begin() as conn:
            changed += proposals.bring_to_day(conn, mutuelle_id, day)
        if place % 16 == 0:
            tell(f"{place} of {len(waiting)} mutuelles brought to {day}, {perf_counter() - started:.1f} s")
    return perf_counter() - started, changed


def accounts(database: Database, count: int) -> tuple[float, list[float]]:
    """(CPU of this process, ms, on average; ms on the clock of each) of reading accounts here and there."""
    reader, clock = database.reader(), []
    contributions.account(reader, 1, DAY)
    before = process_time()
    for place in range(ACCOUNTS):
        started = perf_counter()
        contributions.account(reader, 1 + place * 7919 % count, DAY)
        clock.append((perf_counter() - started) * 1000)
    return (process_time() - before) * 1000 / ACCOUNTS, clock
