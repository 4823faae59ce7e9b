"""Looks after cash in hand: what is due is asked for, what is kept too long is told to the treasurers.

Each is said once about the same money: an hour that was missed is made up for by the next, two at once say it once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from config import facts
from flows import cash_texts
from flows.cash_texts import Translate
from gateway.cash_effects import owe, owe_treasurers
from gateway.runtime import Runtime
from models import collector_cash, collectors
from models.collector_cash import REMINDED, TOO_OLD, InHand
from models.collectors import Collector
from models.database import Connection, DatabaseAway
from models.days import day_of
from models.reminder_kinds import WINDOW
from models.sending_windows import open_at
from workers.desk import runtime

log = structlog.get_logger(__name__)


def look_after() -> int:
    """The job: says what is to be said now; to how many it was."""
    return look_after_cash(runtime())


def look_after_cash(desk: Runtime) -> int:
    """Within the hours of reminders; when the database is away the next turn does it."""
    now = desk.clock()
    if not open_at(WINDOW, now).at(""):
        return 0
    try:
        with desk.database.begin(reading=True) as conn:
            found = [int(holder) for holder in collector_cash.holders(conn) if holder.isdigit()]
        return sum(_cared_for(desk, number, now) for number in found)
    except DatabaseAway as away:
        log.warning("cash in hand waits", reason=str(away))
        return 0


def _cared_for(desk: Runtime, number: int, now: datetime) -> int:
    with desk.database.begin() as conn:
        collector = collectors.by_number(conn, number, now)
        if collector is None:
            return 0
        standing = collector_cash.in_hand(conn, collector, day_of(now))
        if standing.since is None or standing.before is None:
            return 0
        return _reminded(desk, conn, collector, standing, now) + _told(desk, conn, collector, standing, now)


def _reminded(desk: Runtime, conn: Connection, collector: Collector, standing: InHand, now: datetime) -> int:
    """The collector herself, once her cash is due; what she has declared waits for the treasurer, not for her."""
    since, left = standing.since, standing.amount - standing.declared
    if since is None or standing.before is None or day_of(now) <= standing.before or left <= 0:
        return 0
    to = None if collector.removed else collectors.phone_of(conn, desk.keys, collector.number)
    if to is None or not collector_cash.raise_alarm(conn, collector.number, REMINDED, since.isoformat(), now):
        return 0

    def text(t: Translate) -> str:
        return cash_texts.to_hand_over(t, left, since)

    owe(conn, desk.keys, desk.catalogues, to, text, _once(collector, REMINDED, standing), now)
    return 1


def _told(desk: Runtime, conn: Connection, collector: Collector, standing: InHand, now: datetime) -> int:
    """The treasurers, once it is kept too long."""
    since = standing.since
    days = timedelta(days=int(facts.parameter("collector_alarm_days", day_of(now))))
    if since is None or day_of(now) <= since + days:
        return 0
    if not collector_cash.raise_alarm(conn, collector.number, TOO_OLD, since.isoformat(), now):
        return 0

    def text(t: Translate) -> str:
        return cash_texts.kept_too_long(t, collector.number, standing.amount, since)

    owe_treasurers(
        conn, desk.keys, desk.catalogues, collector, text, _once(collector, TOO_OLD, standing), now
    )
    return 1


def _once(collector: Collector, kind: str, standing: InHand) -> bytes:
    return f"{kind}:{collector.number}:{standing.since}".encode()
