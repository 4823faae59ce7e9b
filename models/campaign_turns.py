"""Whose turn it is: which campaigns have chunks that may leave now, and the claim of the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
    update,
)

from models.campaign_tables import campaigns
from models.campaigns import SENDING
from models.chunks import INTENT, READY, chunks, written
from models.database import Db, Prepared
from models.database_clock import SECONDS, DatabaseNow, SecondsFromNow
from models.json_rows import JsonRows, packed
from models.sending_windows import Open


@dataclass(frozen=True, slots=True)
class Turn:
    """A campaign and an operator of which chunks are READY. `version` changes when its texts do."""

    campaign_id: int
    operator: str
    personalised: bool
    chunk_size: int
    version: bytes


class Claimed(NamedTuple):
    """A chunk that is ours to send, once, until the lease is over; `n` messages, `claims` is 1 the first time."""

    chunk_id: int
    n: int
    claims: int


_is_sending = and_(
    campaigns.c.state == SENDING, or_(campaigns.c.ends_at.is_(None), campaigns.c.ends_at > DatabaseNow())
)
_operators = JsonRows("operators")
_TURNS = Prepared(
    select(
        campaigns.c.id,
        _operators.word(0).label("operator"),
        campaigns.c.personalised,
        campaigns.c.chunk_size,
        campaigns.c.content_hash,
    )
    .select_from(campaigns.join(_operators.table, true()))
    .where(
        _is_sending,
        # One look at the index for each, where an EXISTS might read all that waits.
        select(chunks.c.id)
        .where(
            chunks.c.campaign_id == campaigns.c.id,
            chunks.c.operator == _operators.word(0),
            chunks.c.state == written(READY),
        )
        .order_by(chunks.c.attempt, chunks.c.id)
        .limit(1)
        .correlate(campaigns, _operators.table)
        .scalar_subquery()
        .is_not(None),
    )
    .order_by(campaigns.c.id)
)

_waiting = chunks.alias("waiting")
_listed = bindparam("listed", type_=String).like("%|" + func.coalesce(_waiting.c.region, "") + "|%")
_next = (
    select(_waiting.c.id)
    .where(
        _waiting.c.campaign_id == bindparam("campaign_id", type_=BigInteger),
        _waiting.c.operator == bindparam("operator"),
        _waiting.c.state == written(READY),
        or_(_waiting.c.not_before.is_(None), _waiting.c.not_before <= DatabaseNow()),
        # Everywhere but in the regions that are listed, or in these alone.
        case((_listed, 1), else_=0) != bindparam("everywhere", type_=Integer),
        exists().where(campaigns.c.id == bindparam("campaign_id", type_=BigInteger), _is_sending),
    )
    # First attempts first; and no plan can walk the key past everything that was ever sent.
    .order_by(_waiting.c.attempt, _waiting.c.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, of=_waiting)
    .cte("next")
)
_CLAIM = Prepared(
    update(chunks)
    .where(chunks.c.id.in_(select(_next.c.id)))
    .values(
        state=INTENT,
        token=bindparam("new_token", type_=BigInteger),
        claims=chunks.c.claims + 1,
        route=bindparam("new_route"),
        intent_at=DatabaseNow(),
        lease_until=SecondsFromNow(bindparam("lease", type_=SECONDS)),
    )
    .returning(chunks.c.id, chunks.c.n, chunks.c.claims)
)


def turns(db: Db, operators: Sequence[str]) -> tuple[Turn, ...]:
    """The campaigns that are being sent, once for each of these operators that still waits. Raises DatabaseAway."""
    rows = _TURNS.all(db, operators=packed([[operator] for operator in operators]))
    return tuple(
        Turn(campaign_id, operator, bool(personalised), size, version or b"")
        for campaign_id, operator, personalised, size, version in rows
    )


def claim(
    conn: Db, turn: Turn, where: Open, most: int, token: int, lease_seconds: float, route: str
) -> tuple[Claimed, ...]:
    """Take the next READY chunks of a turn, `most` at most, all under one token.

    Only while the campaign is SENDING, only where it is `Open`, and none before its time. As `models.chunks.claim`:
    the claim holds once it is committed; when the commit's answer is lost, nothing may be sent.
    """
    found = _CLAIM.all(
        conn,
        campaign_id=turn.campaign_id,
        operator=turn.operator,
        listed=where.listed,
        everywhere=int(where.everywhere),
        most=most,
        new_token=token,
        lease=lease_seconds,
        new_route=route,
    )
    return tuple(Claimed(*row) for row in sorted(found))
