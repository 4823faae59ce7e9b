"""The job that brings memberships to today: years are called, households recounted, then statuses and proposals made.

Each step is a transaction of its own and is noted, so that a turn which ends early is taken up by the next one.
"""

from __future__ import annotations

from datetime import date
from time import monotonic

import structlog

from config.faults import Fault
from config.jobs import CARE_FOR_MEMBERSHIPS
from gateway.runtime import Runtime
from gateway.wake import awake
from models import calls, household_counts, proposals
from models.database import DatabaseAway
from models.days import day_of
from workers.desk import runtime

log = structlog.get_logger(__name__)

SECONDS = 40.0
"""A turn ends after so long: the job's own limit is a minute."""


def bring_to_today() -> int:
    """The job; how many mutuelles were brought to today."""
    desk = runtime()
    awake(desk.redis, CARE_FOR_MEMBERSHIPS)
    return bring(desk)


def bring(desk: Runtime, seconds: float = SECONDS) -> int:
    """Calls, then statuses, as long as there is time; how many mutuelles are done. Without the database they wait."""
    ends, day = monotonic() + seconds, day_of(desk.clock())
    try:
        return _statuses(desk, day, ends) if _calls(desk, day, ends) else 0
    except DatabaseAway as away:
        log.warning("memberships wait", reason=str(away))
        return 0


def _calls(desk: Runtime, day: date, ends: float) -> bool:
    """Whether nobody is left to be called. A cercle that lost its harvest is told of and holds nobody up."""
    with desk.database.begin(reading=True) as conn:
        found = calls.groups(conn, day)
    called = 0
    for group in found:
        while monotonic() < ends:
            try:
                with desk.database.begin() as conn:
                    done = calls.call(conn, group, day, desk.clock())
            except DatabaseAway:
                raise
            except Fault as fault:
                log.error("a year cannot be called", mutuelle=group.mutuelle_id, reason=str(fault))
                break
            called += done
            if not done:
                break
    if called:
        log.info("contributions are called", memberships=called)
    return monotonic() < ends


def _statuses(desk: Runtime, day: date, ends: float) -> int:
    with desk.database.begin(reading=True) as conn:
        waiting = proposals.waiting(conn, day)
    done = 0
    for mutuelle_id in waiting:
        if not _recounted(desk, mutuelle_id, day, ends):
            break
        with desk.database.begin() as conn:
            changed = proposals.bring_to_day(conn, mutuelle_id, day)
        log.info("memberships are of today", mutuelle=mutuelle_id, changed=changed)
        done += 1
    return done


def _recounted(desk: Runtime, mutuelle_id: int, day: date, ends: float) -> bool:
    """Whether every household of a mutuelle is called for as many people as live in it."""
    while monotonic() < ends:
        with desk.database.begin() as conn:
            done = household_counts.recount(conn, mutuelle_id, day, desk.clock())
        if not done:
            return True
        log.info("households are recounted", mutuelle=mutuelle_id, households=done)
    return False
