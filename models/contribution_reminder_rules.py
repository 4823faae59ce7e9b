"""Which reminders of contributions there are, and of which due dates each is sent on which day. No database."""

from __future__ import annotations

from datetime import date, timedelta

from config import facts
from models.mutuelle_terms import Terms
from models.plans import calendar_of

BEFORE, SAME_DAY, LATE, ASKED = "COT_AVANT", "COT_JOUR", "COT_RETARD", "COT_RAPPEL"
WISHED = "COT_VOULU"
LADDER = (BEFORE, SAME_DAY, LATE)
"""The steps of a due date; ASKED is the one that a collector asks for, WISHED the household itself for a day."""

KINDS = (*LADDER, ASKED, WISHED)
DAY = timedelta(days=1)


def due_days(kind: str, terms: Terms, day: date) -> tuple[date, ...]:
    """The due dates of which a reminder of a step is sent on `day`; none when the mutuelle leaves the step out.

    Each step may come some days late when nobody planned it before (contribution_remind_catch_up_days), yet what is
    to be said before a due date is not said on it or after it.
    """
    spare = timedelta(days=int(facts.parameter("contribution_remind_catch_up_days", day)))
    before, late = timedelta(days=terms.remind_before_days), timedelta(days=terms.remind_late_days)
    first, last = {
        BEFORE: (day + DAY, day + before),
        SAME_DAY: (day - spare, day if terms.remind_same_day else date.min),
        LATE: (day - late - spare, day - late if late else date.min),
    }[kind]
    return tuple(first + DAY * more for more in range((last - first).days + 1))


def is_timely(kind: str, terms: Terms, due_on: date, day: date) -> bool:
    """Whether a reminder of a due date may still be sent on `day`; what somebody asks for always may."""
    return kind not in LADDER or due_on in due_days(kind, terms, day)


def is_lean(cercle_pcode: str, day: date) -> bool:
    """Whether no household of a cercle is asked for money: the lean months of the harvest calendar."""
    return str(day.month) in calendar_of(cercle_pcode)["lean_season_months"].split(";")
