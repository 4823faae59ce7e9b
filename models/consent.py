"""Consents: who accepted or refused what, in which wording, when and where. Rows are added, never changed.

Law 2013-015 asks for explicit consent and for a way to object; the newest row of a topic is what holds.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, bindparam, insert, select

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.number_locks import hold_phone

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("phone_id", ForeignKey("phones.id"), nullable=False),
    Column("topic", String(20), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("text_version", String(20), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_consents_phone", "phone_id", "id"),
)

_INSERT = Prepared(
    insert(consents).values(
        phone_id=bindparam("phone_id"),
        topic=bindparam("topic"),
        given=bindparam("given"),
        text_version=bindparam("text_version"),
        channel=bindparam("channel"),
        at=bindparam("now"),
    )
)
_STATE = Prepared(
    select(consents.c.topic, consents.c.given)
    .where(consents.c.phone_id == bindparam("phone_id"))
    .order_by(consents.c.id)
)


def record(
    conn: Connection,
    phone_id: int,
    topic: str,
    given: bool,
    text_version: str,
    channel: str,
    now: datetime,
) -> None:
    """Add one answer to one topic; `text_version` names the wording that was read.

    A refusal waits for claims that are just being committed, and no later claim overlooks it.
    """
    if not given:
        hold_phone(conn, phone_id)
    _INSERT.run(
        conn,
        phone_id=phone_id,
        topic=topic,
        given=given,
        text_version=text_version,
        channel=channel,
        now=now,
    )


def state(db: Db, phone_id: int) -> dict[str, bool]:
    """The newest answer to each topic that was ever asked. Raises DatabaseAway."""
    return {topic: bool(given) for topic, given in _STATE.all(db, phone_id=phone_id)}
