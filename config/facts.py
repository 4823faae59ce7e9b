"""Facts that others decide (ages, rates, papers, codes): dated rows in CSV files, checked when they are read.

To follow a new decree, end the old row (`to`) and add one below it, or correct the one row that was wrong; no code
changes. Rows are mappings of text to text. A day is in force from `from` to `to`, both included.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from types import MappingProxyType

from config import reference_tables, tables
from config.faults import Fault
from config.tables import Table

Row = Mapping[str, str]
LAST_DAY = "9999-12-31"


class BadTable(Fault, ValueError):
    """A table cannot be used. The message names file, line and column."""


class NotInForce(LookupError):
    """No row says this on that day: the rules do not reach back so far."""


class Facts:
    """The tables of one folder. Each file is read once, when it is first asked for."""

    def __init__(self, folder: Path, kinds: Mapping[str, Table] = tables.RULES) -> None:
        self.folder = folder
        self._kinds = kinds
        self._rows: dict[str, tuple[Row, ...]] = {}

    def rows(self, name: str) -> tuple[Row, ...]:
        """Every row of a table, in the file's order. Raises BadTable."""
        if name not in self._rows:
            self._rows[name] = _read(self.folder / f"{name}.csv", self._kinds[name])
        return self._rows[name]

    def in_force(self, name: str, day: date) -> tuple[Row, ...]:
        """The rows of a dated table that hold on `day`, in the file's order. Raises BadTable."""
        return _in_force(self, name, day)

    def parameter(self, name: str, day: date) -> int | Decimal:
        """The number that table `parameters` gives to `name` on `day`, in the row's unit. Raises NotInForce."""
        for row in self.in_force("parameters", day):
            if row["name"] == name:
                return Decimal(row["value"]) if "." in row["value"] else int(row["value"])
        raise NotInForce(f"no parameter {name} on {day}")

    def check(self) -> None:
        """Reads every table of the folder. Raises BadTable for the first that cannot be used."""
        for name in self._kinds:
            self.rows(name)


@lru_cache(maxsize=1024)
def _in_force(facts: Facts, name: str, day: date) -> tuple[Row, ...]:
    return on(day, facts.rows(name))


def on(day: date, dated: Iterable[Row]) -> tuple[Row, ...]:
    """The rows that hold on `day`, in their order."""
    written = day.isoformat()
    return tuple(row for row in dated if row["from"] <= written <= (row["to"] or LAST_DAY))


SHIPPED = Facts(Path(__file__).parent / "rules")
"""The rules in this checkout."""

REFERENCE = Facts(Path(__file__).parent / "reference", reference_tables.REFERENCE)
"""Places, operators, languages, letters: public data with their licences in ATTRIBUTION.md beside them."""


def rows(name: str) -> tuple[Row, ...]:
    """Every row of a shipped rule table. Raises BadTable."""
    return SHIPPED.rows(name)


def parameter(name: str, day: date) -> int | Decimal:
    """A shipped parameter's value on `day`, in the row's unit. Raises NotInForce."""
    return SHIPPED.parameter(name, day)


def reference(name: str) -> tuple[Row, ...]:
    """Every row of a table of public reference data. Raises BadTable."""
    return REFERENCE.rows(name)


def _read(path: Path, table: Table) -> tuple[Row, ...]:
    expected = list(table.all_columns)
    found: list[tuple[int, Row]] = []
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, [])
            if header != expected:
                raise BadTable(f"{path.name} line 1: the columns must be {','.join(expected)}")
            for cells in reader:
                found.append((reader.line_num, _row(path, reader.line_num, cells, table)))
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise BadTable(f"{path.name} cannot be read: {fault}") from fault
    if not found:
        raise BadTable(f"{path.name} line 2: there is no row")
    _refuse_overlap(path, found, table)
    return tuple(row for _, row in found)


def _row(path: Path, line: int, cells: list[str], table: Table) -> Row:
    columns = table.all_columns
    if len(cells) != len(columns):
        raise BadTable(f"{path.name} line {line}: {len(cells)} cells in {len(columns)} columns")
    for (column, check), cell in zip(columns.items(), cells, strict=True):
        fault = check(cell)
        if fault:
            raise BadTable(f"{path.name} line {line}, column {column}: {fault}")
    row = dict(zip(columns, cells, strict=True))
    if table.dated and row["to"] and row["to"] < row["from"]:
        raise BadTable(f"{path.name} line {line}, column to: {row['to']} is before {row['from']}")
    return MappingProxyType(row)


def _refuse_overlap(path: Path, found: list[tuple[int, Row]], table: Table) -> None:
    """Two rows that answer the same question on the same day would make the answer depend on their order."""
    by_key: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for line, row in found:
        by_key.setdefault(tuple(row[column] for column in table.key), []).append((line, row))
    for rows_of_key in by_key.values() if table.key else ():
        for (first, one), (second, other) in combinations(rows_of_key, 2):
            if not table.dated or _overlap(one, other):
                said = ", ".join(one[column] for column in table.key)
                raise BadTable(
                    f"{path.name} line {second}, column {table.key[0]}: {said} is also on line {first}"
                )


def _overlap(one: Row, other: Row) -> bool:
    return one["from"] <= (other["to"] or LAST_DAY) and other["from"] <= (one["to"] or LAST_DAY)
