"""Call-back requests: somebody must ring the person. One open request per phone for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Column, Index, LargeBinary, String, Table, bindparam, insert, select

from config import facts
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import Overtaken, hold
from models.people import NAMES
from models.phones import PHONE, phone_index

OPEN, DONE = "OPEN", "DONE"

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reference", String(12), nullable=False, index=True),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_sealed", Sealed(PHONE), nullable=False),
    Column("language", String(8), nullable=False),
    Column("slot", String(12), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("names_sealed", Sealed(NAMES)),
    Column("commune_code", String(12)),
    Column("state", String(8), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_callbacks_phone", "phone_index", "created_at"),
)
"""References are six digits told to people and may come twice in a lifetime: they are no key."""


class AlreadyOpen(Overtaken):
    """The phone has made a request since it was looked for: show that one."""


@dataclass(frozen=True, slots=True)
class OpenCallback:
    """A request that still waits: its reference and the day it was made (Bamako keeps UTC all year)."""

    reference: str
    created_on: date


_OPEN = Prepared(
    select(callbacks.c.reference, callbacks.c.created_at)
    .where(
        callbacks.c.phone_index == bindparam("phone"),
        callbacks.c.created_at > bindparam("since"),
        callbacks.c.state == OPEN,
    )
    .order_by(callbacks.c.created_at.desc())
    .limit(1)
)
_INSERT = Prepared(
    insert(callbacks).values(
        reference=bindparam("reference"),
        phone_index=bindparam("phone"),
        phone_sealed=bindparam("sealed"),
        language=bindparam("language"),
        slot=bindparam("slot"),
        reason=bindparam("reason"),
        names_sealed=bindparam("names"),
        commune_code=bindparam("commune"),
        state=OPEN,
        created_at=bindparam("now"),
    )
)


def open_request(
    db: Db, keys: KeyRing, phone: Msisdn, now: datetime, hours: int | None = None
) -> OpenCallback | None:
    """The phone's request of the last `hours` that still waits. Without `hours`: the parameter callback_hours."""
    length = timedelta(hours=hours or int(facts.parameter("callback_hours", now.date())))
    row = _OPEN.first(db, phone=phone_index(keys, phone), since=now - length)
    return OpenCallback(row[0], row[1].date()) if row else None


def request(
    conn: Connection,
    keys: KeyRing,
    *,
    reference: str,
    phone: Msisdn,
    language: str,
    slot: str,
    reason: str,
    now: datetime,
    name: str | None = None,
    commune_code: str | None = None,
) -> None:
    """Note that `phone` wants to be called: `slot` MATIN, APRES_MIDI or SOIR; `name` as typed, when it was asked.

    Raises AlreadyOpen: however many of its calls ask at the same time, a phone has one open request.
    """
    hold(conn, "callback", phone_index(keys, phone))
    if open_request(conn, keys, phone, now):
        raise AlreadyOpen
    _INSERT.run(
        conn,
        reference=reference,
        phone=phone_index(keys, phone),
        sealed=keys.seal(phone.e164, PHONE),
        language=language,
        slot=slot,
        reason=reason,
        names=keys.seal(name, NAMES) if name else None,
        commune=commune_code,
        now=now,
    )
