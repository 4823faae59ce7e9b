"""Campaigns: their states, the order of the steps, and the second person without whom none is sent.

    DRAFT -> CHECKED -> SIZED -> TESTED -> APPROVED -> SCHEDULED -> SENDING -> DONE
                                                 PAUSED <-> SENDING;  CANCELLED from anywhere before DONE

Whatever changes a text, the audience or a figure takes a campaign back to DRAFT, and its approval with it.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from models.campaign_tables import campaigns
from models.database import Db, Prepared
from models.database_clock import DatabaseNow

DRAFT, CHECKED, SIZED, TESTED, APPROVED = "DRAFT", "CHECKED", "SIZED", "TESTED", "APPROVED"
SCHEDULED, SENDING, PAUSED = "SCHEDULED", "SENDING", "PAUSED"
CANCELLED, DONE = "CANCELLED", "DONE"

_RUNNING = Prepared(
    select(campaigns.c.id)
    .where(
        campaigns.c.state == SENDING,
        or_(campaigns.c.ends_at.is_(None), campaigns.c.ends_at > DatabaseNow()),
    )
    .order_by(campaigns.c.id)
)


def running(db: Db) -> tuple[int, ...]:
    """The campaigns that may be sent at this moment, the oldest first. Raises DatabaseAway."""
    return tuple(campaign_id for (campaign_id,) in _RUNNING.all(db))
