"""Reading what a report of the mutuelles is made of: one statement a subject, each by mutuelle, as of a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, union_all

from models import ledger
from models.acts import acts
from models.coverage import LEFT, coverages
from models.database import Connection
from models.days import bounds
from models.dues import COTISATION, dues
from models.mutuelle_figures import Season
from models.mutuelle_tables import ledger_entries, ledger_lines, memberships
from models.people import persons
from models.periods import Period
from models.visit_codes import visit_codes

Found = dict[int, dict[str, Any]]
"""Figures by name, by mutuelle."""

SCHEME, ADHERENT = "MUTUELLE", "ADHERENT"
CALLED = (ledger.DUE, ledger.ADJUSTMENT)
"""Kinds of entries that change what a household owes; every other one is about paying it."""

MONEY = (ledger.CAISSE, ledger.COLLECTEUR, ledger.MOBILE)
PAID = (ledger.PAYMENT, ledger.REVERSAL)


def _running(day: date) -> ColumnElement[bool]:
    """A membership that runs at the end of a day."""
    return and_(
        memberships.c.joined_on <= day, or_(memberships.c.ended_on.is_(None), memberships.c.ended_on > day)
    )


def _living(day: date) -> ColumnElement[bool]:
    return and_(persons.c.erased_at.is_(None), or_(persons.c.died_on.is_(None), persons.c.died_on > day))


def _sum(amount: Any, *conditions: Any) -> ColumnElement[int]:
    """The sum of `amount` where all conditions hold; 0 of none."""
    return func.coalesce(func.sum(case((and_(*conditions), amount), else_=0)), 0)


def members(conn: Connection, day: date) -> Found:
    """Households with an account here, their people, and the communes in which these live."""
    counted = select(memberships.c.mutuelle_id, _sum(1, _running(day))).where(memberships.c.joined_on <= day)
    found: Found = {
        mutuelle_id: {
            "accounts": int(count),
            "members": int(count),
            "beneficiaries": 0,
            "communes": frozenset(),
        }
        for mutuelle_id, count in conn.execute(counted.group_by(memberships.c.mutuelle_id))
    }
    people = (
        select(memberships.c.mutuelle_id, persons.c.commune_code, func.count())
        .join(persons, persons.c.household_id == memberships.c.household_id)
        .where(_running(day), _living(day))
        .group_by(memberships.c.mutuelle_id, persons.c.commune_code)
    )
    for mutuelle_id, commune, count in conn.execute(people):
        found[mutuelle_id]["beneficiaries"] += int(count)
        found[mutuelle_id]["communes"] |= {commune}
    return found


def registered(conn: Connection, day: date) -> Found:
    """The same of households that never had an account here, out of the rights that a register's file brought."""
    asked = (
        select(
            coverages.c.mutuelle_id,
            persons.c.commune_code,
            func.count(),
            _sum(1, coverages.c.role == ADHERENT),
        )
        .join(persons, persons.c.id == coverages.c.person_id)
        .where(
            coverages.c.scheme == SCHEME,
            coverages.c.status.not_in(sorted(LEFT)),
            coverages.c.valid_from <= day,
            coverages.c.mutuelle_id.is_not(None),
            ~exists().where(memberships.c.household_id == persons.c.household_id),
            _living(day),
        )
        .group_by(coverages.c.mutuelle_id, persons.c.commune_code)
    )
    found: Found = defaultdict(lambda: {"members": 0, "beneficiaries": 0, "communes": frozenset()})
    for mutuelle_id, commune, people, households in conn.execute(asked):
        figures = found[mutuelle_id]
        figures["members"] += int(households)
        figures["beneficiaries"] += int(people)
        figures["communes"] |= {commune}
    return found


def contributions(conn: Connection, period: Period, season: Period) -> tuple[Found, dict[int, Season]]:
    """What fell due and was paid, who is up to date at the period's end, and the season by mutuelle.

    Added up by household, then by mutuelle.
    """
    one = _by_membership(period, season).subquery("one")
    up_to_date = and_(_running(period.last), one.c.overdue <= 0, one.c.ever > 0)
    names = ("due", "recovered", "season_due", "season_paid", "coming", "ahead")
    asked = (
        select(
            memberships.c.mutuelle_id,
            *(func.sum(one.c[name]) for name in names),
            func.sum(one.c.season_due * one.c.season_due),
            _sum(1, up_to_date),
        )
        .join(one, one.c.membership_id == memberships.c.id)
        .group_by(memberships.c.mutuelle_id)
    )
    found: Found = {}
    seasons: dict[int, Season] = {}
    for row in conn.execute(asked):
        mutuelle_id, due, recovered, season_due, season_paid, coming, ahead, squares, paid_up = map(int, row)
        found[mutuelle_id] = {
            "due": due,
            "recovered": recovered,
            "paid_up": paid_up,
            "paid_up_in": paid_up > 0,
        }
        seasons[mutuelle_id] = Season(season_due, season_paid, squares, coming, ahead)
    return found, seasons


def _by_membership(period: Period, season: Period) -> Any:
    """Each household's contributions: FCFA called and paid of what fell due in the period, and in the season."""
    owed = _as_of(period.last).subquery("owed")
    due_on, called, paid = owed.c.due_on, owed.c.called, owed.c.paid
    contribution = owed.c.kind == COTISATION
    fell = and_(contribution, due_on >= period.first, due_on <= period.last)
    so_far = and_(contribution, due_on >= season.first, due_on <= period.last)
    later = and_(contribution, due_on > period.last, due_on <= season.last)
    return select(
        owed.c.membership_id,
        _sum(called, fell).label("due"),
        _sum(paid, fell).label("recovered"),
        _sum(called, so_far).label("season_due"),
        _sum(paid, so_far).label("season_paid"),
        _sum(called, later).label("coming"),
        _sum(paid, later).label("ahead"),
        # Who pays on the very day is not late yet.
        _sum(called - paid, due_on < period.last).label("overdue"),
        func.sum(paid).label("ever"),
    ).group_by(owed.c.membership_id)


def _as_of(day: date) -> Any:
    """What was called and paid of dues by the end of a day: what they come to now, less what the ledger had later."""
    owes = ledger_entries.c.kind.in_(CALLED)
    now = select(
        dues.c.membership_id,
        dues.c.due_on,
        dues.c.kind,
        dues.c.amount.label("called"),
        dues.c.paid.label("paid"),
    )
    since = (
        select(
            dues.c.membership_id,
            dues.c.due_on,
            dues.c.kind,
            case((owes, -ledger_lines.c.amount), else_=0),
            case((owes, 0), else_=ledger_lines.c.amount),
        )
        .select_from(ledger_entries)
        .join(ledger_lines, ledger_lines.c.entry_id == ledger_entries.c.id)
        .join(dues, dues.c.id == ledger_lines.c.due_id)
        .where(ledger_lines.c.account == ledger.MEMBRE, ledger_entries.c.day > day)
    )
    return union_all(now, since)


def money(conn: Connection, period: Period) -> Found:
    """What came in, what the State and the guarantee fund are owed for it, and the cash that collectors have."""
    account, amount = ledger_lines.c.account, ledger_lines.c.amount
    within = ledger_entries.c.day >= period.first
    asked = (
        select(
            ledger_entries.c.mutuelle_id,
            _sum(amount, within, account.in_(MONEY), ledger_entries.c.kind.in_(PAID)),
            _sum(-amount, within, account == ledger.ETAT_COTISATIONS),
            _sum(amount, within, account == ledger.FONDS_CHARGE),
            _sum(amount, account == ledger.COLLECTEUR),
        )
        .join(ledger_entries, ledger_entries.c.id == ledger_lines.c.entry_id)
        .where(
            account.in_((*MONEY, ledger.ETAT_COTISATIONS, ledger.FONDS_CHARGE)),
            ledger_entries.c.day <= period.last,
        )
        .group_by(ledger_entries.c.mutuelle_id)
    )
    return {
        mutuelle_id: _told(("received", "state", "guarantee", "cash"), sums)
        | {"cofinanced": int(sums[1] > 0)}
        for mutuelle_id, *sums in conn.execute(asked)
    }


def care(conn: Connection, period: Period) -> Found:
    """Acts under a mutuelle's right, the people treated, and the FCFA that centres told; nothing told is no amount.

    A mutuelle of whose people no act was ever noted is not in it: nobody knows what they had elsewhere.
    """
    start, end = bounds(period.first)[0], bounds(period.last)[1]
    within = acts.c.recorded_at >= start
    asked = (
        select(
            coverages.c.mutuelle_id,
            _sum(1, within),
            func.count(case((within, visit_codes.c.person_id)).distinct()),
            func.sum(case((within, acts.c.amount_fcfa))),
        )
        .select_from(
            acts.join(visit_codes, visit_codes.c.id == acts.c.visit_id).join(
                coverages, coverages.c.id == visit_codes.c.coverage_id
            )
        )
        .where(
            coverages.c.scheme == SCHEME,
            coverages.c.mutuelle_id.is_not(None),
            acts.c.undone_at.is_(None),
            acts.c.recorded_at < end,
        )
        .group_by(coverages.c.mutuelle_id)
    )
    return {
        mutuelle_id: _told(("acts", "treated"), counts) | {"care_fcfa": None if fcfa is None else int(fcfa)}
        for mutuelle_id, *counts, fcfa in conn.execute(asked)
    }


def _told(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(names, map(int, values), strict=True))
