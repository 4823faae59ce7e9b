"""A campaign in one line: what an agent reads of it on a phone."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from models.campaign_tables import HELD_OUT, STOPPED, campaigns, recipients
from models.campaigns import CANCELLED, CODE_TRIES, DONE, PAUSED, SENDING, code_index
from models.database import Db, Prepared
from models.keyring import KeyRing
from models.messages import ACCEPTED, DELIVERED, EXPIRED, NO_RECEIPT, PENDING, REJECTED, UNDELIVERED
from models.places import fold

SENT = (ACCEPTED, DELIVERED, UNDELIVERED, EXPIRED, NO_RECEIPT)
"""States of those whose message the provider took."""

FAILED = (REJECTED, UNDELIVERED, EXPIRED)

BEGUN = (SENDING, PAUSED, CANCELLED, DONE)
"""States of a campaign of which messages may have left."""


@dataclass(frozen=True, slots=True)
class Brief:
    """How a campaign stands: people by what became of their message (`waiting`: it has not left), FCFA and minutes
    planned, and its ends as far as known.
    """

    campaign_id: int
    name: str
    author: str
    state: str
    people: int
    sent: int
    delivered: int
    failed: int
    stopped: int
    waiting: int
    planned_fcfa: int
    planned_minutes: int
    why: str
    content: bytes
    starts_at: datetime | None

    @property
    def percent(self) -> int:
        """How much of it is sent."""
        return 100 * self.sent // self.people if self.people else 0

    @property
    def fcfa(self) -> int:
        """What it costs: what was sent so far by the price that was planned, before it begins the whole."""
        if self.state not in BEGUN or not self.people:
            return self.planned_fcfa
        return self.planned_fcfa * self.sent // self.people

    @property
    def minutes_left(self) -> int:
        """How long those who wait take, at the pace that was planned."""
        return -(-self.planned_minutes * self.waiting // self.people) if self.people else 0


_ONE = Prepared(
    select(
        campaigns.c.name,
        campaigns.c.author,
        campaigns.c.state,
        campaigns.c.figures,
        campaigns.c.why,
        campaigns.c.content_hash,
        campaigns.c.starts_at,
        campaigns.c.approval_code_index,
        campaigns.c.approval_tries,
    ).where(campaigns.c.id == bindparam("campaign"))
)
_COUNT = Prepared(
    select(recipients.c.state, func.count())
    .where(recipients.c.campaign_id == bindparam("campaign"))
    .group_by(recipients.c.state)
)
_NEWEST = Prepared(
    select(campaigns.c.id, campaigns.c.author, campaigns.c.state)
    .order_by(campaigns.c.id.desc())
    .limit(bindparam("limit"))
)


def brief(db: Db, campaign_id: int) -> Brief | None:
    """How a campaign stands, or None when there is none of that number. Raises DatabaseAway."""
    row = _ONE.first(db, campaign=campaign_id)
    if row is None:
        return None
    name, author, state, figures, why, content, starts_at, *_ = row
    found: dict[str, Any] = json.loads(figures or "{}")
    counts: dict[str, int] = dict(_COUNT.all(db, campaign=campaign_id))
    planned = sum(counts.values()) - counts.get(HELD_OUT, 0)
    return Brief(
        campaign_id=campaign_id,
        name=name,
        author=author,
        state=state,
        people=planned or int(found.get("people", 0)),
        sent=sum(counts.get(one, 0) for one in SENT),
        delivered=counts.get(DELIVERED, 0),
        failed=sum(counts.get(one, 0) for one in FAILED),
        stopped=counts.get(STOPPED, 0),
        waiting=counts.get(PENDING, 0),
        planned_fcfa=int(found.get("fcfa", 0)),
        planned_minutes=int(found.get("minutes", 0)),
        why=why or "",
        content=content or b"",
        starts_at=starts_at,
    )


def newest(db: Db, limit: int) -> tuple[tuple[int, str, str], ...]:
    """(number, author, state) of the newest campaigns. Raises DatabaseAway."""
    return tuple((int(number), author, state) for number, author, state in _NEWEST.all(db, limit=limit))


def code_fits(db: Db, keys: KeyRing, campaign_id: int, approver: str, code: str) -> bool:
    """Whether a code is the one that was sent to `approver` for this content. Raises DatabaseAway."""
    row = _ONE.first(db, campaign=campaign_id)
    if row is None or row[7] is None or row[8] >= CODE_TRIES:
        return False
    return hmac.compare_digest(code_index(keys, campaign_id, approver, code, row[5] or b""), row[7])


def same(one: str, other: str) -> bool:
    """Whether two names are one person's, as campaigns compare them."""
    return fold(one) == fold(other)
