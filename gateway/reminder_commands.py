"""`ramu mutuelle reminders`: what became of reminders of contributions, and how many more paid because of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from config.settings import load
from gateway.campaign_words import number
from gateway.console_audit import note
from gateway.mutuelle_report_command import Written
from gateway.named_members import the_mutuelle
from gateway.register import opened
from gateway.spreadsheet import private_file, write_csv
from gateway.text_tables import lines
from models.contribution_reminder_figures import Row, figures
from models.days import day_of
from models.intervals import Difference
from models.mutuelle_baseline import ND
from models.periods import Period, period

COUNTED = {
    "planned": "prevus",
    "waiting": "en_attente",
    "sent": "envoyes",
    "stopped": "stop",
    "no_phone": "sans_telephone",
    "withdrawn": "retires",
    "held_out": "temoins",
    "said_ok": "ok",
}
"""Reminders, by the names that a spreadsheet gives them."""

COMPARED = {
    "told": "echeances_rappelees",
    "told_paid": "dont_payees_14_jours",
    "alone": "echeances_temoins",
    "alone_paid": "temoins_payees_14_jours",
    "running": "echeances_en_cours",
}
"""Due dates of households; what is running is not compared yet."""

EFFECT = ("effet_points", "effet_min", "effet_max")


@click.command("reminders")
@click.option("--period", "days", type=Written(), help="2027, 2027-T1, 2027-01...; else this year.")
@click.option("--mutuelle", "which", help="One alone: its code, or enough of its name.")
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Also to FILE.")
@click.option("--json", "as_json", is_flag=True, help="For programs; null is ND.")
def reminders(days: Period | None, which: str | None, file: Path | None, as_json: bool) -> None:
    """Show planned, sent, stopped and answered reminders, and who paid within 14 days, beside who was left alone.

    A due date of a household counts once, from its first reminder. The difference is in points, with its interval of
    95 in a hundred: one that holds 0 proves nothing.

    Example: ramu mutuelle reminders --period 2027-T1 --csv rappels.csv
    """
    now = datetime.now(UTC)
    asked = days or period(str(day_of(now).year))
    with opened(load()) as (database, keys):
        with database.begin(reading=True) as conn:
            mutuelle_id = the_mutuelle(conn, which) if which else None
            rows = figures(conn, asked.first, asked.last, day_of(now), mutuelle_id)
        with database.begin() as conn:
            note(conn, keys, "mutuelle.reminders", f"days:{asked.first}:{asked.last}", which or "", now)
    if file:
        header = ("du", "au", "code", "mutuelle", *COUNTED.values(), *COMPARED.values(), *EFFECT)
        with private_file(file) as sheet:
            write_csv(sheet, header, [[asked.first, asked.last, *_cells(row)] for row in rows])
    if as_json:
        told = {"first": str(asked.first), "last": str(asked.last), "rows": [_object(row) for row in rows]}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo("\n".join(_page(rows)))


def _page(rows: list[Row]) -> list[str]:
    """Two tables: reminders, then due dates with the difference."""
    first = [[row.code, *(number(getattr(row.counts, name)) for name in COUNTED)] for row in rows]
    second = [
        [row.code, *(number(getattr(row.counts, name)) for name in COMPARED), _told(row.counts.effect)]
        for row in rows
    ]
    return [
        *lines(("rappels", *COUNTED.values()), first),
        "",
        *lines(("echeances", *COMPARED.values(), "effet (95 %)"), second),
    ]


def _told(effect: Difference | None) -> str:
    """+12.3 points [+4.1; +20.2]."""
    if effect is None:
        return ND
    value, low, high = (f"{100 * part:+.1f}" for part in (effect.value, effect.low, effect.high))
    return f"{value} points [{low}; {high}]"


def _cells(row: Row) -> list[Any]:
    counts = [getattr(row.counts, name) for name in (*COUNTED, *COMPARED)]
    effect = row.counts.effect
    parts = (effect.value, effect.low, effect.high) if effect else ()
    return [row.code, row.name, *counts, *([f"{100 * part:.2f}" for part in parts] or [ND] * len(EFFECT))]


def _object(row: Row) -> dict[str, Any]:
    effect = row.counts.effect
    return {
        "code": row.code,
        "name": row.name,
        **asdict(row.counts),
        "effect": effect and {"value": effect.value, "low": effect.low, "high": effect.high},
    }
