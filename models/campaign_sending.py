"""The steps of sending for campaigns, each one transaction, as `models.sending` has them for single messages.

A request carries one chunk. One transaction may claim several chunks of one message each, and settle them together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, null, update

from config.sms_codes import OUT_OF_CREDIT
from models import campaign_rows, reports
from models.campaign_ends import pause
from models.campaign_refusals import STOP, Waiting, waiting
from models.campaign_rows import Row
from models.campaign_tables import SKIPPED, STOPPED
from models.campaign_turns import Claimed, Turn, claim
from models.caps import ABROAD, Caps, spend
from models.chunks import DONE, INTENT, OPEN, READY, UNKNOWN, WHY, chunks, written
from models.database import Db, Prepared
from models.database_clock import SECONDS, SecondsFromNow
from models.identifiers import BadMsisdn, Msisdn
from models.json_rows import JsonRows, packed
from models.keyring import KeyRing, KeyRingError
from models.messages import ACCEPTED, REJECTED
from models.number_locks import hold_chunks
from models.phones import PHONE
from models.prepared import among
from models.sending import ALL_REFUSED, UNREADABLE, Settled
from models.sending_windows import Open

SCOPE = b"endpoint:campaign"
"""The scope of models.caps in which the messages of campaigns are counted."""


UNPAID = "the account at the provider is empty"
"""Why a campaign is paused by itself."""


NO_TEXT = "SANS_VALEUR"
"""A variable of the text has no value for her, and nothing stands in its place."""


class DayFull(Exception):
    """So many messages of campaigns as a day may have were claimed today: nothing is claimed any more."""


class Target(NamedTuple):
    """One number of a request; `key` is what the journal calls her."""

    key: str
    to: Msisdn


class Request(NamedTuple):
    """What goes to the provider at once: a chunk's text, and those of its people who may be written to."""

    chunk: Claimed
    token: int
    text: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a claim brought: requests to make (() when nothing is left of the chunks), our refusals, how many in all."""

    requests: tuple[Request, ...]
    refused: tuple[str, ...]
    messages: int


class Answer(NamedTuple):
    """What the provider said of one request; `message_id` of each is the target's `key`."""

    campaign_id: int
    chunk_id: int
    token: int
    settled: tuple[Settled, ...]


Write = Callable[[Db, Sequence[Waiting]], Sequence[str | None]]

_said = JsonRows("said")
_ours = (chunks.c.id == _said.whole(0), chunks.c.token == _said.whole(1))
_FINISH = Prepared(
    update(chunks)
    .where(*_ours, among(chunks.c.state, OPEN))
    .values(state=DONE, lease_until=null(), done_at=bindparam("now"), why=bindparam("reason"))
    .returning(chunks.c.id)
)
_DOUBT = Prepared(
    update(chunks)
    .where(*_ours, chunks.c.state == written(INTENT))
    .values(state=UNKNOWN, lease_until=null(), why=bindparam("reason"))
    .returning(chunks.c.id)
)
_GIVE_BACK = Prepared(
    update(chunks)
    .where(
        chunks.c.id == _said.whole(0),
        chunks.c.token == bindparam("held", type_=BigInteger),
        chunks.c.state == written(INTENT),
    )
    .values(
        state=READY,
        token=null(),
        lease_until=null(),
        not_before=SecondsFromNow(bindparam("pause", type_=SECONDS)),
        why=bindparam("reason"),
    )
)


def take(
    conn: Db,
    keys: KeyRing,
    turn: Turn,
    where: Open,
    most: int,
    write: Write,
    *,
    token: int,
    lease_seconds: float,
    route: str,
    now: datetime,
    caps: Caps,
    cap_campaigns: int,
) -> Taken | None:
    """Claim chunks of a turn and refuse who may not be written to; None when none waits. Send only once committed.

    `write` gives each recipient's text, None when there is none for her; all of one chunk get that of the first.
    Raises DayFull: roll back, nothing is claimed.
    """
    claimed = claim(conn, turn, where, most, token, lease_seconds, route)
    if not claimed:
        return None
    chunk_ids = [one.chunk_id for one in claimed]
    hold_chunks(conn, chunk_ids)
    rows = waiting(conn, chunk_ids, now, caps.number)
    texts = write(conn, rows)
    opened = [_opened(keys, row) for row in rows]
    words = [
        row.word or _unsendable(to, text, caps) for row, to, text in zip(rows, opened, texts, strict=True)
    ]
    _refuse(conn, rows, words, now)
    by_chunk: dict[int, tuple[str, list[Target]]] = {}
    for row, to, text, word in zip(rows, opened, texts, words, strict=True):
        if to and text and not word:
            by_chunk.setdefault(row.chunk_id, (text, []))[1].append(Target(row.phone_index.hex(), to))
    requests = tuple(
        Request(one, token, by_chunk[one.chunk_id][0], tuple(by_chunk[one.chunk_id][1]))
        for one in claimed
        if one.chunk_id in by_chunk
    )
    _count(conn, requests, now, cap_campaigns)
    if done := [[one.chunk_id, token] for one in claimed if one.chunk_id not in by_chunk]:
        _FINISH.run(conn, said=packed(done), now=now, reason=ALL_REFUSED)
    return Taken(requests, tuple(filter(None, words)), sum(one.n for one in claimed))


def _opened(keys: KeyRing, row: Waiting) -> Msisdn | None:
    if row.phone_sealed is None:
        return None
    try:
        return Msisdn.parse(keys.unseal(row.phone_sealed, PHONE))
    except (KeyRingError, BadMsisdn):
        return None


def _unsendable(to: Msisdn | None, text: str | None, caps: Caps) -> str:
    if to is None:
        return UNREADABLE
    if not to.e164.startswith(caps.prefixes):
        return ABROAD
    return "" if text else NO_TEXT


def _refuse(conn: Db, rows: Sequence[Waiting], words: Sequence[str], now: datetime) -> None:
    refused: list[Row] = [
        (row.chunk_id, row.phone_index.hex(), STOPPED if word == STOP else SKIPPED, word, None, None)
        for row, word in zip(rows, words, strict=True)
        if word
    ]
    campaign_rows.settle(conn, refused, now)


def _count(conn: Db, requests: Sequence[Request], now: datetime, cap: int) -> None:
    """What is claimed for the first time counts; what was given back was counted then."""
    times = sum(len(one.targets) for one in requests if one.chunk.claims == 1)
    if times and not spend(conn, now.date(), SCOPE, cap, times):
        raise DayFull


def answered(conn: Db, answers: Sequence[Answer], now: datetime) -> int:
    """Write down the provider's answers; how many were not written down before.

    An answer that comes after the lease still counts. Reports that came before it are kept, and find their message
    when the job of reports looks again. A campaign for which the account is empty is PAUSED.
    """
    if not answers:
        return 0
    pairs = packed([[one.chunk_id, one.token] for one in answers])
    done = {chunk_id for (chunk_id,) in _FINISH.all(conn, said=pairs, now=now, reason=None)}
    rows: list[Row] = [
        _row(answer.chunk_id, one) for answer in answers if answer.chunk_id in done for one in answer.settled
    ]
    campaign_rows.settle(conn, rows, now)
    for campaign_id in _unpaid(answers, done):
        pause(conn, campaign_id, UNPAID)
    return len(done)


def _unpaid(answers: Sequence[Answer], done: set[int]) -> set[int]:
    return {
        answer.campaign_id
        for answer in answers
        if answer.chunk_id in done and any(one.code == OUT_OF_CREDIT for one in answer.settled)
    }


def _row(chunk_id: int, one: Settled) -> Row:
    state = ACCEPTED if one.accepted else REJECTED
    name = one.provider_id and reports.named(one.provider_id)
    return chunk_id, str(one.message_id), state, one.code, one.cost or None, name


def doubted(conn: Db, requests: Sequence[Request], why: str, now: datetime) -> int:
    """Nobody knows whether the provider took these: the chunks are UNKNOWN, and so are their people; how many."""
    pairs = packed([[one.chunk.chunk_id, one.token] for one in requests])
    found = [chunk_id for (chunk_id,) in _DOUBT.all(conn, said=pairs, reason=why[:WHY])]
    campaign_rows.doubt(conn, found, now)
    return len(found)


def give_back(conn: Db, requests: Sequence[Request], pause_seconds: float, why: str) -> int:
    """The claim's owner certainly sent nothing of these: READY again after a pause; how many still were its own."""
    if not requests:
        return 0
    ids = packed([[one.chunk.chunk_id] for one in requests])
    return _GIVE_BACK.run(conn, said=ids, held=requests[0].token, pause=pause_seconds, reason=why[:WHY])
