"""`ramu storm campaign`: campaigns go out while senders, Redis and PostgreSQL are killed; then all are counted."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import click
from sqlalchemy import and_, func, select

from models.campaign_tables import campaigns, recipients
from models.campaigns import CANCELLED, DONE
from models.chunks import INTENT, chunks
from models.database import Connection, Database, DatabaseAway
from models.keyring import KeyRing
from models.reports import reports
from tests.storm import campaign_weather, weather
from tests.storm.campaign_cast import OPERATORS, Made, expected, prepared
from tests.storm.campaign_evidence import fastest, gathered, sent_of
from tests.storm.campaign_judge import judged
from tests.storm.campaign_machines import folders, networks, start_all
from tests.storm.campaign_steering import Steering
from tests.storm.campaign_weather import Counts
from tests.storm.evidence import left_on_disk
from tests.storm.judge import Verdict, bound
from tests.storm.scene import LEDGER, LOOK_SECONDS, Scene, folder_of, set_scene
from tests.storm.sms import LATER_SECONDS, TOLD_SECONDS, logged, tell
from workers.servers import PostgresServer

FAULTS = (
    "delay=0.1,e500_before=0.01,e500_after=0.01,timeout_after=0.01,reset_before=0.01,reset_after=0.01,e429=0.02,"
    "report_twice=0.05,report_early=0.02,report_late=0.03,report_missing=0.1,report_failed=0.02"
)
"""Seven requests of a hundred go wrong, five of them so that nobody knows; of ten messages one is never reported."""

AMBIGUOUS = ("e500_before", "e500_after", "timeout_after", "reset_before", "reset_after")
NAMES = ("ORANGE", "MOOV", "TELECEL")
BURST = 100
WINDOW_SECONDS = 10.0
PROGRESS_SECONDS = 0.25
STALLED_SECONDS = 180.0


@dataclass(frozen=True)
class Plan:
    """One storm: `a_second` messages to all operators together, at most. `silence` in seconds, until it proves."""

    messages: int
    hosts: int
    seed: int
    a_second: float
    counts: Counts
    lease: int
    provider_seconds: float
    silence: float
    witnesses: int
    patience: float

    @property
    def paces(self) -> dict[str, float]:
        """Messages a second, by operator."""
        return {name: self.a_second * share / 10 for name, (_, share) in zip(NAMES, OPERATORS, strict=True)}

    @property
    def settings(self) -> dict[str, str]:
        """What the processes are told beside what every installation is."""
        return {
            "RAMU_CAMPAIGNS_AT_ANY_HOUR": "true",
            "RAMU_PACES": ",".join(f"{name}={pace:.0f}/{BURST}" for name, pace in self.paces.items()),
            "RAMU_LEASE_SECONDS": str(self.lease),
            "RAMU_PROVIDER_SECONDS": str(self.provider_seconds),
            "RAMU_EVIDENCE_HOURS": f"{self.silence / 3600:.6f}",
            "RAMU_EVIDENCE_RECIPIENTS": str(self.witnesses),
        }


def whole(messages: int, hosts: int, seed: int) -> Plan:
    """The blows that the promise is held to."""
    return Plan(messages, hosts, seed, 270.0, Counts(300, 12, 20, 3, 3, 60.0), 20, 3.0, 90.0, 500, 900.0)


def short(messages: int, hosts: int, seed: int) -> Plan:
    """A tenth of the blows and shorter waits."""
    return Plan(messages, hosts, seed, 100.0, Counts(40, 3, 4, 1, 1, 12.0), 8, 2.0, 24.0, 200, 300.0)


@click.command("campaign")
@click.option("--messages", type=click.IntRange(min=1_000), help="In all campaigns together: 100,000.")
@click.option("--quick", is_flag=True, help="5,000 messages, a tenth of the blows, shorter leases.")
@click.option("--hosts", type=click.IntRange(1, 4), default=2, show_default=True, help="Machines that send.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same campaigns and blows.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder: data and logs stay in it.",
)
def campaign(messages: int | None, quick: bool, hosts: int, seed: int, keep: Path | None) -> None:
    """Kill senders, Redis and PostgreSQL while campaigns are sent; nobody is lost unsaid, nobody written to twice.

    Each machine has its own data folder, journal and clients (for root also its own network) on the same PostgreSQL
    and Redis. The last line of standard output is one JSON object; exit 0 only when the provider's ledger and our
    tables agree on everybody.

    Example: ramu storm campaign --quick --seed 7
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = short(messages or 5_000, hosts, seed) if quick else whole(messages or 100_000, hosts, seed)
    with folder_of(keep.absolute() if keep else None) as folder:
        outcome = run(folder, plan)
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def run(folder: Path, plan: Plan) -> dict[str, Any]:
    """One storm from beginning to judgement. Raises Fault."""
    made: list[Made] = []

    def fill(url: str, keys: KeyRing) -> None:
        tell("preparing the campaigns")
        made.extend(prepared(url, keys, folder, plan.messages))

    def start(scene: Scene, environment: dict[str, str]) -> None:
        start_all(scene, environment, plan.hosts)

    with set_scene(folder, plan.seed, plan.settings, fill, start, FAULTS) as scene:
        server = scene.postgres.server
        assert isinstance(server, PostgresServer)
        database = Database.open(server.url, deadline_ms=None)
        tell(f"{expected(made)} messages of {len(made)} campaigns from {plan.hosts} machines")
        began = monotonic()
        steering = Steering(database, made)
        unstruck = _rage(scene, plan, expected(made), steering)
        raged = monotonic() - began
        quiet = _wait_for_quiet(scene, database, plan)
        seconds = monotonic() - began
        tell("judging")
        ledger = scene.folder / LEDGER / "ledger.jsonl"
        found = gathered(
            database,
            scene.keys,
            folders(scene, plan.hosts),
            ledger,
            made,
            steering.silences,
            scene.killed[weather.WORKER] + scene.killed[weather.PAUSE],
            sum(scene.outside.counts().get(f"fault_{name}", 0) for name in AMBIGUOUS),
        )
        database.dispose()
        verdict = judged(found)
        verdict.faults["not_quiet"] = quiet
        verdict.faults["blows_missing"] = unstruck
        _pace(ledger, plan, verdict)
        return report(scene, plan, verdict, round(raged, 1), round(seconds, 1))


def _rage(scene: Scene, plan: Plan, work: int, steering: Steering) -> list[str]:
    """Blows, each when its share of the work is done; those for which no work was left."""
    blows = campaign_weather.forecast(plan.seed, plan.counts)
    began = asked = told = moved = later = monotonic()
    done = 0
    while blows or steering.waits:
        now = monotonic()
        if now - asked >= PROGRESS_SECONDS:
            asked, before = now, done
            done = scene.outside.counts()["accepted"]
            moved = now if done > before else moved
        if now - moved > STALLED_SECONDS:
            break
        if blows and blows[0].at <= done / work and now >= later:
            if scene.strike(blows[0]):
                blows.pop(0)
            else:
                # Whom it is meant for rests just now.
                later = now + LATER_SECONDS
                blows.append(blows.pop(0))
                blows.sort(key=lambda blow: (blow.at > done / work, blow.what == weather.PAUSE))
        steering.look(done / work)
        if now - told > TOLD_SECONDS:
            told = now
            tell(f"{now - began:.0f} s: {done} accepted, {scene.killed.total()} blows")
        scene.look()
        sleep(LOOK_SECONDS)
    return [f"{blow.what} at {blow.at:.2f} of the work" for blow in blows]


def _wait_for_quiet(scene: Scene, database: Database, plan: Plan) -> list[str]:
    """Until nothing is left to do; what is left when the patience is over."""
    until, told = monotonic() + plan.patience, monotonic()
    while left := _left(scene, database, plan):
        scene.look()
        if monotonic() > until:
            return left
        if monotonic() > told + TOLD_SECONDS:
            told = monotonic()
            tell(f"waiting for quiet: {', '.join(left)}")
        sleep(0.5)
    return []


def _left(scene: Scene, database: Database, plan: Plan) -> list[str]:
    waiting = scene.outside.counts()["callbacks_waiting"]
    left = [f"{waiting} reports under way"] if waiting else []
    try:
        with database.begin(reading=True) as conn:
            left += [f"{count} {what}" for what, count in _counts(conn).items() if count]
    except DatabaseAway:
        return ["PostgreSQL is away"]
    for folder in folders(scene, plan.hosts):
        left += [f"{count} in {where}" for where, count in left_on_disk(folder).items() if count]
    return left


def _counts(conn: Connection) -> dict[str, int]:
    open_ = campaigns.c.state.not_in((DONE, CANCELLED))
    known = select(recipients.c.provider_id).where(recipients.c.provider_id == reports.c.provider_id).exists()
    counts = {
        "campaigns not ended": select(func.count()).select_from(campaigns).where(open_),
        "requests under way": select(func.count()).where(chunks.c.state == INTENT),
        "reports to apply": select(func.count()).where(and_(~reports.c.matched, known)),
    }
    return {what: conn.scalar(query) or 0 for what, query in counts.items()}


def _pace(ledger: Path, plan: Plan, verdict: Verdict) -> None:
    """No operator got more than its bucket gives: a full one at most twice more, when Redis forgot it."""
    beginnings = {beginning: name for name, (beginning, _) in zip(NAMES, OPERATORS, strict=True)}
    found = fastest(sent_of(ledger), beginnings)
    most = {name: pace + 3 * BURST / WINDOW_SECONDS for name, pace in plan.paces.items()}
    verdict.figures |= {f"{name} a second at most": round(pace) for name, pace in found.items()}
    verdict.faults["too_fast"] = [
        f"{name}: {pace} a second, not {most[name]}" for name, pace in found.items() if pace > most[name]
    ]


def report(scene: Scene, plan: Plan, verdict: Verdict, raged: float, seconds: float) -> dict[str, Any]:
    """The JSON object."""
    counts = scene.outside.counts()
    blows = {what: scene.killed[what] for what in plan.counts.blows}
    measured: Mapping[str, Any] = {
        "messages": plan.messages,
        "hosts": plan.hosts,
        "networks": networks(scene),
        "seed": plan.seed,
        "seconds": raged,
        "seconds_until_quiet": seconds,
        "blows": blows,
        "requests": counts["requests"],
        "faults_injected": {
            name.removeprefix("fault_"): times for name, times in counts.items() if name.startswith("fault_")
        },
        "ended_by_themselves": {one.name: one.ended for one in scene.company.members if one.ended},
        "errors_logged": dict(logged(scene.folder.glob("*.log"))),
        **verdict.as_json(),
    }
    total = sum(map(len, verdict.faults.values()))
    goal = dict.fromkeys(verdict.faults, 0) | {
        "blows": plan.counts.blows,
        "bound": bound(total, blows[weather.WORKER], "kills of senders"),
    }
    return {"measured": measured, "goal": goal, "ok": verdict.ok, "cores": os.cpu_count()}
