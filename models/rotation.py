"""Seals everything anew under the primary key: in small transactions, from wherever an earlier run stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Column, bindparam, func, select, tuple_, update

from models.database import Connection, Database, Sealed
from models.keyring import KEY_ID_BYTES, KeyRing
from models.schema import everything

BATCH = 1_000
"""Values sealed anew in one transaction: a killed run repeats no more than these."""


def sealed_columns() -> tuple[Column[Any], ...]:
    """Every column of the schema that is sealed, whatever table it was added to."""
    return tuple(
        column
        for table in everything().sorted_tables
        for column in table.columns
        if isinstance(column.type, Sealed)
    )


def values_by_key(conn: Connection) -> dict[int, int]:
    """How many values each key has sealed, by the key's number."""
    counted: Counter[int] = Counter()
    for column in sealed_columns():
        prefix = _prefix(column)
        rows = conn.execute(select(prefix, func.count()).where(column.is_not(None)).group_by(prefix))
        for number, count in rows:
            counted[int.from_bytes(number)] += count
    return dict(counted)


def left_over(conn: Connection, keys: KeyRing) -> int:
    """How many values another key than the primary one has sealed."""
    return sum(count for number, count in values_by_key(conn).items() if number != keys.primary)


def reseal(database: Database, keys: KeyRing, done: Callable[[int], object]) -> int:
    """Seal every value under the primary key; `done` is told of each batch. How many were sealed anew.

    Values that somebody else changes meanwhile are left alone: they were sealed by the primary key just then.
    """
    total = 0
    for column in sealed_columns():
        for count in _reseal_column(database, keys, column):
            done(count)
            total += count
    return total


def _reseal_column(database: Database, keys: KeyRing, column: Column[Any]) -> Iterator[int]:
    identity = tuple(column.table.primary_key)
    purpose = column.type.purpose if isinstance(column.type, Sealed) else ""
    old = (
        select(*identity, column)
        .where(column.is_not(None), _prefix(column) != keys.prefix)
        .order_by(*identity)
        .limit(BATCH)
    )
    change = (
        update(column.table)
        .where(*(part == bindparam(f"key_{part.name}") for part in identity), column == bindparam("before"))
        .values({column: bindparam("after")})
    )
    last = None
    while True:
        with database.begin() as conn:
            rows = conn.execute(old if last is None else old.where(tuple_(*identity) > last)).all()
            if not rows:
                return
            names = [*(f"key_{part.name}" for part in identity), "before", "after"]
            changes = [dict(zip(names, (*row, _again(keys, row[-1], purpose)), strict=True)) for row in rows]
            conn.execute(change, changes)
        last = tuple_(*rows[-1][:-1])
        yield len(rows)


def _again(keys: KeyRing, sealed: bytes, purpose: str) -> bytes:
    return keys.seal_bytes(keys.unseal_bytes(sealed, purpose), purpose)


def _prefix(column: Column[Any]) -> Any:
    return func.substr(column, 1, KEY_ID_BYTES)
