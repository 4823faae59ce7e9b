"""Agents: the phone by which each is known, and what she may do: steer campaigns, or register people for a scheme.

A campaign names its author and its approver; an agent's phone stands for that name when she writes by SMS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import PHONE, phone_index

CAMPAIGN, RAMED, MUTUELLE = "CAMPAIGN", "RAMED", "MUTUELLE"
ROLES = (CAMPAIGN, RAMED, MUTUELLE)
"""Who steers campaigns; who registers people, and for which scheme unless she says another."""

ENROLLERS = (RAMED, MUTUELLE)

agents = Table(
    "agents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("phone_index", LargeBinary, nullable=False, unique=True),
    Column("phone_sealed", Sealed(PHONE), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("role", String(12), nullable=False, server_default=CAMPAIGN),
)


@dataclass(frozen=True, slots=True)
class Agent:
    """A name as campaigns have it, its phone, and one of ROLES."""

    name: str
    phone: Msisdn
    role: str


_OF_PHONE = Prepared(select(agents.c.name, agents.c.role).where(agents.c.phone_index == bindparam("phone")))


def name_of(db: Db, keys: KeyRing, phone: Msisdn) -> str | None:
    """The agent of campaigns whose phone this is, or None. Raises DatabaseAway."""
    name, role = _OF_PHONE.first(db, phone=phone_index(keys, phone)) or ("", "")
    return name if role == CAMPAIGN else None


def enroller(db: Db, keys: KeyRing, phone: Msisdn) -> tuple[str, str] | None:
    """(name, role) of the agent who registers people by this phone, or None. Raises DatabaseAway."""
    name, role = _OF_PHONE.first(db, phone=phone_index(keys, phone)) or ("", "")
    return (name, role) if role in ENROLLERS else None


def add(
    conn: Connection, keys: KeyRing, name: str, phone: Msisdn, now: datetime, role: str = CAMPAIGN
) -> bool:
    """Let a phone stand for a name; False when the name or the phone is an agent's already."""
    row = {
        "name": name[:40],
        "phone_index": phone_index(keys, phone),
        "phone_sealed": keys.seal(phone.e164, PHONE),
        "added_at": now,
        "role": role,
    }
    new = insert(agents).values(row).on_conflict_do_nothing().returning(agents.c.id)
    return conn.execute(new).first() is not None


def remove(conn: Connection, name: str) -> bool:
    """Take an agent's phone away; her campaigns keep her name. False when there is no such agent."""
    return bool(conn.execute(delete(agents).where(agents.c.name == name)).rowcount)


def everybody(conn: Connection, keys: KeyRing) -> tuple[Agent, ...]:
    """Every agent, by name."""
    rows = conn.execute(select(agents.c.name, agents.c.phone_sealed, agents.c.role).order_by(agents.c.name))
    return tuple(
        Agent(row.name, Msisdn.parse(keys.unseal(row.phone_sealed, PHONE)), row.role) for row in rows
    )
