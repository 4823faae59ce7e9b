"""`ramu storm histories`: claims, answers, doubts, pauses, STOP, reports in random orders, beside the reference model.

The machine is that of tests/sending/test_campaign_machine.py. Each batch of histories has a database of its own, in
memory where the system has a folder there, and a seed of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from time import monotonic, process_time

import click
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.logs import configure
from models.schema import migrate
from tests.sending.conftest import open_office
from tests.sending.test_campaign_machine import OPEN_HOUR, PEOPLE, machine_of
from tests.storm.judge import bound
from tests.storm.sms import tell

BATCH = 500
MEMORY = Path("/dev/shm")  # nosec B108
NOBODY = "redis://127.0.0.1:1/0"
"""A Redis that is away: no step needs one."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Histories of at most so many steps, by one seed, in a copy of a prepared database."""

    prepared: Path
    histories: int
    steps: int
    seed: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a batch: how many histories ran, their processor seconds, and what parted from the model."""

    histories: int
    cpu_seconds: float
    seed: int
    violation: str


@click.command("histories")
@click.option("--count", type=click.IntRange(min=1), default=100_000, show_default=True)
@click.option(
    "--steps", type=click.IntRange(2, 50), default=12, show_default=True, help="Of a history, at most."
)
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
@click.option("--seed", "first_seed", type=int, default=1, show_default=True)
def histories(count: int, steps: int, jobs: int, first_seed: int) -> None:
    """Run random histories of a campaign's chunks; none may double anybody or part from the reference model.

    The last line of standard output is one JSON object; exit 0 only when no history did.

    Example: ramu storm histories --count 2000
    """
    began, ran = monotonic(), []
    folder = Path(tempfile.mkdtemp(prefix="ramu-", dir=MEMORY if MEMORY.is_dir() else None))
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("forkserver"))
    try:
        migrate(f"sqlite:///{folder / 'prepared.sqlite'}")
        under_way = [pool.submit(run, batch) for batch in batches(folder, count, steps, first_seed)]
        for place, done in enumerate(as_completed(under_way), 1):
            ran.append(done.result())
            if place % 10 == 0:
                total = sum(one.histories for one in ran)
                tell(f"{total} histories, {total / (monotonic() - began):.0f} a second")
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(folder, ignore_errors=True)
    outcome = report(ran, count, steps, monotonic() - began)
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def batches(folder: Path, count: int, steps: int, first_seed: int) -> Iterator[Batch]:
    """So many histories, cut into batches of one seed each."""
    for place, start in enumerate(range(0, count, BATCH)):
        some = min(BATCH, count - start)
        yield Batch(folder / "prepared.sqlite", some, steps, first_seed * 1_000_000 + place)


def run(batch: Batch) -> Ran:
    """One batch, in a process that runs one after the other."""
    began = process_time()
    folder = Path(tempfile.mkdtemp(dir=batch.prepared.parent))
    shutil.copy(batch.prepared, folder / "ramu.sqlite")
    office = open_office(folder, f"sqlite:///{folder / 'ramu.sqlite'}", NOBODY, log_level="ERROR")
    configure(office.desk.settings)
    office.desk = replace(office.desk, clock=lambda: OPEN_HOUR)
    machine = machine_of(office)
    limits = settings(
        max_examples=batch.histories,
        stateful_step_count=batch.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    violation = ""
    try:
        run_state_machine_as_test(seed(batch.seed)(machine), settings=limits)
    except Exception as found:  # noqa: BLE001 (whatever it raises is what was looked for)
        violation = "\n".join([f"{type(found).__name__}: {found}", *getattr(found, "__notes__", ())])
    finally:
        office.desk.close()
        shutil.rmtree(folder, ignore_errors=True)
    return Ran(machine.first // PEOPLE, process_time() - began, batch.seed, violation)  # type: ignore[attr-defined]


def report(ran: list[Ran], count: int, steps: int, seconds: float) -> dict[str, object]:
    """The JSON object."""
    total = sum(one.histories for one in ran)
    wrong = [one for one in ran if one.violation]
    measured = {
        "histories": total,
        "steps_at_most": steps,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(sum(one.cpu_seconds for one in ran), 1),
        "a_second": round(total / seconds, 1),
        "violations": len(wrong),
        "examples": {one.seed: one.violation[:4_000] for one in wrong[:3]},
        "bound": bound(len(wrong), total, "histories"),
    }
    return {
        "measured": measured,
        "goal": {"violations": 0, "histories": count},
        "ok": not wrong and total >= count,
        "cores": os.cpu_count(),
    }
