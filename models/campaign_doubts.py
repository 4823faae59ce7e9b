"""What is in doubt of a campaign, settled by evidence: by reports that come, or by reports that do not.

A report of an id that nobody has, about a number with exactly one message in doubt, proves that the request of that
message was taken, and so all of its request. Silence proves the contrary only when a whole request is silent, and
later requests to the same operator are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, func, null, or_, select, update

from models import chunks as _states
from models.campaign_tables import recipients
from models.chunks import DONE, INTENT, chunks, written
from models.database import Connection, Db, Prepared
from models.doubts import BY_REPORT, SETTLED_WHY
from models.json_rows import Hex, JsonRows, packed
from models.locks import hold
from models.messages import ACCEPTED, PENDING, UNKNOWN, messages
from models.reports import reports

BY_EVIDENCE = "PAR_PREUVE"
"""The code of a message whose request was taken, as a report about another number of it says. It has no id (yet)."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A report of an id that nobody has: about which phone (its keyed index in hexadecimal), and when it came."""

    provider_id: str
    phone: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A message that a stranger could be about; `chunk_id` is None for a single message, which is not settled here."""

    chunk_id: int | None
    is_open: bool
    intent_at: datetime | None


_matched = reports.alias("matched")
_without_id = and_(
    recipients.c.state == ACCEPTED, recipients.c.code == BY_EVIDENCE, recipients.c.provider_id.is_(None)
)
_open = or_(recipients.c.state == UNKNOWN, _without_id)
# An id of which a report once belonged to somebody is that of an earlier attempt: it proves nothing about a later one.
_STRANGERS = Prepared(
    select(
        reports.c.provider_id, Hex(reports.c.phone_index).label("phone"), func.min(reports.c.at).label("at")
    )
    .where(
        ~reports.c.matched,
        reports.c.at >= bindparam("since"),
        exists().where(recipients.c.phone_index == reports.c.phone_index, _open),
        ~exists().where(_matched.c.provider_id == reports.c.provider_id, _matched.c.matched),
    )
    .group_by(reports.c.provider_id, reports.c.phone_index)
    .order_by(func.min(reports.c.at), reports.c.provider_id)
    .limit(bindparam("limit"))
)
_said = JsonRows("said")
_phones = select(reports.c.phone_index).where(reports.c.provider_id == _said.word(0)).distinct()
_OF_CAMPAIGNS = Prepared(
    select(
        Hex(recipients.c.phone_index).label("phone"),
        recipients.c.chunk_id,
        _open.label("is_open"),
        chunks.c.intent_at,
    )
    .select_from(recipients.join(chunks, recipients.c.chunk_id == chunks.c.id))
    .where(
        recipients.c.phone_index.in_(_phones),
        or_(_open, and_(recipients.c.state == PENDING, chunks.c.state == INTENT)),
    )
)
_OF_MESSAGES = Prepared(
    select(Hex(messages.c.to_index).label("phone"))
    .select_from(messages.outerjoin(chunks, messages.c.chunk_id == chunks.c.id))
    .where(
        messages.c.to_index.in_(_phones),
        or_(
            messages.c.state == UNKNOWN,
            and_(messages.c.state == PENDING, chunks.c.state == INTENT),
            and_(messages.c.state == ACCEPTED, messages.c.provider_id.is_(None)),
        ),
    )
)
_SETTLE = Prepared(
    update(recipients)
    .where(recipients.c.chunk_id == _said.whole(0), Hex(recipients.c.phone_index) == _said.word(1), _open)
    .values(state=ACCEPTED, code=BY_REPORT, provider_id=_said.word(2), settled_at=bindparam("now"))
)
_OTHERS = Prepared(
    update(recipients)
    .where(recipients.c.chunk_id == _said.whole(0), recipients.c.state == UNKNOWN)
    .values(state=ACCEPTED, code=BY_EVIDENCE, settled_at=bindparam("now"))
)
_CLEARED = Prepared(
    update(chunks)
    .where(chunks.c.id == _said.whole(0), chunks.c.state == written(_states.UNKNOWN))
    .values(state=DONE, lease_until=null(), done_at=bindparam("now"), why=SETTLED_WHY)
)


def strangers(db: Db, since: datetime, limit: int = 1_000) -> list[Stranger]:
    """Reports since a moment about nobody, for numbers of campaigns that are in doubt. Raises DatabaseAway."""
    return [Stranger(*row) for row in _STRANGERS.all(db, since=since, limit=limit)]


def settle(conn: Connection, found: Sequence[Stranger], now: datetime) -> list[str]:
    """Take reports as the proof that messages in doubt were taken; the ids that now belong to somebody.

    A number of which two messages could be meant proves nothing. Of two ids for one message the first is hers.
    """
    alone(conn)
    candidates = _candidates(conn, found)
    rows: list[tuple[int, str, str]] = []
    for one in sorted(found, key=lambda stranger: (stranger.heard_at, stranger.provider_id)):
        theirs = candidates.pop(one.phone, ())
        if len(theirs) == 1 and (chunk_id := _proved(theirs[0], one.heard_at)):
            rows.append((chunk_id, one.phone, one.provider_id))
    if not rows:
        return []
    _SETTLE.run(conn, said=packed(rows), now=now)
    taken = packed([[chunk_id] for chunk_id in {row[0] for row in rows}])
    _OTHERS.run(conn, said=taken, now=now)
    _CLEARED.run(conn, said=taken, now=now)
    return [provider_id for _, _, provider_id in rows]


def alone(conn: Connection) -> None:
    """Let nobody else settle doubts of campaigns until this transaction ends."""
    hold(conn, "doubt", b"campaigns")


def _candidates(conn: Connection, found: Sequence[Stranger]) -> dict[str, list[_Candidate]]:
    """By number, everything that a report about it could mean."""
    names = packed([[one.provider_id] for one in found])
    candidates: defaultdict[str, list[_Candidate]] = defaultdict(list)
    for phone, chunk_id, is_open, intent_at in _OF_CAMPAIGNS.all(conn, said=names):
        candidates[phone].append(_Candidate(chunk_id, bool(is_open), intent_at))
    for (phone,) in _OF_MESSAGES.all(conn, said=names):
        candidates[phone].append(_Candidate(None, False, None))
    return dict(candidates)


def _proved(candidate: _Candidate, heard_at: datetime) -> int | None:
    """The chunk that a report proves to be taken, if it is open and was asked for before the report came."""
    asked = candidate.intent_at is not None and candidate.intent_at <= heard_at
    return candidate.chunk_id if candidate.is_open and asked else None
