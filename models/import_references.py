"""References that are right by how they were made: PostgreSQL is spared looking each of them up, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from models.database import Connection

_IS_SUPERUSER = text("SELECT current_setting('is_superuser') = 'on'")
_MAY_SET = text("SELECT has_parameter_privilege('session_replication_role', 'SET')")
"""Known from PostgreSQL 15 on; true of a superuser."""


@contextmanager
def by_construction(conn: Connection) -> Iterator[None]:
    """Insert rows of an import without their foreign keys being looked up one by one: a quarter of PostgreSQL's work.

    Only for rows whose every reference is the id of a row of the same transaction, or of one that it has read: no row
    of the register is ever deleted. Only a superuser, or a role that was granted it, may vouch for that; for all
    others, and on SQLite, everything is checked as usual. No other trigger runs meanwhile.
    """
    if not _may_vouch(conn):
        yield
        return
    conn.execute(text("SET LOCAL session_replication_role = replica"))
    yield
    # After an error there is nothing to set back: the setting is undone with its transaction.
    conn.execute(text("SET LOCAL session_replication_role = origin"))


def _may_vouch(conn: Connection) -> bool:
    if conn.dialect.name != "postgresql":
        return False
    knows = (conn.dialect.server_version_info or (0,)) >= (15,)
    return bool(conn.execute(_MAY_SET if knows else _IS_SUPERUSER).scalar_one())
