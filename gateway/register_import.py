"""An import of a register of people: walked through first, then tried or applied batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from config.faults import Fault
from gateway.register_batches import Batch, Plan, Prepared, batches_of, prepared
from gateway.register_files import Cells, RegisterFile
from gateway.register_rejects import Rejects
from gateway.register_survey import Survey, survey
from models import import_merge, import_stage, imports
from models.database import Connection, Database
from models.import_lines import Complaint, Context, RawKeys
from models.import_merge import NO_OPENER, REFUSALS, Merge
from models.imports import LAST_BATCH, Counts, Run
from models.keyring import KeyRing
from models.mutuelles import codes, make_missing

MOST_ENDED_PERCENT = 5
"""Of a register's rights that one complete file may end without being asked again."""


class TooManyEnd(Fault):
    """A complete file would end so many rights that it may not be complete."""


class Teller(Protocol):
    """Who is told how far an import is, and what is wrong with the file."""

    def begin(self, what: str, total: int | None) -> None:
        """A stage begins: so many lines, or nobody knows how many."""

    def advance(self, lines: int) -> None:
        """So many more lines are done."""

    def complain(self, complaint: Complaint) -> None:
        """Something is wrong with a line or cell."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator asked for. `complete`: rights of which the file does not speak end; `ends`: at most so many."""

    register: str
    file: RegisterFile
    rejects: Path
    batch_lines: int
    processes: int
    actor: str
    now: datetime
    today: date
    complete: bool = False
    ends: int | None = None


@dataclass(slots=True)
class Outcome:
    """What became of a file. `resumed`: batches that an earlier, killed run had committed."""

    lines: int
    counts: Counts = field(default_factory=Counts)
    resumed: int = 0
    not_ended: bool = False


@dataclass(frozen=True, slots=True)
class PeopleImport:
    """One file of RAMED, AMO or mutuelle, and the register that it is brought into."""

    database: Database
    keys: KeyRing
    key_folder: Path
    order: Order
    teller: Teller

    @property
    def _merge(self) -> Merge:
        return Merge(imports.SCHEME_OF[self.order.register], self.order.file.heading.fields)

    def try_out(self) -> Outcome:
        """Say what `apply` would do, and change nothing. Raises BadFile, DatabaseAway."""
        found = self._survey(self.order.batch_lines)
        outcome = Outcome(found.lines)
        with self.database.begin(reading=True) as conn:
            known = {**dict.fromkeys(found.mutuelles, 0), **codes(conn)}
        for ready in self._prepared(found, known, frozenset()):
            with self.database.begin(reading=True) as conn:
                import_stage.load(conn, ready.rows)
                refused = self._merge.find(conn, dependants=ready.batch.dependants).refused
                later = self._openers_in_file(ready, refused, found)
                counts = self._merge.count(conn)
            counts.added += len(later)
            self._leave_out(ready, {line: why for line, why in refused.items() if line not in later}, counts)
            outcome.counts.add(counts)
        return outcome

    def apply(self) -> Outcome:
        """Bring the file in, each batch in a transaction; a killed run is taken up where it stopped.

        Raises BadFile, DatabaseAway, Taken, TooManyEnd.
        """
        order, index = self.order, self._file_index()
        with self.database.begin() as conn:
            run = imports.start(conn, index, order.register, order.batch_lines, order.now)
        found = self._survey(run.batch_lines)
        with self.database.begin() as conn:
            make_missing(conn, found.mutuelles)
            known = codes(conn)
        rejects = Rejects(order.rejects, order.file, index, run.rejects_bytes)
        for ready in self._prepared(found, known, run.done):
            with self.database.begin() as conn:
                self._write(conn, run, ready, rejects)
        rejects.publish()
        return self._finish(run, found)

    def _survey(self, batch_lines: int) -> Survey:
        self.teller.begin("lecture", None)
        return survey(self.order.file, self.keys, batch_lines)

    def _prepared(self, found: Survey, known: dict[str, int], done: frozenset[int]) -> Iterable[Prepared]:
        order = self.order
        context = Context(order.register, order.file.heading, order.today, known)
        by_copy = self.database.dialect == "postgresql"
        plan = Plan(order.file, context, self.key_folder, found.first_of, by_copy)
        every = batches_of(found.spans, found.dependants)
        self.teller.begin(order.register, sum(batch.span.lines for batch in every))
        for batch in every:
            if batch.number in done:
                self.teller.advance(batch.span.lines)
        left = [batch for batch in every if batch.number not in done]
        with prepared(plan, left, order.processes) as ready_ones:
            for ready in ready_ones:
                yield ready
                self.teller.advance(ready.batch.span.lines)

    def _write(self, conn: Connection, run: Run, ready: Prepared, rejects: Rejects) -> None:
        if imports.is_done(conn, run.import_id, ready.batch.number):
            return
        import_stage.load(conn, ready.rows)
        known = self._merge.find(conn, dependants=ready.batch.dependants)
        counts = self._merge.write(conn, known)
        if self.order.complete:
            import_merge.note_seen(conn, run.import_id)
        self._leave_out(ready, known.refused, counts, rejects)
        self._record(conn, run, ready.batch.number, counts, rejects.sync())

    def _record(self, conn: Connection, run: Run, batch: int, counts: Counts, rejects_bytes: int) -> None:
        imports.record(
            conn,
            self.keys,
            run.import_id,
            batch,
            counts,
            rejects_bytes=rejects_bytes,
            actor=self.order.actor,
            now=self.order.now,
        )

    def _leave_out(
        self, ready: Prepared, refused: dict[int, str], counts: Counts, rejects: Rejects | None = None
    ) -> None:
        """Tell what is wrong, and write the lines that are left out where they can be corrected; a trial does not."""
        complaints = list(ready.complaints)
        left_out = dict(ready.left_out)
        if refused:
            complaints += [Complaint(line, "", "", *REFUSALS[why]) for line, why in refused.items()]
            left_out |= self._lines(ready.batch, refused)
        for complaint in sorted(complaints, key=lambda one: one.line):
            self.teller.complain(complaint)
        counts.rejected = len(left_out)
        if rejects is None:
            return
        for line, cells in sorted(left_out.items()):
            rejects.add(cells, [one for one in complaints if one.line == line])

    def _lines(self, batch: Batch, wanted: Iterable[int]) -> dict[int, Cells]:
        rows = enumerate(self.order.file.rows_of(batch.span), start=batch.span.first_line)
        lines = set(wanted)
        return {line: cells for line, cells in rows if line in lines}

    def _openers_in_file(self, ready: Prepared, refused: dict[int, str], found: Survey) -> set[int]:
        """The lines whose opener is not in the register yet, but in this file."""
        lost = [line for line, why in refused.items() if why == NO_OPENER]
        if not lost:
            return set()
        raw = RawKeys(self.order.file.heading)
        lines = self._lines(ready.batch, lost)
        return {line for line, cells in lines.items() if raw.opener(cells) in found.keys}

    def _finish(self, run: Run, found: Survey) -> Outcome:
        with self.database.begin(reading=True) as conn:
            counts = imports.totals(conn, run.import_id)
        not_ended = self.order.complete and counts.rejected > 0
        if self.order.complete and not not_ended and LAST_BATCH not in run.done:
            with self.database.begin() as conn:
                self._end_missing(conn, run)
        with self.database.begin() as conn:
            imports.finish(conn, run.import_id, self.order.now)
            counts = imports.totals(conn, run.import_id)
            import_stage.refresh_statistics(conn)
        return Outcome(found.lines, counts, len(run.done), not_ended)

    def _end_missing(self, conn: Connection, run: Run) -> None:
        gone, running = import_merge.missing(conn, self._merge, run.import_id, self.order.today)
        most = self.order.ends if self.order.ends is not None else running * MOST_ENDED_PERCENT // 100
        if gone > most:
            raise TooManyEnd(
                f"{gone} droits en cours sur {running} ne sont pas dans ce fichier et finiraient. S'il est bien"
                f" complet, relancez la même commande avec --ends {gone}"
            )
        ended = import_merge.end_missing(conn, self._merge, run.import_id, self.order.today)
        self._record(conn, run, LAST_BATCH, Counts(ended=ended), 0)

    def _file_index(self) -> bytes:
        order = self.order
        how = f"{order.register}:{order.complete}:{order.file.digest().hex()}"
        return self.keys.index(how, "import")
