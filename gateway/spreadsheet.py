"""CSV files for a spreadsheet: opened by a double click with accents right, and with nothing in them that runs."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from models.safe_cells import plain_cell, safe_cell

__all__ = ["plain_cell", "private_file", "safe_cell", "write_csv"]

SEPARATOR = ";"
"""What spreadsheets set to French expect, since the comma is theirs for decimals."""

BYTE_ORDER_MARK = "\ufeff"


def write_csv(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a header and rows, each cell made safe; how many rows. None is an empty cell.

    `file` is open for text in UTF-8 with `newline=""`; a byte order mark comes first, so that accents are read right.
    """
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file, delimiter=SEPARATOR, lineterminator="\r\n")
    writer.writerow([safe_cell(cell) for cell in header])
    count = 0
    for row in rows:
        writer.writerow(["" if cell is None else safe_cell(str(cell)) for cell in row])
        count += 1
    return count


def private_file(path: Path, *, keep: bool = False) -> IO[str]:
    """A file that nobody else can read, open for writing text; what it held goes, unless `keep`. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | (0 if keep else os.O_TRUNC)
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "r+", encoding="utf-8", newline="")
