"""What failed for a reason that passes is sent once more, later: table retry_reasons says which, when and how often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, insert, null, select, update

from config import facts
from config.jobs import BULK
from models.campaign_tables import campaigns, recipients
from models.campaigns import DONE, SENDING
from models.chunks import READY, chunks
from models.database import Connection, Db, Prepared
from models.json_rows import Hex, JsonRows, packed
from models.messages import EXPIRED, PENDING, REJECTED, UNDELIVERED
from models.prepared import among

KIND = "campaign"
FAILED = (REJECTED, UNDELIVERED, EXPIRED)

LATER = "LATER"
"""After a while; AFTER_PAYMENT: as soon as somebody lets the campaign go on."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A recipient of whom a failure passes, and what her next chunk has in common with others."""

    phone: str
    chunk_id: int
    operator: str
    region: str | None
    language: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign in which somebody may be tried again; its requests carry `size` numbers at most."""

    campaign_id: int
    policy: str
    size: int


_open = (campaigns.c.state == SENDING) | (
    (campaigns.c.state == DONE) & (campaigns.c.ended_at >= bindparam("since"))
)
_CAMPAIGNS = Prepared(
    select(campaigns.c.id, campaigns.c.policy, campaigns.c.chunk_size, campaigns.c.personalised).where(_open)
)
_FAILED = Prepared(
    select(
        Hex(recipients.c.phone_index).label("phone"),
        recipients.c.chunk_id,
        recipients.c.operator,
        recipients.c.region,
        recipients.c.language,
        recipients.c.attempt,
    )
    .where(
        recipients.c.campaign_id == bindparam("campaign_id", type_=BigInteger),
        among(recipients.c.state, FAILED),
        recipients.c.code == bindparam("word"),
        recipients.c.attempt < bindparam("attempts"),
    )
    .limit(bindparam("limit"))
)
_ADD = Prepared(
    insert(chunks)
    .values(
        lane=BULK,
        kind=KIND,
        policy=bindparam("policy"),
        n=bindparam("n"),
        attempt=bindparam("attempt"),
        claims=0,
        state=READY,
        campaign_id=bindparam("campaign_id"),
        operator=bindparam("operator"),
        region=bindparam("region"),
        not_before=bindparam("not_before"),
    )
    .returning(chunks.c.id)
)
_said = JsonRows("said")
_AGAIN = Prepared(
    update(recipients)
    .where(
        recipients.c.campaign_id == bindparam("campaign_id", type_=BigInteger),
        recipients.c.chunk_id == _said.whole(1),
        Hex(recipients.c.phone_index) == _said.word(0),
        among(recipients.c.state, FAILED),
    )
    .values(
        state=PENDING,
        chunk_id=_said.whole(2),
        attempt=recipients.c.attempt + 1,
        # What the network gave up may still arrive; what was refused was never sent.
        dup_risk=recipients.c.dup_risk | (recipients.c.state != REJECTED),
        provider_id=null(),
        code=null(),
        cost=null(),
        settled_at=null(),
    )
)
_REOPEN = Prepared(
    update(campaigns)
    .where(campaigns.c.id == bindparam("campaign_id"), campaigns.c.state == DONE)
    .values(state=SENDING, ended_at=null())
)


def open_campaigns(db: Db, now: datetime) -> list[Campaign]:
    """Campaigns that are being sent, and those that ended while reports may still come. Raises DatabaseAway."""
    hours = int(facts.SHIPPED.parameter("no_receipt_hours", now.date()))
    rows = _CAMPAIGNS.all(db, since=now - timedelta(hours=hours))
    return [Campaign(number, policy, 1 if personal else size) for number, policy, size, personal in rows]


def try_again(conn: Connection, campaign: Campaign, now: datetime, limit: int = 2_000) -> int:
    """Give those who failed for a reason that passes to new chunks that wait for their time; how many.

    At most `limit` for each reason. A campaign that was done is being sent again.
    """
    return sum(
        _try_again(conn, campaign, row["word"], int(row["after_minutes"]), int(row["attempts"]), now, limit)
        for row in facts.SHIPPED.in_force("retry_reasons", now.date())
    )


def _try_again(
    conn: Connection, campaign: Campaign, word: str, minutes: int, attempts: int, now: datetime, limit: int
) -> int:
    found = _FAILED.all(conn, campaign_id=campaign.campaign_id, word=word, attempts=attempts, limit=limit)
    groups: defaultdict[tuple[object, ...], list[Failed]] = defaultdict(list)
    for one in (Failed(*row) for row in found):
        groups[one.operator, one.region, one.language, one.attempt].append(one)
    not_before = now + timedelta(minutes=minutes) if minutes else None
    rows = [
        (one.phone, one.chunk_id, chunk_id)
        for theirs in groups.values()
        for some in _cut(theirs, campaign.size)
        for chunk_id in (_added(conn, campaign, some, not_before),)
        for one in some
    ]
    if not rows:
        return 0
    _REOPEN.run(conn, campaign_id=campaign.campaign_id)
    return _AGAIN.run(conn, campaign_id=campaign.campaign_id, said=packed(rows))


def _cut(found: Sequence[Failed], size: int) -> list[Sequence[Failed]]:
    return [found[start : start + size] for start in range(0, len(found), size)]


def _added(conn: Connection, campaign: Campaign, some: Sequence[Failed], not_before: datetime | None) -> int:
    ((chunk_id,),) = _ADD.all(
        conn,
        campaign_id=campaign.campaign_id,
        policy=campaign.policy,
        n=len(some),
        attempt=some[0].attempt + 1,
        operator=some[0].operator,
        region=some[0].region,
        not_before=not_before,
    )
    return int(chunk_id)
