"""`ramu mutuelle report`: what mutuelles have, recover and are owed in a period. No name, no number."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from config.settings import load
from gateway.console_audit import note
from gateway.mutuelle_report_pages import HEADER, Page, cells_of, lines_of, object_of, page
from gateway.register import opened
from gateway.spreadsheet import private_file, write_csv
from models.days import day_of
from models.mutuelle_report import LEVELS, REGION, NotBegun, report_of
from models.periods import BadPeriod, Period
from models.periods import period as period_of


class Written(click.ParamType):
    """A period as people write it."""

    name = "PERIOD"

    def convert(
        self, value: str | Period, param: click.Parameter | None, ctx: click.Context | None
    ) -> Period:
        """The days that `value` means."""
        if isinstance(value, Period):
            return value
        try:
            return period_of(value)
        except BadPeriod as wrong:
            self.fail(str(wrong), param, ctx)


@click.command("report")
@click.option(
    "--period",
    type=Written(),
    required=True,
    help="2026, 2026-S2, 2026-T4, 2026-11, 2026-11-22, or 2025-10..2026-09.",
)
@click.option(
    "--by", "level", type=click.Choice(LEVELS), default=REGION, show_default=True, help="A row each."
)
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Also to FILE.")
@click.option("--json", "as_json", is_flag=True, help="For programs; null is ND.")
@click.option(
    "--publish", is_flag=True, help="Hide counts of fewer than five, and what would give them away."
)
def report(period: Period, level: str, file: Path | None, as_json: bool, publish: bool) -> None:
    """Report members, contributions, recovery, care, claims, cash and a forecast, against the baseline of 2019.

    The national strategy asks SLDSES for it monthly, DRDSES quarterly, the country half-yearly. Sums are those of the
    ledger at the end of the period. ND is what nobody knows, never 0. Exit codes: 1 the register cannot be read, 2 no
    such period or one that lies ahead.

    Example: ramu mutuelle report --period 2026-T4 --by cercle --csv t4.csv --publish
    """
    shown = _looked_up(period, level, publish, "csv" if file else "json" if as_json else "")
    if file:
        with private_file(file) as sheet:
            write_csv(sheet, HEADER, cells_of(shown))
    if as_json:
        click.echo(json.dumps(object_of(shown), ensure_ascii=False))
    else:
        click.echo("\n".join(lines_of(shown)))


def _looked_up(period: Period, level: str, publish: bool, form: str) -> Page:
    now = datetime.now(UTC)
    with opened(load()) as (database, keys):
        try:
            with database.begin(reading=True) as conn:
                found = report_of(conn, period, day_of(now))
        except NotBegun as early:
            raise click.BadParameter(str(early), param_hint="--period") from None
        # Noted before anything is shown; the long look at the ledger held up nobody who writes.
        with database.begin() as conn:
            detail = " ".join(filter(None, (level, form, "published" if publish else "")))
            note(conn, keys, "mutuelle.report", f"days:{period.first}:{period.last}", detail, now)
    return page(found, level, publish=publish)
