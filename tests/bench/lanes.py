"""`ramu bench lanes`: how long a nurse waits for her answer while ten campaigns are being sent on the same machine."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import click
import psycopg

from config.faults import Fault
from config.settings import load
from gateway.campaign_desk import Desk
from models import places
from models.chunks import AT_MOST_ONCE
from models.database import Database
from models.keyring import KeyRing
from tests.bench.figures import Goal, Json
from tests.bench.folders import usual_folder
from tests.bench.installation import installed
from tests.bench.load import Generator
from tests.bench.questions import Answers, Asking
from tests.bench.receipts import nurse, register_of
from tests.bench.verifying import PROVIDER_SECONDS, WARM_UP, Stage
from tests.bench.words import tell
from tests.storm.campaign_cast import Wanted, made_of, number
from tests.storm.campaign_judge import EVIDENCE
from workers.servers import PostgresServer, RedisServer

PEOPLE = 100_000
CAMPAIGNS, EACH, PERSONAL = 10, 4_000, 3
"""How many campaigns, of how many people, and how many of them name each."""

RATE = 20.0
"""Verifications by SMS a second."""

SECONDS, QUICK_SECONDS = 40.0, 12.0
PATIENCE_SECONDS = 60.0
NURSES = nurse(0)[: -len("000000")]
SETTINGS = {"RAMU_CAMPAIGNS_AT_ANY_HOUR": "true"}

GOALS = {
    "p95_s": Goal(at_most=1.0),
    "not_answered_once": Goal(at_most=0),
    "campaigns_sending_at_the_end": Goal(at_least=CAMPAIGNS),
    "campaign_sms_a_second": Goal(at_least=100.0),
}
"""The last two: the campaigns were really being sent meanwhile, all of them."""


@click.command()
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
@click.option("--quick", is_flag=True, help=f"{QUICK_SECONDS:.0f} seconds; the same goals.")
@click.option("--seconds", type=click.FloatRange(min=5), help=f"Of {RATE:.0f} a second ({SECONDS:.0f}).")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the register is kept between runs (as for `hop`, in a folder of its own).",
)
def lanes(bare: bool, quick: bool, seconds: float | None, folder: Path | None) -> None:
    """Verifications by SMS at 20 a second beside ten campaigns, from the callback to our request to the provider.

    The settings are those of an installation that sets nothing. The last line of standard output is one JSON object;
    exit 0 when every goal is met.

    Example: ramu bench lanes --quick
    """
    home = (folder or usual_folder()).absolute() / "lanes"
    measured = _measured(home, seconds or (QUICK_SECONDS if quick else SECONDS))
    goals = {name: goal.as_json(measured[name]) for name, goal in GOALS.items()}
    outcome = {"measured": measured, "goal": goals, "ok": all(goal["met"] for goal in goals.values())}
    if not bare:
        for name, goal in goals.items():
            tell(f"{name} {measured[name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def _measured(folder: Path, seconds: float) -> Json:
    folder.mkdir(parents=True, exist_ok=True)
    keys = folder / "keys"
    with PostgresServer.start(folder / "postgres") as postgres, RedisServer.start(folder / "redis") as redis:
        url = register_of(postgres, keys, PEOPLE, fresh=False)
        tell(f"{CAMPAIGNS} campaigns of {EACH}")
        _prepare(url, KeyRing.open(keys), folder)
        tell("starting the gateway")
        with (
            installed(folder, url, postgres, redis, keys, PROVIDER_SECONDS, SETTINGS) as running,
            Generator() as generator,
        ):
            answers = Answers(running.folder / "provider", NURSES)
            stage = Stage(running, generator, Asking(PEOPLE), answers, url)
            stage.one_by_one(WARM_UP)
            _wait_for(answers)
            before, began = answers.others, monotonic()
            found, told = stage.at_a_pace(seconds, RATE)
            sent = (answers.others - before) / (monotonic() - began)
            return {
                "p95_s": told["p95_s"],
                "not_answered_once": found.wrong + found.missing + found.again,
                "campaigns_sending_at_the_end": _sending(url),
                "campaign_sms_a_second": round(sent, 1),
                **told,
                "provider_s": PROVIDER_SECONDS,
                "cores": os.cpu_count(),
                "load": round(os.getloadavg()[0], 1),
            }


def _prepare(url: str, keys: KeyRing, folder: Path) -> None:
    database = Database.open(url, deadline_ms=None)
    try:
        with database.begin() as conn:
            places.load(conn)
        desk = Desk(database, keys, load(), datetime.now(UTC))
        for place in range(CAMPAIGNS):
            personal = place < PERSONAL
            text = f"RAMU {place}: {'{nom}' if personal else 'seance'} mardi au CSCom. STOP au 36212"
            policy = AT_MOST_ONCE if personal else EVIDENCE
            numbers = [number(one) for one in range(place * EACH, (place + 1) * EACH)]
            made_of(desk, folder, Wanted(f"campaign {place}", policy, 0.1, text, personal), numbers)
    finally:
        database.dispose()


def _wait_for(answers: Answers) -> None:
    """Until campaigns are being sent. Raises Fault."""
    until = monotonic() + PATIENCE_SECONDS
    while answers.others < CAMPAIGNS * 50:
        if monotonic() > until:
            raise Fault("the campaigns did not begin")
        sleep(0.2)
        answers.look()


def _sending(url: str) -> int:
    """How many campaigns have requests that wait."""
    with psycopg.connect(url) as connection:
        asked = (
            "SELECT count(DISTINCT campaign_id) FROM chunks WHERE state = 'READY' AND campaign_id IS NOT NULL"
        )
        return int((connection.execute(asked).fetchone() or (0,))[0])
