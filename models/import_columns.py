"""The heading of a register's file: which column holds what, whatever accents, case and marks it is written with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from config import facts
from config.columns import SEPARATOR
from config.faults import Fault
from config.vocabulary import YES
from models.places import fold

ERROR_COLUMN = "erreur"
"""The heading of the column that is added to rejected lines; it is left out when they come back."""

MOST_COLUMNS = 200


class BadHeading(Fault):
    """The first line of a file does not name what is needed; the message is for who made the file."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file that is read: its place (from 0), its heading as written there, and its row of the rules."""

    place: int
    heading: str
    field: str
    form: str
    needed: bool
    personal: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """Every column that is read, and the headings of those that are not."""

    columns: tuple[Column, ...]
    unread: tuple[str, ...]

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the file has a column for."""
        return frozenset(column.field for column in self.columns)

    def place(self, field: str) -> int | None:
        """The place of a field's column, or None."""
        return next((column.place for column in self.columns if column.field == field), None)

    def named(self, field: str) -> str:
        """What a field's column is called in this file, or would be called."""
        return next((column.heading for column in self.columns if column.field == field), field)


def known_headings(register: str, day: date) -> dict[str, facts.Row]:
    """The rows of register_columns by every folded heading that means them; the usual heading wins over an alias."""
    found: dict[str, facts.Row] = {}
    rows = [row for row in facts.SHIPPED.in_force("register_columns", day) if row["register"] == register]
    for row in rows:
        found.setdefault(fold(row["heading"]), row)
    for row in rows:
        for alias in filter(None, row["aliases"].split(SEPARATOR)):
            found.setdefault(fold(alias), row)
    return found


def usual_headings(register: str, day: date) -> tuple[tuple[str, str], ...]:
    """(field, usual heading) of each column of a register, in the order of the rules."""
    rows = facts.SHIPPED.in_force("register_columns", day)
    return tuple((row["field"], row["heading"]) for row in rows if row["register"] == register)


def recognised(cells: Sequence[str], register: str, day: date) -> int:
    """How many of these cells are headings of the register: by this the separator of a file is found."""
    known = known_headings(register, day)
    return len({known[folded]["field"] for cell in cells if (folded := fold(cell)) in known})


def read_heading(cells: Sequence[str], register: str, day: date) -> Heading:
    """What each column holds. Raises BadHeading when one that is needed is missing or there twice."""
    if len(cells) > MOST_COLUMNS:
        raise BadHeading(f"{len(cells)} colonnes : au plus {MOST_COLUMNS} sont lues")
    known = known_headings(register, day)
    columns: dict[str, Column] = {}
    unread = []
    for place, cell in enumerate(cells):
        row = known.get(fold(cell))
        if row is None:
            if cell.strip() and fold(cell) != fold(ERROR_COLUMN):
                unread.append(cell.strip())
            continue
        field = row["field"]
        if field in columns:
            raise BadHeading(
                f"deux colonnes disent la même chose : « {columns[field].heading} » et « {cell.strip()} »."
                " Gardez-en une"
            )
        needed, personal = row["needed"] == YES, row["personal"] == YES
        columns[field] = Column(place, cell.strip(), field, row["form"], needed, personal)
    _refuse_missing(columns, known)
    return Heading(tuple(columns.values()), tuple(unread))


def _refuse_missing(columns: dict[str, Column], known: dict[str, facts.Row]) -> None:
    rows = {row["field"]: row for row in known.values()}
    missing = [row["heading"] for field, row in rows.items() if row["needed"] == YES and field not in columns]
    if "born" in rows and not columns.keys() & {"born", "birth_year"}:
        missing.append(f"{rows['born']['heading']} (ou {rows['birth_year']['heading']})")
    if "number" in rows and "number" not in columns:
        missing.append(rows["number"]["heading"])
    if missing:
        raise BadHeading(
            f"la première ligne doit nommer les colonnes ; il manque : {', '.join(missing)}."
            f" Colonnes possibles : {', '.join(row['heading'] for row in rows.values())}"
        )
