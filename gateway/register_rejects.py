"""The lines of a file that were left out, in a file of their own: corrected there, it can be sent like the first.

It has the same columns and one more that says what is wrong, and never takes the place of another file. What belongs to
batches that were never committed goes when a killed import is taken up again.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

from config.faults import Fault
from gateway.register_files import Cells, RegisterFile
from gateway.spreadsheet import BYTE_ORDER_MARK, SEPARATOR, plain_cell, private_file, safe_cell
from models.import_columns import ERROR_COLUMN
from models.import_lines import Complaint
from models.places import fold


class Taken(Fault):
    """Lines that are left out cannot be written where they should: what is there is somebody's."""


def refuse_taken(path: Path, source: Path, *, apply: bool) -> None:
    """Refuse to write rejected lines over the file they come from or, when there will be any, another. Raises Taken."""
    if path.exists() and path.samefile(source):
        raise Taken(f"--rejects : {path} est le fichier à importer -> donnez un autre nom")
    if apply and os.path.lexists(path):
        raise _taken(path)


def _taken(path: Path) -> Taken:
    return Taken(
        f"{path} existe déjà, peut-être avec des corrections : rien n'y est écrit"
        " -> envoyez-le ou rangez-le ailleurs, puis relancez, ou donnez --rejects AUTRE-NOM"
    )


class Rejects:
    """The file of rejected lines, readable by its owner alone.

    Until the import is whole it is a hidden file named after the import: nobody corrects it, and a killed import finds
    it again. `publish` gives it its name.
    """

    def __init__(self, path: Path, file: RegisterFile, import_index: bytes, kept_bytes: int = 0) -> None:
        self._path = path
        self._part = path.with_name(f".refus-{import_index.hex()[:24]}")
        own = [fold(cell) for cell in file.first_cells]
        self._told = own.index(fold(ERROR_COLUMN)) if fold(ERROR_COLUMN) in own else len(own)
        self._header = [*file.first_cells[: self._told], ERROR_COLUMN, *file.first_cells[self._told + 1 :]]
        self._file = None
        if kept_bytes and self._part.exists() and self._part.stat().st_size >= kept_bytes:
            self._file = _locked(self._part, kept_bytes)

    def add(self, cells: Cells, complaints: Sequence[Complaint]) -> None:
        """Write one line with what is wrong with it."""
        if self._file is None:
            self._file = _locked(self._part, 0)
            self._file.write(BYTE_ORDER_MARK)
            self._write(self._header)
        full = [*cells, *[""] * (len(self._header) - len(cells))]
        told = " ; ".join(_told(complaint) for complaint in complaints)
        self._write([*full[: self._told], told, *full[self._told + 1 :]])

    def sync(self) -> int:
        """Bring what was written to the disk; how many bytes the file has."""
        if self._file is None:
            return 0
        self._file.flush()
        os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def publish(self) -> None:
        """Give the file its name, if there is one. Raises Taken when another has it by now: a later call may work."""
        if self._file is None:
            return
        self.sync()
        try:
            # A rename would replace what is there, and not every disk has links: an empty file keeps the place.
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            raise _taken(self._path) from None
        self._part.replace(self._path)
        self._file.close()

    def _write(self, cells: Sequence[str]) -> None:
        if self._file is not None:
            # A cell that was made safe before is not made so twice.
            safe = [safe_cell(plain_cell(cell)) for cell in cells]
            csv.writer(self._file, delimiter=SEPARATOR, lineterminator="\r\n").writerow(safe)


def _locked(path: Path, kept_bytes: int) -> IO[str]:
    """The file, cut to what is kept of it, and held against another import of the same file. Raises Taken."""
    file = private_file(path, keep=True)
    try:
        flock(file, LOCK_EX | LOCK_NB)
        mine = path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except BlockingIOError:
        mine = False
    if not mine:
        file.close()
        raise Taken("un autre import de ce fichier est en cours -> attendez sa fin, puis relancez")
    file.seek(kept_bytes)
    file.truncate()
    return file


def _told(complaint: Complaint) -> str:
    where = f"{complaint.heading} : " if complaint.heading else ""
    return f"{where}{complaint.wrong} -> {complaint.remedy}"
