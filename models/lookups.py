"""Look-ups counted, in the transaction that answers them: guessing is locked, a restart forgets nothing.

Misses (numbers that do not exist, proofs that failed) have four budgets: of a phone by the hour and by the day, of a
facility and of the country by the day. Hits have one, of a phone by the hour. Hours and days roll: they are the last 60
minutes and the last 24 hours. Redis has no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    bindparam,
    func,
    insert,
    select,
)

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import Overtaken, hold

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NO_FACILITY = 0
"""An id that no facility has."""

lookup_misses = Table(
    "lookup_misses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("asker_index", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("facility_id", ForeignKey("facilities.id")),
    Column("budgeted", Boolean, nullable=False, default=False),
    Index("ix_lookup_misses_asker", "asker_index", "at"),
    Index("ix_lookup_misses_facility", "facility_id", "at"),
    Index("ix_lookup_misses_country", "budgeted", "at"),
)
"""`budgeted` misses are those of `spend_miss`, which the country's budget counts."""

lookup_hits = Table(
    "lookup_hits",
    metadata,
    Column("id", Id, primary_key=True),
    Column("asker_index", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("numbers", SmallInteger, nullable=False),
    Index("ix_lookup_hits_asker", "asker_index", "at"),
)


class TooManyMisses(Overtaken):
    """Other look-ups have failed meanwhile: this one was too many, and is not counted."""


class TooManyHits(Overtaken):
    """Other look-ups of the same asker have found somebody meanwhile: these were too many, and are not counted."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many look-ups may fail or succeed: settings of the installation, with these defaults (assumption).

    The public may use up only a part of the country's misses, so that guessers cannot lock out the centres.
    """

    misses_an_hour: int = 5
    misses_a_day: int = 10
    facility_misses_a_day: int = 200
    country_misses_a_day: int = 2_000
    public_misses_a_day: int = 1_000
    hits_an_hour: int = 60


@dataclass(frozen=True, slots=True)
class Left:
    """How many more look-ups of an asker may fail, and how many may find somebody: 0 means locked."""

    misses: int
    hits: int


MISSES = (
    select(func.count())
    .where(lookup_misses.c.asker_index == bindparam("asker"), lookup_misses.c.at >= bindparam("since"))
    .scalar_subquery()
)
"""A column for selects that look somebody up: how often `asker` missed since `since`."""

_COUNT = Prepared(select(MISSES))
_INSERT = Prepared(
    insert(lookup_misses).values(
        asker_index=bindparam("asker"),
        at=bindparam("now"),
        facility_id=bindparam("facility_id"),
        budgeted=bindparam("budgeted"),
    )
)
_INSERT_HITS = Prepared(
    insert(lookup_hits).values(
        asker_index=bindparam("asker"), at=bindparam("now"), numbers=bindparam("numbers")
    )
)
_OF_ASKER = lookup_misses.c.asker_index == bindparam("asker")
_OF_FACILITY = lookup_misses.c.facility_id == bindparam("facility_id")
_LAST_HOUR = lookup_misses.c.at > bindparam("hour")
_LAST_DAY = lookup_misses.c.at > bindparam("day")
_SPENT = Prepared(
    select(
        select(func.count()).where(_OF_ASKER, _LAST_HOUR).scalar_subquery(),
        select(func.count()).where(_OF_ASKER, _LAST_DAY).scalar_subquery(),
        select(func.count()).where(_OF_FACILITY, _LAST_DAY).scalar_subquery(),
        select(func.count()).where(lookup_misses.c.budgeted, _LAST_DAY).scalar_subquery(),
        select(func.count())
        .where(lookup_misses.c.budgeted, lookup_misses.c.facility_id.is_(None), _LAST_DAY)
        .scalar_subquery(),
        select(func.coalesce(func.sum(lookup_hits.c.numbers), 0))
        .where(lookup_hits.c.asker_index == bindparam("asker"), lookup_hits.c.at > bindparam("hour"))
        .scalar_subquery(),
    )
)


def asker_index(keys: KeyRing, asker: Msisdn | str) -> bytes:
    """What misses are counted by: the asking phone, or an opaque subject such as `person:12` that proofs failed for.

    Keyed, and of no use for finding the phone's person.
    """
    return keys.index(asker.e164 if isinstance(asker, Msisdn) else asker, "asker")


def record_miss(conn: Connection, keys: KeyRing, asker: Msisdn | str, now: datetime) -> None:
    """Count one look-up that found nobody, or one proof that failed."""
    _INSERT.run(conn, asker=asker_index(keys, asker), now=now, facility_id=None, budgeted=False)


def record_try(
    conn: Connection, keys: KeyRing, asker: Msisdn | str, now: datetime, *, since: datetime, most: int
) -> None:
    """Count a miss, one at a time for an asker. Raises TooManyMisses when it has `most` of them since `since`."""
    hold(conn, "misses", asker_index(keys, asker))
    if misses_since(conn, keys, asker, since) >= most:
        raise TooManyMisses
    record_miss(conn, keys, asker, now)


def misses_since(db: Db, keys: KeyRing, asker: Msisdn | str, since: datetime) -> int:
    """How many look-ups of this phone, or proofs for this subject, failed since a moment (aware)."""
    (count,) = _COUNT.first(db, asker=asker_index(keys, asker), since=since) or (0,)
    return int(count)


def standing(
    db: Db, keys: KeyRing, asker: Msisdn, facility_id: int | None, now: datetime, budgets: Budgets
) -> Left:
    """What an asker has left, to look at before anybody is looked up: one select. Raises DatabaseAway."""
    row = _SPENT.first(
        db,
        asker=asker_index(keys, asker),
        facility_id=facility_id or NO_FACILITY,
        hour=now - HOUR,
        day=now - DAY,
    )
    hour, day, facility, country, public, hits = map(int, row or (0,) * 6)
    misses = min(
        budgets.misses_an_hour - hour,
        budgets.misses_a_day - day,
        budgets.facility_misses_a_day - facility,
        budgets.country_misses_a_day - country,
        budgets.misses_a_day if facility_id else budgets.public_misses_a_day - public,
    )
    return Left(max(misses, 0), max(budgets.hits_an_hour - hits, 0))


def spend_miss(
    conn: Connection,
    keys: KeyRing,
    asker: Msisdn,
    facility_id: int | None,
    now: datetime,
    budgets: Budgets,
) -> None:
    """Count one look-up that found nobody against every budget. Raises TooManyMisses.

    Misses of the whole country wait for each other until the transaction ends, so this comes last in it.
    """
    hold(conn, "misses", asker_index(keys, asker))
    if facility_id is not None:
        hold(conn, "facility misses", str(facility_id).encode())
    hold(conn, "country misses", b"")
    if standing(conn, keys, asker, facility_id, now, budgets).misses == 0:
        raise TooManyMisses
    _INSERT.run(conn, asker=asker_index(keys, asker), now=now, facility_id=facility_id, budgeted=True)


def spend_hit(
    conn: Connection, keys: KeyRing, asker: Msisdn, now: datetime, budgets: Budgets, count: int = 1
) -> None:
    """Count look-ups that found `count` people, all of them or none. Raises TooManyHits."""
    hold(conn, "hits", asker_index(keys, asker))
    if standing(conn, keys, asker, None, now, budgets).hits < count:
        raise TooManyHits
    _INSERT_HITS.run(conn, asker=asker_index(keys, asker), now=now, numbers=count)
