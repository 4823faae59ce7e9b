"""Phones of health staff, each tied to one facility: asked for by code, confirmed by the chief, lost when unused.

A number alone proves little (a SIM can be swapped, a sender can be forged), so a tie is made by two: whoever has the
facility's activation code asks, the chief's own phone says yes. Whoever adds or removes writes the audit row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    bindparam,
    insert,
    or_,
    select,
    text,
    update,
)

from config import facts
from models.database import Connection, Db, Id, Prepared, Sealed, UtcDateTime, metadata
from models.days import day_of
from models.facilities import FACILITY_COLUMNS, Facility, facilities, facility_from
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import Overtaken, hold
from models.phones import PHONE, phone_index

STAFF, CHIEF = "STAFF", "CHIEF"
PENDING, ACTIVE, REFUSED, REMOVED, FLAGGED = "PENDING", "ACTIVE", "REFUSED", "REMOVED", "FLAGGED"
LIVE = (PENDING, ACTIVE, FLAGGED)
"""States of a tie that still stands in some way: a phone has one of these at most."""

_LIVE = text("state IN ('PENDING', 'ACTIVE', 'FLAGGED')")

staff_phones = Table(
    "staff_phones",
    metadata,
    Column("id", Id, primary_key=True),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_sealed", Sealed(PHONE), nullable=False),
    Column("facility_id", ForeignKey("facilities.id"), nullable=False),
    Column("role", String(8), nullable=False),
    Column("state", String(8), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Index("ix_staff_phones_phone", "phone_index"),
    Index("ix_staff_phones_facility", "facility_id", "state"),
    Index("ix_staff_phones_live", "phone_index", unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE),
)
"""`settled_at` is when the state was last changed by somebody, `last_used_at` when the phone last asked as staff."""


class AlreadyTied(Overtaken):
    """The phone is active at a facility: it must be removed there first."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A phone's tie to a facility. `idle`: unused for longer than the parameter staff_idle_days."""

    staff_id: int
    facility: Facility
    role: str
    state: str
    idle: bool

    @property
    def active(self) -> bool:
        """Whether this phone may ask as staff now."""
        return self.state == ACTIVE and not self.idle

    @property
    def is_chief(self) -> bool:
        """Whether this phone may also add and remove others, and say yes to who asks."""
        return self.active and self.role == CHIEF


@dataclass(frozen=True, slots=True)
class Listed:
    """A tie as a supervisor sees it, with the phone in clear."""

    phone: Msisdn
    staff: Staff
    last_used_at: datetime | None


_COLUMNS: tuple[Any, ...] = (
    staff_phones.c.id,
    staff_phones.c.role,
    staff_phones.c.state,
    staff_phones.c.asked_at,
    staff_phones.c.settled_at,
    staff_phones.c.last_used_at,
    *FACILITY_COLUMNS,
)
_STANDS = or_(*(staff_phones.c.state == state for state in LIVE))
_TIES = staff_phones.join(facilities, facilities.c.id == staff_phones.c.facility_id)
_OF_PHONE = Prepared(
    select(*_COLUMNS)
    .select_from(_TIES)
    .where(staff_phones.c.phone_index == bindparam("phone"), _STANDS)
    .limit(1)
)
_CHIEF = Prepared(
    select(staff_phones.c.phone_sealed)
    .where(
        staff_phones.c.facility_id == bindparam("facility_id"),
        staff_phones.c.role == CHIEF,
        staff_phones.c.state == ACTIVE,
    )
    .order_by(staff_phones.c.settled_at.desc(), staff_phones.c.id.desc())
    .limit(1)
)
_INSERT = (
    insert(staff_phones)
    .values(
        phone_index=bindparam("phone"),
        phone_sealed=bindparam("sealed"),
        facility_id=bindparam("facility_id"),
        role=bindparam("role"),
        state=bindparam("state"),
        asked_at=bindparam("now"),
        settled_at=bindparam("settled_at"),
    )
    .returning(staff_phones.c.id)
)
_ADD = Prepared(_INSERT)
_END = Prepared(
    update(staff_phones)
    .where(staff_phones.c.id == bindparam("staff_id"), staff_phones.c.state == bindparam("before"))
    .values(state=bindparam("after"), settled_at=bindparam("now"))
)
_USED = Prepared(
    update(staff_phones)
    .where(staff_phones.c.id == bindparam("staff_id"))
    .values(last_used_at=bindparam("now"))
)


def of_phone(db: Db, keys: KeyRing, phone: Msisdn, now: datetime) -> Staff | None:
    """A phone's tie that still stands, or None for a phone that has none: one select. Raises DatabaseAway."""
    row = _OF_PHONE.first(db, phone=phone_index(keys, phone))
    return _staff(row, now) if row else None


def chief(db: Db, keys: KeyRing, facility_id: int) -> Msisdn | None:
    """The phone of a facility's chief, the newest when there are several. Raises DatabaseAway."""
    row = _CHIEF.first(db, facility_id=facility_id)
    return Msisdn.parse(keys.unseal(row[0], PHONE)) if row else None


def request(conn: Connection, keys: KeyRing, phone: Msisdn, facility_id: int, now: datetime) -> int:
    """Note that a phone asks to be tied to a facility; the tie's id, for `settle`.

    What it had before ends: another request, a tie that was flagged or fell idle. Raises AlreadyTied.
    """
    before = _held(conn, keys, phone, now)
    if before and before.active:
        raise AlreadyTied
    _end(conn, before, now)
    return _insert(conn, keys, phone, facility_id, STAFF, PENDING, now)


def settle(conn: Connection, staff_id: int, accepted: bool, now: datetime) -> bool:
    """The chief's answer to a request; False when it no longer waits for one."""
    state = ACTIVE if accepted else REFUSED
    return _END.run(conn, staff_id=staff_id, before=PENDING, after=state, now=now) == 1


def add(conn: Connection, keys: KeyRing, phone: Msisdn, facility_id: int, role: str, now: datetime) -> int:
    """Tie a phone to a facility at once, STAFF or CHIEF; the tie's id. For who vouches: a chief, a supervisor.

    Raises AlreadyTied for a phone that is active at another facility.
    """
    before = _held(conn, keys, phone, now)
    if before and before.active and before.facility.facility_id != facility_id:
        raise AlreadyTied
    _end(conn, before, now)
    return _insert(conn, keys, phone, facility_id, role, ACTIVE, now)


def remove(conn: Connection, keys: KeyRing, phone: Msisdn, facility_id: int, now: datetime) -> bool:
    """Untie a phone from a facility; False when it was not tied there."""
    before = _held(conn, keys, phone, now)
    if before is None or before.facility.facility_id != facility_id:
        return False
    return _end(conn, before, now)


def flag(conn: Connection, keys: KeyRing, phone: Msisdn, now: datetime) -> bool:
    """Stop a phone whose SIM may be in other hands until it is enrolled anew; False when it was not active."""
    before = _held(conn, keys, phone, now)
    if before is None or before.state != ACTIVE:
        return False
    return _END.run(conn, staff_id=before.staff_id, before=ACTIVE, after=FLAGGED, now=now) == 1


def used(conn: Connection, staff_id: int, now: datetime) -> None:
    """Note that the phone asked as staff, so that it does not fall idle."""
    _USED.run(conn, staff_id=staff_id, now=now)


def everybody(
    conn: Connection, keys: KeyRing, now: datetime, facility_id: int | None = None
) -> tuple[Listed, ...]:
    """Every tie that still stands, of one facility or of all, by facility and role. For a supervisor."""
    query = (
        select(*_COLUMNS, staff_phones.c.phone_sealed)
        .select_from(_TIES)
        .where(_STANDS)
        .order_by(facilities.c.name, staff_phones.c.facility_id, staff_phones.c.role, staff_phones.c.id)
    )
    if facility_id is not None:
        query = query.where(staff_phones.c.facility_id == facility_id)
    return tuple(
        Listed(Msisdn.parse(keys.unseal(row[-1], PHONE)), _staff(row[:-1], now), row.last_used_at)
        for row in conn.execute(query)
    )


def _held(conn: Connection, keys: KeyRing, phone: Msisdn, now: datetime) -> Staff | None:
    """The phone's tie, that nobody else can change before this transaction ends."""
    hold(conn, "staff phone", phone_index(keys, phone))
    return of_phone(conn, keys, phone, now)


def _end(conn: Connection, before: Staff | None, now: datetime) -> bool:
    if before is None:
        return False
    return _END.run(conn, staff_id=before.staff_id, before=before.state, after=REMOVED, now=now) == 1


def _insert(
    conn: Connection, keys: KeyRing, phone: Msisdn, facility_id: int, role: str, state: str, now: datetime
) -> int:
    ((staff_id,),) = _ADD.all(
        conn,
        phone=phone_index(keys, phone),
        sealed=keys.seal(phone.e164, PHONE),
        facility_id=facility_id,
        role=role,
        state=state,
        now=now,
        settled_at=now if state == ACTIVE else None,
    )
    return int(staff_id)


def _staff(row: Any, now: datetime) -> Staff:
    staff_id, role, state, asked_at, settled_at, last_used_at = row[:6]
    days = int(facts.parameter("staff_idle_days", day_of(now)))
    last = max(moment for moment in (asked_at, settled_at, last_used_at) if moment)
    idle = now - last > timedelta(days=days)
    return Staff(staff_id, facility_from(row[6:]), role, state, idle)
