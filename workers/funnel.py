"""Moves hops and ends of calls from their Redis streams into the database, in batches, none lost, none doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from gateway.events import ENDS
from gateway.redis_lines import Script
from gateway.runtime import Runtime
from gateway.sessions import HOPS
from models import applied, campaign_acts, funnel
from models.database import DatabaseAway
from workers.desk import runtime

log = structlog.get_logger(__name__)

BATCH = 1_000
"""Entries in one transaction."""

Row = dict[str, Any]

# The end of the batch is written down before the batch is stored, so that whoever repeats it after a crash
# takes the same entries under the same key.
_MARK = Script(
    2,
    """
    local marked = redis.call('GET', KEYS[2])
    if not marked then
        local batch = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])
        if #batch == 0 then return {} end
        marked = batch[#batch][1]
        redis.call('SET', KEYS[2], marked)
    end
    return {marked, redis.call('XRANGE', KEYS[1], '-', marked)}
    """,
)
_DONE = Script(
    2,
    """
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
    for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', ARGV[1])) do
        redis.call('XDEL', KEYS[1], entry[1])
    end
    return redis.call('DEL', KEYS[2])
    """,
)


def drain() -> int:
    """The job: stores what waits in both streams; how many rows."""
    return drain_streams(runtime())


def drain_streams(desk: Runtime) -> int:
    """Stores what waits; when the database is away it waits on. How many rows."""
    try:
        return _drain(desk, HOPS, _hop, funnel.insert_many) + _drain(
            desk, ENDS, _end, partial(_store_ends, now=desk.clock())
        )
    except DatabaseAway as away:
        log.warning("funnel waits", reason=str(away))
        return 0


def _drain(
    desk: Runtime,
    stream: str,
    row_of: Callable[[datetime, list[str]], Row],
    store: Callable[[Connection, list[Row]], None],
) -> int:
    stored = 0
    while found := desk.lines.run(_MARK, stream, f"drain:{stream}", BATCH):
        last, entries = found
        rows = [row_of(_moment(entry_id), fields[1].decode().split("|")) for entry_id, fields in entries]
        with desk.database.begin() as conn:
            if applied.first_time(conn, b"drain:" + stream.encode() + last, desk.clock()):
                store(conn, rows)
                stored += len(rows)
        desk.lines.run(_DONE, stream, f"drain:{stream}", last)
    return stored


def _moment(entry_id: bytes) -> datetime:
    """When an entry was added: the first half of its id, in milliseconds."""
    return datetime.fromtimestamp(int(entry_id.split(b"-")[0]) / 1000, UTC)


def _hop(at: datetime, told: list[str]) -> Row:
    screen, language, operator, milliseconds, outcome = told
    return {
        "at": at,
        "screen": screen,
        "language": language,
        "operator": operator,
        "ms": round(float(milliseconds)),
        "outcome": outcome,
    }


def _end(at: datetime, told: list[str]) -> Row:
    status, screen, operator, hops, milliseconds, *caller = told
    return {
        "at": at,
        "status": status,
        "screen": screen or None,
        "operator": operator,
        "hops": int(hops),
        "ms": int(milliseconds),
        "caller": bytes.fromhex(caller[0]) if caller else b"",
    }


def _store_ends(conn: Connection, rows: list[Row], now: datetime) -> None:
    """The rows without who called; of the callers, only those to whom a campaign wrote are noted."""
    calls = [(caller, row["at"]) for row in rows if (caller := row.pop("caller"))]
    funnel.insert_ends(conn, rows)
    campaign_acts.note_calls(conn, calls, now)
