"""Incidents: what staff reported about a visit, such as a card shown by somebody else. For ANAM's control."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table, bindparam, insert

from models.database import Connection, Id, Prepared, UtcDateTime, metadata

NOT_HOLDER = "NOT_HOLDER"
"""Who came is not the person of the card."""

incidents = Table(
    "incidents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("reference", String(12), nullable=False, index=True),
    Column("visit_id", ForeignKey("visit_codes.id"), index=True),
    Column("facility_id", ForeignKey("facilities.id")),
    Column("created_at", UtcDateTime, nullable=False),
)

_INSERT = Prepared(
    insert(incidents).values(
        kind=bindparam("kind"),
        reference=bindparam("reference"),
        visit_id=bindparam("visit_id"),
        facility_id=bindparam("facility_id"),
        created_at=bindparam("now"),
    )
)


def open_incident(
    conn: Connection,
    *,
    kind: str,
    reference: str,
    visit_id: int | None,
    facility_id: int | None,
    now: datetime,
) -> None:
    """Note an incident; `reference` is the six digits that were told to who reported it."""
    _INSERT.run(conn, kind=kind, reference=reference, visit_id=visit_id, facility_id=facility_id, now=now)
