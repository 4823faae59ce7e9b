"""What happens to a membership after joining: another plan, other people, another mutuelle, another household, an end.

Each gives back what was paid for days that it takes away, puts it where the household now owes something, and leaves
the books balanced. The membership is held until the transaction ends.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from models import dues, ledger, membership_status, mutuelle_terms
from models.database import Connection
from models.ledger import Cause
from models.membership_status import RADIE
from models.memberships import DEAD, ENDS, MERGED, MOVED, SYSTEM, NotPossible, enter, give_rights, planned
from models.mutuelle_tables import ledger_entries, memberships, plans
from models.mutuelles import mutuelles
from models.people import persons
from models.plans import plan_named, season_parts

DAY = timedelta(days=1)


def change_plan(
    conn: Connection, membership_id: int, plan: str, day: date, *, now: datetime, by: str = SYSTEM
) -> None:
    """Let a household pay by another plan from `day`, or from the end of what it has paid for. Raises BadPlan."""
    row = _running(conn, membership_id)
    told = plan_named(plan, day)
    start = max(day, (row.covered_until or day - DAY) + DAY)
    terms = mutuelle_terms.of_mutuelle(conn, row.mutuelle_id, day)
    pcode = conn.execute(
        select(mutuelles.c.cercle_pcode).where(mutuelles.c.id == row.mutuelle_id)
    ).scalar_one()
    parts = season_parts(told, pcode, start, start, terms)
    cause = _cause(conn, "plan", row, day, now, f"plan {plan}", by)
    dues.cut(conn, row, start, cause)
    conn.execute(
        update(memberships)
        .where(memberships.c.id == membership_id)
        .values(rhythm=told.rhythm, crop=told.code, anchored_on=start, called_to=parts[-1].period_to)
    )
    conn.execute(insert(plans).values(planned(membership_id, told, start)))
    dues.add(conn, row, parts, dues.living(conn, row.household_id), terms, cause)
    _settle(conn, row, day, cause)


def recount(conn: Connection, membership_id: int, day: date, *, now: datetime, by: str = SYSTEM) -> None:
    """Ask for as many people as live in the household, from `day` on; a household where nobody lives has ended."""
    row = _running(conn, membership_id)
    people = dues.living(conn, row.household_id)
    if not people:
        end(conn, membership_id, DEAD, day, now=now, by=by)
        return
    give_rights(conn, row.household_id, row.mutuelle_id, day)
    coming = [due for due in dues.of_membership(conn, row.id) if due.period_to >= day]
    cause = _cause(conn, "count", row, day, now, "people of the household", by)
    if any(due.persons != people for due in coming if due.kind != dues.ADHESION):
        lost = dues.cut(conn, row, day, cause)
        dues.call_again(conn, row, lost, day, people, cause)
    _settle(conn, row, day, cause)


def move(
    conn: Connection,
    membership_id: int,
    mutuelle_id: int,
    day: date,
    plan: str,
    *,
    now: datetime,
    by: str = SYSTEM,
) -> int:
    """Let a household go on in another mutuelle; the new membership's id. An observation that ended is not repeated.

    What is paid for the days from `day` on goes with it, what it owes for days before stays owed. Raises NotPossible.
    """
    row = _running(conn, membership_id)
    if row.mutuelle_id == mutuelle_id:
        raise NotPossible("the household is in this mutuelle")
    cause = _cause(conn, "move", row, day, now, "moved to another mutuelle", by)
    _finish(conn, row, MOVED, day, cause)
    new_id = enter(
        conn,
        row.household_id,
        mutuelle_id,
        day,
        plan,
        now=now,
        fee=False,
        carried_from=row.covered_from,
        by=by,
    )
    _hand_over(conn, row, new_id, day, cause)
    return new_id


def merge(
    conn: Connection, kept_id: int, other_id: int, day: date, *, now: datetime, by: str = SYSTEM
) -> None:
    """Make one household of two: the people and the money of `other` go to `kept`. Raises NotPossible."""
    if kept_id == other_id:
        raise NotPossible("a household cannot be merged with itself")
    ledger.held(conn, kept_id, other_id)
    kept, other = _running(conn, kept_id), _running(conn, other_id)
    cause = _cause(conn, "merge", other, day, now, "merged with another household", by)
    _finish(conn, other, MERGED, day, cause)
    conn.execute(
        update(persons)
        .where(persons.c.household_id == other.household_id)
        .values(household_id=kept.household_id)
    )
    _hand_over(conn, other, kept_id, day, cause)
    recount(conn, kept_id, day, now=now, by=by)


def end(
    conn: Connection, membership_id: int, why: str, day: date, *, now: datetime, by: str = SYSTEM
) -> None:
    """End a membership: DEMISSIONNAIRE, EXCLU, RADIE or DECES; `day` is the first without it. Raises NotPossible.

    What it paid for later days stays its advance, which the mutuelle settles by its statutes.
    """
    if why not in ENDS or why in (MOVED, MERGED):
        raise NotPossible(f"a membership does not end by {why}")
    row = _running(conn, membership_id)
    cause = _cause(conn, "end", row, day, now, why, by)
    if why == RADIE:
        conn.execute(update(memberships).where(memberships.c.id == row.id).values(suspended_on=None))
    _finish(conn, row, why, day, cause)


def _running(conn: Connection, membership_id: int) -> Any:
    row = ledger.held(conn, membership_id)[membership_id]
    if row.ended_on is not None:
        raise NotPossible("this membership has ended")
    return row


def _cause(conn: Connection, name: str, row: Any, day: date, now: datetime, reason: str, by: str) -> Cause:
    """A cause of its own: the newest entry of the membership is another one after each change."""
    newest = conn.execute(
        select(func.coalesce(func.max(ledger_entries.c.id), 0)).where(
            ledger_entries.c.membership_id == row.id
        )
    ).scalar_one()
    return Cause(f"{name}:{row.id}:{newest}", now, day, reason, by)


def _finish(conn: Connection, row: Any, why: str, day: date, cause: Cause) -> None:
    dues.cut(conn, row, day, cause)
    dues.allocate(conn, row, cause.part("f"))
    conn.execute(update(memberships).where(memberships.c.id == row.id).values(ended_on=day, ended_why=why))
    membership_status.refresh(conn, row.id, day)


def _hand_over(conn: Connection, row: Any, heir_id: int, day: date, cause: Cause) -> None:
    """Bring the advance of an ended membership to the one that goes on."""
    heir = ledger.held(conn, heir_id)[heir_id]
    conn.execute(update(memberships).where(memberships.c.id == row.id).values(successor_id=heir_id))
    left = dues.advance(conn, row.id)
    if left > 0:
        dues.transfer(conn, row, heir, left, cause.part("h"))
    _settle(conn, heir, day, cause.part("i"))


def _settle(conn: Connection, row: Any, day: date, cause: Cause) -> None:
    dues.allocate(conn, row, cause.part("e"))
    membership_status.refresh(conn, row.id, day)
