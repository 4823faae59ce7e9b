"""Fills a register with made-up people, by the same writer as `ramu demo generate`."""

from __future__ import annotations

from datetime import UTC, datetime

from models import sample_writer
from models.database import Database
from models.keyring import KeyRing
from tests.bench.words import tell

TOLD_EVERY = 100_000
"""People between two lines of progress."""


def fill(url: str, keys: KeyRing, people: int, seed: int) -> None:
    """Writes so many people into an empty, migrated PostgreSQL database, part by part."""
    database = Database.open(url, deadline_ms=None)
    now = datetime.now(UTC)
    with database.begin() as connection:
        plan = sample_writer.plan(connection, people, seed, now.date(), now)
    written = 0
    for part in plan.parts:
        with database.begin() as connection:
            written += sample_writer.write_part(connection, keys, plan, part)
        if written % TOLD_EVERY == 0:
            tell(f"{written:,} of {people:,} people written")
    with database.begin() as connection:
        sample_writer.finish(connection)
    database.dispose()
