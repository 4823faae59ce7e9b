"""Applies what delivery reports say: to the messages they name, and to those of which nobody knew whether they went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic

import structlog

from config import facts
from config.jobs import APPLY_REPORTS
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import awake, wake
from models import doubts, reports
from models.database import DatabaseAway
from workers.desk import runtime

log = structlog.get_logger(__name__)

FIGURE = "ramu_sms_reported"
"""The figure of messages by the state that a report brought them to."""

TURN_SECONDS = 2.0
BATCH, TOGETHER = 500, 50
"""Messages looked for at once, and how many of them share a transaction."""

SPARE = timedelta(days=1)
"""Reports are looked at a little longer than they are waited for."""


def apply_waiting() -> int:
    """The job: applies every report that can be applied; to how many messages."""
    desk = runtime()
    awake(desk.redis, APPLY_REPORTS)
    return apply_all(desk)


def apply_all(desk: Runtime, seconds: float = TURN_SECONDS) -> int:
    """Applies for so long; wakes the job when more waits. When the database is away, reports wait."""
    until = monotonic() + seconds
    applied = 0
    try:
        while found := reports.waiting(desk.database.reader(), _since(desk), BATCH):
            applied += _apply(desk, found)
            if monotonic() > until:
                wake(desk.redis, APPLY_REPORTS)
                return applied
        applied += _settle_doubts(desk)
    except DatabaseAway as away:
        log.warning("reports wait", reason=str(away))
    return applied


def _apply(desk: Runtime, found: Sequence[tuple[int, str]]) -> int:
    now = desk.clock()
    words = reports.words_on(now.date())
    for batch in _batches(found):
        with desk.database.begin() as conn:
            states = [reports.apply_to(conn, message_id, name, words, now) for message_id, name in batch]
        for state in filter(None, states):
            tally(desk.redis, FIGURE, state)
    return len(found)


def _batches(found: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    rest = iter(found)
    while batch := list(islice(rest, TOGETHER)):
        yield batch


def _settle_doubts(desk: Runtime) -> int:
    """A message in doubt of which a report tells was taken; how many."""
    now = desk.clock()
    words = reports.words_on(now.date())
    settled = 0
    for name, phone, heard_at in doubts.strangers(desk.database.reader(), _since(desk)):
        with desk.database.begin() as conn:
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
