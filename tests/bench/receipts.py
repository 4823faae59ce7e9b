"""The register that verifications are asked of: RAMED receipts, read in as they would be, and centres with phones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from config import facts
from config.faults import Fault
from config.settings import CHECKOUT
from models.database import Database, metadata
from models.facilities import CSCOM, cercle_of, facilities
from models.identifiers import Msisdn
from models.keyring import FILE_NAME, KeyRing
from models.phones import PHONE, phone_index
from models.schema import everything, migrate
from models.staff import ACTIVE, STAFF, staff_phones
from tests.bench.importing import write_file
from tests.bench.registers import kept
from tests.bench.words import tell
from workers.servers import PostgresServer

CENTRES, PHONES = 1_000, 5_000
"""Contracted centres, and nurses' phones, as many at each."""

FIRST_PHONE = 61_000_000
"""Eight digits; no made-up person has a phone of this range."""

FIRST_RECEIPT = 7_000_000_000_000
"""Receipts are numbered from here on, one a line of the file."""

REGISTER = {
    *("persons", "households", "coverages", "receipts", "mutuelles", "places", "facilities", "staff_phones"),
    *("imports", "import_batches", "import_seen", "import_stage", "audit", "audit_chain", "phones"),
}
"""What stays from one run to the next; all other tables are emptied."""


def register_of(server: PostgresServer, keys_folder: Path, people: int, *, fresh: bool) -> str:
    """The address of a database with so many receipts, all valid, in which nobody has written or asked yet."""
    keys = KeyRing.open(keys_folder) if (keys_folder / FILE_NAME).exists() else KeyRing.create(keys_folder)

    def make(url: str) -> None:
        migrate(url)
        _read_in(url, keys_folder, people)
        _add_centres(url, keys)

    mark = keys.index("register", "bench").hex()[:8]
    url = kept(server, f"receipts_{people}_", mark, make, fresh=fresh)
    migrate(url)
    _new_day(url)
    return url


def nurse(place: int) -> str:
    """The n-th nurse's phone in E.164."""
    return f"+223{FIRST_PHONE + place % PHONES}"


def receipt(place: int) -> str:
    """The n-th receipt's number."""
    return str(FIRST_RECEIPT + place)


def _read_in(url: str, keys_folder: Path, people: int) -> None:
    file = keys_folder.parent / "receipts.csv"
    tell(f"a file of {people:,} receipts")
    write_file(file, people, dependants=0, seed=people)
    tell("reading it in")
    command = [sys.executable, "-m", "gateway.command_line", "register", "import", "ramed", str(file)]
    surroundings = {
        **os.environ,
        "DATABASE_URL": url,
        "RAMU_DATA_FOLDER": str(keys_folder.parent),
        "RAMU_KEY_FOLDER": str(keys_folder),
        "RAMU_SETTINGS": os.devnull,
        "PYTHONPATH": str(CHECKOUT),
    }
    made = subprocess.run(
        [*command, "--apply", "--json"], env=surroundings, cwd=CHECKOUT, stdout=subprocess.PIPE, check=False
    )
    file.unlink()
    told = json.loads(made.stdout.splitlines()[-1]) if made.stdout else {}
    if told.get("new") != people:
        raise Fault(f"the register could not be read in (exit {made.returncode}, {told.get('new')} new)")


def _add_centres(url: str, keys: KeyRing) -> None:
    now = datetime.now(UTC)
    communes = [row["code_2023"] for row in facts.reference("mali_communes_2023") if row["code_2023"]]
    places = [communes[number % len(communes)] for number in range(CENTRES)]
    centres = [
        {
            "id": number,
            "kind": CSCOM,
            "name": f"Exemple {number}",
            "commune_code": commune,
            "cercle_code": cercle_of(commune),
            "contracted": True,
        }
        for number, commune in enumerate(places, start=1)
    ]
    staff = [
        {
            "phone_index": phone_index(keys, Msisdn(nurse(place))),
            "phone_sealed": keys.seal(nurse(place), PHONE),
            "facility_id": 1 + place % CENTRES,
            "role": STAFF,
            "state": ACTIVE,
            "asked_at": now,
            "settled_at": now,
        }
        for place in range(PHONES)
    ]
    database = Database.open(url, deadline_ms=None)
    with database.begin() as conn:
        conn.execute(facilities.insert(), centres)
        conn.execute(staff_phones.insert(), staff)
    database.dispose()


def _new_day(url: str) -> None:
    """Nothing was written and nobody asked: what earlier runs left goes, and every phone was in use yesterday."""
    everything()
    left = sorted(set(metadata.tables) - REGISTER)
    with psycopg.connect(url, autocommit=True) as connection:
        there = {name for (name,) in connection.execute("SELECT tablename FROM pg_tables").fetchall()}
        # What may never be emptied, as the books, is empty here, and is let alone.
        full = [name for name in left if name in there and _has_rows(connection, name)]
        if full:
            connection.execute(f"TRUNCATE {', '.join(full)} CASCADE")
        connection.execute("UPDATE staff_phones SET last_used_at = now() - interval '1 day'")
        connection.execute("VACUUM (ANALYZE) staff_phones")
        connection.execute("CHECKPOINT")


def _has_rows(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute(f"SELECT FROM {table} LIMIT 1").fetchone() is not None
