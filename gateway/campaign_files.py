"""Files of numbers for a campaign: checked cell by cell, and kept sealed until the campaign has its recipients."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from gateway.register_files import BadFile, plain_rows
from models import campaign_values, campaigns
from models.campaign_tables import campaigns as campaign_table
from models.campaign_tables import lines
from models.database import Connection, Database
from models.identifiers import BadMsisdn, Msisdn
from models.keyring import KeyRing
from models.operators import operator_of
from models.phones import PHONE, phone_index
from models.places import fold

PHONE_HEADINGS = frozenset(
    {"TELEPHONE", "TEL", "NUMERO", "PHONE", "MSISDN", "PORTABLE", "MOBILE", "NUMEROTELEPHONE"}
)
MOST_COLUMNS, LONGEST_VALUE = 20, 100
BATCH = 5_000
FILE = "campaign file"
"""Purpose of a file's keyed index."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with one cell, in French; what was in it is not repeated."""

    line: int
    column: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"ligne {self.line}, colonne {self.column} : {self.wrong} -> {self.remedy}"


@dataclass(slots=True)
class Taken:
    """What became of a file's lines: numbers kept, doubled ones, and the faults of those that were left out."""

    kept: int = 0
    doubled: int = 0
    refused: int = 0
    columns: tuple[str, ...] = ()
    faults: list[CellFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Heading:
    """Where the number stands, and the names of the other columns as a text may use them."""

    phone: int
    heading: str
    columns: dict[int, str]


def index_of(keys: KeyRing, path: Path) -> bytes:
    """By what the same file is known again. Raises OSError."""
    with path.open("rb") as file:
        return keys.index(file_digest(file, "blake2b").hexdigest(), FILE)


def sent_before(conn: Connection, index: bytes, campaign_id: int) -> list[int]:
    """Other campaigns, not cancelled, that took the same file."""
    same = campaign_table.c.file_index == index, campaign_table.c.id != campaign_id
    asked = select(campaign_table.c.id).where(*same, campaign_table.c.state != campaigns.CANCELLED)
    return list(conn.execute(asked.order_by(campaign_table.c.id)).scalars())


def take(
    database: Database,
    keys: KeyRing,
    campaign_id: int,
    path: Path,
    now: datetime,
    *,
    encoding: str | None,
    most: int,
    done: Callable[[int], object],
) -> Taken:
    """Make a file's numbers the audience of a campaign, in place of any other; at most `most` faults are told.

    The campaign is a DRAFT without an audience until the last line is in. Raises BadFile, WrongStep, OSError.
    """
    rows = plain_rows(path, encoding)
    heading = read_heading(next(rows, []))
    taken = Taken(columns=tuple(heading.columns.values()))
    index = index_of(keys, path)
    with database.begin() as conn:
        campaigns.change(conn, campaign_id, now, audience=None, file_index=None)
        campaigns.drop_lines(conn, campaign_id)
    numbered = enumerate(rows, start=2)
    while batch := list(islice(numbered, BATCH)):
        stored = list(_stored(keys, campaign_id, heading, batch, now.date(), taken, most))
        with database.begin() as conn:
            if stored:
                put = insert(lines).on_conflict_do_nothing(index_elements=["campaign_id", "phone_index"])
                conn.execute(put, stored)
        done(len(batch))
    with database.begin() as conn:
        counted = select(func.count()).select_from(lines).where(lines.c.campaign_id == campaign_id)
        total = taken.kept
        taken.kept = int(conn.execute(counted).scalar_one())
        taken.doubled = total - taken.kept
        columns = _as_json(taken.columns)
        campaigns.change(conn, campaign_id, now, audience=None, file_index=index, columns=columns)
    return taken


def read_heading(cells: Sequence[str]) -> Heading:
    """The heading of a file. Raises BadFile, which says what is missing."""
    names = ["_".join(filter(None, map(fold, re.split(r"[\s_-]+", cell)))).lower() for cell in cells]
    places = [place for place, cell in enumerate(cells) if fold(cell) in PHONE_HEADINGS]
    if len(places) != 1:
        raise BadFile(f"{len(places)} colonnes de numéros -> une seule, appelée « telephone »")
    others = {place: name for place, name in enumerate(names) if place not in places and name}
    twice = sorted({name for name in others.values() if list(others.values()).count(name) > 1})
    if twice:
        raise BadFile(f"la colonne « {twice[0]} » est deux fois -> un nom par colonne")
    if len(others) > MOST_COLUMNS:
        raise BadFile(f"{len(others)} colonnes -> au plus {MOST_COLUMNS} et le numéro")
    return Heading(places[0], cells[places[0]], others)


def _stored(
    keys: KeyRing,
    campaign_id: int,
    heading: Heading,
    batch: Sequence[tuple[int, Sequence[str]]],
    day: date,
    taken: Taken,
    most: int,
) -> Iterator[dict[str, Any]]:
    for line, cells in batch:
        if not any(cell.strip() for cell in cells):
            continue
        read = _read(heading, line, cells)
        if isinstance(read, CellFault):
            taken.refused += 1
            if len(taken.faults) < most:
                taken.faults.append(read)
            continue
        phone, values = read
        taken.kept += 1
        yield {
            "campaign_id": campaign_id,
            "line": line,
            "phone_index": phone_index(keys, phone),
            "phone_sealed": keys.seal(phone.e164, PHONE),
            "operator": operator_of(phone, day),
            "values_sealed": campaign_values.sealed(keys, values) if values else None,
        }


def _read(heading: Heading, line: int, cells: Sequence[str]) -> tuple[Msisdn, dict[str, str]] | CellFault:
    written = cells[heading.phone].strip() if heading.phone < len(cells) else ""
    if not written:
        return CellFault(line, heading.heading, "le numéro manque", "écrivez les 8 chiffres")
    try:
        phone = Msisdn.parse(written)
    except BadMsisdn:
        return CellFault(line, heading.heading, "ce n'est pas un numéro", "8 chiffres, ou +223 et 8 chiffres")
    if not phone.is_malian:
        return CellFault(line, heading.heading, "ce numéro n'est pas du Mali", "enlevez la ligne")
    values = {name: cells[place].strip() for place, name in heading.columns.items() if place < len(cells)}
    for name, value in values.items():
        if len(value) > LONGEST_VALUE:
            return CellFault(line, name, f"{len(value)} lettres", f"au plus {LONGEST_VALUE}")
    return phone, {name: value for name, value in values.items() if value}


def _as_json(columns: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in columns) + "]"
