"""Look-ups and proofs that failed, counted per phone and per person: guessing is locked, a restart forgets nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, Table, bindparam, func, insert, select

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import Overtaken, hold

lookup_misses = Table(
    "lookup_misses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("asker_index", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_lookup_misses_asker", "asker_index", "at"),
)


class TooManyMisses(Overtaken):
    """Other look-ups of the same asker have failed meanwhile: this one was too many, and is not counted."""


MISSES = (
    select(func.count())
    .where(lookup_misses.c.asker_index == bindparam("asker"), lookup_misses.c.at >= bindparam("since"))
    .scalar_subquery()
)
"""A column for selects that look somebody up: how often `asker` missed since `since`."""

_COUNT = Prepared(select(MISSES))
_INSERT = Prepared(insert(lookup_misses).values(asker_index=bindparam("asker"), at=bindparam("now")))


def asker_index(keys: KeyRing, asker: Msisdn | str) -> bytes:
    """What misses are counted by: the asking phone, or an opaque subject such as `person:12` that proofs failed for.

    Keyed, and of no use for finding the phone's person.
    """
    return keys.index(asker.e164 if isinstance(asker, Msisdn) else asker, "asker")


def record_miss(conn: Connection, keys: KeyRing, asker: Msisdn | str, now: datetime) -> None:
    """Count one look-up that found nobody, or one proof that failed."""
    _INSERT.run(conn, asker=asker_index(keys, asker), now=now)


def record_try(
    conn: Connection, keys: KeyRing, asker: Msisdn | str, now: datetime, *, since: datetime, most: int
) -> None:
    """Count a miss, one at a time for an asker. Raises TooManyMisses when it has `most` of them since `since`."""
    hold(conn, "misses", asker_index(keys, asker))
    if misses_since(conn, keys, asker, since) >= most:
        raise TooManyMisses
    record_miss(conn, keys, asker, now)


def misses_since(db: Db, keys: KeyRing, asker: Msisdn | str, since: datetime) -> int:
    """How many look-ups of this phone, or proofs for this subject, failed since a moment (aware)."""
    (count,) = _COUNT.first(db, asker=asker_index(keys, asker), since=since) or (0,)
    return int(count)
