"""The lines of a file that were left out, in a file of their own: corrected there, it can be sent like the first.

It has the same columns and one more that says what is wrong. What belongs to batches that were never committed goes
when a killed import is taken up again.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from gateway.register_files import Cells, RegisterFile
from gateway.spreadsheet import BYTE_ORDER_MARK, SEPARATOR, plain_cell, private_file, safe_cell
from models.import_columns import ERROR_COLUMN
from models.import_lines import Complaint
from models.places import fold


class Rejects:
    """The file of rejected lines: made with the first of them, readable by its owner alone."""

    def __init__(self, path: Path, file: RegisterFile, kept_bytes: int = 0) -> None:
        self.path = path
        own = [fold(cell) for cell in file.first_cells]
        self._told = own.index(fold(ERROR_COLUMN)) if fold(ERROR_COLUMN) in own else len(own)
        self._header = [*file.first_cells[: self._told], ERROR_COLUMN, *file.first_cells[self._told + 1 :]]
        self._file = None
        if kept_bytes and path.exists() and path.stat().st_size >= kept_bytes:
            self._file = private_file(path, keep=True)
            self._file.seek(kept_bytes)
            self._file.truncate()
        else:
            path.unlink(missing_ok=True)

    def add(self, cells: Cells, complaints: Sequence[Complaint]) -> None:
        """Write one line with what is wrong with it."""
        if self._file is None:
            self._file = private_file(self.path)
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

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def _write(self, cells: Sequence[str]) -> None:
        if self._file is not None:
            # A cell that was made safe before is not made so twice.
            safe = [safe_cell(plain_cell(cell)) for cell in cells]
            csv.writer(self._file, delimiter=SEPARATOR, lineterminator="\r\n").writerow(safe)


def _told(complaint: Complaint) -> str:
    where = f"{complaint.heading} : " if complaint.heading else ""
    return f"{where}{complaint.wrong} -> {complaint.remedy}"
