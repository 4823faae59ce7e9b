"""Acts of care, noted by a centre under a visit code: each once, undone until midnight, added up by day and month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    bindparam,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from config import facts
from config.vocabulary import YES
from models import verifications
from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.days import bounds, day_of, month_bounds
from models.locks import Overtaken
from models.places import fold
from models.visit_codes import OPEN, visit_codes

MOST_UNSIGNED = 20
"""Codes without an act that a sheet names; more are not read out by SMS anyway."""

LEAST = 4
"""Letters of a label that name an act."""

_STANDING = text("undone_at IS NULL")

acts = Table(
    "acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("visit_id", ForeignKey("visit_codes.id"), nullable=False),
    Column("facility_id", ForeignKey("facilities.id"), nullable=False),
    Column("act", String(3), nullable=False),
    Column("nth", SmallInteger, nullable=False),
    Column("amount_fcfa", Integer),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("staff_id", ForeignKey("staff_phones.id"), nullable=False),
    Column("undone_at", UtcDateTime),
    Index("ix_acts_facility", "facility_id", "recorded_at"),
    Index(
        "ix_acts_once",
        "visit_id",
        "act",
        "nth",
        unique=True,
        postgresql_where=_STANDING,
        sqlite_where=_STANDING,
    ),
)
"""`act` is a code of config/rules/acts.csv; `nth` tells a second true act of one visit from a repeated message."""


class AlreadyRecorded(Overtaken):
    """This act of this visit was noted before, at `at` (E31)."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of act: `digit` is its key on a menu, or empty; `sensitive` when it tells of a pregnancy or the like.

    `amount_fcfa` is what one costs about, to rank what is controlled: nobody is billed by it.
    """

    code: str
    label: str
    digit: str
    sensitive: bool
    amount_fcfa: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A facility's day or month: verifications by answer, acts by code, and the codes under which nothing was noted."""

    verified: int
    ok: int
    refused: int
    acts: dict[str, int]
    unsigned: tuple[str, ...]

    @property
    def acts_total(self) -> int:
        """How many acts, of all kinds."""
        return sum(self.acts.values())


_INSERT = Prepared(
    insert(acts)
    .values(
        visit_id=bindparam("visit_id"),
        facility_id=bindparam("facility_id"),
        act=bindparam("act"),
        nth=bindparam("nth"),
        amount_fcfa=bindparam("amount"),
        recorded_at=bindparam("now"),
        staff_id=bindparam("staff_id"),
    )
    .on_conflict_do_nothing(index_elements=["visit_id", "act", "nth"], index_where=_STANDING)
)
_LAST = Prepared(
    select(acts.c.recorded_at).where(
        acts.c.visit_id == bindparam("visit_id"),
        acts.c.act == bindparam("act"),
        acts.c.nth == bindparam("nth"),
        acts.c.undone_at.is_(None),
    )
)
_ANY = Prepared(
    select(acts.c.id).where(acts.c.visit_id == bindparam("visit_id"), acts.c.undone_at.is_(None)).limit(1)
)
_OF_TODAY = (
    acts.c.visit_id == bindparam("of_visit"),
    acts.c.recorded_at >= bindparam("start"),
    acts.c.recorded_at < bindparam("end"),
    acts.c.undone_at.is_(None),
)
_UNDO = Prepared(update(acts).where(*_OF_TODAY).values(undone_at=bindparam("now")))
_UNDO_ONE = Prepared(
    update(acts).where(*_OF_TODAY, acts.c.act == bindparam("which")).values(undone_at=bindparam("now"))
)
_ON_DAY = Prepared(select(acts.c.act).where(*_OF_TODAY).order_by(acts.c.id))
_COUNT = Prepared(
    select(acts.c.act, func.count())
    .where(
        acts.c.facility_id == bindparam("facility_id"),
        acts.c.recorded_at >= bindparam("start"),
        acts.c.recorded_at < bindparam("end"),
        acts.c.undone_at.is_(None),
    )
    .group_by(acts.c.act)
)
_UNSIGNED = Prepared(
    select(visit_codes.c.code)
    .where(
        visit_codes.c.facility_id == bindparam("facility_id"),
        visit_codes.c.seen_at >= bindparam("start"),
        visit_codes.c.seen_at < bindparam("end"),
        visit_codes.c.state == OPEN,
        ~exists().where(acts.c.visit_id == visit_codes.c.id, acts.c.undone_at.is_(None)),
    )
    .order_by(visit_codes.c.seen_at, visit_codes.c.id)
    .limit(bindparam("limit"))
)


def known(day: date) -> tuple[Act, ...]:
    """The kinds of act that can be noted on `day`, in the order of the menu."""
    return tuple(
        Act(row["code"], row["label"], row["digit"], row["sensitive"] == YES, int(row["amount_fcfa"]))
        for row in facts.SHIPPED.in_force("acts", day)
    )


def named(word: str, day: date) -> Act | None:
    """The kind of act that `word` names, in capitals: its code, its digit on the menu, or the beginning of its label.

    None for another word. A beginning has LEAST letters, or it could be the code of something else.
    """
    kinds = known(day)
    exact = (act for act in kinds if word and word in (act.code, act.digit))
    begun = (act for act in kinds if len(word) >= LEAST and fold(act.label).startswith(word))
    return next(exact, None) or next(begun, None)


def record(
    conn: Connection,
    visit_id: int,
    facility_id: int,
    act: str,
    nth: int,
    amount: int | None,
    staff_id: int,
    now: datetime,
) -> None:
    """Note one act of a visit; `amount` in FCFA when the centre told one. Raises AlreadyRecorded."""
    added = _INSERT.run(
        conn,
        visit_id=visit_id,
        facility_id=facility_id,
        act=act,
        nth=nth,
        amount=amount,
        staff_id=staff_id,
        now=now,
    )
    if not added:
        # None when it was undone in this very moment.
        raise AlreadyRecorded(last(conn, visit_id, act, nth) or now)


def last(db: Db, visit_id: int, act: str, nth: int) -> datetime | None:
    """When the `nth` act of this kind in a visit was noted; None while it is not, or is undone. Raises DatabaseAway."""
    row = _LAST.first(db, visit_id=visit_id, act=act, nth=nth)
    return row[0] if row else None


def any_of(db: Db, visit_id: int) -> bool:
    """Whether an act of the visit stands. Raises DatabaseAway."""
    return _ANY.first(db, visit_id=visit_id) is not None


def standing_on(db: Db, visit_id: int, day: date) -> tuple[str, ...]:
    """Codes of the acts of a visit that were noted on a day and stand, in their order. Raises DatabaseAway."""
    start, end = bounds(day)
    return tuple(act for (act,) in _ON_DAY.all(db, of_visit=visit_id, start=start, end=end))


def undo(conn: Connection, visit_id: int, act: str | None, now: datetime) -> int:
    """Take back what was noted today under a visit, one kind of act or all (None); how many acts.

    What was noted before midnight stands, and is for the control to mend.
    """
    start, end = bounds(day_of(now))
    if act is None:
        return _UNDO.run(conn, of_visit=visit_id, start=start, end=end, now=now)
    return _UNDO_ONE.run(conn, of_visit=visit_id, start=start, end=end, now=now, which=act)


def count_on(db: Db, facility_id: int, day: date) -> int:
    """How many acts that stand a facility noted on a day. Raises DatabaseAway."""
    return sum(_by_code(db, facility_id, *bounds(day)).values())


def sheet(db: Db, facility_id: int, day: date) -> Sheet:
    """A facility's day. Raises DatabaseAway."""
    return _sheet(db, facility_id, *bounds(day))


def month(db: Db, facility_id: int, first_day: date) -> Sheet:
    """A facility's month, that of `first_day`. Raises DatabaseAway."""
    return _sheet(db, facility_id, *month_bounds(first_day))


def _sheet(db: Db, facility_id: int, start: datetime, end: datetime) -> Sheet:
    asked = verifications.counts(db, facility_id, start, end)
    done = _by_code(db, facility_id, start, end)
    unsigned = _UNSIGNED.all(db, facility_id=facility_id, start=start, end=end, limit=MOST_UNSIGNED)
    return Sheet(
        asked.verified, asked.ok, asked.verified - asked.ok, done, tuple(code for (code,) in unsigned)
    )


def _by_code(db: Db, facility_id: int, start: datetime, end: datetime) -> dict[str, int]:
    """Acts that stand, by code, the most frequent first."""
    rows = _COUNT.all(db, facility_id=facility_id, start=start, end=end)
    return {act: int(number) for act, number in sorted(rows, key=lambda row: (-row[1], row[0]))}
