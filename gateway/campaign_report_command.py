"""`ramu campaign report`: what became of a campaign, or whom all campaigns of a year reached. No name, no number."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from config.settings import load
from gateway.bar_chart import Chart, save
from gateway.campaign_report_pages import (
    HEADER,
    Cells,
    cells_of,
    chart_of,
    lines_of,
    object_of,
    year_cells_of,
    year_chart_of,
    year_lines_of,
    year_object_of,
)
from gateway.console_audit import note
from gateway.register import opened
from gateway.spreadsheet import private_file, write_csv
from models import campaign_acts
from models.campaign_report import report as report_of
from models.database import Connection
from models.keyring import KeyRing
from models.people_reached import reached

CHARTS = (".svg", ".png")


@click.command("report")
@click.argument("campaign", type=click.IntRange(1), required=False)
@click.option("--year", type=click.IntRange(2021, 2100), help="All campaigns of a year, each person once.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Also to FILE.")
@click.option(
    "--plot", "picture", type=click.Path(dir_okay=False, path_type=Path), help="A chart: FILE.svg or .png"
)
def report(
    campaign: int | None, year: int | None, as_json: bool, file: Path | None, picture: Path | None
) -> None:
    """Say what became of a campaign's recipients, what it cost and changed; or whom a year's campaigns reached.

    Counts of fewer than five people are hidden where people are told apart.

    Example: ramu campaign report 12 --csv rapport.csv --plot rapport.svg
    """
    if (campaign is None) == (year is None):
        raise click.UsageError("tell a campaign's number, or --year")
    if picture and picture.suffix.lower() not in CHARTS:
        raise click.BadParameter("a chart is .svg or .png", param_hint="--plot")
    told, cells, lines, chart = _looked_up(campaign, year)
    if file:
        with private_file(file) as sheet:
            write_csv(sheet, HEADER, cells)
    if picture:
        save(chart, picture)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo("\n".join(lines))


def _looked_up(
    campaign: int | None, year: int | None
) -> tuple[dict[str, Any], Iterable[Cells], Iterable[str], Chart]:
    with opened(load()) as (database, keys):
        with database.begin() as conn:
            _bring_up_to_date(conn, keys, campaign, year)
        with database.begin(reading=True) as conn:
            if campaign is not None:
                found = report_of(conn, campaign)
                return object_of(found), cells_of(found), lines_of(found), chart_of(found)
            people = reached(conn, year or 0)
    return year_object_of(people), year_cells_of(people), year_lines_of(people), year_chart_of(people)


def _bring_up_to_date(conn: Connection, keys: KeyRing, campaign: int | None, year: int | None) -> None:
    """Notes who asks, and what people did since the job looked last."""
    now = datetime.now(UTC)
    note(conn, keys, "campaign.report", f"campaign:{campaign}" if campaign else f"year:{year}", "", now)
    if campaign in campaign_acts.open_campaigns(conn, now):
        campaign_acts.note_shown(conn, now)
        campaign_acts.count(conn, campaign)
