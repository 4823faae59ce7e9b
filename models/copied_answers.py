"""What was answered from a copy of the register: kept in the copy until the register itself was told.

Who asked, and what the answer did, stay sealed. A row goes away only after the register has it under a key of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql

from models.chunks import DONE, READY, chunks
from models.copies import copied_answers
from models.database import Connection, Db, Prepared
from models.inbound import ANSWERED, inbound, settle
from models.keyring import KeyRing
from models.messages import PENDING, REJECTED, messages

ANSWER = "copied answer"
"""Purpose of a sealed record of what was answered from a copy."""

OWED, ASIDE = "OWED", "ASIDE"
"""States of an answer: the register does not know of it yet; it could not be told, and a person must look."""

REPLACED, BACK = "REMPLACE", "the register is back"
"""The code of a message that was not sent because the register answers instead, and its chunk's why."""

_OF_MESSAGE = tuple(column for column in messages.columns if column.name not in ("id", "chunk_id"))
_OF_CHUNK = tuple(
    column for column in chunks.columns if column.name not in ("id", "not_before", "token", "lease_until")
)

_KEEP = Prepared(
    insert(copied_answers).values(
        inbound_id=bindparam("inbound_id"), state=OWED, record_sealed=bindparam("record")
    )
)
_FORGET = Prepared(delete(copied_answers).where(copied_answers.c.inbound_id == bindparam("answered")))
_ASIDE = Prepared(
    update(copied_answers).where(copied_answers.c.inbound_id == bindparam("answered")).values(state=ASIDE)
)
_ANSWERS = Prepared(
    select(
        inbound.c.id,
        inbound.c.once,
        inbound.c.from_index,
        inbound.c.from_sealed,
        inbound.c.text_sealed,
        inbound.c.service_code,
        inbound.c.received_at,
        copied_answers.c.record_sealed,
    )
    .select_from(inbound.join(copied_answers, copied_answers.c.inbound_id == inbound.c.id))
    .where(copied_answers.c.state == OWED)
    .order_by(inbound.c.id)
    .limit(bindparam("limit"))
)
_INBOUND = Prepared(select(inbound.c.id).where(inbound.c.once == bindparam("once")))


@dataclass(frozen=True, slots=True, repr=False)
class CopiedAnswer:
    """An SMS that was answered from a copy, sealed as it came, and the sealed record of what that did."""

    inbound_id: int
    once: bytes
    from_index: bytes
    from_sealed: bytes
    text_sealed: bytes
    service_code: str
    received_at: datetime
    record_sealed: bytes


def keep(conn: Connection, keys: KeyRing, once: bytes, record: bytes, now: datetime) -> None:
    """The SMS `once` of this copy's inbox is answered: note what that did, for the register to be told."""
    ((inbound_id,),) = _INBOUND.all(conn, once=once)
    settle(conn, inbound_id, ANSWERED, None, now)
    _KEEP.run(conn, inbound_id=inbound_id, record=keys.seal_bytes(record, ANSWER))


def owed(db: Db, limit: int = 100) -> tuple[CopiedAnswer, ...]:
    """Answers that the register does not know of, the oldest first."""
    return tuple(CopiedAnswer(*row) for row in _ANSWERS.all(db, limit=limit))


def opened(keys: KeyRing, answer: CopiedAnswer) -> bytes:
    """What the answer did, as `keep` was given it. Raises KeyRingError."""
    return keys.unseal_bytes(answer.record_sealed, ANSWER)


def is_answered(db: Db, once: bytes) -> bool:
    """Whether the SMS was answered from this copy."""
    return _INBOUND.first(db, once=once) is not None


def forget(conn: Connection, inbound_id: int) -> None:
    """The register knows."""
    _FORGET.run(conn, answered=inbound_id)


def set_aside(conn: Connection, inbound_id: int) -> None:
    """The register cannot be told: it must not stand in the way of the others."""
    _ASIDE.run(conn, answered=inbound_id)


def withdraw(conn: Connection, once: bytes, now: datetime) -> bool:
    """Do not send the copy's answer (the message `once`) any more; False when somebody began to, or may have."""
    chunk = select(messages.c.chunk_id).where(messages.c.once == once).scalar_subquery()
    waiting = update(chunks).where(chunks.c.id == chunk, chunks.c.state == READY)
    if not conn.execute(waiting.values(state=DONE, done_at=now, why=BACK)).rowcount:
        return False
    unsent = update(messages).where(messages.c.once == once)
    conn.execute(unsent.values(state=REJECTED, code=REPLACED, settled_at=now))
    return True


def settled(conn: Connection, limit: int) -> list[Row[Any]]:
    """The first messages of the copy whose sending has ended, with their chunks, for `bring`."""
    columns = (*_OF_MESSAGE, *(column.label(f"chunk_{column.name}") for column in _OF_CHUNK))
    joined = messages.join(chunks, chunks.c.id == messages.c.chunk_id)
    ended = select(messages.c.id, *columns).select_from(joined).where(messages.c.state != PENDING)
    return list(conn.execute(ended.order_by(messages.c.id).limit(limit)))


def bring(conn: Connection, row: Row[Any]) -> None:
    """Write a message of a copy into the register, with its chunk; one that it has stays as it is."""
    told = row._mapping
    chunk = {column.name: told[f"chunk_{column.name}"] for column in _OF_CHUNK}
    chunk_id = conn.execute(insert(chunks).values(chunk).returning(chunks.c.id)).scalar_one()
    message = {column.name: told[column.name] for column in _OF_MESSAGE}
    new = postgresql.insert(messages).values(**message, chunk_id=chunk_id).on_conflict_do_nothing()
    if not conn.execute(new).rowcount:
        conn.execute(delete(chunks).where(chunks.c.id == chunk_id))


def drop(conn: Connection, message_id: int) -> None:
    """The register has the message."""
    conn.execute(delete(messages).where(messages.c.id == message_id))


def holds_messages(conn: Connection) -> bool:
    """Whether there are messages of which the register knows nothing yet: reports of the provider may be about them."""
    return bool(conn.execute(select(messages.c.id).limit(1)).first())


def is_empty(conn: Connection) -> bool:
    """Whether the register was told everything of this copy: it may go."""
    left = select(func.count()).select_from
    return not conn.execute(left(copied_answers)).scalar() and not conn.execute(left(messages)).scalar()
