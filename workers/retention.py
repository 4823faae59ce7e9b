"""Drops what has served its time: keys of hops that nobody can repeat any more."""

from __future__ import annotations

from datetime import timedelta

import structlog

from gateway.runtime import Runtime
from models import applied
from models.database import DatabaseAway
from workers.desk import runtime

log = structlog.get_logger(__name__)

KEYS = timedelta(days=7)
"""A call lasts minutes; an answer owed over a long outage, days."""


def drop_old() -> int:
    """The job: drops what is older than its term; how many rows."""
    return drop_old_of(runtime())


def drop_old_of(desk: Runtime) -> int:
    """Drops in one transaction; when the database is away the next turn does it. How many rows."""
    try:
        with desk.database.begin() as conn:
            return applied.forget(conn, desk.clock() - KEYS)
    except DatabaseAway as away:
        log.warning("retention waits", reason=str(away))
        return 0
