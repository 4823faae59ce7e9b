"""Days and months as people count them, in Bamako, as the moments between which they lie."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BAMAKO = ZoneInfo("Africa/Bamako")


def day_of(moment: datetime) -> date:
    """The day in Bamako on which an aware moment lies."""
    return moment.astimezone(BAMAKO).date()


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day, and the first that is no longer in it."""
    return _midnight(day), _midnight(day + timedelta(days=1))


def month_bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of the month in which a day lies, and the first that is no longer in it."""
    first = day.replace(day=1)
    return _midnight(first), _midnight((first + timedelta(days=31)).replace(day=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BAMAKO)
