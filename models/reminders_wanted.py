"""Reminders that a collector, or the household itself, asks for: a row that waits, taken by whoever plans reminders.

Nothing is decided here: whether the household is still late, has said STOP or was written to enough, is asked when its
reminder is claimed, as of any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, Table, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata

HOUSEHOLD = 0
"""In place of a collector's number: the household wants to be reminded."""

_WAITS = text("taken_at IS NULL AND asked_by <> 0")
_WISHED = text("taken_at IS NULL AND asked_by = 0")

reminders_wanted = Table(
    "reminders_wanted",
    metadata,
    Column("id", Id, primary_key=True),
    Column("membership_id", BigInteger, nullable=False),
    Column("asked_by", Integer, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("taken_at", UtcDateTime),
    Index("ix_reminders_wanted_membership_id", "membership_id", "asked_at"),
    Index(
        "uq_reminders_wanted_waits",
        "membership_id",
        unique=True,
        postgresql_where=_WAITS,
        sqlite_where=_WAITS,
    ),
    Index(
        "uq_reminders_wanted_wished",
        "membership_id",
        unique=True,
        postgresql_where=_WISHED,
        sqlite_where=_WISHED,
    ),
)
"""`asked_by`: a collector's number, or HOUSEHOLD. `asked_at` may be to come: it is taken from then on.

A household waits once for what collectors ask, however many, and once for what it wishes itself: its own day takes
nothing from what a collector asked for before.
"""

_SINCE = Prepared(
    select(func.max(reminders_wanted.c.asked_at)).where(
        reminders_wanted.c.membership_id == bindparam("membership_id"),
        reminders_wanted.c.asked_at > bindparam("since", type_=UtcDateTime),
    )
)


def asked_since(db: Db, membership_id: int, since: datetime) -> bool:
    """Whether a reminder of a household was asked for since a moment. Raises DatabaseAway."""
    row = _SINCE.first(db, membership_id=membership_id, since=since)
    return bool(row and row[0])


def want(conn: Connection, membership_ids: Sequence[int], by: int, now: datetime) -> int:
    """Ask for a reminder of households, not before `now`; those that wait already stay; how many are new."""
    rows = [{"membership_id": one, "asked_by": by, "asked_at": now} for one in sorted(set(membership_ids))]
    if not rows:
        return 0
    new = insert(reminders_wanted).values(rows).on_conflict_do_nothing().returning(reminders_wanted.c.id)
    return len(conn.execute(new).all())


def take(conn: Connection, limit: int, now: datetime, *, wished: bool) -> list[int]:
    """The memberships of some that wait, the oldest first: they wait no more once this transaction is committed.

    `wished`: those that want it themselves, or else those of whom a collector wants it.
    """
    by = reminders_wanted.c.asked_by
    theirs = by == HOUSEHOLD if wished else by != HOUSEHOLD
    asked = select(reminders_wanted.c.id).where(
        reminders_wanted.c.taken_at.is_(None), reminders_wanted.c.asked_at <= now, theirs
    )
    oldest = asked.order_by(reminders_wanted.c.id).limit(limit).with_for_update(skip_locked=True)
    ids = list(conn.execute(oldest).scalars())
    taken = (
        update(reminders_wanted)
        .where(reminders_wanted.c.id.in_(ids))
        .values(taken_at=now)
        .returning(reminders_wanted.c.membership_id)
    )
    return [int(one) for one in conn.execute(taken).scalars()] if ids else []
