"""Files of registers as offices send them: which encoding, which separator, where the lines are.

No CSV file is read whole: one of millions of lines costs as much memory as one of a thousand.
"""

from __future__ import annotations

import csv
import io
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from pathlib import Path
from typing import Any, BinaryIO

from gateway.register_workbooks import BadFile, workbook_rows
from models.import_columns import Heading, read_heading, recognised

__all__ = ["ENCODINGS", "BadFile", "Cells", "RegisterFile", "Span", "encoding_of", "plain_rows", "understood"]

SEPARATORS = ";,\t|"
UTF_8, WINDOWS, MAC = "utf-8", "cp1252", "mac_roman"
ENCODINGS = (UTF_8, "utf-16", WINDOWS, MAC)
"""What `--encoding` takes."""

_MARKS = ((b"\xef\xbb\xbf", UTF_8), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHUNK = 1 << 20
_HEAD = 65_536
_LONGEST_CELL = 10_000
_ASCII = bytes(range(128))
_LETTERS = frozenset("éèêëàâäçîïôöùûüÿœæÉÈÊËÀÂÄÇÎÏÔÖÙÛÜŒÆñÑáíóú°’‘“”«»–—…\u00a0€")
"""What French texts and Malian names have beyond ASCII."""


Cells = list[str]


@dataclass(frozen=True, slots=True)
class Span:
    """So many lines of a file, from a byte on; the first is number `first_line` (the heading is line 1)."""

    first_line: int
    lines: int
    start: int
    rows: tuple[Cells, ...] = ()
    """The lines themselves, of a workbook, which cannot be entered in the middle."""


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """A file that is understood: its heading is read. `encoding` and `separator` are "" for a workbook."""

    path: Path
    encoding: str
    separator: str
    heading: Heading
    first_cells: tuple[str, ...]
    """The first line as it stands."""

    @property
    def is_workbook(self) -> bool:
        """Whether it is an XLSX file."""
        return not self.encoding

    def digest(self) -> bytes:
        """What the file's content is known by. Raises OSError."""
        with self.path.open("rb") as file:
            return file_digest(file, "blake2b").digest()

    def spans(self, lines: int) -> Iterator[tuple[Span, list[Cells]]]:
        """The file in parts of so many lines, each with its cells. Raises BadFile."""
        rows = ((0, cells) for cells in workbook_rows(self.path)) if self.is_workbook else self._positioned()
        next(rows, None)
        part: list[Cells] = []
        first, start = 2, None
        for position, cells in rows:
            start = position if start is None else start
            part.append(cells)
            if len(part) == lines:
                yield self._span(first, start, part), part
                first, start, part = first + lines, None, []
        if part:
            yield self._span(first, start or 0, part), part

    def rows_of(self, span: Span) -> Iterator[Cells]:
        """The cells of a span's lines, read anew. Raises BadFile."""
        if self.is_workbook:
            yield from span.rows
            return
        with self.path.open("rb") as file:
            file.seek(span.start)
            reader = self._reader(io.TextIOWrapper(file, encoding=self.encoding, newline=""))
            for _ in range(span.lines):
                yield next(reader)

    def _span(self, first: int, start: int, part: list[Cells]) -> Span:
        return Span(first, len(part), start, tuple(part) if self.is_workbook else ())

    def _positioned(self) -> Iterator[tuple[int, Cells]]:
        """Every line with the byte at which it begins."""
        with self.path.open("rb") as file:
            position = _skip_mark(file)
            ahead = position

            def counted(text: io.TextIOWrapper) -> Iterator[str]:
                nonlocal ahead
                wide = self.encoding.startswith("utf-16")
                for line in text:
                    ahead += len(line) if line.isascii() and not wide else len(line.encode(self.encoding))
                    yield line

            reader = self._reader(counted(io.TextIOWrapper(file, encoding=self.encoding, newline="")))
            line = 1
            try:
                for cells in reader:
                    yield position, cells
                    position = ahead
                    line += 1
            except (csv.Error, UnicodeDecodeError) as fault:
                raise BadFile(_broken(line, fault)) from fault

    def _reader(self, lines: Any) -> Iterator[Cells]:
        csv.field_size_limit(_LONGEST_CELL)
        return csv.reader(lines, delimiter=self.separator)


def understood(path: Path, register: str, day: date, encoding: str | None = None) -> RegisterFile:
    """A file with its encoding, separator and heading found. Raises BadFile, BadHeading, OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise BadFile(f"{path.name} est vide")
    if head.startswith(b"PK\x03\x04"):
        cells = next(workbook_rows(path), [])
        return RegisterFile(path, "", "", read_heading(cells, register, day), tuple(cells))
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile("c'est un ancien classeur XLS -> enregistrez-le en XLSX ou en « CSV UTF-8 »")
    encoding = _exact(head, encoding) if encoding else encoding_of(path)
    first = _first_line(path, encoding)
    separator = max(SEPARATORS, key=lambda mark: _headings(first, mark, register, day))
    cells = next(csv.reader([first], delimiter=separator), [])
    return RegisterFile(path, encoding, separator, read_heading(cells, register, day), tuple(cells))


def plain_rows(path: Path, encoding: str | None = None) -> Iterator[Cells]:
    """The cells of every line of any CSV or XLSX file, the heading first. Raises BadFile, OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise BadFile(f"{path.name} est vide")
    if head.startswith(b"PK\x03\x04"):
        yield from workbook_rows(path)
        return
    encoding = _exact(head, encoding) if encoding else encoding_of(path)
    first = _first_line(path, encoding)
    csv.field_size_limit(_LONGEST_CELL)
    line = 0
    with path.open("rb") as file:
        _skip_mark(file)
        lines = io.TextIOWrapper(file, encoding=encoding, newline="")
        try:
            for cells in csv.reader(lines, delimiter=max(SEPARATORS, key=first.count)):
                line += 1
                yield cells
        except (csv.Error, UnicodeDecodeError) as fault:
            raise BadFile(_broken(line, fault)) from fault


def encoding_of(path: Path) -> str:
    """The encoding, safely: one that fits every byte of the file, or BadFile when two could or none does."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        unmarked = marked or _wide(head)
        if unmarked:
            return unmarked
        file.seek(0)
        if _is_utf_8(file):
            return UTF_8
        file.seek(0)
        beyond: Counter[int] = Counter()
        while chunk := file.read(_CHUNK):
            beyond.update(chunk.translate(None, _ASCII))
    strange = {name: _strange(beyond, name) for name in (WINDOWS, MAC)}
    best = min(strange, key=lambda name: strange[name])
    if strange[best] > 0.02 or strange[WINDOWS] == strange[MAC]:
        raise BadFile(
            "l'encodage des lettres accentuées n'est pas reconnu -> enregistrez le fichier en « CSV UTF-8 »,"
            f" ou dites --encoding {'|'.join(ENCODINGS)}"
        )
    return best


def _exact(head: bytes, encoding: str) -> str:
    """UTF-16 says itself in which order its bytes are."""
    if encoding != "utf-16":
        return encoding
    return next((name for mark, name in _MARKS if head.startswith(mark)), None) or _wide(head) or "utf-16-le"


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: in a heading every second byte is zero."""
    sample = head[:512]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 4 < len(sample):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_utf_8(file: BinaryIO) -> bool:
    decoder = getincrementaldecoder(UTF_8)()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _strange(beyond: Counter[int], encoding: str) -> float:
    """The share of bytes that would be letters nobody here writes."""
    strange = sum(
        times
        for byte, times in beyond.items()
        if bytes([byte]).decode(encoding, errors="replace") not in _LETTERS
    )
    return strange / (beyond.total() or 1)


def _skip_mark(file: BinaryIO) -> int:
    head = file.read(3)
    length = next((len(mark) for mark, _ in _MARKS if head.startswith(mark)), 0)
    file.seek(length)
    return length


def _first_line(path: Path, encoding: str) -> str:
    with path.open("rb") as file:
        _skip_mark(file)
        try:
            return io.TextIOWrapper(file, encoding=encoding, newline=None).readline(_HEAD).rstrip("\n")
        except UnicodeDecodeError as fault:
            raise BadFile(f"le fichier n'est pas écrit en {encoding}") from fault


def _headings(first: str, separator: str, register: str, day: date) -> int:
    return recognised(next(csv.reader([first], delimiter=separator), []), register, day)


def _broken(line: int, fault: Exception) -> str:
    if isinstance(fault, UnicodeDecodeError):
        return f"après la ligne {line}, des lettres ne sont pas de l'encodage trouvé -> --encoding"
    return (
        f"après la ligne {line}, une cellule n'a pas de fin : un guillemet est ouvert et jamais fermé"
        " -> fermez ou enlevez ce guillemet"
    )
