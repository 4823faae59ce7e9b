"""Deaths that were reported by SMS: one person says it, another confirms it, and only then do messages stop.

Whether a right ends is the register's word alone: an operator who has seen the act notes it (`ramu dossier deaths`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata

SAID, CONFIRMED = "SAID", "CONFIRMED"

deaths = Table(
    "deaths",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject", String(30), nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    Column("said_by", LargeBinary, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    Column("confirmed_by", LargeBinary),
    Column("confirmed_at", UtcDateTime),
)
"""`subject` is `person:12` or `dossier:7`; `said_by` and `confirmed_by` are keyed indexes of phones."""


@dataclass(frozen=True, slots=True)
class Death:
    """A report: about whom (an opaque id), SAID or CONFIRMED, since when, and the index of the phone that said it."""

    death_id: int
    subject: str
    state: str
    said_by: bytes
    said_at: datetime


_COLUMNS = (deaths.c.id, deaths.c.subject, deaths.c.state, deaths.c.said_by, deaths.c.said_at)
_OF = Prepared(select(*_COLUMNS).where(deaths.c.subject == bindparam("subject")))


def of(db: Db, subject: str) -> Death | None:
    """What was said of `person:12` or `dossier:7`, or None. Raises DatabaseAway."""
    row = _OF.first(db, subject=subject)
    return Death(row[0], row[1], row[2], bytes(row[3]), row[4]) if row else None


def say(conn: Connection, subject: str, by: bytes, now: datetime) -> str:
    """Report a death, or confirm it when another phone has; the state it is in now.

    The same phone twice confirms nothing.
    """
    values = {"subject": subject, "state": SAID, "said_by": by, "said_at": now}
    first = insert(deaths).values(values).on_conflict_do_nothing(index_elements=["subject"])
    if conn.execute(first.returning(deaths.c.id)).first():
        return SAID
    confirmed = {"state": CONFIRMED, "confirmed_by": by, "confirmed_at": now}
    another = (deaths.c.subject == subject, deaths.c.state == SAID, deaths.c.said_by != by)
    conn.execute(update(deaths).where(*another).values(confirmed))
    return str(conn.execute(select(deaths.c.state).where(deaths.c.subject == subject)).scalar_one())


def waiting(conn: Connection) -> tuple[Death, ...]:
    """Every report that an operator has not settled, the oldest first."""
    return tuple(Death(*row) for row in conn.execute(select(*_COLUMNS).order_by(deaths.c.id)))


def settle(conn: Connection, death_id: int) -> str | None:
    """Take a report off the list; about whom it was, or None when there is none."""
    return conn.execute(delete(deaths).where(deaths.c.id == death_id).returning(deaths.c.subject)).scalar()
