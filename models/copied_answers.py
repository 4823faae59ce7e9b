"""What was answered from a copy of the register: kept in the copy until the register itself was told.

Who asked, and what the answer did, stay sealed. A row goes away only after the register has it under a key of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from models.copies import copied_answers
from models.database import Connection, Db, Prepared
from models.inbound import inbound
from models.keyring import KeyRing

ANSWER = "copied answer"
"""Purpose of a sealed record of what was answered from a copy."""

OWED, ASIDE = "OWED", "ASIDE"
"""States of an answer: the register does not know of it yet; it could not be told, and a person must look."""

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


def keep(conn: Connection, keys: KeyRing, once: bytes, record: bytes) -> None:
    """Note what the answer to the SMS `once` of this copy's inbox did, for the register to be told."""
    ((inbound_id,),) = _INBOUND.all(conn, once=once)
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
