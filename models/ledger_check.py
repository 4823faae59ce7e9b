"""Whether the books are right: everything that is kept beside the ledger's lines is computed from them once more.

Each fault is one sentence with opaque ids. Nothing is corrected: a fault is a fault of the programme or of a hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from models import ledger, membership_status
from models.coverage import coverages
from models.database import Connection
from models.dues import COLUMNS, IN_ORDER, Due
from models.mutuelle_tables import dues, ledger_entries, ledger_lines, memberships
from models.people import persons

BATCH = 1_000
"""Memberships that are looked at together."""

CALLED = (ledger.DUE, ledger.ADJUSTMENT)
_lines = ledger_lines.join(ledger_entries, ledger_entries.c.id == ledger_lines.c.entry_id)


def totals(conn: Connection) -> dict[str, int]:
    """FCFA on each account, debit above zero."""
    asked = select(ledger_lines.c.account, func.sum(ledger_lines.c.amount)).group_by(ledger_lines.c.account)
    found = {account: int(amount) for account, amount in conn.execute(asked)}
    return {account: found.get(account, 0) for account in ledger.ACCOUNTS}


def faults(conn: Connection, told: Callable[[int], None] = lambda count: None) -> Iterator[str]:
    """Every fault of the books; `told` hears how many memberships were looked at."""
    yield from _of_entries(conn)
    count, after = 0, 0
    while True:
        asked = select(memberships).where(memberships.c.id > after).order_by(memberships.c.id).limit(BATCH)
        rows = conn.execute(asked).all()
        if not rows:
            return
        yield from of_memberships(conn, rows)
        count, after = count + len(rows), rows[-1].id
        told(count)


def _of_entries(conn: Connection) -> Iterator[str]:
    sums = func.coalesce(func.sum(ledger_lines.c.amount), 0)
    crooked = select(ledger_lines.c.entry_id).group_by(ledger_lines.c.entry_id).having(sums != 0)
    for entry_id in conn.execute(crooked).scalars():
        yield f"entry {entry_id} does not balance"
    found = totals(conn)
    if found[ledger.LIAISON]:
        yield f"mutuelles owe each other {found[ledger.LIAISON]} F more than they are owed"
    for claim, income in (
        (ledger.ETAT, ledger.ETAT_COTISATIONS),
        (ledger.FONDS_CHARGE, ledger.FONDS_GARANTIE),
    ):
        if found[claim] + found[income]:
            yield f"{claim} and {income} differ by {found[claim] + found[income]} F"
    money = sum(found[account] for account in (ledger.CAISSE, ledger.COLLECTEUR, ledger.MOBILE))
    taken = conn.execute(select(func.coalesce(func.sum(dues.c.paid), 0))).scalar_one()
    kept = conn.execute(select(func.coalesce(func.sum(memberships.c.advance), 0))).scalar_one()
    if money != taken + kept:
        yield f"{money} F are there, {taken} F are on dues and {kept} F in advances"
    yield from _of_refunds(conn)


def _of_refunds(conn: Connection) -> Iterator[str]:
    """Money is given back to who has left only, and what moved on was not left behind."""
    early = (
        select(ledger_entries.c.id)
        .join(memberships, memberships.c.id == ledger_entries.c.membership_id)
        .where(
            ledger_entries.c.kind == ledger.REFUND,
            or_(memberships.c.ended_on.is_(None), memberships.c.ended_on > ledger_entries.c.day),
        )
    )
    for entry_id in conn.execute(early).scalars():
        yield f"entry {entry_id} gives money of a running membership back"
    forgotten = select(memberships.c.id).where(
        memberships.c.successor_id.is_not(None), memberships.c.advance > 0
    )
    for membership_id in conn.execute(forgotten).scalars():
        yield f"membership {membership_id} moved on and left its advance behind"


def of_memberships(conn: Connection, rows: Iterable[Any]) -> Iterator[str]:
    """The faults of some memberships: dues, advances, shares, days of cover, status and rights."""
    by_id = {row.id: row for row in rows}
    ids = list(by_id)
    yield from _of_advances(conn, by_id)
    owed: dict[int, list[Due]] = {one: [] for one in ids}
    booked = _booked(conn, ids)
    for row in conn.execute(select(*COLUMNS).where(dues.c.membership_id.in_(ids)).order_by(*IN_ORDER)):
        due = Due(*row)
        if due.amount:
            owed[due.membership_id].append(due)
        expected = (due.amount, due.paid, due.state(due.paid), due.guarantee(due.paid))
        if booked.get(due.id, (0, 0, 0, 0)) != expected:
            yield f"due {due.id} has {expected}, its lines say {booked.get(due.id)}"
    for one in ids:
        yield from _of_days(conn, by_id[one], owed[one])
    yield from _of_rights(conn, ids)


def _of_advances(conn: Connection, by_id: dict[int, Any]) -> Iterator[str]:
    asked = (
        select(ledger_lines.c.membership_id, -func.sum(ledger_lines.c.amount))
        .where(ledger_lines.c.membership_id.in_(by_id), ledger_lines.c.account == ledger.AVANCE)
        .group_by(ledger_lines.c.membership_id)
    )
    found = {one: int(amount) for one, amount in conn.execute(asked)}
    for one, row in by_id.items():
        if row.advance != found.get(one, 0) or row.advance < 0:
            yield f"membership {one} has an advance of {row.advance} F, its lines say {found.get(one, 0)} F"


def _booked(conn: Connection, ids: list[int]) -> dict[int, tuple[int, int, int, int]]:
    """(called, paid, State, guarantee) of each due, out of the lines."""
    kind, account = ledger_entries.c.kind, ledger_lines.c.account
    sums = [
        func.coalesce(func.sum(case((condition, ledger_lines.c.amount))), 0)
        for condition in (
            and_(account == ledger.MEMBRE, kind.in_(CALLED)),
            and_(account == ledger.MEMBRE, kind == ledger.ALLOCATION),
            account == ledger.ETAT,
            account == ledger.FONDS_CHARGE,
        )
    ]
    asked = (
        select(ledger_lines.c.due_id, *sums)
        .select_from(_lines)
        .where(ledger_lines.c.membership_id.in_(ids), ledger_lines.c.due_id.is_not(None))
        .group_by(ledger_lines.c.due_id)
    )
    return {
        due_id: (int(called), -int(paid), int(state), int(fund))
        for due_id, called, paid, state, fund in conn.execute(asked)
    }


def _of_days(conn: Connection, row: Any, owed: list[Due]) -> Iterator[str]:
    now = membership_status.standing(owed)
    told = (now.covered_until, now.good_until, membership_status.covered_from(conn, row, now))
    kept = (row.covered_until, row.good_until, row.covered_from)
    if kept != told:
        yield f"membership {row.id} is covered {_days(kept)}, its dues say {_days(told)}"


def _days(days: Iterable[date | None]) -> str:
    return " ".join(str(day or "-") for day in days)


def _of_rights(conn: Connection, ids: list[int]) -> Iterator[str]:
    asked = (
        select(coverages.c.id, coverages.c.status, memberships.c.status.label("status_of_membership"))
        .select_from(
            coverages.join(persons, persons.c.id == coverages.c.person_id).join(
                memberships, memberships.c.household_id == persons.c.household_id
            )
        )
        .where(
            memberships.c.id.in_(ids),
            memberships.c.ended_on.is_(None),
            coverages.c.scheme == membership_status.MUTUELLE,
            coverages.c.mutuelle_id == memberships.c.mutuelle_id,
            coverages.c.status != memberships.c.status,
        )
    )
    for row in conn.execute(asked):
        yield f"right {row.id} is {row.status}, its membership {row.status_of_membership}"
