"""What became of reminders of contributions, and what they do: who was reminded beside who was left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import case, exists, func, select

from models import ledger
from models.contribution_reminder_rules import KINDS, LADDER
from models.database import Connection
from models.days import bounds
from models.intervals import Difference, difference
from models.mutuelle_tables import ledger_entries, memberships
from models.mutuelles import mutuelles
from models.reminders import HELD_OUT, NO_PHONE, SENT, STOPPED, reminders

ALL = "TOUTES"
"""The row of all mutuelles together."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Reminders by what became of them, and due dates of households by what was paid.

    `withdrawn`: not true any more, or the cap. `told` and `alone` count each due date of a household once: whether it
    was to be reminded or held out, and `..._paid` those with a payment in the days that count from its first draw;
    `running` are those whose days are not over yet, which are in neither.
    """

    planned: int = 0
    waiting: int = 0
    sent: int = 0
    stopped: int = 0
    no_phone: int = 0
    withdrawn: int = 0
    held_out: int = 0
    said_ok: int = 0
    told: int = 0
    told_paid: int = 0
    alone: int = 0
    alone_paid: int = 0
    running: int = 0

    @property
    def effect(self) -> Difference | None:
        """The share that paid among the reminded less that among the others; None while one of both is empty."""
        if not (self.told and self.alone):
            return None
        return difference(self.told_paid, self.told, self.alone_paid, self.alone)


@dataclass(frozen=True, slots=True)
class Row:
    """The counts of one mutuelle, or of ALL."""

    code: str
    name: str
    counts: Counts


_PLACE_OF = {SENT: "sent", STOPPED: "stopped", NO_PHONE: "no_phone", HELD_OUT: "held_out", None: "waiting"}


def figures(
    conn: Connection, first: date, last: date, today: date, mutuelle_id: int | None = None
) -> list[Row]:
    """A row each for the mutuelles with reminders planned from `first` to `last`, both included, then that of ALL."""
    found: dict[int, dict[str, int]] = {}
    for of, outcome, count, answered in conn.execute(_outcomes(first, last)):
        counts = found.setdefault(of, {})
        _add(counts, _PLACE_OF.get(outcome, "withdrawn"), count)
        _add(counts, "planned", count)
        _add(counts, "said_ok", answered)
    for of, is_alone, is_over, count, paid in conn.execute(_units(first, last, today)):
        counts = found.setdefault(of, {})
        arm = "alone" if is_alone else "told"
        _add(counts, arm if is_over else "running", count)
        _add(counts, f"{arm}_paid", paid if is_over else 0)
    named = select(mutuelles.c.id, mutuelles.c.code, mutuelles.c.name).order_by(mutuelles.c.code)
    rows = [
        Row(code, name, Counts(**found[of]))
        for of, code, name in conn.execute(named)
        if of in found and mutuelle_id in (None, of)
    ]
    return [*rows, Row(ALL, "", _together(row.counts for row in rows))]


def _add(counts: dict[str, int], name: str, count: int) -> None:
    counts[name] = counts.get(name, 0) + int(count)


def _together(some: Iterable[Counts]) -> Counts:
    given = list(some)
    return Counts(*(sum(getattr(one, field.name) for one in given) for field in fields(Counts)))


def _outcomes(first: date, last: date) -> Any:
    begin, end = bounds(first)[0], bounds(last)[1]
    return (
        select(
            memberships.c.mutuelle_id, reminders.c.outcome, func.count(), func.count(reminders.c.answered_at)
        )
        .select_from(reminders.join(memberships, memberships.c.id == reminders.c.subject_id))
        .where(reminders.c.kind.in_(KINDS), reminders.c.planned_at >= begin, reminders.c.planned_at < end)
        .group_by(memberships.c.mutuelle_id, reminders.c.outcome)
    )


def _units(first: date, last: date, today: date) -> Any:
    """Due dates of households by whether they were held out, whether their days are over, and how many paid."""
    units = (
        select(
            reminders.c.subject_id,
            func.min(reminders.c.drawn_on).label("since"),
            func.min(reminders.c.counted_to).label("until"),
            func.max(case((reminders.c.outcome == HELD_OUT, 1), else_=0)).label("alone"),
        )
        .where(reminders.c.kind.in_(LADDER), reminders.c.drawn_on.between(first, last))
        .group_by(reminders.c.subject_id, reminders.c.period)
        .subquery("units")
    )
    back = ledger_entries.alias("back")
    paid = exists().where(
        ledger_entries.c.membership_id == units.c.subject_id,
        ledger_entries.c.kind == ledger.PAYMENT,
        ledger_entries.c.day.between(units.c.since, units.c.until),
        ~exists().where(back.c.reverses_id == ledger_entries.c.id),
    )
    over = case((units.c.until < today, 1), else_=0)
    return (
        select(
            memberships.c.mutuelle_id,
            units.c.alone,
            over.label("over"),
            func.count(),
            func.sum(case((paid, 1), else_=0)),
        )
        .select_from(units.join(memberships, memberships.c.id == units.c.subject_id))
        .group_by(memberships.c.mutuelle_id, units.c.alone, "over")
    )
