"""Caps: to whom SMS may go at all, and how many in a day: to one number, from one endpoint, in all.

Each SMS costs somebody money, and a flood of them is how a gateway is abused. Counted is what was about to be sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Column, Date, Integer, LargeBinary, Table, bindparam, delete
from sqlalchemy.dialects.postgresql import insert

from config.message_kinds import BESIDE
from models.database import Connection, Db, Prepared, metadata

ABROAD = "HORS_PAYS"
TOO_LATE = "TROP_TARD"
NUMBER_FULL, ENDPOINT_FULL, DAY_FULL = "PLAFOND_NUMERO", "PLAFOND_CANAL", "PLAFOND_JOUR"

day_counts = Table(
    "day_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("scope", LargeBinary, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""A scope is a word (`all`, `endpoint:sms`) or the keyed index of a phone."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What may go out: beginnings of numbers (`+223`), the most a day of each scope, and the age that is too old."""

    prefixes: tuple[str, ...]
    number: int
    endpoints: Mapping[str, int]
    day: int
    oldest: timedelta


_SPEND = Prepared(
    insert(day_counts)
    .values(day=bindparam("day"), scope=bindparam("scope"), count=bindparam("times"))
    .on_conflict_do_update(
        index_elements=["day", "scope"],
        set_={"count": day_counts.c.count + bindparam("more", type_=Integer)},
        where=day_counts.c.count <= bindparam("room", type_=Integer),
    )
)


def spend(conn: Db, day: date, scope: bytes, cap: int, times: int = 1) -> bool:
    """Count `times` SMS of a scope; False, and nothing is counted, when that would be more than `cap` in the day."""
    if times > cap:
        return False
    return bool(_SPEND.run(conn, day=day, scope=scope, times=times, more=times, room=cap - times))


def refusals(
    conn: Connection, day: date, endpoint: str, to: Sequence[tuple[str, bytes]], caps: Caps
) -> list[str]:
    """A word for each number (`e164`, keyed index) to which nothing may be sent today, "" for the others, in order.

    Scopes are counted in one order by everybody, numbers first, so that two senders never wait for each other.
    """
    words = ["" if e164.startswith(caps.prefixes) else ABROAD for e164, _index in to]
    for place in sorted(range(len(to)), key=lambda place: to[place][1]):
        if not words[place] and not spend(conn, day, to[place][1], caps.number):
            words[place] = NUMBER_FULL
    left = words.count("")
    scopes = [(ENDPOINT_FULL, f"endpoint:{endpoint}".encode(), caps.endpoints[endpoint])]
    if endpoint not in BESIDE:
        scopes.append((DAY_FULL, b"all", caps.day))
    for word, scope, cap in scopes if left else ():
        if not spend(conn, day, scope, cap, left):
            return [given or word for given in words]
    return words


def forget(conn: Connection, before: date) -> int:
    """Drop the counts of days before a day; how many."""
    return int(conn.execute(delete(day_counts).where(day_counts.c.day < before)).rowcount)
