"""SMS that are owed: a row is written in the transaction of its cause and sent by a worker afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from models import chunks
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import PHONE, phone_index

TEXT = "sms"
"""Purpose of a sealed text."""

PENDING = "PENDING"

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("to_index", LargeBinary, nullable=False),
    Column("to_sealed", Sealed(PHONE), nullable=False),
    Column("text_sealed", Sealed(TEXT), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("state", String(12), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("chunk_id", ForeignKey("chunks.id"), index=True),
    Column("provider_id", String(80)),
    Column("code", String(24)),
    Column("cost", String(24)),
    Column("settled_at", UtcDateTime),
    Index("ix_messages_waiting", "state", "lane", "id"),
    Index("ix_messages_to", "to_index", "created_at"),
    Index("ix_messages_provider_id", "provider_id", unique=True),
)

_INSERT = Prepared(
    insert(messages)
    .values(
        once=bindparam("once"),
        to_index=bindparam("to_index"),
        to_sealed=bindparam("to_sealed"),
        text_sealed=bindparam("text_sealed"),
        lane=bindparam("lane"),
        kind=bindparam("kind"),
        state=PENDING,
        created_at=bindparam("now"),
        chunk_id=bindparam("chunk_id"),
    )
    .on_conflict_do_nothing(index_elements=["once"])
)
_COUNT = Prepared(
    select(func.count())
    .select_from(messages)
    .where(messages.c.to_index == bindparam("to_index"), messages.c.created_at >= bindparam("since"))
)
_LATEST = Prepared(
    select(messages.c.text_sealed, messages.c.created_at)
    .where(messages.c.to_index == bindparam("to_index"))
    .order_by(messages.c.id.desc())
    .limit(bindparam("limit"))
)


def count_to(db: Db, keys: KeyRing, to: Msisdn, since: datetime) -> int:
    """How many messages were owed to a phone since a moment (aware). Raises DatabaseAway."""
    (count,) = _COUNT.first(db, to_index=phone_index(keys, to), since=since) or (0,)
    return int(count)


def latest(db: Db, keys: KeyRing, to: Msisdn, limit: int = 5) -> tuple[tuple[datetime, str], ...]:
    """(when it was owed, text) of a phone's messages, the newest first. Raises DatabaseAway."""
    rows = _LATEST.all(db, to_index=phone_index(keys, to), limit=limit)
    return tuple((at, keys.unseal(sealed, TEXT)) for sealed, at in rows)


def owe(
    conn: Connection,
    keys: KeyRing,
    *,
    to: Msisdn,
    text: str,
    kind: str,
    lane: str,
    once: bytes,
    now: datetime,
    not_before: datetime | None = None,
) -> bool:
    """Owe one SMS: `text` as it will be sent, `kind` a word for reports, `lane` of config.jobs.

    The same `once` owes nothing twice; whether this call owed it. It is not sent before `not_before` (None: at once).
    """
    chunk_id = chunks.add(conn, lane=lane, kind=kind, n=1, not_before=not_before)
    sealed = keys.seal(to.e164, PHONE)
    added = _INSERT.run(
        conn,
        once=once,
        to_index=phone_index(keys, to),
        to_sealed=sealed,
        text_sealed=keys.seal(text, TEXT),
        lane=lane,
        kind=kind,
        now=now,
        chunk_id=chunk_id,
    )
    if not added:
        chunks.drop(conn, chunk_id)
    return bool(added)
