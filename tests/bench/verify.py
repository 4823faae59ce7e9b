"""`ramu bench verify`: how long a nurse waits for the answer to a receipt's number, and how many can ask at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from tests.bench.figures import Goal, Json
from tests.bench.folders import usual_folder
from tests.bench.verifying import RATE, Plan, measure
from tests.bench.words import tell

PEOPLE, QUICK_PEOPLE = 3_000_000, 100_000
WHOLE, QUICK = Plan(idle=100, seconds=60.0), Plan(idle=30, seconds=15.0)

GOALS = {
    "idle_p95_s": Goal(at_most=1.0),
    "not_answered_once": Goal(at_most=0),
    "waiting_at_the_end": Goal(at_most=2 * RATE),
    "rows_in_doubt": Goal(at_most=0),
}
"""The backlog may hold what came in the last two seconds; one that grows is soon beyond."""


@click.command()
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
@click.option("--quick", is_flag=True, help=f"Fewer receipts ({QUICK_PEOPLE:,}) and seconds; the same goals.")
@click.option("--people", type=click.IntRange(min=10_000), help=f"Receipts in the register ({PEOPLE:,}).")
@click.option(
    "--seconds", type=click.FloatRange(min=2), help=f"Of {RATE:.0f} a second ({WHOLE.seconds:.0f})."
)
@click.option("--fresh", is_flag=True, help="Make the register anew.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the register is kept between runs (as for `hop`, in a folder of its own).",
)
def verify(
    bare: bool, quick: bool, people: int | None, seconds: float | None, fresh: bool, folder: Path | None
) -> None:
    """Verifications by SMS, from the provider's callback to our request to the provider.

    First one at a time, then 50 a second, on PostgreSQL, with every process that an installation has. The last line
    of standard output is one JSON object; exit 0 when every goal is met.

    Example: ramu bench verify --quick
    """
    people = people or (QUICK_PEOPLE if quick else PEOPLE)
    usual = QUICK if quick else WHOLE
    home = (folder or usual_folder()).absolute() / "verify"
    outcome = judged(measure(home, people, Plan(usual.idle, seconds or usual.seconds), fresh=fresh))
    if not bare:
        for name, goal in outcome["goal"].items():
            tell(f"{name} {outcome['measured'][name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def judged(measured: Json) -> Json:
    """What was measured beside its goals."""
    goals = {name: goal.as_json(measured[name]) for name, goal in GOALS.items()}
    return {"measured": measured, "goal": goals, "ok": all(goal["met"] for goal in goals.values())}
