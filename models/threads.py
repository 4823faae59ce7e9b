"""What a phone was last asked by SMS, so that `1`, `OK` or a missing piece is understood: sealed, for a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Column, LargeBinary, Table, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import phone_index

THREAD = "thread"
"""Purpose of a sealed record."""

threads = Table(
    "threads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("phone_index", LargeBinary, nullable=False, unique=True),
    Column("record_sealed", Sealed(THREAD), nullable=False),
    Column("kept_at", UtcDateTime, nullable=False, index=True),
)

_LOAD = Prepared(
    select(threads.c.record_sealed).where(
        threads.c.phone_index == bindparam("phone"), threads.c.kept_at > bindparam("since")
    )
)
_ADD = insert(threads).values(
    phone_index=bindparam("phone"), record_sealed=bindparam("sealed"), kept_at=bindparam("now")
)
_KEEP = Prepared(
    _ADD.on_conflict_do_update(
        index_elements=["phone_index"],
        set_={"record_sealed": _ADD.excluded.record_sealed, "kept_at": _ADD.excluded.kept_at},
    )
)


def load(db: Db, keys: KeyRing, phone: Msisdn, now: datetime) -> str | None:
    """What was kept for a phone within the parameter thread_hours, or None: one select. Raises DatabaseAway."""
    hours = int(facts.parameter("thread_hours", day_of(now)))
    row = _LOAD.first(db, phone=phone_index(keys, phone), since=now - timedelta(hours=hours))
    return keys.unseal(row[0], THREAD) if row else None


def keep(conn: Connection, keys: KeyRing, phone: Msisdn, record: str, now: datetime) -> None:
    """Keep a record for a phone in the place of the one before."""
    _KEEP.run(conn, phone=phone_index(keys, phone), sealed=keys.seal(record, THREAD), now=now)


def since(conn: Connection, keys: KeyRing, moment: datetime) -> Iterator[tuple[datetime, str]]:
    """(when, record) of the records kept since a moment, the newest first."""
    kept = select(threads.c.kept_at, threads.c.record_sealed).where(threads.c.kept_at > moment)
    for row in conn.execute(kept.order_by(threads.c.kept_at.desc())):
        yield row.kept_at, keys.unseal(row.record_sealed, THREAD)


def forget_before(conn: Connection, moment: datetime) -> int:
    """Delete what was kept before a moment; how many records."""
    return conn.execute(delete(threads).where(threads.c.kept_at < moment)).rowcount
