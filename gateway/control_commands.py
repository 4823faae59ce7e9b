"""`ramu control`: the visits that ANAM should look at first. No name is in it, only visits and their codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from config.settings import load
from gateway.console_audit import note
from gateway.register import opened
from gateway.spreadsheet import private_file, write_csv
from models import control as review
from models.control import LABELS, Case
from models.days import BAMAKO, day_of

HEADER = ("rang", "montant_fcfa", "signes", "centre", "jour", "code", "actes", "visite")
DAYS = 30
"""Days that are looked at unless told otherwise."""


@click.group("control")
def control() -> None:
    """What of the care billed should be looked at."""


@control.command("list")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help=f"First day; else {DAYS} days ago.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day; else today.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Lines on the screen.")
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="All of them, to FILE.")
@click.option("--json", "as_json", is_flag=True, help="All of them, for programs.")
def list_cases(
    first: datetime | None, last: datetime | None, limit: int, file: Path | None, as_json: bool
) -> None:
    """List visits with a sign that the bill may be wrong, the most money first. A sign is no proof.

    Example: ramu control list --from 2026-11-01 --csv control.csv
    """
    now = datetime.now(UTC)
    until = last.date() if last else day_of(now)
    since = first.date() if first else until - timedelta(days=DAYS)
    if since > until:
        raise click.UsageError("--from is after --to")
    cases = _looked_up(since, until, now, file)
    at_risk = sum(case.amount_fcfa for case in cases)
    if file:
        with private_file(file) as sheet:
            write_csv(sheet, HEADER, _lines(cases))
    if as_json:
        told = {
            "from": str(since),
            "to": str(until),
            "at_risk_fcfa": at_risk,
            "cases": [_told(one) for one in cases],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in _lines(cases[:limit]) if not file else ():
        click.echo("  ".join(map(str, line)))
    click.echo(f"{len(cases)} visits from {since} to {until}, {at_risk} FCFA", err=not file)


def _looked_up(since: date, until: date, now: datetime, file: Path | None) -> tuple[Case, ...]:
    with opened(load()) as (database, keys):
        with database.begin(reading=True) as conn:
            cases = review.cases(conn, since, until, now)
        # Noted before anything is shown; the long look at the visits held up nobody who writes.
        with database.begin() as conn:
            note(
                conn,
                keys,
                "control.list",
                f"days:{since}:{until}",
                f"{len(cases)} {'csv' if file else ''}",
                now,
            )
    return cases


def _lines(cases: tuple[Case, ...]) -> Iterator[tuple[Any, ...]]:
    """One line of text a case, in the order of HEADER."""
    for rank, case in enumerate(cases, start=1):
        yield (
            rank,
            case.amount_fcfa,
            " + ".join(LABELS[sign] for sign in case.signs),
            case.facility_name,
            f"{case.seen_at.astimezone(BAMAKO):%Y-%m-%d %H:%M}",
            case.code,
            " ".join(case.acts),
            case.visit_id,
        )


def _told(case: Case) -> dict[str, Any]:
    return {
        "visit": case.visit_id,
        "code": case.code,
        "facility_id": case.facility_id,
        "facility": case.facility_name,
        "seen_at": case.seen_at.isoformat(),
        "signs": list(case.signs),
        "acts": list(case.acts),
        "amount_fcfa": case.amount_fcfa,
    }
