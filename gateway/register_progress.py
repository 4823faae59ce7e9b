"""What an operator sees while a register is brought in: how far, how fast, how long still, and what is wrong where.

All of it on standard error; in a log, where nobody sees a bar move, a line now and then.
"""

from __future__ import annotations

import sys
from time import monotonic

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from models.import_lines import Complaint

SECONDS_A_LINE = 10.0
"""Between two lines of progress where there is no terminal."""


class _Rate(ProgressColumn):
    """Lines a second."""

    def render(self, task: Task) -> Text:
        """The rate of the last seconds."""
        return Text(f"{task.finished_speed or task.speed or 0:,.0f} lignes/s")


class ProgressTeller:
    """Shows progress, and the first `most` complaints; `complaints` and `cautions` count all of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.complaints = self.cautions = 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("", total=None)
        self._what, self._total, self._done = "", 0, 0
        self._began = self._told = monotonic()

    def __enter__(self) -> ProgressTeller:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, what: str, total: int | None) -> None:
        """A stage begins: so many lines, or nobody knows how many."""
        self._what, self._total, self._done = what, total or 0, 0
        self._began = self._told = monotonic()
        self._bar.reset(self._task, description=what, total=total)

    def advance(self, lines: int) -> None:
        """So many more lines are done."""
        self._done += lines
        self._bar.advance(self._task, lines)
        now = monotonic()
        if self._bar.disable and now - self._told >= SECONDS_A_LINE:
            self._told = now
            rate = self._done / (now - self._began)
            left = (self._total - self._done) / rate if rate else 0
            click.echo(
                f"{self._what}: {self._done:,} de {self._total:,} lignes, {rate:,.0f} par seconde,"
                f" encore {left:.0f} s",
                err=True,
            )

    def complain(self, complaint: Complaint) -> None:
        """Show what is wrong, as long as there are not too many."""
        self.complaints += complaint.serious
        self.cautions += not complaint.serious
        told = self.complaints + self.cautions
        if told <= self._most:
            mark = "" if complaint.serious else " (sans gravité : la ligne est prise sans cette cellule)"
            self._bar.console.print(f"{complaint}{mark}", markup=False, highlight=False, soft_wrap=True)
        elif told == self._most + 1:
            self._bar.console.print("... la suite est dans le fichier des lignes refusées", markup=False)
