"""Applies what delivery reports say: to what they name, and to those of which nobody knew whether they went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

import structlog
from redis.exceptions import RedisError

from config import facts
from config.jobs import APPLY_REPORTS
from gateway.report_intake import LOOKED
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import awake, wake
from models import doubts, reports
from models.database import DatabaseAway
from workers.desk import runtime
from workers.standby import Standby, standby

log = structlog.get_logger(__name__)

FIGURE = "ramu_sms_reported"
"""The figure of messages by the state that a report brought them to."""

TURN_SECONDS = 2.0
BATCH = 1_000
"""Reports in one transaction."""

SPARE = timedelta(days=1)
"""Reports are looked at a little longer than they are waited for."""

LOOKED_SECONDS = 600
"""So often all reports of the last days are looked at again: one may have come long before what it is about."""

LATE = timedelta(seconds=60)
"""A report carries the moment at which it came, and may be committed so much later."""


def apply_waiting() -> int:
    """The job: applies every report that can be applied; how many messages it moved."""
    desk = runtime()
    awake(desk.redis, APPLY_REPORTS)
    return apply_all(desk, stand_in=standby())


def apply_all(desk: Runtime, seconds: float = TURN_SECONDS, stand_in: Standby | None = None) -> int:
    """Applies for so long; wakes the job when more waits. When the database is away, reports wait.

    Doubts wait while a copy of the register (`stand_in`) has sent SMS that the register was not told of.
    """
    until = monotonic() + seconds
    applied = 0
    try:
        since, behind = _looked(desk) or _since(desk), ""
        while found := reports.waiting(desk.database.reader(), since, behind, BATCH):
            applied += _apply(desk, [name for _at, name in found])
            since, behind = found[-1]
            if monotonic() > until and len(found) == BATCH:
                _note(desk, since)
                wake(desk.redis, APPLY_REPORTS)
                return applied
        _note(desk, since)
        # A report about one of those would be taken for the proof of another SMS to the same phone.
        if not (stand_in or Standby(desk)).holds_messages():
            applied += _settle_doubts(desk)
    except DatabaseAway as away:
        log.warning("reports wait", reason=str(away))
    return applied


def _apply(desk: Runtime, names: Sequence[str]) -> int:
    now = desk.clock()
    words = reports.words_on(now.date())
    with desk.database.begin() as conn:
        reports.alone(conn)
        moved = reports.apply(conn, reports.known(conn, names), words, now)
    for state, count in moved.items():
        tally(desk.redis, FIGURE, state, count)
    return moved.total()


def _settle_doubts(desk: Runtime) -> int:
    """A message in doubt of which a report tells was taken; how many."""
    now = desk.clock()
    words = reports.words_on(now.date())
    settled = 0
    for name, phone, heard_at in doubts.strangers(desk.database.reader(), _since(desk)):
        with desk.database.begin() as conn:
            reports.alone(conn)
            message_id = doubts.settle(conn, name, phone, heard_at, now)
            if message_id is None:
                continue
            reports.apply_to(conn, message_id, name, words, now)
        log.info("a doubt is settled by a report", message=message_id)
        tally(desk.redis, FIGURE, doubts.BY_REPORT)
        settled += 1
    return settled


def _since(desk: Runtime) -> datetime:
    now = desk.clock()
    hours = int(facts.SHIPPED.parameter("no_receipt_hours", now.date()))
    return now - timedelta(hours=hours) - SPARE


def _looked(desk: Runtime) -> datetime | None:
    """From which moment on reports were not looked at yet; None when that is forgotten."""
    try:
        told: bytes | None = desk.redis.get(LOOKED)  # type: ignore[assignment]
    except RedisError as fault:
        log.warning("all reports are looked at", reason=type(fault).__name__)
        return None
    return datetime.fromisoformat(told.decode()) - LATE if told else None


def _note(desk: Runtime, until: datetime) -> None:
    """Write down how far it got, for as long as an earlier note would have stood."""
    try:
        known = bool(desk.redis.exists(LOOKED))
        if known:
            desk.redis.set(LOOKED, until.isoformat(), keepttl=True)
        else:
            desk.redis.set(LOOKED, until.isoformat(), ex=LOOKED_SECONDS)
    except RedisError as fault:
        log.warning("it is not known up to where reports were looked at", reason=type(fault).__name__)
