"""What ANAM should look at first among visits: signs that a bill may be wrong, and how much money hangs on it.

A sign is a reason to look, never a proof: a night at a health centre happens, and so does a mistyped digit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import exists, func, select

from config import facts
from models.acts import acts, known
from models.coverage import coverages
from models.database import Connection
from models.days import BAMAKO, bounds, day_of
from models.facilities import ROUND_THE_CLOCK, facilities
from models.incidents import NOT_HOLDER, incidents
from models.visit_answers import HAD_TO_PAY, WAS_NOT_THERE, visit_answers
from models.visit_codes import CANCELLED, OPEN, visit_codes

ALONE = "CON"
"""The act as which a code without any is counted, and one that another person showed: the least that is billed."""


class Sign(StrEnum):
    """Why a visit should be looked at."""

    NOT_HOLDER = "NOT_HOLDER"
    NOT_THERE = "NOT_THERE"
    HAD_TO_PAY = "HAD_TO_PAY"
    CLOSED_CODE = "CLOSED_CODE"
    NO_CONVENTION = "NO_CONVENTION"
    TWO_CENTRES = "TWO_CENTRES"
    ODD_HOURS = "ODD_HOURS"
    NO_ACT = "NO_ACT"


LABELS = {
    Sign.NOT_HOLDER: "le centre dit: pas la bonne personne",
    Sign.NOT_THERE: "le titulaire dit ne pas être venu",
    Sign.HAD_TO_PAY: "le titulaire dit avoir payé",
    Sign.CLOSED_CODE: "acte sur un code annulé ou expiré",
    Sign.NO_CONVENTION: "acte dans un centre sans convention",
    Sign.TWO_CENTRES: "deux centres le même jour",
    Sign.ODD_HOURS: "acte noté la nuit",
    Sign.NO_ACT: "code sans acte",
}
"""How each sign is said to people."""


@dataclass(frozen=True, slots=True)
class Case:
    """One visit to look at: its signs, and the FCFA at risk: of each act, the dearer of what was told and acts.csv.

    What a centre tells can so lift a visit in the list, never lower it.
    """

    visit_id: int
    code: str
    facility_id: int
    facility_name: str
    seen_at: datetime
    signs: tuple[Sign, ...]
    acts: tuple[str, ...]
    amount_fcfa: int


_ROWS = (
    select(
        visit_codes.c.id,
        visit_codes.c.code,
        visit_codes.c.person_id,
        visit_codes.c.facility_id,
        visit_codes.c.seen_at,
        visit_codes.c.expires_at,
        visit_codes.c.state,
        facilities.c.name.label("facility_name"),
        facilities.c.hours,
        facilities.c.kind,
        facilities.c.contracted,
        coverages.c.scheme,
        exists()
        .where(incidents.c.visit_id == visit_codes.c.id, incidents.c.kind == NOT_HOLDER)
        .label("not_holder"),
        visit_answers.c.answer,
        acts.c.act,
        acts.c.amount_fcfa,
        acts.c.recorded_at,
    )
    .select_from(
        visit_codes.join(facilities, facilities.c.id == visit_codes.c.facility_id)
        .join(coverages, coverages.c.id == visit_codes.c.coverage_id)
        .outerjoin(visit_answers, visit_answers.c.visit_id == visit_codes.c.id)
        .outerjoin(acts, (acts.c.visit_id == visit_codes.c.id) & acts.c.undone_at.is_(None))
    )
    .order_by(visit_codes.c.id, acts.c.id)
)


def cases(conn: Connection, first: date, last: date, now: datetime) -> tuple[Case, ...]:
    """The visits with a sign that centres first saw from day `first` to day `last`, the most money first.

    One pass over the visits of those days; a code that is still good is no "code without an act" yet.
    """
    start, end = bounds(first)[0], bounds(last)[1]
    elsewhere = _at_two_centres(conn, start, end)
    within = _ROWS.where(visit_codes.c.seen_at >= start, visit_codes.c.seen_at < end)
    rows = conn.execute(within.execution_options(yield_per=1_000))
    found = (_case(visit, elsewhere, now) for visit in _visits(rows))
    return tuple(
        sorted(
            (case for case in found if case.signs),
            key=lambda case: (-case.amount_fcfa, -len(case.signs), case.visit_id),
        )
    )


def _visits(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """The rows of one visit after the other: one for each act, or one without."""
    for _, visit in groupby(rows, key=lambda row: row.id):
        yield list(visit)


def _at_two_centres(conn: Connection, start: datetime, end: datetime) -> frozenset[int]:
    """The visits of people who were at two centres or more on one day."""
    within = (visit_codes.c.seen_at >= start, visit_codes.c.seen_at < end, visit_codes.c.state == OPEN)
    wanderers = (
        select(visit_codes.c.person_id)
        .where(*within)
        .group_by(visit_codes.c.person_id)
        .having(func.count(visit_codes.c.facility_id.distinct()) > 1)
    )
    seen = select(
        visit_codes.c.id, visit_codes.c.person_id, visit_codes.c.facility_id, visit_codes.c.seen_at
    ).where(*within, visit_codes.c.person_id.in_(wanderers))
    days: dict[tuple[int, date], list[Any]] = defaultdict(list)
    for row in conn.execute(seen):
        days[row.person_id, day_of(row.seen_at)].append(row)
    return frozenset(
        row.id for rows in days.values() if len({row.facility_id for row in rows}) > 1 for row in rows
    )


def _case(visit: list[Any], elsewhere: frozenset[int], now: datetime) -> Case:
    head = visit[0]
    done = [row for row in visit if row.act]
    signs = {
        Sign.NOT_HOLDER: head.not_holder,
        Sign.NOT_THERE: head.answer == WAS_NOT_THERE,
        Sign.HAD_TO_PAY: head.answer == HAD_TO_PAY,
        Sign.CLOSED_CODE: any(head.state == CANCELLED or row.recorded_at >= row.expires_at for row in done),
        Sign.NO_CONVENTION: bool(done) and not head.contracted,
        Sign.TWO_CENTRES: head.id in elsewhere,
        Sign.ODD_HOURS: head.hours != ROUND_THE_CLOCK and any(_by_night(row.recorded_at) for row in done),
        Sign.NO_ACT: not done and head.state == OPEN and head.expires_at <= now,
    }
    return Case(
        visit_id=head.id,
        code=head.code,
        facility_id=head.facility_id,
        facility_name=head.facility_name,
        seen_at=head.seen_at,
        signs=tuple(sign for sign, given in signs.items() if given),
        acts=tuple(row.act for row in done),
        amount_fcfa=_amount(head, done),
    )


def _amount(visit: Any, done: list[Any]) -> int:
    tariff = _tariff(day_of(visit.seen_at))
    billed = sum(max(tariff.get(row.act, 0), row.amount_fcfa or 0) for row in done)
    return billed if done and not visit.not_holder else max(billed, tariff.get(ALONE, 0))


def _by_night(moment: datetime) -> bool:
    day = day_of(moment)
    evening, morning = (int(facts.parameter(name, day)) for name in ("night_from_hour", "night_to_hour"))
    hour = moment.astimezone(BAMAKO).hour
    return hour >= evening or hour < morning


@lru_cache(maxsize=64)
def _tariff(day: date) -> dict[str, int]:
    return {act.code: act.amount_fcfa for act in known(day)}
