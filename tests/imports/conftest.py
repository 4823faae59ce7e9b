"""Files of registers, the command that brings them in, and what the register holds afterwards."""

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway.register_commands import register
from models.coverage import NUMBER, coverages
from models.database import Database
from models.keyring import KeyRing
from models.people import opened_identity, persons
from models.receipts import REFERENCE, receipts

HEADER = [
    "N° d'immatriculation",
    "Nom",
    "Prénom(s)",
    "Sexe",
    "Date de naissance",
    "Commune",
    "Valable du",
    "Valable au",
    "Réf",
    "Lien",
    "Ouvrant droit",
    "NINA",
]
AWA = [
    "2600100000999",
    "Traoré",
    "Awa",
    "F",
    "17/05/1987",
    "Kati",
    "01/01/2025",
    "31/12/2027",
    "1/A",
    "",
    "",
    "",
]
MOUSSA = [
    "2600100001999",
    "Keïta",
    "Moussa",
    "M",
    "02/01/1980",
    "Kati",
    "01/01/2025",
    "31/12/2027",
    "",
    "",
    "",
    "",
]
FANTA = [
    "",
    "Traoré",
    "Fanta",
    "F",
    "01/02/2015",
    "Kati",
    "01/01/2025",
    "31/12/2027",
    "",
    "enfant",
    AWA[0],
    "",
]
GOOD = (AWA, MOUSSA, FANTA)


def changed(line: Sequence[str], **cells: str) -> list[str]:
    """The line with other cells; a name is a heading in small letters without marks."""
    places = {
        "numero": 0,
        "nom": 1,
        "prenom": 2,
        "sexe": 3,
        "ne": 4,
        "commune": 5,
        "debut": 6,
        "fin": 7,
        "ref": 8,
        "lien": 9,
        "ouvrant": 10,
        "nina": 11,
    }
    copy = [*line]
    for name, cell in cells.items():
        copy[places[name]] = cell
    return copy


def written(path: Path, lines, *, header=HEADER, encoding: str = "utf-8", separator: str = ";") -> Path:
    """A CSV file."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([header, *lines])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.fixture
def keys(tmp_path) -> KeyRing:
    """The keys of the installation under test."""
    return KeyRing.create(tmp_path / "var" / "keys")


@pytest.fixture
def surroundings(database_url, tmp_path, keys) -> dict[str, str]:
    """What a command is told."""
    return {
        "DATABASE_URL": database_url,
        "RAMU_DATA_FOLDER": str(tmp_path / "var"),
        "RAMU_SETTINGS": os.devnull,
    }


def _runner(surroundings):
    def run(kind: str, file: Path, *options: str, code: int = 0):
        arguments = ["import", kind, str(file), "--processes", "0", "--json", *options]
        result = CliRunner().invoke(register, arguments, env=surroundings, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout.splitlines()[-1]), result.stderr

    return run


@pytest.fixture
def bring(surroundings):
    """Runs `ramu register import` in this process; its summary, and what it told people."""
    return _runner(surroundings)


@pytest.fixture
def held(database_url, keys):
    """What the register holds of everybody with a right, in clear and in an order of its own."""

    def read() -> list[tuple]:
        database = Database.open(database_url, deadline_ms=None)
        with database.begin(reading=True) as conn:
            rows = conn.execute(
                select(coverages, persons, receipts)
                .select_from(
                    coverages.join(persons, persons.c.id == coverages.c.person_id).outerjoin(
                        receipts, receipts.c.coverage_id == coverages.c.id
                    )
                )
                .order_by(coverages.c.number_index, coverages.c.dependant_index)
            ).all()
            homes = {row.household_id for row in rows}
        database.dispose()
        return sorted(
            (
                keys.unseal(row.number_sealed, NUMBER) if row.number_sealed else "",
                *(str(part) for part in opened_identity(keys, row.identity_sealed)),
                row.scheme,
                row.role,
                row.status,
                row.valid_from.isoformat(),
                row.valid_to.isoformat() if row.valid_to else "",
                row.relation,
                row.sex,
                row.commune_code,
                keys.unseal(row.reference_sealed, REFERENCE) if row.reference_sealed else "",
                sorted(homes).index(row.household_id),
            )
            for row in rows
        )

    return read


@pytest.fixture
def bring_quick(sqlite_url, tmp_path, keys):
    """As `bring`, on SQLite alone: for what a file says before any database is asked."""
    told = {
        "DATABASE_URL": sqlite_url,
        "RAMU_DATA_FOLDER": str(tmp_path / "var"),
        "RAMU_SETTINGS": os.devnull,
    }
    return _runner(told)
