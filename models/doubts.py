"""What is in doubt, settled by evidence: a report about a message that we never heard was taken.

A report names an id that no message has, and a phone. If that phone has exactly one message in doubt, and the request
was made before the report came, the report is about it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, bindparam, exists, func, null, or_, select, update

from models import chunks
from models.campaign_tables import recipients
from models.chunks import DONE, INTENT
from models.database import Connection, Db, Prepared
from models.locks import hold
from models.messages import ACCEPTED, PENDING, UNKNOWN, messages
from models.reports import reports

BY_REPORT = "PAR_RAPPORT"
"""The code of a message of which a report of delivery says that it was taken."""

SETTLED_WHY = "settled by a report of delivery"

_chunks = chunks.chunks
_doubtful = exists().where(messages.c.to_index == reports.c.phone_index, messages.c.state == UNKNOWN)
_STRANGERS = Prepared(
    select(reports.c.provider_id, reports.c.phone_index, func.min(reports.c.at).label("heard_at"))
    .where(~reports.c.matched, reports.c.at >= bindparam("since"), _doubtful)
    .group_by(reports.c.provider_id, reports.c.phone_index)
    .order_by(reports.c.provider_id)
    .limit(bindparam("limit"))
)
# A message under way, or taken without an id, could be what the report is about as well.
_CANDIDATES = Prepared(
    select(messages.c.id, messages.c.chunk_id, messages.c.state, _chunks.c.intent_at)
    .select_from(messages.join(_chunks, messages.c.chunk_id == _chunks.c.id))
    .where(
        messages.c.to_index == bindparam("phone"),
        or_(
            messages.c.state == UNKNOWN,
            and_(messages.c.state == PENDING, _chunks.c.state == INTENT),
            and_(messages.c.state == ACCEPTED, messages.c.provider_id.is_(None)),
        ),
    )
    .limit(2)
)
_OF_CAMPAIGNS = Prepared(
    select(recipients.c.campaign_id)
    .select_from(recipients.outerjoin(_chunks, recipients.c.chunk_id == _chunks.c.id))
    .where(
        recipients.c.phone_index == bindparam("phone"),
        or_(
            recipients.c.state == UNKNOWN,
            and_(recipients.c.state == PENDING, _chunks.c.state == INTENT),
        ),
    )
    .limit(1)
)
_NAMED = Prepared(select(messages.c.id).where(messages.c.provider_id == bindparam("provider_id")).limit(1))
_SETTLE = Prepared(
    update(messages)
    .where(messages.c.id == bindparam("message_id"), messages.c.state == UNKNOWN)
    .values(state=ACCEPTED, code=BY_REPORT, provider_id=bindparam("new_id"), settled_at=bindparam("now"))
)
_still = messages.alias("still")
_CLEARED = Prepared(
    update(_chunks)
    .where(
        _chunks.c.id == bindparam("chunk_id"),
        _chunks.c.state == chunks.UNKNOWN,
        ~exists().where(_still.c.chunk_id == _chunks.c.id, _still.c.state == UNKNOWN),
    )
    .values(state=DONE, lease_until=null(), done_at=bindparam("now"), why=SETTLED_WHY)
)


def strangers(db: Db, since: datetime, limit: int = 100) -> list[tuple[str, bytes, datetime]]:
    """(provider's id, phone's index, when) of reports about nobody, for phones in doubt. Raises DatabaseAway."""
    return [(name, phone, at) for name, phone, at in _STRANGERS.all(db, since=since, limit=limit)]


def settle(conn: Connection, provider_id: str, phone: bytes, heard_at: datetime, now: datetime) -> int | None:
    """Take a report as the proof that the one message in doubt of its phone was taken; that message, or None."""
    hold(conn, "doubt", phone)
    found = _CANDIDATES.all(conn, phone=phone)
    if len(found) != 1 or _NAMED.all(conn, provider_id=provider_id):
        return None
    message_id, chunk_id, state, intent_at = found[0]
    if _OF_CAMPAIGNS.all(conn, phone=phone):
        return None  # a campaign's message to her could be meant as well
    if state != UNKNOWN or intent_at is None or intent_at > heard_at:
        return None
    if not _SETTLE.run(conn, message_id=message_id, new_id=provider_id, now=now):
        return None
    _CLEARED.run(conn, chunk_id=chunk_id, now=now)
    return int(message_id)
