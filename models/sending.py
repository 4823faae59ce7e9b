"""The steps of sending, each one transaction: claim, answer, doubt. Between claim and answer lies one request.

Every step may be repeated: it looks at the claim's token, and does nothing when it was done before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, case, exists, null, select, update

from config.message_kinds import endpoint
from models import campaign_rows, chunks, reminder_kinds, reports
from models.caps import TOO_LATE, Caps, refusals
from models.chunks import Claimed
from models.database import Connection, Prepared
from models.identifiers import BadMsisdn, Msisdn
from models.keyring import KeyRing, KeyRingError
from models.messages import ACCEPTED, PENDING, REJECTED, TEXT, UNKNOWN, UNSETTLED, messages
from models.phones import PHONE
from models.prepared import among

UNREADABLE = "ILLISIBLE"
"""The key that sealed it is gone for good."""

ALL_REFUSED, NOTHING_LEFT = "all refused here", "erased before it was sent"
NOT_THE_HOUR = "nobody is reminded at this hour"


@dataclass(frozen=True, slots=True)
class Sms:
    """One message to send."""

    message_id: int
    to: Msisdn
    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a claim brought: `sms` to send in one request (same text; () when nothing is left), and our refusals."""

    claimed: Claimed
    sms: tuple[Sms, ...]
    refused: tuple[str, ...]


class Settled(NamedTuple):
    """What the provider said of one message: `code` and `cost` in words of the port, `provider_id` as it names it.

    `message_id` is the message's number; of a campaign, the recipient's keyed index in hexadecimal.
    """

    message_id: int | str
    accepted: bool
    code: str
    cost: str
    provider_id: str | None


_OF_CHUNK = Prepared(
    select(
        messages.c.id,
        messages.c.to_sealed,
        messages.c.to_index,
        messages.c.text_sealed,
        messages.c.created_at,
    )
    .where(messages.c.chunk_id == bindparam("chunk_id"), messages.c.state == PENDING)
    .order_by(messages.c.id)
)
_twin = messages.alias("twin")
_given_twice = exists().where(
    _twin.c.provider_id == bindparam("new_id"), _twin.c.id != bindparam("message_id")
)
_SETTLE = Prepared(
    update(messages)
    .where(messages.c.id == bindparam("message_id"), among(messages.c.state, UNSETTLED))
    .values(
        state=bindparam("new_state"),
        code=bindparam("new_code"),
        cost=bindparam("new_cost"),
        # A provider that gives one id to two messages must not stop us from writing its answer down.
        provider_id=case((_given_twice, null()), else_=bindparam("new_id")),
        settled_at=bindparam("now"),
    )
)
_DOUBT = Prepared(
    update(messages)
    .where(messages.c.chunk_id == bindparam("in_chunk"), messages.c.state == PENDING)
    .values(state=UNKNOWN, settled_at=bindparam("now"))
)


def take(
    conn: Connection, keys: KeyRing, lane: str, token: int, lease_seconds: float, now: datetime, caps: Caps
) -> Taken | None:
    """Claim a chunk and refuse what may not be sent; None when none waits. Send only after this is committed."""
    claimed = chunks.claim(conn, lane, token, lease_seconds)
    if claimed is None:
        return None
    rows = _OF_CHUNK.all(conn, chunk_id=claimed.chunk_id)
    if claimed.kind == reminder_kinds.MESSAGE and rows:
        opens_at = reminder_kinds.opens_at(conn, rows[0][0], now)
        if opens_at is not None:
            chunks.postpone(conn, token, opens_at, NOT_THE_HOUR)
            return Taken(claimed, (), ())
    # What was given back was counted when it was claimed first.
    counted = _admitted(conn, keys, claimed, rows, now, caps)
    for (message_id, *_), word in zip(rows, counted.words, strict=True):
        if word:
            _settle(conn, Settled(message_id, False, word, "", None), now)
            if claimed.kind == reminder_kinds.MESSAGE:
                reminder_kinds.withheld(conn, message_id, word, now)
    if not counted.sms:
        why = ALL_REFUSED if rows else NOTHING_LEFT
        chunks.finish(conn, claimed.chunk_id, token, now, why)
    return Taken(claimed, counted.sms, tuple(filter(None, counted.words)))


@dataclass(frozen=True, slots=True)
class _Counted:
    words: Sequence[str]
    sms: tuple[Sms, ...]


def _admitted(
    conn: Connection,
    keys: KeyRing,
    claimed: Claimed,
    rows: Sequence[tuple[int, bytes, bytes, bytes, datetime]],
    now: datetime,
    caps: Caps,
) -> _Counted:
    opened = {row[0]: _opened(keys, row) for row in rows}
    words = {row[0]: _unsendable(opened[row[0]], row[4], now, caps) for row in rows}
    if claimed.kind == reminder_kinds.MESSAGE:
        words = {key: word or reminder_kinds.refusal(conn, key, now) for key, word in words.items()}
    fit = [(sms, row[2]) for row in rows if not words[row[0]] and (sms := opened[row[0]])]
    if claimed.claims == 1 and fit:
        numbers = [(sms.to.e164, index) for sms, index in fit]
        said = refusals(conn, now.date(), endpoint(claimed.kind), numbers, caps)
        words |= {sms.message_id: word for (sms, _index), word in zip(fit, said, strict=True)}
    admitted = tuple(sms for sms, _index in fit if not words[sms.message_id])
    return _Counted([words[row[0]] for row in rows], admitted)


def _opened(keys: KeyRing, row: tuple[int, bytes, bytes, bytes, datetime]) -> Sms | None:
    message_id, to, _index, text, _created_at = row
    try:
        return Sms(message_id, Msisdn.parse(keys.unseal(to, PHONE)), keys.unseal(text, TEXT))
    except (KeyRingError, BadMsisdn):
        return None


def _unsendable(sms: Sms | None, created_at: datetime, now: datetime, caps: Caps) -> str:
    if sms is None:
        return UNREADABLE
    return TOO_LATE if now - created_at > caps.oldest else ""


def answered(
    conn: Connection,
    chunk_id: int,
    token: int,
    settled: Sequence[Settled],
    now: datetime,
    words: Mapping[str, str],
) -> bool:
    """Write down the provider's answer, and what early reports said; `words` as `reports.words_on` gives them.

    False when that was done before. An answer that comes after the lease still counts.
    """
    if not chunks.finish(conn, chunk_id, token, now):
        return False
    for one in settled:
        if _settle(conn, one, now) and one.provider_id:
            reports.apply_to(conn, int(one.message_id), one.provider_id, words, now)
    return True


def _settle(conn: Connection, one: Settled, now: datetime) -> bool:
    found = _SETTLE.run(
        conn,
        message_id=one.message_id,
        new_state=ACCEPTED if one.accepted else REJECTED,
        new_code=one.code,
        new_cost=one.cost or None,
        new_id=one.provider_id and reports.named(one.provider_id),
        now=now,
    )
    return bool(found)


def doubted(conn: Connection, chunk_id: int, token: int, why: str, now: datetime) -> bool:
    """Nobody knows whether the provider took the chunk: it is UNKNOWN, and so are its messages."""
    if not chunks.doubt(conn, chunk_id, token, why):
        return False
    _DOUBT.run(conn, in_chunk=chunk_id, now=now)
    return True


def reaped(conn: Connection, now: datetime) -> int:
    """Claims whose lease is over become UNKNOWN with their messages; how many chunks."""
    found = chunks.reap(conn)
    for chunk_id, campaign_id in found:
        if campaign_id is None:
            _DOUBT.run(conn, in_chunk=chunk_id, now=now)
    campaign_rows.doubt(conn, [chunk_id for chunk_id, campaign_id in found if campaign_id], now)
    return len(found)
