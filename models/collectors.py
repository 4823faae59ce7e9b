"""Who takes cash for a mutuelle: collectors, treasurers and leaders of groups, each known by a number and a phone.

A number ("agent 204") is given once and never again: it is the holder of cash in the ledger and stands on receipts,
also after its phone was taken away. Phones fall idle as those of staff do.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from config import facts
from models.database import Connection, Db, Prepared, Sealed, UtcDateTime, metadata
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import Overtaken, hold
from models.mutuelles import mutuelles
from models.phones import PHONE, phone_index

COLLECTOR, TREASURER, LEADER = "COLLECTEUR", "TRESORIER", "CHEF_DE_GROUPE"
ROLES = (COLLECTOR, TREASURER, LEADER)
"""Who takes contributions where members live, who counts what is handed over, who collects in her own group."""

FIRST_NUMBER = 101
_LIVE = text("removed_at IS NULL")

collectors = Table(
    "collectors",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("mutuelle_id", ForeignKey("mutuelles.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("group_id", ForeignKey("member_groups.id")),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_sealed", Sealed(PHONE), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("removed_at", UtcDateTime),
    Index("ix_collectors_live", "phone_index", unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE),
)

collector_communes = Table(
    "collector_communes",
    metadata,
    Column("number", ForeignKey("collectors.number"), primary_key=True, autoincrement=False),
    Column("commune_code", String(12), primary_key=True),
)
"""The sections of a mutuelle in which she collects; without a row she does in all of it."""


class PhoneTaken(Overtaken):
    """The phone is a collector's already, under another number."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Who takes cash. `communes`: her sections, none for the whole mutuelle; `group_id`: the group that she leads."""

    number: int
    mutuelle_id: int
    mutuelle: str
    role: str
    group_id: int | None
    idle: bool
    removed: bool
    communes: frozenset[str]

    @property
    def active(self) -> bool:
        """Whether her phone may take cash now."""
        return not self.idle and not self.removed

    @property
    def holder(self) -> str:
        """Her name in the ledger."""
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Listed:
    """A collector as the operator sees her, with the phone in clear."""

    phone: Msisdn
    collector: Collector
    last_used_at: datetime | None


_COLUMNS: tuple[Any, ...] = (
    collectors.c.number,
    collectors.c.mutuelle_id,
    mutuelles.c.name,
    collectors.c.role,
    collectors.c.group_id,
    collectors.c.added_at,
    collectors.c.last_used_at,
    collectors.c.removed_at,
    collectors.c.phone_sealed,
)
_ALL = select(*_COLUMNS).select_from(collectors.join(mutuelles, mutuelles.c.id == collectors.c.mutuelle_id))
_OF_PHONE = Prepared(
    _ALL.where(collectors.c.phone_index == bindparam("phone"), collectors.c.removed_at.is_(None))
)
_BY_NUMBER = Prepared(_ALL.where(collectors.c.number == bindparam("number")))
_TREASURERS = Prepared(
    _ALL.where(
        collectors.c.mutuelle_id == bindparam("mutuelle_id"),
        collectors.c.role == TREASURER,
        collectors.c.removed_at.is_(None),
    ).order_by(collectors.c.number)
)
_COMMUNES = Prepared(
    select(collector_communes.c.commune_code).where(collector_communes.c.number == bindparam("number"))
)
_USED = Prepared(
    update(collectors).where(collectors.c.number == bindparam("of")).values(last_used_at=bindparam("now"))
)


def of_phone(db: Db, keys: KeyRing, phone: Msisdn, now: datetime) -> Collector | None:
    """Who takes cash by this phone, idle or not; None for any other phone. Raises DatabaseAway."""
    row = _OF_PHONE.first(db, phone=phone_index(keys, phone))
    return _collector(db, row, now) if row else None


def by_number(db: Db, number: int, now: datetime) -> Collector | None:
    """The collector with a number, removed or not. Raises DatabaseAway."""
    row = _BY_NUMBER.first(db, number=number)
    return _collector(db, row, now) if row else None


def phone_of(db: Db, keys: KeyRing, number: int) -> Msisdn | None:
    """The phone of a collector who still has one. Raises DatabaseAway."""
    row = _BY_NUMBER.first(db, number=number)
    return _phone(keys, row) if row and row[7] is None else None


def treasurers(
    db: Db, keys: KeyRing, mutuelle_id: int, now: datetime, but: int = 0
) -> tuple[tuple[Collector, Msisdn], ...]:
    """The treasurers of a mutuelle who are at work, without the one numbered `but`. Raises DatabaseAway."""
    found = ((_collector(db, row, now), row) for row in _TREASURERS.all(db, mutuelle_id=mutuelle_id))
    return tuple((one, _phone(keys, row)) for one, row in found if one.active and one.number != but)


def add(
    conn: Connection,
    keys: KeyRing,
    phone: Msisdn,
    mutuelle_id: int,
    role: str,
    now: datetime,
    *,
    communes: Collection[str] = (),
    group_id: int | None = None,
    number: int | None = None,
) -> int:
    """Let a phone take cash for a mutuelle; its `number`, or the next that nobody ever had. Raises PhoneTaken."""
    hold(conn, "collectors", b"")
    _refuse_taken(conn, keys, phone, None, now)
    if number is None:
        last = conn.execute(select(func.max(collectors.c.number))).scalar()
        number = max(last or 0, FIRST_NUMBER - 1) + 1
    row = {"number": number, "mutuelle_id": mutuelle_id, "role": role, "group_id": group_id, "added_at": now}
    conn.execute(insert(collectors).values(**row, **_sealed(keys, phone)))
    if communes:
        sections = [{"number": number, "commune_code": code} for code in sorted(set(communes))]
        conn.execute(insert(collector_communes), sections)
    return number


def give_phone(conn: Connection, keys: KeyRing, number: int, phone: Msisdn, now: datetime) -> bool:
    """Give a collector a phone, or hers anew: she is at work again. False without such a number. Raises PhoneTaken."""
    hold(conn, "collectors", b"")
    _refuse_taken(conn, keys, phone, number, now)
    back = {"added_at": now, "last_used_at": None, "removed_at": None, **_sealed(keys, phone)}
    done = conn.execute(update(collectors).where(collectors.c.number == number).values(back))
    return bool(done.rowcount)


def remove(conn: Connection, number: int, now: datetime) -> bool:
    """Take a collector's phone away; what she has in hand stays hers in the ledger. False when she had none."""
    hers = (collectors.c.number == number, collectors.c.removed_at.is_(None))
    return bool(conn.execute(update(collectors).where(*hers).values(removed_at=now)).rowcount)


def used(conn: Connection, number: int, now: datetime) -> None:
    """Note that she is at work, so that her phone does not fall idle."""
    _USED.run(conn, of=number, now=now)


def everybody(
    conn: Connection, keys: KeyRing, now: datetime, mutuelle_id: int | None = None
) -> tuple[Listed, ...]:
    """Everybody who ever had a number, of one mutuelle or of all, by number. For the operator."""
    query = _ALL.order_by(collectors.c.number)
    if mutuelle_id is not None:
        query = query.where(collectors.c.mutuelle_id == mutuelle_id)
    return tuple(
        Listed(_phone(keys, row), _collector(conn, row, now), row[6]) for row in conn.execute(query).all()
    )


def _refuse_taken(conn: Connection, keys: KeyRing, phone: Msisdn, number: int | None, now: datetime) -> None:
    before = of_phone(conn, keys, phone, now)
    if before is not None and before.number != number:
        raise PhoneTaken


def _sealed(keys: KeyRing, phone: Msisdn) -> dict[str, Any]:
    return {"phone_index": phone_index(keys, phone), "phone_sealed": keys.seal(phone.e164, PHONE)}


def _phone(keys: KeyRing, row: Any) -> Msisdn:
    return Msisdn.parse(keys.unseal(row[8], PHONE))


def _collector(db: Db, row: Any, now: datetime) -> Collector:
    number, mutuelle_id, mutuelle, role, group_id, added_at, last_used_at, removed_at = row[:8]
    days = int(facts.parameter("staff_idle_days", day_of(now)))
    idle = now - max(last_used_at or added_at, added_at) > timedelta(days=days)
    communes = frozenset(code for (code,) in _COMMUNES.all(db, number=number))
    return Collector(number, mutuelle_id, mutuelle, role, group_id, idle, removed_at is not None, communes)
