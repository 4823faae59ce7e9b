"""Households whose people are others than their dues were called for: births, deaths and moves that the register noted.

However the register learnt of them (a console, a file, an erasure), the daily pass finds them here, by what is
counted and not by what happened, and recounts each once. Days before the pass stay as they were called.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import case, func, select

from models import membership_changes
from models.database import Connection
from models.dues import COTISATION
from models.locks import hold
from models.memberships import NotPossible
from models.mutuelle_tables import dues, memberships
from models.people import persons

BATCH = 200
"""Households that are recounted in one transaction at most."""


def miscounted(conn: Connection, mutuelle_id: int, day: date, most: int = BATCH) -> tuple[int, ...]:
    """Running memberships of a mutuelle whose last due is for another number of people than live, or where nobody does.

    The last due is the one that ends with the called days: a recount changes all that are still to come.
    """
    living = (
        select(func.count())
        .where(
            persons.c.household_id == memberships.c.household_id,
            persons.c.died_on.is_(None),
            persons.c.erased_at.is_(None),
        )
        .scalar_subquery()
    )
    called = (
        select(dues.c.persons)
        .where(
            dues.c.membership_id == memberships.c.id,
            dues.c.period_to == memberships.c.called_to,
            dues.c.period_to >= day,
            dues.c.kind == COTISATION,
            dues.c.amount > 0,
        )
        .limit(1)
        .scalar_subquery()
    )
    counted = (
        select(memberships.c.id, living.label("living"), called.label("called"))
        .where(memberships.c.mutuelle_id == mutuelle_id, memberships.c.ended_on.is_(None))
        .subquery()
    )
    # Without dues only a household where nobody lives is another; each is counted once where there are some.
    expected = func.coalesce(counted.c.called, case((counted.c.living > 0, counted.c.living), else_=-1))
    others = counted.c.living != expected
    asked = select(counted.c.id).where(others).order_by(counted.c.id).limit(most)
    return tuple(conn.execute(asked).scalars())


def recount(conn: Connection, mutuelle_id: int, day: date, now: datetime, most: int = BATCH) -> int:
    """Recount up to `most` households of a mutuelle from `day` on; how many. One where nobody lives has ended."""
    hold(conn, "recount", str(mutuelle_id).encode())
    done = 0
    for membership_id in miscounted(conn, mutuelle_id, day, most):
        try:
            membership_changes.recount(conn, membership_id, day, now=now)
        except NotPossible:
            # Somebody ended it between the look and the lock, before anything was written here.
            continue
        done += 1
    return done
