"""An import of facilities or staff: the same walk as for people, without processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from config.jobs import TRANSACTIONAL
from flows.sms.writing import one_segment
from gateway.register_files import Cells, Span
from gateway.register_import import Order, Outcome, Teller
from gateway.register_rejects import Rejects
from models import imports, messages
from models.database import Database
from models.import_facilities import UNCHANGED, Refused, put_facility, put_staff
from models.import_lines import CellReader, Complaint
from models.imports import FACILITIES, Counts, Run
from models.keyring import KeyRing

TIED = "Sante Mali: votre telephone est lie a {facility}. Envoyez le numero d'une carte."

Put = Callable[[Connection, dict[str, Any]], str]


class _Undo(Exception):
    """Ends the transaction of a trial without a trace."""


@dataclass(frozen=True, slots=True)
class SmallImport:
    """One file of facilities or staff, and the register that it is brought into."""

    database: Database
    keys: KeyRing
    order: Order
    teller: Teller

    def try_out(self) -> Outcome:
        """Say what `apply` would do: everything is done, and undone. Raises BadFile, DatabaseAway."""
        outcome = Outcome(0)
        try:
            with self.database.begin() as conn:
                for _, span, rows in self._spans():
                    outcome.lines += span.lines
                    outcome.counts.add(self._lines(conn, span, rows))
                raise _Undo
        except _Undo:
            return outcome

    def apply(self) -> Outcome:
        """Bring the file in, each batch in a transaction. Raises BadFile, DatabaseAway, Taken."""
        order = self.order
        index = self.keys.index(f"{order.register}:{order.file.digest().hex()}", "import")
        with self.database.begin() as conn:
            run = imports.start(conn, index, order.register, order.batch_lines, order.now)
        outcome = Outcome(0, resumed=len(run.done))
        rejects = Rejects(order.rejects, order.file, index, run.rejects_bytes)
        for number, span, rows in self._spans(run):
            outcome.lines += span.lines
            with self.database.begin() as conn:
                self._write(conn, run, number, span, rows, rejects)
        rejects.publish()
        with self.database.begin() as conn:
            imports.finish(conn, run.import_id, order.now)
            outcome.counts = imports.totals(conn, run.import_id)
        return outcome

    def _spans(self, run: Run | None = None) -> Iterator[tuple[int, Span, list[Cells]]]:
        self.teller.begin(self.order.register, None)
        size = run.batch_lines if run else self.order.batch_lines
        for number, (span, rows) in enumerate(self.order.file.spans(size)):
            yield number, span, rows
            self.teller.advance(span.lines)

    def _write(
        self, conn: Connection, run: Run, number: int, span: Span, rows: list[Cells], rejects: Rejects
    ) -> None:
        if imports.is_done(conn, run.import_id, number):
            return
        counts = self._lines(conn, span, rows, rejects)
        imports.record(
            conn,
            self.keys,
            run.import_id,
            number,
            counts,
            rejects_bytes=rejects.sync(),
            actor=self.order.actor,
            now=self.order.now,
        )

    def _lines(
        self, conn: Connection, span: Span, rows: list[Cells], rejects: Rejects | None = None
    ) -> Counts:
        order, counts = self.order, Counts()
        reader = CellReader(order.file.heading, order.register, None, order.today)
        for line, cells in enumerate(rows, start=span.first_line):
            if not any(cells):
                continue
            said, complaints = reader.read(line, cells)
            if not complaints:
                try:
                    became = self._put(conn, said)
                    setattr(counts, became, getattr(counts, became) + 1)
                    continue
                except Refused as why:
                    complaints = [
                        Complaint(line, order.file.heading.named(why.field), "", why.wrong, why.remedy)
                    ]
            for complaint in complaints:
                self.teller.complain(complaint)
            if rejects:
                rejects.add(cells, complaints)
            counts.rejected += 1
        return counts

    def _put(self, conn: Connection, said: dict[str, Any]) -> str:
        if self.order.register == FACILITIES:
            return put_facility(conn, self.keys, said)
        became = put_staff(conn, self.keys, said, self.order.now)
        if became != UNCHANGED:
            self._tell(conn, said, became)
        return became

    def _tell(self, conn: Connection, said: dict[str, Any], became: str) -> None:
        """Whoever holds the phone learns that it may ask as staff, wanted or not."""
        phone, now = said["phone"], self.order.now
        once = self.keys.index(f"{phone.e164}:{said['facility']}:{became}:{now.isoformat()}", "staff import")
        messages.owe(
            conn,
            self.keys,
            to=phone,
            text=one_segment(TIED.format(facility=said["facility"])),
            kind="staff",
            lane=TRANSACTIONAL,
            once=once,
            now=now,
        )
