"""The funnel: one row per hop and per end of a session, without anything that leads back to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Index, Integer, String, Table, insert

from models.database import Connection, Id, UtcDateTime, metadata

hops = Table(
    "hops",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("screen", String(40), nullable=False),
    Column("language", String(8), nullable=False),
    Column("operator", String(12), nullable=False),
    Column("ms", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Index("ix_hops_at", "at", "screen"),
)
session_ends = Table(
    "session_ends",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("screen", String(40)),
    Column("operator", String(12), nullable=False),
    Column("hops", Integer, nullable=False),
    Column("ms", Integer, nullable=False),
)
"""What the provider told of an ended session: its status, how many hops it had, how long it lasted."""


def insert_many(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add hops: `at` (aware), `screen`, `language`, `operator`, `ms`, `outcome` each."""
    if rows:
        conn.execute(insert(hops), list(rows))


def insert_ends(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add ends of sessions: `at` (aware), `status`, `screen`, `operator`, `hops`, `ms` each."""
    if rows:
        conn.execute(insert(session_ends), list(rows))
