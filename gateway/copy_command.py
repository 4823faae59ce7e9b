"""`ramu register-copy`: copies the register to this machine's disk, for the hours in which it cannot be asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from config.settings import load
from gateway.copies import Copies
from gateway.register import opened
from gateway.register_progress import ProgressTeller


class _Stages:
    """Tells each table's progress as a stage of its own."""

    def __init__(self, teller: ProgressTeller) -> None:
        self._teller = teller
        self._stage = ""

    def __call__(self, stage: str, total: int | None, more: int) -> None:
        if stage != self._stage:
            self._stage = stage
            self._teller.begin(stage, total)
        self._teller.advance(more)


@click.command("register-copy")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def register_copy(as_json: bool) -> None:
    """Copy what a verification needs of the register, sealed as it is, to this machine's disk.

    While the database does not answer, staff is told from the newest copy, provisionally. A job makes one every
    night; on several machines each makes its own. Exit code 1 when none was made: the one before stands.

    Example: ramu register-copy --json
    """
    settings, now = load(), datetime.now(UTC)
    with opened(settings) as (database, keys), ProgressTeller(0) as teller:
        made = Copies(settings.data_folder).make(database, keys, now, _Stages(teller))
    rate = round(made.people / made.seconds)
    told = {
        "people": made.people,
        "seconds": round(made.seconds, 1),
        "people_per_second": rate,
        "bytes": made.bytes,
        "copy": made.folder.name,
    }
    if as_json:
        click.echo(json.dumps(told))
    else:
        size = f"{made.bytes / 1e6:,.0f} MB"
        click.echo(f"{made.people:,} people copied in {made.seconds:.0f} s, {rate:,} a second, {size}")
