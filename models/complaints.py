"""Complaints to ANAM, in the person's own words, sealed; followed by reference from the phone that made them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, bindparam, insert, select

from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import PHONE, phone_index

COMPLAINT = "complaint"
"""Purpose of a sealed complaint."""

OPEN, ANSWERED, CLOSED = "OPEN", "ANSWERED", "CLOSED"

complaints = Table(
    "complaints",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reference", String(12), nullable=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_sealed", Sealed(PHONE), nullable=False),
    Column("text_sealed", Sealed(COMPLAINT), nullable=False),
    Column("facility_id", ForeignKey("facilities.id")),
    Column("state", String(8), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_complaints_phone", "phone_index", "reference"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a complaint stands (OPEN, ANSWERED, CLOSED), and the day it was made."""

    state: str
    created_on: date


_INSERT = Prepared(
    insert(complaints).values(
        reference=bindparam("reference"),
        phone_index=bindparam("phone"),
        phone_sealed=bindparam("sealed"),
        text_sealed=bindparam("text"),
        facility_id=bindparam("facility_id"),
        state=OPEN,
        created_at=bindparam("now"),
    )
)
_STATE = Prepared(
    select(complaints.c.state, complaints.c.created_at)
    .where(complaints.c.phone_index == bindparam("phone"), complaints.c.reference == bindparam("reference"))
    .order_by(complaints.c.id.desc())
    .limit(1)
)


def file(
    conn: Connection,
    keys: KeyRing,
    *,
    reference: str,
    phone: Msisdn,
    text: str,
    facility_id: int | None,
    now: datetime,
) -> None:
    """Keep a complaint; `facility_id` is the sender's own when staff complain, else None."""
    _INSERT.run(
        conn,
        reference=reference,
        phone=phone_index(keys, phone),
        sealed=keys.seal(phone.e164, PHONE),
        text=keys.seal(text, COMPLAINT),
        facility_id=facility_id,
        now=now,
    )


def state(db: Db, keys: KeyRing, reference: str, phone: Msisdn) -> Standing | None:
    """How a complaint of this phone stands; None for another phone's, as for one that never was.

    Raises DatabaseAway.
    """
    row = _STATE.first(db, phone=phone_index(keys, phone), reference=reference)
    return Standing(row[0], day_of(row[1])) if row else None
