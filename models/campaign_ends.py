"""How the sending of a campaign ends or stops by itself: all is settled, its last moment is over, nobody pays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, update

from models import campaigns as steps
from models.campaign_resends import EVIDENCE, Rule
from models.campaign_tables import campaigns
from models.campaigns import FINISH, PAUSE, SENDING, STEPS, WrongStep
from models.chunks import INTENT, READY, UNKNOWN, chunks, written
from models.database import Connection, Db, Prepared
from models.database_clock import DatabaseNow
from models.prepared import among

ALL_SETTLED, TIME_IS_UP = "", "its last moment is over"

_of_it = chunks.c.campaign_id == campaigns.c.id


def _first(state: str, *order: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a campaign has a chunk in this state: one look at the index that has this order."""
    found = select(chunks.c.id).where(_of_it, chunks.c.state == written(state)).order_by(*order).limit(1)
    return found.correlate(campaigns).scalar_subquery().is_not(None)


_ready = _first(READY, chunks.c.operator, chunks.c.attempt, chunks.c.id)
_under_way = _first(INTENT, chunks.c.id)
# Silence may yet prove that these were not taken; what is older is for people to judge, and the report shows it.
_may_be_sent_again = exists().where(
    _of_it,
    chunks.c.state == written(UNKNOWN),
    chunks.c.policy == EVIDENCE,
    chunks.c.intent_at > bindparam("since"),
)
_late = and_(campaigns.c.ends_at.is_not(None), campaigns.c.ends_at <= DatabaseNow())
_ENDED = Prepared(
    select(campaigns.c.id, _late.label("late"))
    .where(
        campaigns.c.state == SENDING,
        or_(_late, and_(~_ready, ~_may_be_sent_again)),
        ~_under_way,
    )
    .order_by(campaigns.c.id)
)


def ended(db: Db, now: datetime, rule: Rule) -> list[tuple[int, str]]:
    """Campaigns of which nothing is left to be sent, each with why if that is not because all is settled.

    Raises DatabaseAway.
    """
    return [
        (campaign_id, TIME_IS_UP if late else ALL_SETTLED)
        for campaign_id, late in _ENDED.all(db, since=now - 3 * rule.silence)
    ]


_PAUSE = Prepared(
    update(campaigns)
    .where(campaigns.c.id == bindparam("campaign_id"), among(campaigns.c.state, STEPS[PAUSE][0]))
    .values(state=STEPS[PAUSE][1], why=bindparam("reason"))
)


def pause(conn: Db, campaign_id: int, why: str) -> bool:
    """The campaign is PAUSED, until somebody lets it go on; False when it was not being sent."""
    return bool(_PAUSE.run(conn, campaign_id=campaign_id, reason=why[:80]))


def finish(conn: Connection, campaign_id: int, why: str, now: datetime) -> bool:
    """The campaign is DONE; False when somebody paused, cancelled or finished it meanwhile."""
    try:
        steps.move(conn, campaign_id, FINISH, now, why=why or None)
    except WrongStep:
        return False
    return True
