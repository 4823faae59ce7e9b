"""`ramu bench campaign`: how fast the rows of a campaign are made, in how much memory, and that a kill changes none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter, sleep

import click
import psycopg
from redis import Redis

from config.settings import CHECKOUT
from models import campaigns
from models.campaign_content import Text, put_text
from models.database import Database
from models.keyring import KeyRing
from models.schema import migrate
from tests.bench.audience import fill_phones
from tests.bench.figures import Json
from tests.bench.words import tell
from workers.servers import PostgresServer, RedisServer
from workers.servers.process import children_of

PEOPLE = 1_872_000
"""The people whom the communication plan wants to reach in a year."""

SECONDS, MEGABYTES, REDIS_MEGABYTES = 30.0, 300, 50
"""Goals, each at most."""

CHUNK, HOLD_OUT = 50, 5
FINGERPRINT = (
    "SELECT count(*), sum(hashtextextended(encode(phone_index, 'hex') || coalesce(region, '')"
    " || operator || language, 0)) FROM recipients WHERE campaign_id = %s"
)
"""The rows of a campaign in one figure, whatever their order."""


@click.command("campaign")
@click.option("--people", type=click.IntRange(1_000, 20_000_000), default=PEOPLE, show_default=True)
@click.option("--personalised", is_flag=True, help="One request a person, so one chunk each.")
@click.option(
    "--kills", type=click.IntRange(0, 20), default=1, show_default=True, help="Of a second planning."
)
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
def plan_campaign(people: int, personalised: bool, kills: int, bare: bool) -> None:
    """Plan a campaign into a fresh PostgreSQL, then another that is killed; the last line is one JSON object.

    Example: ramu bench campaign --people 100000
    """
    with (
        tempfile.TemporaryDirectory(prefix="ramu-bench-") as scratch,
        PostgresServer.start() as server,
        RedisServer.start(Path(scratch) / "redis") as redis,
    ):
        folder = Path(scratch)
        keys = KeyRing.create(folder / "keys")
        migrate(server.url)
        tell(f"{people:,} people with a phone")
        fill_phones(server.url, keys, people)
        surroundings = {
            **os.environ,
            "DATABASE_URL": server.url,
            "REDIS_URL": redis.url,
            "RAMU_DATA_FOLDER": str(folder),
            "RAMU_KEY_FOLDER": str(folder / "keys"),
            "RAMU_SETTINGS": os.devnull,
            "PYTHONPATH": str(CHECKOUT),
        }
        first, second = (_approved(server.url, keys, personalised) for _ in range(2))
        whole = _planned(first, surroundings, server.pid)
        for place in range(kills):
            _killed(second, surroundings, whole["seconds"] * (place + 0.5) / max(kills, 1))
        again = _planned(second, surroundings, server.pid) if kills else None
        same = _same(server.url, first, second) if kills else None
        rows, sending, chunks = _counts(server.url, first)
        with Redis.from_url(redis.url) as client:
            redis_megabytes = client.info("memory")["used_memory"] / 1e6
    found: Json = {
        "plan_seconds": round(whole["told"]["plan_seconds"], 1),
        "command_seconds": round(whole["seconds"], 1),
        "rows_per_second": round(rows / whole["told"]["plan_seconds"]),
        "python_peak_mb": round(whole["python_mb"]),
        "postgresql_peak_mb": round(whole["postgresql_mb"]),
        "redis_mb": round(redis_megabytes, 1),
        "rows": rows,
        "to_send": sending,
        "chunks": chunks,
        "kills": kills,
        "resumed_seconds": again and round(again["seconds"], 1),
        "same_rows_after_kills": same,
    }
    met = (
        found["plan_seconds"] < SECONDS,
        max(found["python_peak_mb"], found["postgresql_peak_mb"]) < MEGABYTES,
        redis_megabytes < REDIS_MEGABYTES,
        rows == people,
        same in (True, None),
    )
    outcome: Json = {
        "measured": found,
        "goal": {
            "plan_seconds": f"< {SECONDS:.0f}",
            "python_peak_mb": f"< {MEGABYTES}",
            "postgresql_peak_mb": f"< {MEGABYTES} of its own in any process",
            "redis_mb": f"< {REDIS_MEGABYTES}",
            "rows": people,
        },
        "people": people,
        "personalised": personalised,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "ok": all(met),
    }
    if not bare:
        for name, goal in outcome["goal"].items():
            tell(f"{name}: {found[name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def _approved(url: str, keys: KeyRing, personalised: bool) -> int:
    """A campaign to everybody that a second person approved."""
    now = datetime.now(UTC)
    database = Database.open(url, deadline_ms=None)
    with database.begin() as conn:
        campaign_id = campaigns.make(
            conn,
            name="bench",
            author="author",
            policy="evidence",
            budget_fcfa=10**9,
            hold_out_percent=HOLD_OUT,
            chunk_size=CHUNK,
            max_segments=1,
            now=now,
        )
        put_text(conn, campaign_id, Text("fr", "Sante Mali: vos droits. *212#. STOP", "GSM7", None))
        campaigns.change(conn, campaign_id, now, audience="{}")
        campaigns.checked(conn, campaign_id, personalised, {}, now)
        campaigns.sized(conn, campaign_id, {}, now)
        campaigns.move(conn, campaign_id, campaigns.TEST, now)
        seen = campaigns.load(conn, campaign_id).content_hash or b""
        campaigns.approve(conn, keys, campaign_id, "approver", None, seen, now)
    database.dispose()
    return campaign_id


def _command(campaign_id: int, surroundings: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "gateway.command_line",
        "campaign",
        "schedule",
        str(campaign_id),
        "--json",
    ]
    return subprocess.Popen(
        [*command, "--at", "2100-01-01"], env=surroundings, cwd=CHECKOUT, stdout=subprocess.PIPE
    )


def _planned(campaign_id: int, surroundings: dict[str, str], postgresql: int) -> Json:
    """Plan to the end, looking at memory all the while."""
    started = perf_counter()
    child = _command(campaign_id, surroundings)
    python = server = 0.0
    told = monotonic()
    while child.poll() is None:
        python = max(python, _megabytes(child.pid, "VmRSS:"))
        server = max([server, *(_megabytes(pid, "RssAnon:") for pid in children_of(postgresql))])
        if monotonic() - told > 10:
            told = monotonic()
            tell(f"{told - started:.0f} s, {python:.0f} MB, PostgreSQL {server:.0f} MB")
        sleep(0.05)
    output = child.communicate()[0]
    seconds = perf_counter() - started
    return {
        "told": json.loads(output.splitlines()[-1]),
        "seconds": seconds,
        "python_mb": python,
        "postgresql_mb": server,
    }


def _killed(campaign_id: int, surroundings: dict[str, str], after: float) -> None:
    """Plan for so many seconds, then kill."""
    child = _command(campaign_id, surroundings)
    sleep(after)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    tell(f"killed after {after:.1f} s")


def _same(url: str, first: int, second: int) -> bool:
    """Whether both have the same rows, but for who is held out, which each campaign draws for itself."""
    with psycopg.connect(url) as connection:
        one, other = (connection.execute(FINGERPRINT, [number]).fetchone() for number in (first, second))
    return one == other


def _counts(url: str, campaign_id: int) -> tuple[int, int, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE NOT hold_out), count(DISTINCT chunk_id)"
            " FROM recipients WHERE campaign_id = %s",
            [campaign_id],
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def _megabytes(pid: int, what: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(what)), 0.0)
