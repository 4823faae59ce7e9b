"""A copy of the register in a SQLite file, for the hours in which the register cannot be asked.

It has the register's tables; filled is what a verification needs and no more: people and their rights without their
numbers (the keyed indexes find them), facilities, active staff, open visit codes, the look-ups of the last day. What
is sealed stays sealed. A table of its own says when it was made, another keeps what was answered from it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    func,
    insert,
    literal,
    null,
    select,
)
from sqlalchemy.dialects import postgresql

from models.coverage import LIVING, coverages
from models.database import Connection, Database, Id, UtcDateTime
from models.facilities import facilities
from models.households import households
from models.keyring import KeyRing
from models.lookups import DAY, lookup_hits, lookup_misses
from models.mutuelles import mutuelles
from models.people import persons
from models.phones import phones
from models.schema import migrate
from models.staff import ACTIVE, staff_phones
from models.visit_codes import OPEN, visit_codes

ROWS = 5_000
"""Rows of the register in memory at a time."""

SORTING_KB = 65_536
"""Memory that SQLite may use to build an index."""

_own = MetaData()
copied = Table(
    "copied",
    _own,
    Column("made_at", UtcDateTime, nullable=False),
    Column("proof", LargeBinary, nullable=False),
)
copied_answers = Table(
    "copied_answers",
    _own,
    Column("inbound_id", Id, primary_key=True),
    Column("state", String(8), nullable=False),
    Column("record_sealed", LargeBinary, nullable=False),
)

Told = Callable[[str, int | None, int], object]
"""Hears of each stage: the table, how many rows it may have (None: nobody counted), how many more are written."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the copy: which rows, without which columns. A column that may not be empty is an empty value."""

    table: Table
    rows: Any = None
    without: tuple[str, ...] = ()


def parts(now: datetime) -> tuple[Part, ...]:
    """What is copied, at a moment (aware), in an order that foreign keys allow."""
    active = staff_phones.c.state == ACTIVE
    theirs = select(staff_phones.c.phone_index).where(active)
    identity = ("given_key", "family_key", "nina_index", "nina_sealed")
    number = ("number_sealed", "dependant_index", "fingerprint")
    return (
        Part(mutuelles),
        Part(facilities, without=("activation_index", "activation_sealed")),
        Part(households, without=("code",)),
        Part(persons, LIVING, identity),
        Part(coverages, without=number),
        Part(staff_phones, active, ("phone_sealed",)),
        Part(phones, phones.c.phone_index.in_(theirs), ("phone_sealed",)),
        Part(visit_codes, (visit_codes.c.state == OPEN) & (visit_codes.c.expires_at > now)),
        Part(lookup_misses, lookup_misses.c.at > now - DAY),
        Part(lookup_hits, lookup_hits.c.at > now - DAY),
    )


def make(source: Connection, file: Path, keys: KeyRing, now: datetime, told: Told) -> int:
    """Write a copy of a PostgreSQL register into a new file; how many people. `source` is at one snapshot of it.

    Raises DatabaseAway, sqlite3.Error when the disk does not take it.
    """
    migrate(f"sqlite:///{file}")
    people = 0
    with closing(sqlite3.connect(file, isolation_level=None)) as target:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{SORTING_KB}"):
            target.execute(f"PRAGMA {pragma}").close()
        indexes = _drop_indexes(target, parts(now))
        for part in parts(now):
            count = _copy(source, target, part, told)
            people = count if part.table is persons else people
        told("indexes", len(indexes), 0)
        for sql in indexes:
            target.execute(sql)
            told("indexes", None, 1)
    _sign(file, keys, now)
    return people


def made_at(conn: Connection, keys: KeyRing) -> datetime | None:
    """The moment whose register this is a copy of; None when these keys did not make it."""
    row = conn.execute(select(copied.c.made_at, copied.c.proof)).first()
    return row.made_at if row and row.proof == _proof(keys, row.made_at) else None


def _copy(source: Connection, target: sqlite3.Connection, part: Part, told: Told) -> int:
    names = [column.name for column in part.table.columns]
    marks = ", ".join("?" * len(names))
    sql = f"INSERT INTO {part.table.name} ({', '.join(names)}) VALUES ({marks})"  # nosec B608: our own names
    told(part.table.name, _estimate(source, part.table), 0)
    total = 0
    target.execute("BEGIN")
    for rows in _batches(source, part):
        target.executemany(sql, rows)
        total += len(rows)
        told(part.table.name, None, len(rows))
    target.execute("COMMIT")
    return total


def _batches(source: Connection, part: Part) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, as SQLite keeps them, through a cursor that stays with the server."""
    asked = select(*(_value(column, part) for column in part.table.columns))
    if part.rows is not None:
        asked = asked.where(part.rows)
    driver: Any = source.connection.driver_connection
    with driver.cursor(name="copied", binary=True) as cursor:
        cursor.execute(_written(asked))
        while rows := cursor.fetchmany(ROWS):
            yield rows


def _value(column: Column[Any], part: Part) -> Any:
    if column.name in part.without:
        return null() if column.nullable else literal(b"")
    if isinstance(column.type, Date):
        return func.to_char(column, "YYYY-MM-DD")
    if isinstance(column.type, UtcDateTime):
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")
    return column


def _written(asked: Select[Any]) -> str:
    """The statement with its values in it, as a server's cursor needs it: they are ours alone."""
    compiled = asked.compile(dialect=postgresql.psycopg.dialect(), compile_kwargs={"literal_binds": True})
    return str(compiled).replace("%%", "%")


def _estimate(source: Connection, table: Table) -> int | None:
    """About how many rows a table has, as PostgreSQL last counted."""
    rows = source.exec_driver_sql(
        "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", (table.name,)
    ).scalar_one()
    return int(rows) if rows > 0 else None


def _drop_indexes(target: sqlite3.Connection, filled: tuple[Part, ...]) -> list[str]:
    """Drops the indexes of what is copied, for they are quicker made afterwards; how to make each again.

    One that begins with a column that is left out would be of no use.
    """
    again = []
    for part in filled:
        found = target.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (part.table.name,),
        ).fetchall()
        for name, sql in found:
            ((_, _, first), *_) = target.execute(f"PRAGMA index_info({name})").fetchall()
            target.execute(f"DROP INDEX {name}")
            if first not in part.without:
                again.append(sql)
    return again


def _sign(file: Path, keys: KeyRing, now: datetime) -> None:
    """Makes the copy's own tables, the last thing: a file without them is no copy."""
    database = Database.open(f"sqlite:///{file}", deadline_ms=None)
    try:
        with database.begin(durable=True) as conn:
            _own.create_all(conn)
            conn.execute(insert(copied).values(made_at=now, proof=_proof(keys, now)))
    finally:
        database.dispose()


def _proof(keys: KeyRing, moment: datetime) -> bytes:
    return keys.mac(b"copy " + moment.astimezone(UTC).isoformat(timespec="microseconds").encode())
