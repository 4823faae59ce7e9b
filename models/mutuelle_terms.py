"""What a mutuelle asks and grants (share, adhesion fee, observation, delays, percents): its own dated rows, else ours.

A term that the mutuelle never set is the parameter `mutuelle_<term>` of config/rules/parameters.csv, which is an
assumption and says so: nothing of it may be told as the law.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from config import facts
from config.faults import Fault
from models.database import Connection, Db, Prepared, metadata

ASSUMPTION = "assumption"
"""How the source of a default begins."""

mutuelle_terms = Table(
    "mutuelle_terms",
    metadata,
    Column("mutuelle_id", ForeignKey("mutuelles.id"), primary_key=True, autoincrement=False),
    Column("term", String(24), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("source", String(80), nullable=False),
)
"""A term holds from its day until the next row of the same term."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one mutuelle on one day: FCFA, percents and days.

    `member_fcfa` is a person's share of a year. `threshold_percent` of a season must be paid before cover begins (0:
    from the first franc). `late_days` after the due date care is still paid; after `suspended_days` the mutuelle may
    strike off. `instalments` of a harvest are asked on day `due_day` of their months, and dues are called `call_days`
    before their season. Reminders of a due date go `remind_before_days` before it, on the day (`remind_same_day`, 1 or
    0) and `remind_late_days` after it, 0 for never, and at most `remind_most` of them. `holdout_percent` of the
    households get none, so that their effect can be told.
    """

    member_fcfa: int
    state_percent: int
    adhesion_fcfa: int
    guarantee_percent: int
    observation_days: int
    late_days: int
    suspended_days: int
    threshold_percent: int
    cover_cscom_percent: int
    cover_csref_percent: int
    cover_hospital_percent: int
    instalments: int
    due_day: int
    call_days: int
    holdout_percent: int
    remind_before_days: int
    remind_same_day: int
    remind_late_days: int
    remind_most: int


TERMS = tuple(field.name for field in fields(Terms))
"""Every term, in the order in which it is told."""

RANGES = {
    "instalments": (1, 12),
    "due_day": (1, 28),
    "remind_before_days": (0, 30),
    "remind_same_day": (0, 1),
    "remind_late_days": (0, 90),
    "remind_most": (0, 2),
}
"""The lowest and the highest value of a term that has other limits than FCFA, percents and days have."""


class BadTerm(Fault):
    """A term or its value cannot be used; the message says what may be written."""


_OF_MUTUELLE = Prepared(
    select(mutuelle_terms.c.term, mutuelle_terms.c.value, mutuelle_terms.c.source)
    .where(
        mutuelle_terms.c.mutuelle_id == bindparam("mutuelle_id"),
        mutuelle_terms.c.valid_from <= bindparam("day", type_=Date),
    )
    .order_by(mutuelle_terms.c.valid_from)
)


def of_mutuelle(db: Db, mutuelle_id: int, day: date) -> Terms:
    """The terms of a mutuelle on `day`: one select. Raises DatabaseAway."""
    own = {term: value for term, value, _ in _OF_MUTUELLE.all(db, mutuelle_id=mutuelle_id, day=day)}
    return Terms(**{term: own[term] if term in own else int(default(term, day)[0]) for term in TERMS})


def of_all(conn: Connection, mutuelle_ids: Iterable[int], day: date) -> dict[int, Terms]:
    """The terms of many mutuelles on `day`: one select for all of them."""
    usual = {term: int(default(term, day)[0]) for term in TERMS}
    asked = (
        select(mutuelle_terms.c.mutuelle_id, mutuelle_terms.c.term, mutuelle_terms.c.value)
        .where(mutuelle_terms.c.valid_from <= day)
        .order_by(mutuelle_terms.c.valid_from)
    )
    own: dict[int, dict[str, int]] = {}
    for mutuelle_id, term, value in conn.execute(asked):
        own.setdefault(mutuelle_id, {})[term] = value
    return {one: Terms(**usual | own.get(one, {})) for one in mutuelle_ids}


def told(db: Db, mutuelle_id: int, day: date) -> tuple[tuple[str, int, str], ...]:
    """(term, value, source) of every term on `day`: the mutuelle's own rows and, for the rest, what is assumed."""
    own = {
        term: (value, source)
        for term, value, source in _OF_MUTUELLE.all(db, mutuelle_id=mutuelle_id, day=day)
    }
    return tuple((term, *(own.get(term) or default(term, day))) for term in TERMS)


@lru_cache(maxsize=256)
def default(term: str, day: date) -> tuple[int, str]:
    """(value, source) of a term that a mutuelle never set. Raises NotInForce."""
    name = f"mutuelle_{term}"
    for row in facts.SHIPPED.in_force("parameters", day):
        if row["name"] == name:
            return int(row["value"]), row["source"]
    raise facts.NotInForce(f"no parameter {name} on {day}")


def change(conn: Connection, mutuelle_id: int, term: str, value: int, valid_from: date, source: str) -> None:
    """Let a term hold from a day; a row of that very day is replaced. Dues keep those of their call. Raises BadTerm."""
    if term not in TERMS:
        raise BadTerm(f"no term {term}; known: {', '.join(TERMS)}")
    usual = (0, 100 if term.endswith("percent") and term != "state_percent" else 1_000_000)
    least, most = RANGES.get(term, usual)
    if not least <= value <= most:
        raise BadTerm(f"{term}: {least} to {most}, not {value}")
    row: dict[str, Any] = {"mutuelle_id": mutuelle_id, "term": term, "valid_from": valid_from}
    put = insert(mutuelle_terms).values(**row, value=value, source=source[:80])
    conn.execute(
        put.on_conflict_do_update(
            index_elements=list(row), set_={"value": put.excluded.value, "source": put.excluded.source}
        )
    )
