"""Chunks: what goes to the provider in one request, and the one place that says whether that request was made.

    READY -> INTENT -> DONE            the request was made and its answer is written down
    READY -> DONE                      withdrawn before anybody began to send it
               |`-> READY              by its owner alone, when it is certain that nothing was sent
               `--> UNKNOWN -> DONE    nobody knows; settled by a late answer or by a delivery report

A provider has no key by which a request could be repeated without harm. So a chunk is claimed, and the claim is
committed, before its one request; and nobody but the holder of the claim's token ever makes it READY again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    insert,
    literal_column,
    null,
    or_,
    select,
    text,
    update,
)

from models.database import Connection, Id, Prepared, UtcDateTime, metadata
from models.database_clock import SECONDS, DatabaseNow, SecondsFromNow
from models.prepared import among

READY, INTENT, DONE, UNKNOWN = "READY", "INTENT", "DONE", "UNKNOWN"
OPEN = (INTENT, UNKNOWN)
"""States that an answer of the provider settles, however late it is written down."""

AT_MOST_ONCE = "at_most_once"
"""The policy under which what is in doubt is never sent again by a machine."""

WHY = 80
"""The most characters of a reason."""

LEASE_OVER = "lease over"
"""Why a chunk is in doubt whose owner was killed or held up."""


def _few(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


chunks = Table(
    "chunks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lane", String(16), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("policy", String(16), nullable=False),
    Column("n", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("not_before", UtcDateTime),
    Column("token", BigInteger),
    Column("lease_until", UtcDateTime),
    Column("intent_at", UtcDateTime),
    Column("done_at", UtcDateTime),
    Column("why", String(WHY)),
    Column("campaign_id", BigInteger),
    Column("operator", String(12)),
    Column("region", String(12)),
    Column("route", String(24)),
    Index("ix_chunks_campaign", "campaign_id", "state"),
    # Each over the few rows that somebody looks for: claims of messages and of campaigns, the reaper, the reports.
    _few("ix_chunks_ready", "lane", "attempt", "id", where="state = 'READY' AND campaign_id IS NULL"),
    _few(
        "ix_chunks_turn",
        "campaign_id",
        "operator",
        "attempt",
        "id",
        where="state = 'READY' AND campaign_id IS NOT NULL",
    ),
    _few("ix_chunks_open", "state", "id", where="state IN ('INTENT', 'UNKNOWN')"),
    _few("ix_chunks_asked", "operator", "intent_at", where="campaign_id IS NOT NULL"),
)
"""`n` messages; `attempt` 2 and more: sent again although in doubt; `claims`: how often somebody was about to send."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A chunk that is ours to send, once, until the lease is over. `claims` is 1 the first time."""

    chunk_id: int
    token: int
    kind: str
    claims: int


_INSERT = Prepared(
    insert(chunks)
    .values(
        lane=bindparam("lane"),
        kind=bindparam("kind"),
        policy=AT_MOST_ONCE,
        n=bindparam("n"),
        attempt=1,
        claims=0,
        state=READY,
        not_before=bindparam("not_before"),
    )
    .returning(chunks.c.id)
)
_DELETE = Prepared(delete(chunks).where(chunks.c.id == bindparam("chunk_id")))


def written(state: str) -> ColumnElement[str]:
    """A state as a word of the statement itself: bound, a plan that is kept could not use the index over its rows."""
    return literal_column(f"'{state}'", String)


_waiting = chunks.alias("waiting")
_oldest = (
    select(_waiting.c.id)
    .where(
        _waiting.c.state == written(READY),
        _waiting.c.campaign_id.is_(None),
        _waiting.c.lane == bindparam("lane"),
        or_(_waiting.c.not_before.is_(None), _waiting.c.not_before <= DatabaseNow()),
    )
    # By the attempt first: by the number alone, the key could be walked, past everything that was ever sent.
    .order_by(_waiting.c.attempt, _waiting.c.id)
    .limit(1)
)
_WAITS = Prepared(_oldest)
_CLAIM = Prepared(
    update(chunks)
    .where(chunks.c.id == _oldest.with_for_update(skip_locked=True).scalar_subquery())
    .values(
        state=INTENT,
        token=bindparam("new_token", type_=BigInteger),
        claims=chunks.c.claims + 1,
        intent_at=DatabaseNow(),
        lease_until=SecondsFromNow(bindparam("lease", type_=SECONDS)),
    )
    .returning(chunks.c.id, chunks.c.kind, chunks.c.claims)
)
_ours = (chunks.c.id == bindparam("chunk_id"), chunks.c.token == bindparam("held"))
_GIVE_BACK = Prepared(
    update(chunks)
    .where(chunks.c.state == written(INTENT), chunks.c.token == bindparam("held"))
    .values(
        state=READY,
        token=null(),
        lease_until=null(),
        not_before=SecondsFromNow(bindparam("pause", type_=SECONDS)),
        why=bindparam("reason"),
    )
)
_POSTPONE = Prepared(
    update(chunks)
    .where(chunks.c.state == written(INTENT), chunks.c.token == bindparam("held"))
    .values(
        state=READY,
        token=null(),
        lease_until=null(),
        claims=chunks.c.claims - 1,
        not_before=bindparam("until", type_=UtcDateTime),
        why=bindparam("reason"),
    )
)
_FINISH = Prepared(
    update(chunks)
    .where(*_ours, among(chunks.c.state, OPEN))
    .values(state=DONE, lease_until=null(), done_at=bindparam("now"), why=bindparam("reason"))
)
_WITHDRAW = Prepared(
    update(chunks)
    .where(chunks.c.id == bindparam("chunk_id"), chunks.c.state == written(READY))
    .values(state=DONE, done_at=DatabaseNow(), why=bindparam("reason"))
)
_DOUBT = Prepared(
    update(chunks)
    .where(*_ours, chunks.c.state == INTENT)
    .values(state=UNKNOWN, lease_until=null(), why=bindparam("reason"))
)
_REAP = Prepared(
    update(chunks)
    .where(chunks.c.state == written(INTENT), chunks.c.lease_until < DatabaseNow())
    .values(state=UNKNOWN, lease_until=null(), why=LEASE_OVER)
    .returning(chunks.c.id, chunks.c.campaign_id)
)


def add(conn: Connection, *, lane: str, kind: str, n: int, not_before: datetime | None) -> int:
    """Make a chunk READY for `n` messages; nobody claims it before `not_before` (None: at once). Its id."""
    (chunk_id,) = _INSERT.all(conn, lane=lane, kind=kind, n=n, not_before=not_before)[0]
    return int(chunk_id)


def drop(conn: Connection, chunk_id: int) -> None:
    """Take away a chunk that this transaction made and does not need."""
    _DELETE.run(conn, chunk_id=chunk_id)


def waits(conn: Connection, lane: str) -> bool:
    """Whether a chunk of the lane could be claimed now."""
    return bool(_WAITS.all(conn, lane=lane))


def claim(conn: Connection, lane: str, token: int, lease_seconds: float) -> Claimed | None:
    """Take the oldest READY chunk of a lane's messages whose turn has come; None when there is none.

    `token` is a number nobody else draws. The claim holds once it is committed; when the commit's answer is lost,
    nothing may be sent. The lease runs by the database's clock.
    """
    found = _CLAIM.all(conn, lane=lane, new_token=token, lease=lease_seconds)
    if not found:
        return None
    chunk_id, kind, claims = found[0]
    return Claimed(chunk_id, token, kind, claims)


def give_back(conn: Connection, token: int, pause_seconds: float, why: str) -> bool:
    """The claim's owner certainly sent nothing: READY again after a pause. False when the claim is not held (any more).

    For the owner alone, who may not know the chunk: the answer to its commit may have been lost.
    """
    return bool(_GIVE_BACK.run(conn, held=token, pause=pause_seconds, reason=why[:WHY]))


def postpone(conn: Connection, token: int, until: datetime, why: str) -> None:
    """This is not the hour: READY again from `until` on, as if never claimed. In the claim's own transaction."""
    _POSTPONE.run(conn, held=token, until=until, reason=why[:WHY])


def finish(conn: Connection, chunk_id: int, token: int, now: datetime, why: str | None = None) -> bool:
    """The answer is known: DONE, even when the lease ran out meanwhile. False when it was written before."""
    return bool(_FINISH.run(conn, chunk_id=chunk_id, held=token, now=now, reason=why and why[:WHY]))


def withdraw(conn: Connection, chunk_id: int, why: str) -> bool:
    """Nobody has begun to send it, and nobody will: READY becomes DONE. False when it was claimed, or is over."""
    return bool(_WITHDRAW.run(conn, chunk_id=chunk_id, reason=why[:WHY]))


def doubt(conn: Connection, chunk_id: int, token: int, why: str) -> bool:
    """Nobody knows whether the request was taken: UNKNOWN. False when that was noted before."""
    return bool(_DOUBT.run(conn, chunk_id=chunk_id, held=token, reason=why[:WHY]))


def reap(conn: Connection) -> list[tuple[int, int | None]]:
    """Claims whose lease is over become UNKNOWN, never READY; (chunk, its campaign or None) of each."""
    return [(chunk_id, campaign_id) for chunk_id, campaign_id in _REAP.all(conn)]
