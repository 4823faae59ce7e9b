"""A line of a register of people, read: what it says of one person and her right, or why it cannot be taken.

Two lines are about the same right when they have the same number. A dependant without a number of her own is known by
her opener's number, her names and her year of birth (assumption: no file of a scheme numbers them all).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.demo import ROLES
from models.import_cells import BadCell, Read, commune_code, reader_of
from models.import_columns import Column, Heading
from models.imports import SCHEME_OF
from models.keyring import KeyRing
from models.names import words as letters

OPENER = "SOI"
PLACE_FIELDS = ("cercle", "region")
"""Columns that only help to find the commune."""

Contradiction = tuple[str, str, str]
"""A field that does not go with the others: its name, what is wrong, what to do."""

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a cell, or with a line when `heading` is empty; `read` is masked when it is personal.

    `serious`: the line is left out. Otherwise it is taken without the cell.
    """

    line: int
    heading: str
    read: str
    wrong: str
    remedy: str
    serious: bool = True

    def __str__(self) -> str:
        """As it is told in French."""
        where = f"ligne {self.line}"
        if self.heading:
            where += f", colonne « {self.heading} »"
        read = f" (lu : {self.read})" if self.read else ""
        return f"{where}{read} : {self.wrong} -> {self.remedy}"


@dataclass(frozen=True, slots=True)
class Context:
    """What lines are read with: the register, the heading, the day, and the known mutuelles (code to id)."""

    register: str
    heading: Heading
    day: date
    mutuelles: Mapping[str, int]

    @property
    def scheme(self) -> str:
        """The scheme whose rights the register holds."""
        return SCHEME_OF[self.register]


def masked(cell: str, column: Column) -> str:
    """A cell as a report may show it: enough to find it, nothing to learn from it when it is personal."""
    if not column.personal:
        return f"« {cell[:40]} »"
    if column.form in ("NUMERO", "NINA", "TELEPHONE") and len(cell) >= 6:
        return f"« ***{cell[-3:]} »"
    return "« *** »"


class CellReader:
    """Reads the cells of one file's lines, each by its column, and finds the commune."""

    def __init__(self, heading: Heading, register: str, scheme: str | None, day: date) -> None:
        self.heading = heading
        self.day = day
        self._width = max(column.place for column in heading.columns) + 1
        self._columns: tuple[tuple[int, str, Read, Column], ...] = tuple(
            (column.place, column.field, reader_of(column.form, column.field, register, scheme, day), column)
            for column in heading.columns
        )

    def read(self, line: int, cells: Sequence[str]) -> tuple[dict[str, Any], list[Complaint]]:
        """What the line says by field, without what is empty; and what is wrong, in the order of the columns."""
        if len(cells) < self._width:
            cells = [*cells, *[""] * (self._width - len(cells))]
        said: dict[str, Any] = {}
        complaints: list[Complaint] = []
        for place, field, read, column in self._columns:
            cell = cells[place].strip()
            try:
                if cell:
                    said[field] = read(cell)
                elif column.needed:
                    raise BadCell("vide", "remplissez cette cellule")
            except BadCell as bad:
                # Nobody loses her right to a NINA that was badly copied: it never is a condition of care.
                serious, read_as = field != "nina", cell and masked(cell, column)
                complaints.append(Complaint(line, column.heading, read_as, bad.wrong, bad.remedy, serious))
        wrong = self._about_place(said)
        if not complaints or not any(complaint.serious for complaint in complaints):
            wrong += self._about_all(said)
        if wrong:
            named = self.heading.named
            complaints += [Complaint(line, named(field), "", what, to_do) for field, what, to_do in wrong]
        return said, complaints

    def _about_place(self, said: dict[str, Any]) -> list[Contradiction]:
        """Put the commune's code in the place of what was written."""
        if "commune" not in said:
            return []
        try:
            said["commune"] = commune_code(
                said["commune"], said.pop("cercle", ""), said.pop("region", ""), self.day
            )
        except BadCell as bad:
            return [("commune", bad.wrong, bad.remedy)]
        return []

    def _about_all(self, said: dict[str, Any]) -> list[Contradiction]:
        """What is wrong with cells that are well written, one beside the other."""
        return []


class LineReader(CellReader):
    """Reads the lines of a register of people."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.heading, context.register, context.scheme, context.day)
        self._mutuelles = context.mutuelles

    def _about_all(self, said: dict[str, Any]) -> list[Contradiction]:
        """Fill in what follows from the rest, and say where the cells of a line contradict each other."""
        return [*self._about_family(said), *self._about_days(said), *self._about_mutuelle(said)]

    def _about_family(self, said: dict[str, Any]) -> list[Contradiction]:
        number, opener = said.get("number"), said.get("opener")
        relation = said.get("relation")
        if relation is None and opener in (None, number):
            relation = OPENER
        said["relation"] = relation
        if relation is None:
            return [("relation", "vide pour un ayant droit", "écrivez : conjoint, enfant ou ascendant")]
        if relation == OPENER:
            said.pop("opener", None)
            if number is None:
                return [("number", "vide pour un ouvrant droit", "écrivez le numéro de sa carte")]
        elif opener is None:
            return [("opener", "vide pour un ayant droit", "écrivez le numéro de l'ouvrant droit")]
        elif opener == number:
            return [
                (
                    "opener",
                    "le même numéro que celui de l'ayant droit",
                    "laissez vide le numéro qu'il n'a pas",
                )
            ]
        return []

    def _about_days(self, said: dict[str, Any]) -> list[Contradiction]:
        wrong = []
        born, start, end = said.get("born"), said["valid_from"], said.get("valid_to")
        if born is not None:
            said["birth_year"] = born.year
        year = said.get("birth_year")
        if year is None:
            wrong.append(("born", "ni date ni année de naissance", "écrivez au moins l'année"))
        elif year > self.day.year or (born is not None and born > self.day):
            wrong.append(("born", "une naissance à venir", "comparez avec l'acte"))
        if end is not None and end < start:
            wrong.append(("valid_to", "avant le début du droit", "corrigez l'une des deux dates"))
        return wrong

    def _about_mutuelle(self, said: dict[str, Any]) -> list[Contradiction]:
        code = said.get("mutuelle")
        for field in ("mutuelle_name", "mutuelle_cercle"):
            said.pop(field, None)
        if code is not None and code not in self._mutuelles:
            return [
                (
                    "mutuelle",
                    "mutuelle inconnue",
                    "corrigez le code, ou ajoutez les colonnes de son nom et de son cercle",
                )
            ]
        return []


def right_key(said: Mapping[str, Any]) -> str:
    """By what the line's right is found again: its number, or who the dependant is."""
    if number := said.get("number"):
        return str(number)
    return _dependant(said["opener"], said["given"], said["family"], said["birth_year"])


class RawKeys:
    """The same keys out of cells that nobody has checked, as a file is walked through."""

    def __init__(self, heading: Heading) -> None:
        self._number, self._opener = heading.place("number"), heading.place("opener")
        self._names = heading.place("given"), heading.place("family")
        self._births = heading.place("born"), heading.place("birth_year")

    def key(self, cells: Sequence[str]) -> str:
        """By what the line's right is found again; "" when there is not enough to tell."""
        number = _digits(_cell(cells, self._number))
        if number:
            return number
        opener = self.opener(cells)
        years = (_YEAR.search(_cell(cells, place)) for place in self._births)
        year = next((found[0] for found in years if found), "")
        given, family = (_cell(cells, place) for place in self._names)
        return _dependant(opener, given, family, int(year)) if opener and given and family and year else ""

    def opener(self, cells: Sequence[str]) -> str:
        """The number of the opener, or ""."""
        return _digits(_cell(cells, self._opener))

    def is_dependant(self, cells: Sequence[str]) -> bool:
        """Whether the line may be a dependant's."""
        opener = self.opener(cells)
        return bool(opener) and opener != _digits(_cell(cells, self._number))


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _digits(cell: str) -> str:
    return cell if cell.isdigit() else "".join(filter(str.isdigit, cell))


def _dependant(opener: str, given: str, family: str, year: int) -> str:
    return f"{opener}/{''.join(letters(given))}/{''.join(letters(family))}/{year}"


def fingerprint(keys: KeyRing, register: str, said: Mapping[str, Any]) -> bytes:
    """Equal for two lines that say the same, however they write it; what is usual may be left unsaid."""
    told = [
        f"\n{name}={said[name]!s}" for name in sorted(said) if said[name] and said[name] != _USUAL.get(name)
    ]
    return keys.index(register + "".join(told), "line")


_USUAL = {"status": "ACTIF", "role": "OUVRANT_DROIT"}


def role_of(scheme: str, said: Mapping[str, Any]) -> str:
    """What the person is in the scheme."""
    opens, depends = ROLES[scheme]
    return str(said.get("role") or opens) if said["relation"] == OPENER else depends
