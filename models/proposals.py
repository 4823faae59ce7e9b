"""Proposals to suspend or to strike off, made by the daily pass; a person of the mutuelle decides each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Boolean, String, and_, cast, func, insert, literal, null, select, text, update

from models import ledger, membership_changes, membership_status, mutuelle_terms
from models.database import Connection
from models.membership_status import RADIE, SUSPENDU
from models.memberships import NotPossible
from models.mutuelle_tables import memberships, proposals, status_passes
from models.mutuelles import mutuelles


@dataclass(frozen=True, slots=True)
class Proposal:
    """SUSPENDU or RADIE for a membership that is late since a day; what it owes by now in FCFA."""

    id: int
    membership_id: int
    mutuelle: str
    status: str
    late_since: date
    proposed_on: date
    overdue: int


def bring_to_day(conn: Connection, mutuelle_id: int, day: date) -> int:
    """The daily pass over one mutuelle: statuses, rights and proposals of `day`; how many rights changed.

    One that was done before changes nothing. Payments of the mutuelle wait for it, so that a right is never written
    from two sides at once.
    """
    if conn.dialect.name == "postgresql":
        # One mutuelle is a small part of the register: without this all of its people may be read for each.
        conn.execute(text("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"))
    terms = mutuelle_terms.of_mutuelle(conn, mutuelle_id, day)
    which = and_(memberships.c.mutuelle_id == mutuelle_id, memberships.c.ended_on.is_(None))
    locked = select(memberships.c.id).where(which).order_by(memberships.c.id).with_for_update().subquery()
    conn.execute(select(func.count()).select_from(locked))
    noted = select(status_passes.c.changed).where(
        status_passes.c.day == day, status_passes.c.mutuelle_id == mutuelle_id
    )
    if conn.execute(noted).first():
        # Another process did it while we waited.
        return 0
    changed = membership_status.bring_to(conn, which, day, terms.late_days)
    propose(conn, mutuelle_id, day, SUSPENDU, terms.late_days)
    propose(conn, mutuelle_id, day, RADIE, terms.suspended_days)
    conn.execute(insert(status_passes).values(day=day, mutuelle_id=mutuelle_id, changed=changed))
    return changed


def waiting(conn: Connection, day: date) -> tuple[int, ...]:
    """The mutuelles with members that were not yet brought to `day`."""
    done = select(status_passes.c.mutuelle_id).where(status_passes.c.day == day)
    asked = (
        select(memberships.c.mutuelle_id)
        .where(memberships.c.ended_on.is_(None), memberships.c.mutuelle_id.not_in(done))
        .distinct()
        .order_by(memberships.c.mutuelle_id)
    )
    return tuple(conn.execute(asked).scalars())


def propose(conn: Connection, mutuelle_id: int, day: date, status: str, days: int) -> int:
    """Propose a status for who is late for more than `days`, once each time; how many."""
    late = [
        memberships.c.mutuelle_id == mutuelle_id,
        memberships.c.ended_on.is_(None),
        memberships.c.good_until < day - timedelta(days=days),
        memberships.c.overdue > 0,
        ~select(proposals.c.id)
        .where(
            proposals.c.membership_id == memberships.c.id,
            proposals.c.status == status,
            proposals.c.late_since == memberships.c.good_until,
        )
        .exists(),
    ]
    if status == SUSPENDU:
        late.append(memberships.c.suspended_on.is_(None))
    rows = select(
        memberships.c.id,
        literal(status, String),
        memberships.c.good_until,
        literal(day),
        cast(null(), Boolean),
    ).where(*late)
    columns = ["membership_id", "status", "late_since", "proposed_on", "accepted"]
    return int(conn.execute(insert(proposals).from_select(columns, rows, include_defaults=False)).rowcount)


def undecided(conn: Connection, mutuelle_id: int | None = None) -> tuple[Proposal, ...]:
    """The proposals that wait for a decision and still hold: nothing was paid since. The oldest first."""
    asked = (
        select(
            proposals.c.id,
            memberships.c.id,
            mutuelles.c.name,
            proposals.c.status,
            proposals.c.late_since,
            proposals.c.proposed_on,
            memberships.c.overdue,
        )
        .select_from(proposals.join(memberships).join(mutuelles, mutuelles.c.id == memberships.c.mutuelle_id))
        .where(
            proposals.c.decided_on.is_(None),
            memberships.c.ended_on.is_(None),
            memberships.c.good_until == proposals.c.late_since,
        )
        .order_by(proposals.c.id)
    )
    if mutuelle_id is not None:
        asked = asked.where(memberships.c.mutuelle_id == mutuelle_id)
    return tuple(Proposal(*row) for row in conn.execute(asked))


def decide(
    conn: Connection,
    proposal_id: int,
    accepted: bool,
    day: date,
    *,
    now: datetime,
    by: str,
    noticed_on: date | None = None,
) -> Proposal:
    """Follow a proposal or refuse it; striking off needs the day of the household's warning. Raises NotPossible."""
    found = next((one for one in undecided(conn) if one.id == proposal_id), None)
    if found is None:
        raise NotPossible("no such proposal waits: it was decided, or the household has paid")
    if accepted and found.status == RADIE and (noticed_on is None or noticed_on > day):
        raise NotPossible("striking off needs the day of the notice, which has passed")
    row = ledger.held(conn, found.membership_id)[found.membership_id]
    if row.good_until != found.late_since:
        raise NotPossible("the household has paid meanwhile")
    conn.execute(
        update(proposals)
        .where(proposals.c.id == proposal_id)
        .values(decided_on=day, accepted=accepted, noticed_on=noticed_on)
    )
    if accepted and found.status == SUSPENDU:
        conn.execute(update(memberships).where(memberships.c.id == row.id).values(suspended_on=day))
        membership_status.refresh(conn, row.id, day)
    elif accepted:
        membership_changes.end(conn, row.id, RADIE, day, now=now, by=by)
    return found
