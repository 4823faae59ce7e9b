"""A first walk through a register's file: how many lines, which speak of the same right twice, where its parts begin.

Each line's key costs eight bytes of memory, so that three million of them fit where a set of them would not.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.register_files import Cells, RegisterFile, Span
from models.import_lines import RawKeys
from models.keyring import KeyRing

_GROUPS = 256


class Keys:
    """Keys of lines as numbers of 64 bits; two keys that differ are taken for one once in millions of files."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._groups = [array("Q") for _ in range(_GROUPS)]

    def of(self, key: str) -> int:
        """The number of a key."""
        return int.from_bytes(self._keys.index(key, "line")[:8])

    def add(self, key: str) -> None:
        """Put a key in."""
        number = self.of(key)
        self._groups[number % _GROUPS].append(number)

    def sort(self) -> set[int]:
        """Put all in order, once the last is in; the numbers that are in more than once."""
        twice: set[int] = set()
        for place, group in enumerate(self._groups):
            ordered = sorted(group)
            twice.update(one for one, other in pairwise(ordered) if one == other)
            self._groups[place] = array("Q", ordered)
        return twice

    def __contains__(self, key: object) -> bool:
        number = self.of(str(key))
        group = self._groups[number % _GROUPS]
        place = bisect_left(group, number)
        return place < len(group) and group[place] == number


@dataclass(slots=True)
class Survey:
    """What the first walk found.

    `first_of`: of each key that is there twice, its number and first line. `mutuelles`: what the file says of the name
    and cercle of each mutuelle.
    """

    spans: list[Span]
    keys: Keys
    lines: int = 0
    dependants: int = 0
    first_of: dict[int, int] = field(default_factory=dict)
    mutuelles: dict[str, tuple[str, str]] = field(default_factory=dict)


def survey(file: RegisterFile, keys: KeyRing, batch_lines: int) -> Survey:
    """Walk through a file of people. Raises BadFile."""
    found = Survey([], Keys(keys))
    raw = RawKeys(file.heading)
    for span, rows in file.spans(batch_lines):
        found.spans.append(span)
        for cells in rows:
            if key := raw.key(cells):
                found.keys.add(key)
            found.dependants += raw.is_dependant(cells)
        _note_mutuelles(found, file, rows)
        found.lines += len(rows)
    if twice := found.keys.sort():
        found.first_of = _first_lines(file, found, twice)
    return found


def _note_mutuelles(found: Survey, file: RegisterFile, rows: list[Cells]) -> None:
    places = [file.heading.place(name) for name in ("mutuelle", "mutuelle_name", "mutuelle_cercle")]
    code, name, cercle = places
    if code is None or name is None or cercle is None:
        return
    for cells in rows:
        if len(cells) > max(code, name, cercle) and cells[name] and cells[cercle]:
            found.mutuelles.setdefault(cells[code].strip(), (cells[name].strip(), cells[cercle].strip()))


def _first_lines(file: RegisterFile, found: Survey, twice: set[int]) -> dict[int, int]:
    first: dict[int, int] = {}
    raw = RawKeys(file.heading)
    for line, cells in _numbered(file, found.spans):
        key = raw.key(cells)
        if key and (number := found.keys.of(key)) in twice:
            first.setdefault(number, line)
    return first


def _numbered(file: RegisterFile, spans: list[Span]) -> Iterator[tuple[int, Cells]]:
    for span in spans:
        yield from enumerate(file.rows_of(span), start=span.first_line)
