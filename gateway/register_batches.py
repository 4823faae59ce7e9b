"""Batches of a register's file: read, checked and sealed in processes of their own, given back in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from gateway.register_files import Cells, RegisterFile, Span
from models.import_lines import OPENER, Complaint, Context, LineReader, right_key
from models.import_stage import Copier, Copy, Row, Stager
from models.keyring import KeyRing

AHEAD = 2
"""Batches that each process may have ready before they are written: they wait in memory."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What every process is told once. `first_of`: the first line of each right of which the file speaks twice."""

    file: RegisterFile
    context: Context
    key_folder: Path
    first_of: dict[int, int]
    by_copy: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the file, read for its openers of rights, or for those who depend on them."""

    number: int
    span: Span
    dependants: bool


@dataclass(slots=True)
class Prepared:
    """A batch that is ready to be staged: its rows, what was wrong, and the lines that are left out."""

    batch: Batch
    rows: Copy | Sequence[Row] = ()
    complaints: list[Complaint] = field(default_factory=list)
    left_out: dict[int, Cells] = field(default_factory=dict)


class Preparer:
    """Prepares batches of one file in this process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        context = plan.context
        self._keys = KeyRing.open(plan.key_folder)
        self._reader = LineReader(context)
        self._stager = Stager(self._keys, context.register, context.scheme, context.mutuelles)
        self._copier = Copier(context.heading.fields) if plan.by_copy else None

    def prepare(self, batch: Batch) -> Prepared:
        """Read a batch. Lines that cannot be read are told with the openers, not a second time."""
        found = Prepared(batch)
        rows: list[Row] = []
        copied: list[str] = []
        ninas: dict[str, int] = {}
        lines = enumerate(self._plan.file.rows_of(batch.span), start=batch.span.first_line)
        for line, cells in lines:
            said = self._said(found, line, cells, ninas)
            if said is None:
                continue
            row = self._stager.row(line, said)
            # A row is several times as long as its text for COPY: it does not wait beside ten thousand others.
            if self._copier:
                copied.append(self._copier.line(row))
            else:
                rows.append(row)
        found.rows = rows
        if self._copier:
            found.rows = Copy(self._copier.columns, "".join(copied).encode())
        return found

    def _said(self, found: Prepared, line: int, cells: Cells, ninas: dict[str, int]) -> dict[str, Any] | None:
        """What a line of this batch says; None when it is left out, empty, or another batch's."""
        if not any(cells):
            return None
        said, complaints = self._reader.read(line, cells)
        serious = any(complaint.serious for complaint in complaints)
        if found.batch.dependants if serious else (said["relation"] != OPENER) is not found.batch.dependants:
            return None
        if not serious and (again := self._again(line, said, ninas)):
            complaints, serious = [*complaints, again], True
        found.complaints += complaints
        if serious:
            found.left_out[line] = cells
            return None
        return said

    def _again(self, line: int, said: dict[str, Any], ninas: dict[str, int]) -> Complaint | None:
        """Whether an earlier line of the file spoke of the same right or person."""
        named = self._plan.context.heading.named
        if self._plan.first_of:
            number = int.from_bytes(self._keys.index(right_key(said), "line")[:8])
            first = self._plan.first_of.get(number, line)
            if first != line:
                what = (
                    "le même numéro" if "number" in said else "la même personne (ouvrant droit, noms, année)"
                )
                return Complaint(line, named("number"), "", f"{what} qu'à la ligne {first}", _KEEP_ONE)
        if (nina := said.get("nina")) and ninas.setdefault(nina, line) != line:
            return Complaint(line, named("nina"), "", f"le même NINA qu'à la ligne {ninas[nina]}", _KEEP_ONE)
        return None


_KEEP_ONE = "gardez la ligne qui est juste"
_preparer: list[Preparer] = []


def _begin(plan: Plan) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    _preparer.append(Preparer(plan))


def _end_with_parent() -> None:
    """A process of a pool holds both ends of its queue: it would wait for ever for a parent that was killed."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _prepare(batch: Batch) -> Prepared:
    return _preparer[-1].prepare(batch)


def batches_of(spans: Sequence[Span], dependants: int) -> list[Batch]:
    """Every batch in its order: all openers come before the first dependant, wherever the lines stand."""
    openers = [Batch(number, span, False) for number, span in enumerate(spans)]
    if not dependants:
        return openers
    return openers + [Batch(len(spans) + number, span, True) for number, span in enumerate(spans)]


@contextmanager
def prepared(plan: Plan, batches: Sequence[Batch], processes: int) -> Iterator[Iterator[Prepared]]:
    """The batches, prepared, in their order; by this process alone when `processes` is 0."""
    if processes == 0 or len(batches) < 2:
        preparer = Preparer(plan)
        yield map(preparer.prepare, batches)
        return
    # A child that is forked from a process with threads may hang; a spawned one starts clean.
    pool = ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(plan,)
    )
    try:
        yield _in_order(pool, batches, processes * AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, batches: Sequence[Batch], ahead: int) -> Iterator[Prepared]:
    waiting: deque[Future[Prepared]] = deque()
    for batch in batches:
        waiting.append(pool.submit(_prepare, batch))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
