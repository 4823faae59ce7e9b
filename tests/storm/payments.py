"""`ramu storm payments`: people pay at a constant pace while everything is killed; then books are compared."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import click

from config.jobs import BULK, TRANSACTIONAL
from models.database import Database
from models.keyring import KeyRing
from tests.ports import free_pair
from tests.storm import weather
from tests.storm.company import Copy, Process
from tests.storm.judge import Verdict, bound
from tests.storm.payment_calls import Edge
from tests.storm.payment_cast import prepared
from tests.storm.payment_evidence import gathered, orders_in
from tests.storm.payment_found import Known
from tests.storm.payment_judge import judged
from tests.storm.payment_people import People
from tests.storm.payment_quiet import counts_of, wait_for_quiet
from tests.storm.payment_wishes import Crowd, Wish, wished
from tests.storm.scene import LEDGER, LOOK_SECONDS, WORKERS, Scene, folder_of, set_scene
from tests.storm.sms import LATER_SECONDS, TOLD_SECONDS, logged, tell
from workers.servers import PostgresServer

QUICK_SECONDS = 30.0
MONEY_FAULTS = (
    "delay=0.05,no_balance=0.03,declined=0.02,wrong_pin=0.01,pin_timeout=0.02,limit=0.01,no_account=0.01,"
    "reset_before=0.01,timeout_before=0.005,e500_before=0.01,e429=0.01,"
    "reset_after=0.01,timeout_after=0.005,e500_after=0.01,garbled_after=0.005,slow=0.005,"
    "told_twice=0.05,told_early=0.02,told_late=0.03,told_never=0.04,told_other_amount=0.01,told_stranger=0.01,"
    "told_forged=0.01,told_backwards=0.02,told_contrary=0.01,told_reversed=0.01,told_odd=0.01,"
    "query_500=0.01,query_unseen=0.01"
)
"""What the operator does wrong, by chance: of a hundred payments ten are refused, fifteen told otherwise than once."""

PIN_SECONDS = 0.5
BOOKS = "operator"
"""The operator's folder, below the storm's."""

UNHURRIED_SECONDS = 1_800.0
"""So much longer it may take until it is quiet when time passes by itself: questions are a quarter of an hour apart."""


@dataclass(frozen=True)
class Plan:
    """One storm."""

    seconds: float
    rate: float
    seed: int
    settings: dict[str, str]
    patience: float
    hurried: bool = True

    @property
    def wishes(self) -> int:
        """How many payments are asked for."""
        return int(self.seconds * self.rate)


def whole(minutes: float, rate: float, seed: int) -> Plan:
    """The storm that the promise is held to."""
    settings = {"RAMU_LEASE_SECONDS": "30", "RAMU_PROVIDER_SECONDS": "5"}
    settings |= {"RAMU_MONEY_SECONDS": "5", "RAMU_PAYMENT_QUERY_SECONDS": "4"}
    return Plan(minutes * 60, rate, seed, settings, 900.0)


def short(rate: float, seed: int) -> Plan:
    """A tenth of the time and shorter leases."""
    settings = {"RAMU_LEASE_SECONDS": "10", "RAMU_PROVIDER_SECONDS": "3"}
    settings |= {"RAMU_MONEY_SECONDS": "2", "RAMU_PAYMENT_QUERY_SECONDS": "2"}
    return Plan(QUICK_SECONDS, rate, seed, settings, 400.0)


@click.command("payments")
@click.option("--minutes", type=click.FloatRange(min=0.2), default=5.0, show_default=True)
@click.option(
    "--rate", type=click.FloatRange(min=1), default=20.0, show_default=True, help="Payments a second."
)
@click.option("--quick", is_flag=True, help=f"{QUICK_SECONDS:.0f} seconds, with shorter leases.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same payments and the same blows.")
@click.option(
    "--unhurried", is_flag=True, help="Let the quarter of an hour pass until an operator's word is believed."
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder: data and logs stay in it.",
)
def payments(minutes: float, rate: float, quick: bool, seed: int, unhurried: bool, keep: Path | None) -> None:
    """Kill web, workers, operator, Redis and PostgreSQL while people pay; every franc is booked once.

    People dial and confirm, write COT and OK, or give cash to a collector; the operator refuses, doubles, forgets and
    contradicts itself. The last line of standard output is one JSON object; exit 0 only when the operator's books and
    ours agree to the franc, and every phone has its receipt once or is told as in doubt.

    That an operator never saw an order is believed a quarter of an hour after the request. For payments in doubt it is
    made to pass after half a minute, longer than any request is under way, all their moments alike: nobody else has
    anything to do meanwhile. --unhurried waits instead.

    Example: ramu storm payments --quick --seed 7
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = short(rate, seed) if quick else whole(minutes, rate, seed)
    if unhurried:
        plan = replace(plan, hurried=False, patience=plan.patience + UNHURRIED_SECONDS)
    with folder_of(keep.absolute() if keep else None) as folder:
        outcome = run(folder, plan)
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def run(folder: Path, plan: Plan) -> dict[str, Any]:
    """One storm from beginning to judgement. Raises Fault."""
    crowds: list[Crowd] = []
    edges: list[Edge] = []
    operator = free_pair()

    def fill(url: str, keys: KeyRing) -> None:
        tell("making the register")
        crowds.append(prepared(url, keys, plan.wishes))

    def start(scene: Scene, environment: dict[str, str]) -> None:
        edges.append(Edge(int(environment["PORT"]), environment["RAMU_WEBHOOK_SECRETS"]))
        start_all(scene, environment, operator, plan.seed)

    settings = plan.settings | {
        "RAMU_MONEY": "simulated",
        "RAMU_MONEY_URL": f"http://127.0.0.1:{operator}",
        "RAMU_PAYMENTS_AT_ONCE": "8",
    }
    with set_scene(folder, plan.seed, settings, fill, start) as scene:
        scene.wait_for(lambda: bool(counts_of(operator)), "the simulated operator")
        wishes = wished(crowds[0], plan.seed, plan.wishes, plan.rate)
        tell(f"{len(wishes)} payments in {plan.seconds:.0f} s")
        server = scene.postgres.server
        assert isinstance(server, PostgresServer)
        database = Database.open(server.url, deadline_ms=None)
        ledger = scene.folder / LEDGER / "ledger.jsonl"
        people = People(wishes, crowds[0].agents, scene.outside, edges[0], ledger, plan.seed)
        began = monotonic()
        people.start()
        try:
            _rage(scene, people, plan)
            raged = monotonic() - began
            quiet = wait_for_quiet(scene, database, people, operator, plan.patience, hurried=plan.hurried)
        finally:
            people.stop()
        seconds = monotonic() - began
        tell("judging")
        books = scene.folder / BOOKS
        found = gathered(database, scene.keys, scene.data, books, ledger, wishes)
        database.dispose()
        verdict = judged(wishes, people.known, found)
        verdict.faults["not_quiet"] = quiet
        verdict.figures |= _figures(wishes, people.known, books)
        return report(scene, plan, people, verdict, round(raged, 1), round(seconds, 1))


def start_all(scene: Scene, environment: dict[str, str], operator: int, seed: int) -> None:
    """The operator; of the gateway one process of each kind, and two workers of what people wait for."""
    simulate = [
        "payments",
        "simulate",
        "--port",
        str(operator),
        "--faults",
        MONEY_FAULTS,
        "--seed",
        str(seed),
    ]
    simulate += ["--pin-seconds", str(PIN_SECONDS), "--folder", str(scene.folder / BOOKS)]
    commands = {weather.OPERATOR: simulate, weather.WEB: ["web"], weather.TICK: ["tick"]}
    for name, arguments in commands.items():
        scene.run(Process(name, arguments, environment, scene.folder / f"{name}.log"))
    lanes = {**dict.fromkeys(WORKERS, TRANSACTIONAL), weather.BULK: BULK}
    for name, lane in lanes.items():
        scene.run(Copy(name, ["--lane", lane], environment, scene.folder / f"{name}.log"))


def _rage(scene: Scene, people: People, plan: Plan) -> None:
    """Blows until everybody has asked."""
    blows = weather.forecast(plan.seed, plan.seconds, weather.WITH_OPERATOR)
    began, told = monotonic(), TOLD_SECONDS
    while blows or people.begun < plan.wishes:
        now = monotonic() - began
        while blows and blows[0].at <= now:
            blow = blows.pop(0)
            struck = scene.strike(blow)
            if not struck and blow.what not in weather.WITH_OPERATOR:
                # Whom it is meant for rests just now.
                blows.insert(0, replace(blow, at=now + LATER_SECONDS))
                break
        if now >= told:
            told += TOLD_SECONDS
            tell(f"{now:.0f} s: {people.begun} begun, {scene.killed.total()} blows")
        people.done()
        scene.look()
        sleep(LOOK_SECONDS)
    scene.calm()


def _figures(wishes: Sequence[Wish], known: dict[str, Known], books: Path) -> dict[str, Any]:
    """How people paid, what they called for, and what the operator did wrong."""
    faults = Counter(order.fault for order in orders_in(books) if order.fault)
    return {
        "wishes": dict(Counter(wish.way for wish in wishes)),
        "calls": sum(one.calls for one in known.values()),
        "promised": sum(len(one.promised) for one in known.values()),
        "given_up": sum(not known.get(wish.name, Known()).told for wish in wishes),
        "faults_of_the_operator": dict(faults.most_common()),
    }


def report(
    scene: Scene, plan: Plan, people: People, verdict: Verdict, raged: float, seconds: float
) -> dict[str, Any]:
    """The JSON object."""
    kills = {what: scene.killed[what] for what in weather.WITH_OPERATOR}
    total = sum(kills.values())
    measured = {
        "seconds": raged,
        "seconds_until_quiet": seconds,
        "seed": plan.seed,
        "payments_a_second": round(plan.wishes / raged, 1),
        "kills": kills | {"all": total},
        "flushed": scene.killed[weather.FLUSH],
        "paused": scene.killed[weather.PAUSE],
        "last_screens": dict(people.screens.most_common()),
        "ended_by_themselves": {one.name: one.ended for one in scene.company.members if one.ended},
        "errors_logged": dict(logged(scene.folder.glob("*.log"))),
        **verdict.as_json(),
    }
    faults = sum(map(len, verdict.faults.values()))
    goal = dict.fromkeys(verdict.faults, 0) | {"bound": bound(faults, total, "kills")}
    return {"measured": measured, "goal": goal, "ok": verdict.ok, "cores": os.cpu_count()}
