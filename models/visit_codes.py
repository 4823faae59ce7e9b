"""Visit codes: six digits that a person shows at the centre for one right, for a day or two. Never compulsory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import count

from sqlalchemy import Column, ForeignKey, Index, String, Table, bindparam, insert, select
from stdnum import luhn

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.locks import Overtaken, hold

visit_codes = Table(
    "visit_codes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(6), nullable=False),
    Column("person_id", ForeignKey("persons.id"), nullable=False),
    Column("coverage_id", ForeignKey("coverages.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_visit_codes_code", "code", "expires_at"),
    Index("ix_visit_codes_person", "person_id", "expires_at"),
)


class CodeTaken(Overtaken):
    """Somebody else was given this code since it was found free: take the next candidate."""


class HasCode(Overtaken):
    """The person was given another code since it was looked for: show that one."""


_OF_PERSON = Prepared(
    select(visit_codes.c.code)
    .where(visit_codes.c.person_id == bindparam("person_id"), visit_codes.c.expires_at > bindparam("now"))
    .order_by(visit_codes.c.expires_at.desc())
    .limit(1)
)
_IN_USE = Prepared(
    select(visit_codes.c.person_id)
    .where(visit_codes.c.code == bindparam("code"), visit_codes.c.expires_at > bindparam("now"))
    .limit(1)
)
_INSERT = Prepared(
    insert(visit_codes).values(
        code=bindparam("code"),
        person_id=bindparam("person_id"),
        coverage_id=bindparam("coverage_id"),
        created_at=bindparam("now"),
        expires_at=bindparam("expires_at"),
    )
)


def codes_from(seed: bytes) -> Iterator[str]:
    """Candidates without end, the same for the same seed: five digits, the first not 0, and a check digit (Luhn)."""
    for turn in count():
        drawn = blake2b(turn.to_bytes(4), key=seed, digest_size=8).digest()
        body = str(10_000 + int.from_bytes(drawn) % 90_000)
        yield body + luhn.calc_check_digit(body)


def open_code(db: Db, person_id: int, now: datetime) -> str | None:
    """The person's code that is still good, or None. Raises DatabaseAway."""
    row = _OF_PERSON.first(db, person_id=person_id, now=now)
    return row[0] if row else None


def is_free(db: Db, code: str, now: datetime) -> bool:
    """Whether nobody holds this code now. Raises DatabaseAway."""
    return _IN_USE.first(db, code=code, now=now) is None


def issue(
    conn: Connection, code: str, person_id: int, coverage_id: int, now: datetime, hours: int
) -> datetime:
    """Give a person a code for one right; until when it is good. Raises CodeTaken, HasCode.

    One person has one code, and one code one person, however many ask at the same time.
    """
    hold(conn, "visit person", str(person_id).encode())
    if open_code(conn, person_id, now):
        raise HasCode(person_id)
    hold(conn, "visit code", code.encode())
    if not is_free(conn, code, now):
        raise CodeTaken(code)
    expires_at = now + timedelta(hours=hours)
    _INSERT.run(conn, code=code, person_id=person_id, coverage_id=coverage_id, now=now, expires_at=expires_at)
    return expires_at
