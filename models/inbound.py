"""SMS that came in: one row each, written before the provider is told that it was taken, answered once afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, String, Table, and_, bindparam, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.keyring import KeyRing
from models.phones import PHONE

WAITING, ANSWERED, HELD = "WAITING", "ANSWERED", "HELD"
INBOUND = "inbound"
"""Purpose of a sealed question."""

WHY = 40
"""The most characters of a reason."""

PROVISIONAL = 96
"""The most characters of what was told while the register was away: a facility and eight codes."""

inbound = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("from_index", LargeBinary, index=True),
    Column("from_sealed", Sealed(PHONE)),
    Column("text_sealed", Sealed(INBOUND)),
    Column("service_code", String(24), nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("why", String(WHY)),
    Column("settled_at", UtcDateTime),
    Column("provisional", String(PROVISIONAL)),
    Index("ix_inbound_waiting", "state", "from_index", "id"),
)
"""Sender and text are NULL once they were erased; the row stays, or a redelivery would be answered again.

`provisional`: it was answered while the register was away, with these visit codes (flows.sms.confirming); it waits for
what the register says.
"""


@dataclass(frozen=True, slots=True, repr=False)
class Inbound:
    """An SMS that waits for its answer: who wrote (`+223...`, or a name), what, to which code, and when it came."""

    inbound_id: int
    once: bytes
    service_code: str
    received_at: datetime
    _from_sealed: bytes
    _text_sealed: bytes
    provisional: str | None = None

    def sender(self, keys: KeyRing) -> str:
        """Who wrote. Raises KeyRingError when the key is gone."""
        return keys.unseal(self._from_sealed, PHONE)

    def text(self, keys: KeyRing) -> str:
        """What was written. Raises KeyRingError when the key is gone."""
        return keys.unseal(self._text_sealed, INBOUND)


_INSERT = Prepared(
    insert(inbound)
    .values(
        once=bindparam("once"),
        from_index=bindparam("from_index"),
        from_sealed=bindparam("from_sealed"),
        text_sealed=bindparam("text_sealed"),
        service_code=bindparam("service_code"),
        received_at=bindparam("now"),
        state=bindparam("state"),
        why=bindparam("why"),
        settled_at=bindparam("settled_at"),
    )
    .on_conflict_do_nothing(index_elements=["once"])
)
_earlier = inbound.alias("earlier")
# What waited on the disk while the database was away has a later id than what came after it.
_one_came_earlier = exists().where(
    _earlier.c.state == WAITING,
    _earlier.c.from_index == inbound.c.from_index,
    or_(
        _earlier.c.received_at < inbound.c.received_at,
        and_(_earlier.c.received_at == inbound.c.received_at, _earlier.c.id < inbound.c.id),
    ),
)
_WAITING = Prepared(
    select(
        inbound.c.id,
        inbound.c.once,
        inbound.c.service_code,
        inbound.c.received_at,
        inbound.c.from_sealed,
        inbound.c.text_sealed,
        inbound.c.provisional,
    )
    .where(inbound.c.state == WAITING, ~_one_came_earlier)
    .order_by(inbound.c.received_at, inbound.c.id)
    .limit(bindparam("limit"))
)
_WAITS = Prepared(
    select(inbound.c.id).where(inbound.c.id == bindparam("inbound_id"), inbound.c.state == WAITING)
)
_SETTLE = Prepared(
    update(inbound)
    .where(inbound.c.id == bindparam("inbound_id"), inbound.c.state == WAITING)
    .values(state=bindparam("new_state"), why=bindparam("reason"), settled_at=bindparam("now"))
)

_bring = insert(inbound).values(
    once=bindparam("once"),
    from_index=bindparam("from_index"),
    from_sealed=bindparam("from_sealed"),
    text_sealed=bindparam("text_sealed"),
    service_code=bindparam("service_code"),
    received_at=bindparam("received_at"),
    state=WAITING,
    provisional=bindparam("provisional"),
)
# One that came to the register as well is answered (once more): its sender was told something that must be settled.
_BRING = Prepared(
    _bring.on_conflict_do_update(
        index_elements=["once"],
        set_={
            "from_sealed": _bring.excluded.from_sealed,
            "text_sealed": _bring.excluded.text_sealed,
            "state": WAITING,
            "provisional": _bring.excluded.provisional,
        },
        where=inbound.c.provisional.is_(None),
    )
)


def take(
    conn: Connection,
    keys: KeyRing,
    *,
    once: bytes,
    sender: str,
    text: str,
    service_code: str,
    now: datetime,
    held: str | None = None,
) -> bool:
    """Write down an SMS; whether it is new: the same `once` is taken once, however often it is delivered.

    `sender` in the international form when it is a number (a name or a short code otherwise); `held`: why it gets no
    answer, when that is known already.
    """
    added = _INSERT.run(
        conn,
        once=once,
        from_index=keys.index(sender, PHONE),
        from_sealed=keys.seal(sender, PHONE),
        text_sealed=keys.seal(text, INBOUND),
        service_code=service_code[:24],
        now=now,
        state=HELD if held else WAITING,
        why=held and held[:WHY],
        settled_at=now if held else None,
    )
    return bool(added)


def bring(
    conn: Connection,
    *,
    once: bytes,
    from_index: bytes,
    from_sealed: bytes,
    text_sealed: bytes,
    service_code: str,
    received_at: datetime,
    provisional: str,
) -> None:
    """Write down an SMS that was answered while the register was away, sealed as it is: it waits for its answer."""
    _BRING.run(
        conn,
        once=once,
        from_index=from_index,
        from_sealed=from_sealed,
        text_sealed=text_sealed,
        service_code=service_code,
        received_at=received_at,
        provisional=provisional,
    )


def waiting(db: Db, limit: int = 100) -> tuple[Inbound, ...]:
    """The oldest SMS that waits of each phone, in the order they came. Raises DatabaseAway."""
    return tuple(Inbound(*row) for row in _WAITING.all(db, limit=limit))


def waits(db: Db, inbound_id: int) -> bool:
    """Whether an SMS still waits: cheaper to ask than to work out an answer that another worker gave meanwhile."""
    return _WAITS.first(db, inbound_id=inbound_id) is not None


def settle(conn: Connection, inbound_id: int, state: str, why: str | None, now: datetime) -> bool:
    """Note ANSWERED or HELD (with why); false when another worker did before."""
    reason = why and why[:WHY]
    return bool(_SETTLE.run(conn, inbound_id=inbound_id, new_state=state, reason=reason, now=now))
