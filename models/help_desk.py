"""What waits for a person at the help desk: call-backs asked for, complaints, and phones that nobody understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from models import callbacks, complaints
from models.database import Connection
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.people import NAMES
from models.phones import PHONE

CALL, COMPLAINT = "call", "complaint"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to do: `kind` call or complaint, the reference that the person was told, and what she said of it."""

    kind: str
    reference: str
    phone: Msisdn
    since: datetime
    about: str
    words: str = ""


def waiting(conn: Connection, keys: KeyRing) -> list[Waiting]:
    """Everything that waits, the oldest first."""
    found = [*_calls(conn, keys), *_complaints(conn, keys)]
    return sorted(found, key=lambda one: one.since)


def done(conn: Connection, kind: str, reference: str) -> int:
    """Close what waits under a reference; how many (0: nothing of this kind waits under it)."""
    table, state = (
        (callbacks.callbacks, callbacks.DONE) if kind == CALL else (complaints.complaints, complaints.CLOSED)
    )
    open_ones = update(table).where(table.c.reference == reference, table.c.state == callbacks.OPEN)
    return int(conn.execute(open_ones.values(state=state)).rowcount)


def _calls(conn: Connection, keys: KeyRing) -> Iterator[Waiting]:
    calls = callbacks.callbacks
    for row in conn.execute(select(calls).where(calls.c.state == callbacks.OPEN)):
        about = " ".join(filter(None, (row.reason, row.slot, row.language, row.commune_code)))
        named = keys.unseal(row.names_sealed, NAMES) if row.names_sealed else ""
        yield Waiting(CALL, row.reference, _phone(keys, row.phone_sealed), row.created_at, about, named)


def _complaints(conn: Connection, keys: KeyRing) -> Iterator[Waiting]:
    filed = complaints.complaints
    for row in conn.execute(select(filed).where(filed.c.state == complaints.OPEN)):
        about = f"facility:{row.facility_id}" if row.facility_id else "public"
        said = keys.unseal(row.text_sealed, complaints.COMPLAINT)
        phone = _phone(keys, row.phone_sealed)
        yield Waiting(COMPLAINT, row.reference, phone, row.created_at, about, said)


def _phone(keys: KeyRing, sealed: bytes) -> Msisdn:
    return Msisdn.parse(keys.unseal(sealed, PHONE))
