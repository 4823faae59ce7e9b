"""Visit codes (PEC): six digits that tie one visit of one person, under one right, to what a centre may bill.

A centre is given one with a verification. A person may also ask for hers by phone: that one belongs to no centre until
the first that uses it (`bind`). At one centre an open code leads to one person, so a code of no centre is nobody
else's anywhere. Never compulsory for the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import count
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    case,
    insert,
    or_,
    select,
    update,
)
from stdnum import luhn

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.days import bounds
from models.facilities import facilities
from models.locks import Overtaken, hold

OPEN, CANCELLED = "OPEN", "CANCELLED"

visit_codes = Table(
    "visit_codes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(6), nullable=False),
    Column("person_id", ForeignKey("persons.id"), nullable=False),
    Column("coverage_id", ForeignKey("coverages.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("facility_id", ForeignKey("facilities.id")),
    Column("seen_at", UtcDateTime),
    Column("channel", String(8), nullable=False, default="USSD"),
    Column("provisional", Boolean, nullable=False, default=False),
    Column("state", String(10), nullable=False, default=OPEN),
    Column("cancelled_at", UtcDateTime),
    Index("ix_visit_codes_code", "code", "expires_at"),
    Index("ix_visit_codes_person", "person_id", "expires_at"),
    Index("ix_visit_codes_facility", "facility_id", "seen_at"),
    Index("ix_visit_codes_seen", "person_id", "seen_at"),
)
"""`seen_at` is when the facility first had the code: when it was issued there, or bound. `provisional`: issued while
the register could not be asked."""


class CodeTaken(Overtaken):
    """Somebody else was given this code since it was found free: take the next candidate."""


class HasCode(Overtaken):
    """The person was given another code since it was looked for: show that one."""


class BoundElsewhere(Overtaken):
    """Another facility has used the code since it was looked for, or it was cancelled."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit code and what it stands for; `facility_id` is None while no centre has used it."""

    visit_id: int
    code: str
    person_id: int
    coverage_id: int
    facility_id: int | None
    created_at: datetime
    expires_at: datetime
    state: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """When and where a person was seen."""

    at: datetime
    facility_name: str


_COLUMNS = (
    visit_codes.c.id,
    visit_codes.c.code,
    visit_codes.c.person_id,
    visit_codes.c.coverage_id,
    visit_codes.c.facility_id,
    visit_codes.c.created_at,
    visit_codes.c.expires_at,
    visit_codes.c.state,
    visit_codes.c.provisional,
)
_IS_OPEN = (visit_codes.c.state == OPEN) & (visit_codes.c.expires_at > bindparam("now"))
_AT_FACILITY = or_(visit_codes.c.facility_id == bindparam("facility_id"), visit_codes.c.facility_id.is_(None))


def _of_person(where: Any) -> Prepared:
    of_person = visit_codes.c.person_id == bindparam("person_id")
    newest = visit_codes.c.expires_at.desc()
    return Prepared(select(*_COLUMNS).where(of_person, _IS_OPEN, where).order_by(newest).limit(1))


def _in_use(*where: Any) -> Prepared:
    same = visit_codes.c.code == bindparam("code")
    return Prepared(select(visit_codes.c.id).where(same, _IS_OPEN, *where).limit(1))


_OF_PERSON_AT = _of_person(_AT_FACILITY)
_OF_PERSON_ANYWHERE = _of_person(visit_codes.c.facility_id.is_(None))
_IN_USE_AT = _in_use(_AT_FACILITY)
_IN_USE = _in_use()
_BY_CODE = Prepared(
    select(*_COLUMNS)
    .where(visit_codes.c.code == bindparam("code"), _AT_FACILITY)
    .order_by(case((_IS_OPEN, 0), else_=1), visit_codes.c.expires_at.desc())
    .limit(1)
)
_INSERT = Prepared(
    insert(visit_codes).values(
        code=bindparam("code"),
        person_id=bindparam("person_id"),
        coverage_id=bindparam("coverage_id"),
        created_at=bindparam("now"),
        expires_at=bindparam("expires_at"),
        facility_id=bindparam("facility_id"),
        seen_at=bindparam("seen_at"),
        channel=bindparam("channel"),
        provisional=bindparam("provisional"),
        state=OPEN,
    )
)
_BIND = Prepared(
    update(visit_codes)
    .where(
        visit_codes.c.id == bindparam("visit_id"),
        visit_codes.c.facility_id.is_(None),
        visit_codes.c.state == OPEN,
    )
    .values(facility_id=bindparam("to_facility"), seen_at=bindparam("now"))
)
_OF = Prepared(select(visit_codes.c.facility_id).where(visit_codes.c.id == bindparam("visit_id")))
_CANCEL = Prepared(
    update(visit_codes)
    .where(visit_codes.c.id == bindparam("visit_id"), visit_codes.c.state == OPEN)
    .values(state=CANCELLED, cancelled_at=bindparam("now"))
)
_CONFIRM = Prepared(
    update(visit_codes)
    .where(visit_codes.c.id == bindparam("visit_id"), visit_codes.c.state == OPEN)
    .values(provisional=False)
)
_SEEN = Prepared(
    select(visit_codes.c.seen_at, facilities.c.name)
    .select_from(visit_codes.join(facilities, facilities.c.id == visit_codes.c.facility_id))
    .where(
        visit_codes.c.person_id == bindparam("person_id"),
        visit_codes.c.seen_at >= bindparam("start"),
        visit_codes.c.seen_at < bindparam("end"),
        visit_codes.c.facility_id != bindparam("besides"),
        visit_codes.c.state == OPEN,
    )
    .order_by(visit_codes.c.seen_at)
    .limit(1)
)


def codes_from(seed: bytes) -> Iterator[str]:
    """Candidates without end, the same for the same seed: five digits, the first not 0, and a check digit (Luhn)."""
    for turn in count():
        drawn = blake2b(turn.to_bytes(4), key=seed, digest_size=8).digest()
        body = str(10_000 + int.from_bytes(drawn) % 90_000)
        yield body + luhn.calc_check_digit(body)


def open_for(db: Db, person_id: int, facility_id: int | None, now: datetime) -> Visit | None:
    """A good code of the person that this facility may use, its own or one of no facility; without a facility only the
    latter, which is good everywhere. Raises DatabaseAway.
    """
    query = _OF_PERSON_ANYWHERE if facility_id is None else _OF_PERSON_AT
    at = {} if facility_id is None else {"facility_id": facility_id}
    row = query.first(db, person_id=person_id, now=now, **at)
    return Visit(*row) if row else None


def open_code(db: Db, person_id: int, now: datetime) -> str | None:
    """The person's code that is good at any facility, or None. Raises DatabaseAway."""
    visit = open_for(db, person_id, None, now)
    return visit.code if visit else None


def is_free(db: Db, code: str, now: datetime, facility_id: int | None = None) -> bool:
    """Whether a code can be issued now: at a facility, nobody else may show it there; without one, nobody anywhere.

    Raises DatabaseAway.
    """
    if facility_id is None:
        return _IN_USE.first(db, code=code, now=now) is None
    return _IN_USE_AT.first(db, code=code, now=now, facility_id=facility_id) is None


def at_facility(db: Db, code: str, facility_id: int, now: datetime) -> Visit | None:
    """What a code means at a facility: its own or one of no facility, the open one before closed and expired ones.

    None for a code that was never issued, or is another facility's. Raises DatabaseAway.
    """
    row = _BY_CODE.first(db, code=code, facility_id=facility_id, now=now)
    return Visit(*row) if row else None


def is_open(visit: Visit, now: datetime) -> bool:
    """Whether acts may be noted under the code now."""
    return visit.state == OPEN and now < visit.expires_at


def issue(
    conn: Connection,
    code: str,
    person_id: int,
    coverage_id: int,
    now: datetime,
    hours: int,
    facility_id: int | None = None,
    provisional: bool = False,
    channel: str = "USSD",
) -> datetime:
    """Give a person a code for one right; until when it is good. Raises CodeTaken, HasCode.

    One person has one code at a facility, and one code there one person, however many ask at the same time. `channel`
    is how it was asked for (USSD, SMS).
    """
    hold(conn, "visit person", str(person_id).encode())
    if open_for(conn, person_id, facility_id, now):
        raise HasCode(person_id)
    hold(conn, "visit code", code.encode())
    if not is_free(conn, code, now, facility_id):
        raise CodeTaken(code)
    expires_at = now + timedelta(hours=hours)
    _INSERT.run(
        conn,
        code=code,
        person_id=person_id,
        coverage_id=coverage_id,
        now=now,
        expires_at=expires_at,
        facility_id=facility_id,
        seen_at=None if facility_id is None else now,
        channel=channel,
        provisional=provisional,
    )
    return expires_at


def bind(conn: Connection, visit_id: int, facility_id: int, now: datetime) -> None:
    """Tie a code of no facility to the first that uses it; nothing changes at that facility later.

    Raises BoundElsewhere.
    """
    if _BIND.run(conn, visit_id=visit_id, to_facility=facility_id, now=now):
        return
    if _OF.first(conn, visit_id=visit_id) != (facility_id,):
        raise BoundElsewhere(visit_id)


def cancel(conn: Connection, visit_id: int, now: datetime) -> bool:
    """Close a code: who showed it was not its holder. False when it was closed before."""
    return _CANCEL.run(conn, visit_id=visit_id, now=now) == 1


def confirm(conn: Connection, visit_id: int) -> bool:
    """The register says so too: the code is provisional no longer. False when it was closed before."""
    return _CONFIRM.run(conn, visit_id=visit_id) == 1


def seen_today(db: Db, person_id: int, day: date, besides: int) -> Seen | None:
    """When and where the person was first seen on `day`, at other facilities than `besides`. Raises DatabaseAway."""
    start, end = bounds(day)
    row = _SEEN.first(db, person_id=person_id, start=start, end=end, besides=besides)
    return Seen(*row) if row else None
