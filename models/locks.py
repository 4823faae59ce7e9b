"""One at a time: what must be looked at and then written is held until the transaction ends."""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from models.database import Prepared

_HOLD = Prepared(select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger))))


class Overtaken(Exception):
    """Since the caller looked, another transaction did what makes this one wrong: look again, then decide anew."""


def hold(conn: Connection, what: str, key: bytes) -> None:
    """Let nobody else in who holds the same `what` and `key`, until this transaction ends. Raises DatabaseAway.

    On PostgreSQL the others wait here, and read afterwards what was committed meanwhile. On SQLite every
    transaction that writes is already alone (`BEGIN IMMEDIATE`).
    """
    if conn.dialect.name == "sqlite":
        return
    number = int.from_bytes(blake2b(key, digest_size=8, person=what.encode()).digest()) >> 1
    _HOLD.run(conn, key=number)
