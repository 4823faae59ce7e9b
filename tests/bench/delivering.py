"""`ramu bench reports`: how many delivery reports a second are kept before they are answered, and applied behind."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import urlencode

import click
import psycopg

from models.keyring import KeyRing
from models.schema import migrate
from tests.bench.contenders import SECRET
from tests.bench.cpu import Meter
from tests.bench.figures import Goal, Json, percentile
from tests.bench.installation import Installation, installed
from tests.bench.load import Generator, Job
from tests.bench.words import tell
from workers.servers import PostgresServer, RedisServer

RATE, SECONDS, QUICK_SECONDS = 2_100.0, 30.0, 8.0
CONNECTIONS = 200
WARM_UP = 2_000
"""Reports that are not measured: connections open, statements are prepared, code is read."""

RECIPIENTS = 1_872_000
QUICK_RECIPIENTS = 100_000
PATIENCE_SECONDS = 60.0
GROUPS = ("web", "bulk_worker", "postgresql", "redis")

DOUBLED, UNKNOWN, FAILED = 0.10, 0.05, 0.15
"""Shares: reports that come twice; about messages of nobody; messages that failed."""

GOALS = {
    "answered_a_second": Goal(at_least=2_000),
    "lost": Goal(at_most=0),
    "wrong_states": Goal(at_most=0),
    "lag_s": Goal(at_most=5.0),
    "refused": Goal(at_most=0),
}
"""`lag_s`: from the last answer until every report is applied."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Reports to post, in this order, and what they must lead to: the state of each provider's id we know."""

    reports: Sequence[tuple[str, str]]
    states: dict[str, str]

    @property
    def forms(self) -> list[str]:
        """As the provider posts them."""
        return [
            urlencode(
                {
                    "id": name,
                    "status": status,
                    "phoneNumber": f"+2237{number % 10_000_000:07}",
                    "networkCode": "61002",
                    "retryCount": "0",
                }
            )
            for number, (name, status) in enumerate(self.reports)
        ]


@click.command()
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
@click.option("--quick", is_flag=True, help=f"{QUICK_SECONDS:.0f} seconds, fewer recipients; the same goals.")
@click.option("--seconds", type=click.FloatRange(min=2), help=f"Of {RATE:.0f} a second ({SECONDS:.0f}).")
@click.option("--rate", type=click.FloatRange(min=100), default=RATE, show_default=True, help="A second.")
@click.option("--recipients", type=click.IntRange(min=1_000), help=f"In the campaign ({RECIPIENTS:,}).")
@click.option("--seed", default=1, show_default=True)
def reports(
    bare: bool, quick: bool, seconds: float | None, rate: float, recipients: int | None, seed: int
) -> None:
    """Delivery reports at a steady pace, shuffled, doubled, unknown: every one answered must be kept and applied.

    PostgreSQL waits for the disk; the web processes, the workers and the tick run as in an installation. The last line
    of standard output is one JSON object; exit 0 when every goal is met.

    Example: ramu bench reports --quick
    """
    seconds = seconds or (QUICK_SECONDS if quick else SECONDS)
    people = recipients or (QUICK_RECIPIENTS if quick else RECIPIENTS)
    measured = _measured(people, sent(seed, people, int(rate * seconds) + WARM_UP), rate)
    goals = {name: goal.as_json(measured[name]) for name, goal in GOALS.items()}
    outcome = {"measured": measured, "goal": goals, "ok": all(goal["met"] for goal in goals.values())}
    if not bare:
        for name, goal in goals.items():
            tell(f"{name} {measured[name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def sent(seed: int, people: int, count: int) -> Sent:
    """So many reports about `people` recipients, in an order that nobody would choose."""
    chance = random.Random(seed)
    told: list[tuple[str, str]] = []
    states: dict[str, str] = {}
    number = 0
    while len(told) < count:
        number += 1
        name = provider_id(number)
        if number > people or chance.random() < UNKNOWN:
            name = f"stranger-{number}"
        else:
            states[name] = "UNDELIVERED" if chance.random() < FAILED else "DELIVERED"
        final = "Failed" if states.get(name) == "UNDELIVERED" else "Success"
        mine = [(name, "Sent"), (name, final)]
        told += mine + [one for one in mine if chance.random() < DOUBLED]
    chance.shuffle(told)
    return Sent(told, states)


def provider_id(number: int) -> str:
    """The provider's id of the campaign's message of that number."""
    return f"ATXid_{number:032x}"


def _measured(people: int, plan: Sent, rate: float) -> Json:
    with (
        tempfile.TemporaryDirectory(prefix="ramu-bench-") as scratch,
        PostgresServer.start() as postgres,
        RedisServer.start(Path(scratch) / "redis") as redis,
    ):
        folder = Path(scratch)
        KeyRing.create(folder / "keys")
        migrate(postgres.url)
        tell(f"a campaign of {people:,} that was sent")
        write_campaign(postgres.url, people)
        postgres.order("VACUUM ANALYZE")
        with (
            Generator() as load,
            installed(folder, postgres.url, postgres, redis, folder / "keys", 0.0) as installation,
        ):
            measured = _posted(load, installation, plan, rate)
            measured["lag_s"] = _lag(postgres.url, len(set(plan.reports)))
            found = {"recipients": people, **measured, **_checked(postgres.url, plan)}
    return found


def write_campaign(url: str, people: int) -> None:
    """A campaign all of whose recipients were accepted, made by the server itself."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO campaigns (id, name, author, state, policy, personalised, hold_out_percent, chunk_size,"
            " max_segments, approval_tries, planned_to, created_at, began_at)"
            " VALUES (1, 'bench', 'bench', 'SENDING', 'evidence', false, 0, 50, 1, 0, 0, now(), now())"
        )
        connection.execute(
            "INSERT INTO recipients (campaign_id, phone_index, language, operator, hold_out, chunk_id, state, attempt,"
            " dup_risk, provider_id, settled_at)"
            " SELECT 1, decode(md5(n::text), 'hex'), 'fr', 'ORANGE', false, n / 50, 'ACCEPTED', 1, false,"
            " 'ATXid_' || lpad(to_hex(n), 32, '0'), now() FROM generate_series(1, %s) AS n",
            [people],
        )


def _posted(load: Generator, installation: Installation, plan: Sent, rate: float) -> Json:
    path, forms = f"/hooks/africastalking/{SECRET}/delivery", plan.forms
    load.prepare(Job(installation.port, path, forms[:WARM_UP], CONNECTIONS))
    load.go()
    tell(f"{len(forms) - WARM_UP:,} reports, {rate:,.0f} a second")
    load.prepare(Job(installation.port, path, forms[WARM_UP:], CONNECTIONS, rate))
    meters = {group: [Meter({group: pid}) for pid in installation.pids[group]] for group in GROUPS}
    outcome = load.go()
    count = len(outcome.latencies_ms)
    return {
        "reports": count,
        "answered_a_second": round(count / outcome.seconds, 1),
        "refused": count - outcome.answers.get("OK\n", 0),
        "p50_ms": round(percentile(outcome.latencies_ms, 50), 1),
        "p99_ms": round(percentile(outcome.latencies_ms, 99), 1),
        "cpu_us_a_report": {
            group: round(sum(meter.used()[group] for meter in theirs) / count, 1)
            for group, theirs in meters.items()
        },
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _lag(url: str, wanted: int) -> float:
    """Seconds until every report is in the database (some may have waited in the spool) and is applied."""
    asked = (
        "SELECT count(*), count(*) FILTER (WHERE NOT matched AND EXISTS"
        " (SELECT FROM recipients WHERE recipients.provider_id = reports.provider_id)) FROM reports"
    )
    began = perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        while perf_counter() - began < PATIENCE_SECONDS:
            kept, waiting = connection.execute(asked).fetchone() or (0, 0)
            if kept >= wanted and not waiting:
                break
            sleep(0.1)
    return round(perf_counter() - began, 2)


def _checked(url: str, plan: Sent) -> Json:
    with psycopg.connect(url) as connection:
        kept = set(connection.execute("SELECT provider_id, status FROM reports").fetchall())
        states: dict[str, str] = dict(
            connection.execute(
                "SELECT provider_id, state FROM recipients WHERE state <> 'ACCEPTED'"
            ).fetchall()
        )
    wanted = set(plan.reports)
    wrong = sum(states.get(name) != state for name, state in plan.states.items())
    return {
        "kept": len(kept),
        "lost": len(wanted - kept),
        "wrong_states": wrong + len(set(states) - set(plan.states)),
    }
