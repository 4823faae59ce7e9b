"""The operators of phones that were stored before their operator was: found by their sealed numbers, some at a time."""

from __future__ import annotations

from datetime import date

from sqlalchemy import bindparam, func, select, update

from models.database import Connection
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.operators import operator_of
from models.phones import PHONE, phones

BATCH = 5_000

_lacking = (phones.c.operator.is_(None), phones.c.phone_sealed.is_not(None))


def lacking(conn: Connection) -> int:
    """How many phones whose number is kept have no operator yet."""
    return int(conn.execute(select(func.count()).select_from(phones).where(*_lacking)).scalar_one())


def fill(conn: Connection, keys: KeyRing, day: date, after: int = 0, limit: int = BATCH) -> tuple[int, int]:
    """Give up to `limit` phones their operator; (how many, the id of the last): go on after it. Raises KeyRingError."""
    rows = conn.execute(
        select(phones.c.id, phones.c.phone_sealed)
        .where(*_lacking, phones.c.id > after)
        .order_by(phones.c.id)
        .limit(limit)
    ).all()
    found = [
        {"phone": row.id, "found": operator_of(Msisdn(keys.unseal(row.phone_sealed, PHONE)), day)}
        for row in rows
    ]
    if found:
        change = update(phones).where(phones.c.id == bindparam("phone")).values(operator=bindparam("found"))
        conn.execute(change, found)
    return len(rows), rows[-1].id if rows else after
