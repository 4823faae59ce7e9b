"""`ramu bench`: what a hop costs, side by side with its peers, in one run on this machine."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from config.settings import Settings
from tests.bench.books import ledger
from tests.bench.contenders import Size
from tests.bench.delivering import reports
from tests.bench.figures import Json
from tests.bench.folders import usual_folder
from tests.bench.importing import import_register
from tests.bench.lanes import lanes
from tests.bench.layers import Layer
from tests.bench.planning import plan_campaign
from tests.bench.reminding import remind
from tests.bench.rounds import Plan, floor_us, judged, layers_of, run
from tests.bench.stage import set_stage
from tests.bench.throughput import throughput
from tests.bench.verify import verify
from tests.bench.words import tell

PEOPLE, QUICK_PEOPLE = 1_000_000, 100_000
WHOLE = Plan(rounds=7, hops=1_500, seconds=21.0, layer_hops=2_000)
QUICK = Plan(rounds=3, hops=600, seconds=9.0, layer_hops=800)
SEED = 2


def _default(name: str) -> int:
    return int(Settings.model_fields[name].default)


@click.group()
def bench() -> None:
    """Measure what a hop costs, beside its peers."""


bench.add_command(import_register)
bench.add_command(lanes)
bench.add_command(ledger)
bench.add_command(plan_campaign)
bench.add_command(remind)
bench.add_command(reports)
bench.add_command(throughput)
bench.add_command(verify)


@bench.command()
@click.option("--json", "bare", is_flag=True, help="The JSON line alone, without tables.")
@click.option("--quick", is_flag=True, help=f"Fewer people ({QUICK_PEOPLE:,}) and rounds; the same goals.")
@click.option("--people", type=click.IntRange(min=1_001), help=f"People in the register ({PEOPLE:,}).")
@click.option("--seconds", type=click.FloatRange(min=1), help="Seconds at a constant pace, in all.")
@click.option("--rounds", type=click.IntRange(min=1), help="Turns of every contender.")
@click.option("--hops", type=click.IntRange(min=50), help="Hops of each kind in a round.")
@click.option("--processes", type=click.IntRange(min=1), default=_default("web_processes"), show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=_default("web_threads"), show_default=True)
@click.option("--seed", type=int, default=SEED, show_default=True, help="Of the fictional people.")
@click.option("--fresh", is_flag=True, help="Make the registers anew, after a change of who is made up.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where registers and packages are kept between runs (var/bench, or /var/tmp if PostgreSQL cannot go there).",
)
def hop(
    bare: bool,
    quick: bool,
    people: int | None,
    seconds: float | None,
    rounds: int | None,
    hops: int | None,
    processes: int,
    threads: int,
    seed: int,
    fresh: bool,
    folder: Path | None,
) -> None:
    """CPU of one hop: bare Flask, the gateway with few and many people, ussd-menu-builder on Node.

    All under the same load in turn, on PostgreSQL and a Redis-protocol server of its own. The last line of
    standard output is one JSON object; exit 0 when every goal that could be judged is met.

    Example: ramu bench hop --quick
    """
    usual = QUICK if quick else WHOLE
    plan = Plan(rounds or usual.rounds, hops or usual.hops, seconds or usual.seconds, usual.layer_hops)
    people = people or (QUICK_PEOPLE if quick else PEOPLE)
    facts: Json = {
        "quick": quick,
        "people": people,
        "rounds": plan.rounds,
        "hops_a_round": plan.hops,
        "processes": processes,
        "threads": threads,
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
    with set_stage(
        (folder or usual_folder()).absolute(), people, seed, Size(processes, threads), fresh=fresh
    ) as stage:
        facts["commit_ms"] = stage.commit_ms()
        findings = run(stage, plan)
        layers = layers_of(stage, plan.layer_hops)
        layers.insert(0, Layer("web server (bare WSGI)", round(floor_us(findings), 1), 0.0))
        outcome = judged(stage, findings, layers, facts)
    if not bare:
        show(outcome, layers)
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def show(outcome: Json, layers: list[Layer]) -> None:
    """The report as tables, on standard error."""
    console = Console(stderr=True)
    contenders = Table("contender", "CPU us", "PostgreSQL us", "Redis us", "hops/s", "p50 ms", "p99 ms")
    for name, found in outcome["measured"]["contenders"].items():
        contenders.add_row(name, *(str(value) for value in list(found.values())[:6]))
    console.print(contenders)
    table = Table("layer of the hop", "CPU us", "on the clock us", title="one process, one hop at a time")
    for layer in layers:
        table.add_row(layer.name, f"{layer.cpu_us:.1f}", f"{layer.clock_us:.1f}" if layer.clock_us else "")
    console.print(table)
    for name, goal in outcome["goal"].items():
        limit = " ".join(f"{word.replace('_', ' ')} {value}" for word, value in goal.items() if word != "met")
        verdict = {True: "met", False: "NOT met", None: "not measured"}[goal["met"]]
        tell(f"{name} {outcome['measured'][name]}, goal {limit}: {verdict}")
