"""What a household was told of the oldest due that it owes: who asks for a reminder reads what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Integer, String, and_, bindparam, cast, func, or_, select

from models.contribution_reminder_rules import ASKED, KINDS
from models.database import Db, Prepared
from models.mutuelle_tables import dues, memberships
from models.prepared import among
from models.reminders import SENT, reminders


@dataclass(frozen=True, slots=True)
class Told:
    """Reminders of the due of a day: how many were sent and the last of them (aware), whether one that somebody asked
    for was, and whether the household said that it has paid.
    """

    due_on: date
    sent: int
    last_at: datetime | None
    by_asking: bool
    said_ok: bool

    def is_enough(self, most: int) -> bool:
        """Whether another one would not be sent where a due date has at most so many."""
        return self.by_asking or self.said_ok or self.sent >= most


_oldest = (
    select(func.min(dues.c.due_on))
    .where(dues.c.membership_id == memberships.c.id, dues.c.paid < dues.c.amount)
    .correlate(memberships)
    .scalar_subquery()
)
_of_oldest = and_(
    reminders.c.subject_id == memberships.c.id,
    among(reminders.c.kind, KINDS),
    reminders.c.period == cast(_oldest, String(10)),
)
_TOLD = Prepared(
    select(
        _oldest.label("due_on"),
        reminders.c.kind,
        reminders.c.outcome,
        reminders.c.claimed_at,
        reminders.c.answered_at,
    )
    .select_from(memberships.outerjoin(reminders, _of_oldest))
    .where(memberships.c.id == bindparam("membership_id"))
)


def told(db: Db, membership_id: int) -> Told | None:
    """What a household was told of the oldest due that it owes; None when it owes nothing. Raises DatabaseAway."""
    rows = _TOLD.all(db, membership_id=membership_id)
    if not rows or rows[0][0] is None:
        return None
    sent = [(kind, at) for _, kind, outcome, at, _ in rows if outcome == SENT]
    return Told(
        due_on=rows[0][0],
        sent=len(sent),
        last_at=max((at for _, at in sent), default=None),
        by_asking=any(kind == ASKED for kind, _ in sent),
        said_ok=any(answered for *_, answered in rows),
    )


def not_enough() -> ColumnElement[bool]:
    """The condition on memberships that one more would be sent; `remind_most` is at most how many of a due date."""
    ended = or_(
        reminders.c.answered_at.is_not(None), and_(reminders.c.kind == ASKED, reminders.c.outcome == SENT)
    )
    sent = select(func.count()).select_from(reminders).where(_of_oldest, reminders.c.outcome == SENT)
    over = select(reminders.c.id).where(_of_oldest, ended)
    return and_(
        ~over.correlate(memberships).exists(),
        sent.correlate(memberships).scalar_subquery() < bindparam("remind_most", type_=Integer),
    )
