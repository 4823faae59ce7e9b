"""Hops whose effects are done: one key each, written in the transaction of the effects themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary, Table, bindparam, delete
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Prepared, UtcDateTime, metadata

applied = Table(
    "applied",
    metadata,
    Column("once", LargeBinary, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
)

_INSERT = Prepared(
    insert(applied)
    .values(once=bindparam("once"), at=bindparam("now"))
    .on_conflict_do_nothing(index_elements=["once"])
)


def first_time(conn: Connection, once: bytes, now: datetime) -> bool:
    """Claim a key: true for the first transaction that asks, false ever after. A twin in flight is waited for."""
    return bool(_INSERT.run(conn, once=once, now=now))


def forget(conn: Connection, before: datetime) -> int:
    """Drop keys claimed before a moment after which no hop can be repeated any more; how many."""
    return int(conn.execute(delete(applied).where(applied.c.at < before)).rowcount)
