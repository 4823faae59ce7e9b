"""What a household must pay for its care to be paid again, and from which day: read in its dues, nothing is booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import bindparam, select

from models import dues, membership_status, mutuelle_terms
from models.database import Db, Prepared
from models.dues import Due
from models.mutuelle_tables import memberships


@dataclass(frozen=True, slots=True)
class Restored:
    """FCFA to pay on the day that was asked about, and the first day of the care that they give."""

    amount: int
    covered_from: date


class _Row(NamedTuple):
    mutuelle_id: int
    advance: int
    suspended_on: date | None
    carried_from: date | None


_ROW = Prepared(
    select(*(memberships.c[name] for name in _Row._fields)).where(
        memberships.c.id == bindparam("membership_id")
    )
)


def by_paying(db: Db, membership_id: int, least: int, day: date) -> Restored | None:
    """The least payment that ends a suspension on `day`: `least` FCFA, else so many dues in full that more is paid.

    None when no payment does: nothing covers yet, or all is paid. Nothing is written. Raises DatabaseAway.
    """
    found = _ROW.first(db, membership_id=membership_id)
    if found is None:
        return None
    row = _Row(*found)
    owed = dues.of_membership(db, membership_id)
    grace = timedelta(days=mutuelle_terms.of_mutuelle(db, row.mutuelle_id, day).late_days)
    for amount in (least, *accumulate(due.missing for due in owed)):
        if amount < least:
            continue
        now = membership_status.standing(_paid(owed, row.advance + amount, day))
        suspended = row.suspended_on is not None and (now.good_until or date.min) < day - grace
        since = membership_status.covered_from(db, row, now)
        if since is not None and not suspended:
            return Restored(amount, max(since, day))
    return None


def _paid(owed: Sequence[Due], amount: int, day: date) -> list[Due]:
    """The dues as `dues.allocate` would leave them: the oldest first."""
    after, left = [], amount
    for due in owed:
        part = min(left, due.missing)
        left -= part
        full = part > 0 and part == due.missing
        after.append(replace(due, paid=due.paid + part, paid_on=day if full else due.paid_on))
    return after
