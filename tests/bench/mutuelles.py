"""Members of the strategy's mutuelles by the hundred thousand, made inside PostgreSQL in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from time import perf_counter
from typing import Any

import psycopg

from models import mutuelle_map
from models.database import Database
from tests.bench.words import tell


def fill_mutuelles(url: str, statements: Sequence[str], count: int, day: date) -> None:
    """Load the map of mutuelles, then run these statements in turn, with {n}, {day} and {mutuelles} filled in."""
    database = Database.open(url, deadline_ms=None)
    with database.begin() as conn:
        mutuelle_map.load(conn)
    database.dispose()
    with psycopg.connect(url) as connection:
        chosen = connection.execute("SELECT id FROM mutuelles WHERE kind = 'MUTUELLE' ORDER BY id").fetchall()
        told: dict[str, Any] = {"n": count, "day": day, "mutuelles": [one for (one,) in chosen]}
        for statement in statements:
            started = perf_counter()
            connection.execute(statement.format(**told).encode())
            tell(f"{statement.split()[2]} of {count:,} members in {perf_counter() - started:.1f} s")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
