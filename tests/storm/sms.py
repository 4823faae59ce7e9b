"""`ramu storm sms`: messages come in at a constant pace while processes are killed; then it is judged who got what."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import click
from sqlalchemy import func, select

from models.audit import audit, audit_chain
from models.chunks import INTENT, READY, chunks
from models.database import Connection, Database, DatabaseAway
from models.database_clock import DatabaseNow
from models.inbound import WAITING, inbound
from models.keyring import KeyRing
from tests.storm import weather
from tests.storm.cast import prepared
from tests.storm.evidence import Marks, gathered, left_on_disk
from tests.storm.judge import Verdict, bound, judged
from tests.storm.letters import Cast, Letter, written
from tests.storm.outside import Post
from tests.storm.scene import LEDGER, LOOK_SECONDS, Scene, folder_of, set_scene
from workers.servers import PostgresServer

RATE = 20.0
"""Messages a second."""

QUICK_SECONDS = 30.0
QUICK_SETTINGS = {"RAMU_LEASE_SECONDS": "15", "RAMU_PROVIDER_SECONDS": "3"}
"""A short run does not wait a minute for the lease of a killed sender."""

QUIET_SECONDS = 390.0
"""How long it may take after the last blow until nothing is left to do."""

TOLD_SECONDS = 10.0
LATER_SECONDS = 0.2
"""Redis is emptied, a worker is stopped, so much later when it rests."""


@dataclass(frozen=True)
class Plan:
    """One storm."""

    seconds: float
    seed: int
    settings: dict[str, str]


@click.command("sms")
@click.option("--minutes", type=click.FloatRange(min=0.2), default=3.0, show_default=True)
@click.option("--quick", is_flag=True, help=f"{QUICK_SECONDS:.0f} seconds, with shorter leases.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same messages and the same blows.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder: data and logs stay in it.",
)
def sms(minutes: float, quick: bool, seed: int, keep: Path | None) -> None:
    """Kill web, workers, Redis and PostgreSQL at random while SMS come in; every one is answered once.

    The last line of standard output is one JSON object; exit 0 only when nothing was lost or done twice.

    Example: ramu storm sms --quick --seed 7
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = Plan(QUICK_SECONDS if quick else minutes * 60, seed, QUICK_SETTINGS if quick else {})
    with folder_of(keep.absolute() if keep else None) as folder:
        outcome = run(folder, plan)
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def run(folder: Path, plan: Plan) -> dict[str, Any]:
    """One storm from beginning to judgement. Raises Fault."""
    count = int(plan.seconds * RATE)
    casts: list[Cast] = []

    def fill(url: str, keys: KeyRing) -> None:
        tell("making the register")
        casts.append(prepared(url, keys, count))

    with set_scene(folder, plan.seed, plan.settings, fill) as scene:
        letters = written(casts[0], plan.seed, count, RATE)
        tell(f"{count} messages of {len({one.sender for one in letters})} senders in {plan.seconds:.0f} s")
        server = scene.postgres.server
        assert isinstance(server, PostgresServer)
        database = Database.open(server.url, deadline_ms=None)
        with database.begin(reading=True) as conn:
            marks = Marks.of(conn)
        began = monotonic()
        _rage(scene, letters, plan)
        quiet = _wait_for_quiet(scene, database)
        seconds = monotonic() - began
        tell("judging")
        evidence = gathered(
            database, scene.keys, scene.data, scene.folder / LEDGER / "ledger.jsonl", casts[0], marks, letters
        )
        database.dispose()
        return report(scene, letters, judged(letters, evidence), quiet, round(seconds, 1), plan)


def _rage(scene: Scene, letters: list[Letter], plan: Plan) -> None:
    """Messages and blows, until all messages were handed over."""
    blows = weather.forecast(plan.seed, plan.seconds)
    post = Post(scene.outside, letters)
    post.start()
    began, told = monotonic(), TOLD_SECONDS
    try:
        while not post.done() or blows:
            now = monotonic() - began
            while blows and blows[0].at <= now:
                blow = blows.pop(0)
                if not scene.strike(blow) and blow.what not in weather.KILLS:
                    # Whom it is meant for rests just now.
                    blows.insert(0, replace(blow, at=now + LATER_SECONDS))
                    break
            if now >= told:
                told += TOLD_SECONDS
                tell(f"{now:.0f} s: {post.sent} written, {scene.killed.total()} blows")
            scene.look()
            sleep(LOOK_SECONDS)
    finally:
        post.stop()
    scene.calm()


def _wait_for_quiet(scene: Scene, database: Database) -> list[str]:
    """Until nothing is left to do; what is left when the patience is over."""
    until, told = monotonic() + QUIET_SECONDS, monotonic() + TOLD_SECONDS
    while True:
        scene.look()
        left = _left(scene, database)
        if not left or monotonic() > until:
            return left
        if monotonic() > told:
            told = monotonic() + TOLD_SECONDS
            tell(f"waiting for quiet: {', '.join(left)}")
        sleep(0.5)


def _left(scene: Scene, database: Database) -> list[str]:
    """What is left to do, in words; nothing when it is quiet."""
    try:
        with database.begin(reading=True) as conn:
            left = _left_in(conn)
    except DatabaseAway as away:
        return [str(away)]
    left["callbacks of the provider"] = scene.outside.counts()["callbacks_waiting"]
    left |= left_on_disk(scene.data)
    left.pop("spool aside")
    return [f"{count} {what}" for what, count in left.items() if count]


def _left_in(conn: Connection) -> dict[str, int]:
    due = chunks.c.not_before.is_(None) | (chunks.c.not_before < DatabaseNow())
    # What waits for another hour of the day is no work of tonight.
    soon = (chunks.c.state == READY) & (due | (chunks.c.kind == "sms_answer"))
    unsealed = select(func.count()).select_from(
        audit.outerjoin(audit_chain, audit_chain.c.audit_id == audit.c.id)
    )
    counts = {
        "messages waiting": select(func.count()).where(inbound.c.state == WAITING),
        "SMS to send": select(func.count()).where(soon),
        "SMS under way": select(func.count()).where(chunks.c.state == INTENT),
        "rows to seal": unsealed.where(audit_chain.c.seq.is_(None)),
    }
    return {what: conn.scalar(query) or 0 for what, query in counts.items()}


def report(
    scene: Scene, letters: list[Letter], verdict: Verdict, quiet: list[str], seconds: float, plan: Plan
) -> dict[str, Any]:
    """The JSON object."""
    kills = {what: scene.killed[what] for what in weather.KILLS}
    total = sum(kills.values())
    verdict.faults["not_quiet"] = quiet
    measured = {
        "seconds": plan.seconds,
        "seconds_until_quiet": seconds,
        "seed": plan.seed,
        "deliveries": sum(letter.copies for letter in letters),
        "kills": kills | {"all": total},
        "flushed": scene.killed[weather.FLUSH],
        "paused": scene.killed[weather.PAUSE],
        "ended_by_themselves": {one.name: one.ended for one in scene.company.members if one.ended},
        "errors_logged": dict(logged(scene.folder.glob("*.log"))),
        **verdict.as_json(),
    }
    goal = dict.fromkeys(verdict.faults, 0) | {
        "bound": bound(sum(map(len, verdict.faults.values())), total, "kills")
    }
    return {"measured": measured, "goal": goal, "ok": verdict.ok, "cores": os.cpu_count()}


def logged(logs: Iterable[Path]) -> Counter[str]:
    """Events of the level error and above, by name, over all processes."""
    found: Counter[str] = Counter()
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            if '"level": "error"' in line or '"level":"error"' in line:
                event = re.search(r'"event": ?"([^"]*)"', line)
                found[event[1] if event else "?"] += 1
    return found


def tell(text: str) -> None:
    """One line on standard error."""
    click.echo(f"storm: {text}", err=True)
