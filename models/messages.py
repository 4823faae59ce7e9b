"""SMS that are owed: a row is written in the transaction of its cause and sent by a worker afterwards.

    PENDING -> ACCEPTED | REJECTED(code) | UNKNOWN        what the provider said of it, or why it was not asked
               ACCEPTED -> DELIVERED | UNDELIVERED | EXPIRED | NO_RECEIPT      what became of it

A state only moves forward. UNKNOWN is settled by a late answer of the provider or by a report of delivery.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from models import chunks
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.database_clock import DatabaseNow
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import PHONE, phone_index

TEXT = "sms"
"""Purpose of a sealed text."""

PENDING, UNKNOWN = "PENDING", "UNKNOWN"
ACCEPTED, REJECTED = "ACCEPTED", "REJECTED"
DELIVERED, UNDELIVERED, EXPIRED, NO_RECEIPT = "DELIVERED", "UNDELIVERED", "EXPIRED", "NO_RECEIPT"

UNSETTLED = (PENDING, UNKNOWN)
"""States that the provider's answer moves on."""

REPORTED = (ACCEPTED, UNDELIVERED, EXPIRED, NO_RECEIPT)
"""States that a report of delivery moves on; what was delivered stays so."""

WITHDRAWN = "RETIRE"
"""The code of a message that nobody sends any more: what it was about is no longer so."""

CODE = 24
"""The most characters of a code and of a cost."""

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
    Column("code", String(CODE)),
    Column("cost", String(CODE)),
    Column("settled_at", UtcDateTime),
    Index("ix_messages_created_at", "created_at"),
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
_COUNT_KIND = Prepared(
    select(func.count())
    .select_from(messages)
    .where(
        messages.c.to_index == bindparam("to_index"),
        messages.c.created_at >= bindparam("since"),
        messages.c.kind == bindparam("kind"),
    )
)
_LATEST = Prepared(
    select(messages.c.text_sealed, messages.c.created_at)
    .where(messages.c.to_index == bindparam("to_index"))
    .order_by(messages.c.id.desc())
    .limit(bindparam("limit"))
)
_UNSENT = Prepared(
    select(messages.c.id, messages.c.chunk_id, chunks.chunks.c.not_before)
    .select_from(messages.join(chunks.chunks, messages.c.chunk_id == chunks.chunks.c.id))
    .where(
        messages.c.to_index == bindparam("to_index"),
        messages.c.kind == bindparam("kind"),
        messages.c.state == PENDING,
    )
    .order_by(messages.c.id)
)
_BY_ONCE = Prepared(select(messages.c.id).where(messages.c.once == bindparam("once")))
_REJECT = Prepared(
    update(messages)
    .where(messages.c.id == bindparam("message_id"))
    .values(state=REJECTED, code=bindparam("reason"), settled_at=DatabaseNow())
)


def count_to(db: Db, keys: KeyRing, to: Msisdn, since: datetime, kind: str | None = None) -> int:
    """How many messages (of one kind) were owed to a phone since a moment (aware). Raises DatabaseAway."""
    asked = {"to_index": phone_index(keys, to), "since": since}
    (count,) = (_COUNT_KIND.first(db, **asked, kind=kind) if kind else _COUNT.first(db, **asked)) or (0,)
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


def id_of(conn: Connection, once: bytes) -> int:
    """The row of the message that was owed under a key. Raises LookupError when none was."""
    row = _BY_ONCE.first(conn, once=once)
    if row is None:
        raise LookupError("no message was owed under this key")
    return int(row[0])


def withdraw(
    conn: Connection, keys: KeyRing, to: Msisdn, kind: str, not_before: datetime | None = None
) -> int:
    """Do not send what a phone is owed of a kind (alone what was to wait until `not_before`, when told); how many.

    What somebody began to send stays as it is: nobody can take it back.
    """
    withdrawn = 0
    for message_id, chunk_id, waits_until in _UNSENT.all(conn, to_index=phone_index(keys, to), kind=kind):
        wanted = not_before is None or waits_until == not_before
        if wanted and chunks.withdraw(conn, chunk_id, WITHDRAWN):
            _REJECT.run(conn, message_id=message_id, reason=WITHDRAWN)
            withdrawn += 1
    return withdrawn


def forget(conn: Connection, before: datetime, limit: int = 5_000) -> int:
    """Drop at most `limit` messages that were owed before a moment, with their chunks; how many."""
    old = select(messages.c.id, messages.c.chunk_id).where(messages.c.created_at < before)
    found = conn.execute(old.order_by(messages.c.created_at).limit(limit)).all()
    conn.execute(delete(messages).where(messages.c.id.in_([row.id for row in found])))
    theirs = [row.chunk_id for row in found if row.chunk_id is not None]
    left = exists().where(messages.c.chunk_id == chunks.chunks.c.id)
    conn.execute(delete(chunks.chunks).where(chunks.chunks.c.id.in_(theirs), ~left))
    return len(found)
