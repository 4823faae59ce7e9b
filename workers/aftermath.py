"""Looks, after each campaign, for what its recipients did: in the tables where it shows, as long as its days last."""

from __future__ import annotations

from datetime import timedelta

import structlog

from config import facts
from gateway.runtime import Runtime
from models import campaign_acts
from models.database import DatabaseAway
from workers.desk import runtime

log = structlog.get_logger(__name__)

SUBJECT = "campaign_act"
"""Of config/rules/retention.csv: how long after a campaign's end it is known who did what."""


def note_acts() -> int:
    """The job: notes acts and counts them; after how many campaigns."""
    return note_acts_of(runtime())


def note_acts_of(desk: Runtime) -> int:
    """Notes, counts, and drops what has served its time; when the database is away the next turn does it."""
    now = desk.clock()
    try:
        found = campaign_acts.open_campaigns(desk.database.reader(), now)
        if found:
            with desk.database.begin() as conn:
                campaign_acts.note_shown(conn, now)
        for campaign_id in found:
            with desk.database.begin() as conn:
                campaign_acts.count(conn, campaign_id)
        with desk.database.begin() as conn:
            campaign_acts.forget(conn, now - _term(desk))
    except DatabaseAway as away:
        log.warning("acts after campaigns wait", reason=str(away))
        return 0
    return len(found)


def _term(desk: Runtime) -> timedelta:
    rows = facts.SHIPPED.in_force("retention", desk.clock().date())
    return timedelta(days=next(int(row["days"]) for row in rows if row["subject"] == SUBJECT))
