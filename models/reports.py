"""Delivery reports, stored as they come: in any order, doubled, early, or about nothing we know."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, bindparam
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Prepared, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import phone_index

PROVIDER_ID, STATUS, REASON = 80, 40, 60
"""The most characters that are kept of a provider's words."""

reports = Table(
    "reports",
    metadata,
    Column("provider_id", String(PROVIDER_ID), primary_key=True),
    Column("status", String(STATUS), primary_key=True),
    Column("reason", String(REASON)),
    Column("phone_index", LargeBinary, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("matched", Boolean, nullable=False),
    # Looked through again and again: those that belong to no message yet.
    Index("ix_reports_unmatched", "matched", "at"),
    Index("ix_reports_at", "at"),
)

_INSERT = Prepared(
    insert(reports)
    .values(
        provider_id=bindparam("provider_id"),
        status=bindparam("status"),
        reason=bindparam("reason"),
        phone_index=bindparam("phone"),
        at=bindparam("now"),
        matched=False,
    )
    .on_conflict_do_nothing(index_elements=["provider_id", "status"])
)


def take(
    conn: Connection,
    keys: KeyRing,
    *,
    provider_id: str,
    status: str,
    reason: str | None,
    phone: Msisdn | None,
    now: datetime,
) -> bool:
    """Store a report, whatever its words are; whether it is new. The first of each word counts, with its moment."""
    added = _INSERT.run(
        conn,
        provider_id=kept(provider_id, PROVIDER_ID),
        status=kept(status, STATUS),
        reason=reason and kept(reason, REASON),
        phone=phone and phone_index(keys, phone),
        now=now,
    )
    return bool(added)


def kept(word: str, most: int) -> str:
    """A provider's word as the database can keep it: without NUL, cut to `most` characters."""
    return word.replace("\0", "")[:most]
