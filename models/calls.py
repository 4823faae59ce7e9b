"""Calls of contributions: the next year's dues of every membership whose called days end soon, set by set.

Memberships with the same mutuelle, plan and called days get the same parts, so that one statement a part serves all of
them. A call that was cut off goes on with those that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import String, case, func, insert, literal, null, select, union_all, update
from sqlalchemy import cast as sql_cast

from models import dues, ledger, membership_status, mutuelle_terms
from models.database import Connection
from models.ledger import Cause
from models.mutuelle_tables import ledger_entries, ledger_lines, memberships
from models.mutuelle_terms import Terms
from models.mutuelles import mutuelles
from models.people import persons
from models.plans import Part, plan_named, season_parts

BATCH = 2_000
"""Memberships that are called in one transaction at most."""

LONGEST_LEAD = 366
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Group:
    """Memberships that are called alike."""

    mutuelle_id: int
    cercle_pcode: str
    crop: str
    anchored_on: date
    called_to: date


def groups(conn: Connection, day: date, mutuelle_id: int | None = None) -> tuple[Group, ...]:
    """Whose next year is to be called on `day`: `call_days` of the mutuelle before it begins."""
    asked = (
        select(
            memberships.c.mutuelle_id,
            mutuelles.c.cercle_pcode,
            memberships.c.crop,
            memberships.c.anchored_on,
            memberships.c.called_to,
        )
        .select_from(memberships.join(mutuelles, mutuelles.c.id == memberships.c.mutuelle_id))
        .where(memberships.c.ended_on.is_(None), memberships.c.called_to < day + timedelta(days=LONGEST_LEAD))
        .distinct()
    )
    if mutuelle_id is not None:
        asked = asked.where(memberships.c.mutuelle_id == mutuelle_id)
    found = [Group(*row) for row in conn.execute(asked)]
    leads = {
        one: mutuelle_terms.of_mutuelle(conn, one, day).call_days for one in {g.mutuelle_id for g in found}
    }
    due = [group for group in found if group.called_to < day + timedelta(days=leads[group.mutuelle_id])]
    return tuple(sorted(due, key=lambda group: (group.mutuelle_id, group.called_to, group.crop)))


def call(conn: Connection, group: Group, day: date, now: datetime, most: int = BATCH) -> int:
    """Call the next year of up to `most` memberships of a group; how many. Raises BadPlan."""
    start = group.called_to + DAY
    terms = mutuelle_terms.of_mutuelle(conn, group.mutuelle_id, start)
    plan = plan_named(group.crop, start)
    parts = season_parts(plan, group.cercle_pcode, group.anchored_on, start, terms)
    asked = (
        select(memberships.c.id)
        .where(
            memberships.c.mutuelle_id == group.mutuelle_id,
            memberships.c.called_to == group.called_to,
            memberships.c.crop == group.crop,
            memberships.c.anchored_on == group.anchored_on,
            memberships.c.ended_on.is_(None),
        )
        .order_by(memberships.c.id)
        .limit(most)
        .with_for_update()
    )
    ids = list(conn.execute(asked).scalars())
    if ids:
        _add_dues(conn, ids, parts, terms)
        _book(conn, ids, group, start, day, now)
        _follow(conn, ids, group, parts)
        _allocate_advances(conn, ids, start, day, now)
    return len(ids)


def _people() -> Any:
    return (
        select(func.count())
        .where(
            persons.c.household_id == memberships.c.household_id,
            persons.c.died_on.is_(None),
            persons.c.erased_at.is_(None),
        )
        .scalar_subquery()
    )


def _add_dues(conn: Connection, ids: Sequence[int], parts: Sequence[Part], terms: Terms) -> None:
    people = (
        select(memberships.c.id, _people().label("people"))
        .where(memberships.c.id.in_(ids))
        .subquery("counted")
    )
    for part in parts:
        content = {
            "membership_id": people.c.id,
            "kind": literal(dues.COTISATION),
            "season_from": literal(parts[0].period_from),
            "period_from": literal(part.period_from),
            "period_to": literal(part.period_to),
            "due_on": literal(part.due_on),
            "persons": people.c.people,
            "amount": people.c.people * part.share,
            "paid": literal(0),
            "state_percent": literal(terms.state_percent),
            "guarantee_percent": literal(terms.guarantee_percent),
            "threshold_percent": literal(terms.threshold_percent),
        }
        if part.share:
            rows = select(*content.values()).where(people.c.people > 0)
            conn.execute(insert(dues.dues).from_select(list(content), rows, include_defaults=False))


def _book(conn: Connection, ids: Sequence[int], group: Group, start: date, day: date, now: datetime) -> None:
    """One entry a membership, with a line a due."""
    owed = dues.dues
    called: tuple[Any, ...] = (
        owed.c.membership_id.in_(ids),
        owed.c.season_from == start,
        owed.c.paid == 0,
        owed.c.amount > 0,
    )
    called = (*called, owed.c.period_from >= start)
    key = literal("call:") + sql_cast(memberships.c.id, String) + literal(f":{start}:{day}")
    content = {
        "once": key,
        "at": literal(now, ledger_entries.c.at.type),
        "day": literal(day),
        "kind": literal(ledger.DUE),
        "mutuelle_id": literal(group.mutuelle_id),
        "membership_id": memberships.c.id,
        "reason": literal("contributions called"),
    }
    which = select(*content.values()).where(memberships.c.id.in_(select(owed.c.membership_id).where(*called)))
    conn.execute(insert(ledger_entries).from_select(list(content), which, include_defaults=False))
    entry = ledger_entries.c
    joined = owed.join(ledger_entries, entry.membership_id == owed.c.membership_id)
    mine = (*called, entry.kind == ledger.DUE, entry.once.like(f"call:%:{start}:{day}"))
    debits = (
        select(
            entry.id,
            literal(ledger.MEMBRE).label("account"),
            owed.c.amount.label("amount"),
            owed.c.membership_id,
            owed.c.id.label("due_id"),
        )
        .select_from(joined)
        .where(*mine)
    )
    credits = (
        select(
            entry.id,
            literal(ledger.COTISATIONS),
            -func.sum(owed.c.amount),
            owed.c.membership_id,
            sql_cast(null(), owed.c.id.type),
        )
        .select_from(joined)
        .where(*mine)
        .group_by(entry.id, owed.c.membership_id)
    )
    lines = ["entry_id", "account", "amount", "membership_id", "due_id"]
    both = union_all(debits, credits).subquery("both")
    conn.execute(insert(ledger_lines).from_select(lines, select(both), include_defaults=False))


def _follow(conn: Connection, ids: Sequence[int], group: Group, parts: Sequence[Part]) -> None:
    """Who has paid all until now is not late before the first of the new dues."""
    until = max(group.called_to, parts[0].due_on)
    conn.execute(
        update(memberships)
        .where(memberships.c.id.in_(ids))
        .values(
            called_to=parts[-1].period_to,
            good_until=case(
                (memberships.c.good_until == group.called_to, literal(until)),
                else_=memberships.c.good_until,
            ),
        )
    )


def _allocate_advances(conn: Connection, ids: Sequence[int], start: date, day: date, now: datetime) -> None:
    asked = select(memberships).where(memberships.c.id.in_(ids), memberships.c.advance > 0)
    for row in conn.execute(asked).all():
        cause = Cause(f"call:{row.id}:{start}:{day}", now, day, "advance on called contributions")
        dues.allocate(conn, row, cause)
        membership_status.refresh(conn, row.id, day)
