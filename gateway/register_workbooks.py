"""Workbooks (XLSX) as offices send them, read only after their zip and its XML were found to be of a bounded size.

A workbook of 300 kB can unpack to gigabytes, and what reads it builds a tree of it. So every member is first walked
through without a tree. A workbook's rows are all held in memory, unlike a CSV file's: hence the limits below.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHEET_MAIN_NS

from config.faults import Fault

MOST_UNPACKED = 128 << 20
"""Bytes of all members of a workbook: two hundred thousand lines of a dozen columns are less."""

MOST_MEMBERS = 2_000
MOST_LINES = 300_000
MOST_COLUMNS = 1_000
MOST_CELLS = 2_500_000
"""Cells that are held in memory, some eighty bytes each."""

_PIECE = 1 << 18
"""Bytes of XML that hold a tag: a cell has 32,767 characters at most."""

_PARTS = {f"{SHEET_MAIN_NS} row": 3, f"{SHEET_MAIN_NS} si": 2}
"""The elements that are let go one by one while they are read, and how deep they stand."""

_MOST_TAGS = 8_000_000
_MOST_PARTS = 1_000_000
_MOST_IN_PART = 100_000
"""Tags from one row, or shared text, to the next: a row of 16,384 cells has half as many."""

_BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    expat.ExpatError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    # A member that is encrypted, or packed in a way that is not known.
    RuntimeError,
)


class BadFile(Fault):
    """A file cannot be read; the message, in French, says what to do."""


def workbook_rows(
    path: Path, most_lines: int = MOST_LINES, most_cells: int = MOST_CELLS
) -> Iterator[list[str]]:
    """The rows of the first sheet of an XLSX file, each cell as its author reads it. Raises BadFile, OSError."""
    lines = cells = 0
    for row in _values(path):
        width = _width(row)
        lines, cells = lines + 1, cells + width
        if lines > most_lines or cells > most_cells:
            raise _too_large(f"plus de {most_lines} lignes ou de {most_cells} cellules")
        yield [_as_text(cell) for cell in row[:width]]


def _values(path: Path) -> Iterator[Sequence[Any]]:
    with path.open("rb") as file:
        try:
            _weigh(file)
            # By the file, not its name: a workbook that is called .csv is one all the same.
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet: Any = book.worksheets[0]
            # What the file says of its own size is often wrong, and would be believed.
            sheet.reset_dimensions()
            yield from sheet.iter_rows(values_only=True)
        except _BROKEN as fault:
            raise BadFile(
                "ce classeur ne s'ouvre pas -> enregistrez-le en XLSX ou en « CSV UTF-8 »"
            ) from fault


def _weigh(file: IO[bytes]) -> None:
    """Refuse what would take the memory of this machine, before anything is unpacked whole. Raises BadFile."""
    with zipfile.ZipFile(file) as members:
        listed = members.infolist()
        # A member that is longer than the directory says is not read further than that.
        if len(listed) > MOST_MEMBERS or sum(member.file_size for member in listed) > MOST_UNPACKED:
            raise _too_large(f"plus de {MOST_UNPACKED >> 20} Mo une fois décompressé")
        for member in listed:
            with members.open(member) as content:
                _walk(content)


def _walk(content: IO[bytes]) -> None:
    found = _Tags()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = found.begin
    parser.EndElementHandler = found.end
    parser.StartDoctypeDeclHandler = _no_doctype
    while piece := content.read(_PIECE):
        before = found.tags, found.text_only
        try:
            parser.Parse(piece)
        except expat.ExpatError:
            # A picture is no XML. If it should have been, the workbook does not open.
            return
        found.text_only = found.tags == before[0]
        if found.too_many:
            raise _too_large("trop d'éléments")
        if found.text_only and before[1]:
            raise _too_large("une cellule sans fin")


class _Tags:
    """What was counted so far in a member; `part`: tags since its last part that will be let go once it is read."""

    def __init__(self) -> None:
        self.tags = self.parts = self.part = self.depth = 0
        self.text_only = False

    def begin(self, name: str, _: object) -> None:
        self.tags += 1
        self.part += 1
        self.depth += 1
        if _PARTS.get(name) == self.depth:
            self.parts += 1
            self.part = 0

    def end(self, _: str) -> None:
        self.depth -= 1

    @property
    def too_many(self) -> bool:
        return self.tags > _MOST_TAGS or self.parts > _MOST_PARTS or self.part > _MOST_IN_PART


def _no_doctype(*_: object) -> None:
    raise BadFile("ce classeur définit ses propres entités -> enregistrez-le en « CSV UTF-8 »")


def _too_large(what: str) -> BadFile:
    return BadFile(f"ce classeur est trop grand ({what}) -> enregistrez-le en « CSV UTF-8 »")


def _width(row: Sequence[Any]) -> int:
    """How many cells of a row are read: empty ones that a format was given to, far to the right, are not."""
    if len(row) <= MOST_COLUMNS:
        return len(row)
    width = max((place for place, cell in enumerate(row, start=1) if cell is not None), default=0)
    if width > MOST_COLUMNS:
        raise _too_large(f"plus de {MOST_COLUMNS} colonnes")
    return width


def _as_text(cell: Any) -> str:
    """A cell of a workbook as its author reads it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, datetime):
        return (
            cell.date().isoformat() if not (cell.hour or cell.minute or cell.second) else cell.isoformat(" ")
        )
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)
