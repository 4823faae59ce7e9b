"""A request that is in doubt and of which nothing is ever heard was not taken: it is sent again, and marked so.

Silence counts only under the policy `evidence`, for one text to many numbers, when time enough has passed, and when
the feed of reports was well: requests to the same operator after this one have (nearly) the usual share of reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, null, select, update

from models import chunks as _states
from models.campaign_doubts import alone
from models.campaign_tables import campaigns, recipients
from models.campaigns import SENDING
from models.chunks import DONE, INTENT, READY, chunks, written
from models.database import Connection, Db, Prepared
from models.messages import DELIVERED, EXPIRED, PENDING, UNDELIVERED, UNKNOWN
from models.prepared import among
from models.reports import reports

EVIDENCE = "evidence"
"""The policy of mass information: what was certainly not taken is sent again."""

LEAST = 20
"""Numbers of a request below which silence proves nothing."""

MOST_ATTEMPTS = 3

NEAR = timedelta(minutes=10)
"""So near in time are the requests that say whether the feed of reports was well."""

SHARE_OF_USUAL = 0.8
"""The feed was well when later requests have this much of the usual share of reports."""

SAMPLE_CHUNKS = 400
"""Requests by which the usual share is measured: of one text to many, however many personal ones came after them."""

MOST_ERROR = 1e-6
"""The chance that a request was taken and nobody of it was reported about, above which people decide."""

RESENT_WHY = "sent again: nothing was heard of it"


@dataclass(frozen=True, slots=True)
class Rule:
    """How long silence lasts until it counts, and how many numbers must speak for the feed."""

    silence: timedelta
    recipients: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A request in doubt that may be judged: when it was made, and how many of its numbers are in doubt."""

    chunk_id: int
    campaign_id: int
    operator: str
    attempt: int
    intent_at: datetime
    doubtful: int


@dataclass(frozen=True, slots=True)
class Feed:
    """Of numbers whose message was taken, how many were reported about."""

    taken: int
    reported: int

    @property
    def share(self) -> float:
        """The reported ones, of one."""
        return self.reported / self.taken if self.taken else 0.0


_doubtful = func.count().label("doubtful")
_heard_of = exists(
    select(reports.c.provider_id)
    .select_from(reports.join(recipients, recipients.c.phone_index == reports.c.phone_index))
    .where(recipients.c.chunk_id == chunks.c.id, ~reports.c.matched, reports.c.at >= chunks.c.intent_at)
)
_SILENT = Prepared(
    select(
        chunks.c.id, chunks.c.campaign_id, chunks.c.operator, chunks.c.attempt, chunks.c.intent_at, _doubtful
    )
    .select_from(
        chunks.join(campaigns, campaigns.c.id == chunks.c.campaign_id).join(
            recipients, recipients.c.chunk_id == chunks.c.id
        )
    )
    .where(
        chunks.c.state == written(_states.UNKNOWN),
        chunks.c.policy == EVIDENCE,
        chunks.c.attempt < MOST_ATTEMPTS,
        chunks.c.intent_at <= bindparam("before"),
        campaigns.c.state == SENDING,
        ~campaigns.c.personalised,
        recipients.c.state == UNKNOWN,
        ~_heard_of,
    )
    .group_by(chunks.c.id, chunks.c.campaign_id, chunks.c.operator, chunks.c.attempt, chunks.c.intent_at)
    .having(func.count() >= LEAST)
    .order_by(chunks.c.id)
    .limit(bindparam("limit"))
)
_reported = among(recipients.c.state, (DELIVERED, UNDELIVERED, EXPIRED))
_feed = (func.count(), func.count().filter(_reported))
_answered = (chunks.c.state == DONE, recipients.c.provider_id.is_not(None))
_BETWEEN = Prepared(
    select(*_feed)
    .select_from(chunks.join(recipients, recipients.c.chunk_id == chunks.c.id))
    .where(
        chunks.c.operator == bindparam("operator"),
        chunks.c.campaign_id.is_not(None),
        chunks.c.intent_at > bindparam("after"),
        chunks.c.intent_at <= bindparam("until"),
        *_answered,
    )
)
_sample = (
    select(chunks.c.id)
    .where(
        chunks.c.operator == bindparam("operator"),
        chunks.c.campaign_id.is_not(None),
        chunks.c.state == DONE,
        chunks.c.n >= LEAST,
        chunks.c.intent_at <= bindparam("before"),
    )
    .order_by(chunks.c.intent_at.desc())
    .limit(SAMPLE_CHUNKS)
    .subquery("sample")
)
_USUAL = Prepared(
    select(*_feed)
    .select_from(_sample.join(recipients, recipients.c.chunk_id == _sample.c.id))
    .where(recipients.c.provider_id.is_not(None))
)
# Of requests made before this one: whose numbers were reported about after it was made.
_HEARD_SINCE = Prepared(
    select(func.count(recipients.c.phone_index.distinct()))
    .select_from(
        chunks.join(recipients, recipients.c.chunk_id == chunks.c.id).join(
            reports, reports.c.provider_id == recipients.c.provider_id
        )
    )
    .where(
        chunks.c.operator == bindparam("operator"),
        chunks.c.campaign_id.is_not(None),
        chunks.c.intent_at > bindparam("after"),
        chunks.c.intent_at <= bindparam("until"),
        reports.c.at > bindparam("until"),
    )
)
_LEFT = Prepared(
    select(chunks.c.id)
    .where(
        chunks.c.campaign_id == bindparam("campaign_id"),
        chunks.c.operator == bindparam("operator"),
        among(chunks.c.state, (READY, INTENT)),
    )
    .limit(1)
)
_AGAIN = Prepared(
    update(chunks)
    .where(
        chunks.c.id == bindparam("chunk_id"),
        chunks.c.state == written(_states.UNKNOWN),
        chunks.c.attempt == bindparam("last"),
    )
    .values(state=READY, attempt=chunks.c.attempt + 1, token=null(), not_before=null(), why=RESENT_WHY)
)
_ROWS_AGAIN = Prepared(
    update(recipients)
    .where(recipients.c.chunk_id == bindparam("in_chunk"), recipients.c.state == UNKNOWN)
    .values(state=PENDING, attempt=recipients.c.attempt + 1, dup_risk=True, settled_at=null())
)


def silent(db: Db, now: datetime, rule: Rule, limit: int = 50) -> list[Silent]:
    """Requests in doubt of which nothing was heard for so long. Raises DatabaseAway."""
    return [Silent(*row) for row in _SILENT.all(db, before=now - rule.silence, limit=limit)]


def was_not_taken(db: Db, one: Silent, now: datetime, rule: Rule) -> bool:
    """Whether the silence about a request proves that it was not taken. Raises DatabaseAway."""
    usual = Feed(*(_USUAL.first(db, operator=one.operator, before=now - rule.silence) or (0, 0)))
    if usual.taken < rule.recipients or (1 - usual.share) ** one.doubtful > MOST_ERROR:
        return False
    enough = usual.share * SHARE_OF_USUAL
    end = min(one.intent_at + NEAR, now - rule.silence / 2)
    later = _between(db, one.operator, one.intent_at, end)
    if later.taken >= rule.recipients:
        return later.share >= enough
    return _is_the_last(db, one) and _well_around(db, one, now, rule, enough)


def _is_the_last(db: Db, one: Silent) -> bool:
    """Whether nothing of its campaign goes to this operator any more: then no later request will ever speak."""
    return not _LEFT.all(db, campaign_id=one.campaign_id, operator=one.operator)


def _well_around(db: Db, one: Silent, now: datetime, rule: Rule, enough: float) -> bool:
    """At a campaign's end: after twice the time, requests around it are reported about as usual, and many numbers of
    earlier requests were reported about when this one had been made.
    """
    if one.intent_at > now - 2 * rule.silence:
        return False
    around = _between(db, one.operator, one.intent_at - NEAR, one.intent_at + NEAR)
    since = _HEARD_SINCE.first(
        db, operator=one.operator, after=one.intent_at - NEAR, until=one.intent_at
    ) or (0,)
    return around.taken >= rule.recipients and around.share >= enough and since[0] >= LEAST


def _between(db: Db, operator: str, after: datetime, until: datetime) -> Feed:
    return Feed(*(_BETWEEN.first(db, operator=operator, after=after, until=until) or (0, 0)))


def send_again(conn: Connection, one: Silent, now: datetime, rule: Rule) -> bool:
    """Let a request be made once more, under a new attempt and with `dup_risk`; False when that is no longer right.

    What the silence is judged by is read again, with all other judges kept out.
    """
    alone(conn)
    if one not in silent(conn, now, rule) or not was_not_taken(conn, one, now, rule):
        return False
    if not _AGAIN.run(conn, chunk_id=one.chunk_id, last=one.attempt):
        return False
    _ROWS_AGAIN.run(conn, in_chunk=one.chunk_id)
    return True
