"""Delivery reports, stored as they come: in any order, doubled, early, or about nothing we know.

What they say of a message is read from all of its reports together, so that their order of arrival cannot matter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    bindparam,
    column,
    false,
    func,
    select,
    text,
    tuple_,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql.dml import ReturningInsert

from config import facts
from models.campaign_tables import recipients
from models.database import Connection, Db, Prepared, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.locks import hold
from models.messages import DELIVERED, EXPIRED, REPORTED, UNDELIVERED, messages
from models.one_of import one_of
from models.phones import phone_index
from models.prepared import among

PROVIDER_ID, STATUS, REASON = 80, 40, 60
"""The most characters that are kept of a provider's words."""

STATE_OF = {"REMIS": DELIVERED, "NON_REMIS": UNDELIVERED, "EXPIRE": EXPIRED}
"""What a report's word means (config.vocabulary.DELIVERIES), as a message's state; EN_ROUTE changes none."""

OTHER_REASON, NO_REASON = "AUTRE", "SANS_MOTIF"
"""Of a failure: the provider gave a reason that no table knows; it gave none."""

reports = Table(
    "reports",
    metadata,
    Column("provider_id", String(PROVIDER_ID), primary_key=True),
    Column("status", String(STATUS), primary_key=True),
    Column("reason", String(REASON)),
    Column("phone_index", LargeBinary, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("matched", Boolean, nullable=False),
    # Looked through again and again: those that belong to no message yet.
    Index(
        "ix_reports_unmatched",
        "at",
        postgresql_where=text("NOT matched"),
        sqlite_where=text("matched = 0"),
    ),
    # They come in the order of time, and only retention asks for old ones: blocks are enough, and cost little to keep.
    Index("ix_reports_at", "at", postgresql_using="brin"),
)

_NAMES = ("provider_id", "status", "reason", "phone_index", "at")
_told = (
    func.unnest(*(bindparam(name, type_=ARRAY(reports.c[name].type)) for name in _NAMES))
    .table_valued(*(column(name, reports.c[name].type) for name in _NAMES), name="told")
    .render_derived()
)


def _new(adding: Insert) -> ReturningInsert[tuple[str, str]]:
    once = adding.on_conflict_do_nothing(index_elements=["provider_id", "status"])
    return once.returning(reports.c.provider_id, reports.c.status)


_TAKE = _new(insert(reports).values(matched=False))
_TAKE_TOGETHER = Prepared(
    _new(insert(reports).from_select([*_NAMES, "matched"], select(*_told.c, false()), include_defaults=False))
)
"""The same of a whole group in one statement that is always the same, which only PostgreSQL can read."""
_WAITING = Prepared(
    select(reports.c.at, reports.c.provider_id)
    .where(
        ~reports.c.matched,
        tuple_(reports.c.at, reports.c.provider_id)
        > tuple_(bindparam("since", type_=UtcDateTime()), bindparam("behind", type_=String)),
    )
    .order_by(reports.c.at, reports.c.provider_id)
    .limit(bindparam("limit"))
)
_KNOWN = Prepared(
    union(
        select(messages.c.provider_id).where(one_of(messages.c.provider_id, "names")),
        select(recipients.c.provider_id).where(one_of(recipients.c.provider_id, "names")),
    )
)
_MATCHED = Prepared(
    update(reports).where(one_of(reports.c.provider_id, "names"), ~reports.c.matched).values(matched=True)
)
_SAID = Prepared(
    select(reports.c.provider_id, reports.c.status, reports.c.at, reports.c.reason).where(
        one_of(reports.c.provider_id, "names")
    )
)
_MOVE = Prepared(
    update(messages)
    .where(
        one_of(messages.c.provider_id, "names"),
        among(messages.c.state, REPORTED),
        messages.c.state != bindparam("other_than"),
    )
    .values(state=bindparam("new_state"))
)
_MOVE_RECIPIENTS = Prepared(
    update(recipients)
    .where(
        one_of(recipients.c.provider_id, "names"),
        among(recipients.c.state, REPORTED),
        recipients.c.state != bindparam("other_than"),
    )
    .values(state=bindparam("new_state"), code=bindparam("new_code"))
)


@dataclass(frozen=True, slots=True)
class Told:
    """A report as it came: any words, `phone` when it named one, `at` (aware) when it came."""

    provider_id: str
    status: str
    reason: str | None
    phone: Msisdn | None
    at: datetime


def take(
    conn: Connection,
    keys: KeyRing,
    *,
    provider_id: str,
    status: str,
    reason: str | None,
    phone: Msisdn | None,
    now: datetime,
) -> bool:
    """Store a report, whatever its words are; whether it is new. The first of each word counts, with its moment."""
    (new,) = take_all(conn, keys, [Told(provider_id, status, reason, phone, now)])
    return new


def take_all(conn: Connection, keys: KeyRing, told: Sequence[Told]) -> list[bool]:
    """Store reports in one statement, whatever their words are; of each, in the order given, whether it is new."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for one in sorted(told, key=lambda report: report.at):
        name = named(one.provider_id), kept(one.status, STATUS)
        rows.setdefault(name, _row(keys, name, one))
    # In one order everywhere: two processes that take the same reports at once must not wait for each other.
    new = _taken(conn, [rows[name] for name in sorted(rows)])
    found = []
    for one in told:
        name = named(one.provider_id), kept(one.status, STATUS)
        found.append(name in new)
        new.discard(name)
    return found


def _taken(conn: Connection, rows: Sequence[dict[str, object]]) -> set[tuple[str, str]]:
    if conn.dialect.name == "sqlite":
        return {(row.provider_id, row.status) for row in conn.execute(_TAKE, rows)}
    columns = {name: [row[name] for row in rows] for name in _NAMES}
    return {(name, status) for name, status in _TAKE_TOGETHER.all(conn, **columns)}


def _row(keys: KeyRing, name: tuple[str, str], told: Told) -> dict[str, object]:
    return {
        "provider_id": name[0],
        "status": name[1],
        "reason": told.reason and kept(told.reason, REASON),
        "phone_index": told.phone and phone_index(keys, told.phone),
        "at": told.at,
    }


def kept(word: str, most: int) -> str:
    """A provider's word as the database can keep it: without NUL, cut to `most` characters."""
    return word.replace("\0", "")[:most]


def named(provider_id: str) -> str:
    """A provider's id as it is stored; of one that is too long, its beginning and a digest, so that none meet."""
    clean = provider_id.replace("\0", "")
    if len(clean) <= PROVIDER_ID:
        return clean
    return f"{clean[:47]}#{blake2b(clean.encode(errors='replace'), digest_size=16).hexdigest()}"


def words_on(day: date) -> Mapping[str, str]:
    """What the words of reports, in small letters, mean on a day."""
    return {row["word"]: row["means"] for row in facts.SHIPPED.in_force("delivery_words", day)}


def standing(said: Iterable[tuple[str, datetime]], words: Mapping[str, str], late: timedelta) -> str | None:
    """The state of a message of which `said` (word, when) was reported, in any order; None while it is on its way.

    The first final word holds, except that success beats a failure which it follows within `late`.
    """
    finals = sorted(
        (at, STATE_OF[means]) for word, at in said if (means := words.get(word.lower())) in STATE_OF
    )
    if not finals:
        return None
    first_at, first = finals[0]
    success = any(state == DELIVERED and at - first_at <= late for at, state in finals)
    return DELIVERED if success else first


def waiting(db: Db, since: datetime, behind: str, limit: int) -> list[tuple[datetime, str]]:
    """(when, provider's id) of reports that belong to nobody yet, behind that place, oldest first.

    Raises DatabaseAway.
    """
    return [(at, name) for at, name in _WAITING.all(db, since=since, behind=behind, limit=limit)]


def known(db: Db, provider_ids: Sequence[str]) -> list[str]:
    """Those of these ids that a message or a recipient has. Raises DatabaseAway."""
    return [name for (name,) in _KNOWN.all(db, names=list(provider_ids))]


def alone(conn: Connection) -> None:
    """Let nobody else apply reports until this transaction ends, so that the newest look at them is the last word."""
    hold(conn, "reports", b"")


def apply(
    conn: Connection, provider_ids: Sequence[str], words: Mapping[str, str], now: datetime
) -> Counter[str]:
    """Apply every stored report of these ids, to messages and recipients; how many came to which state.

    For who holds `alone`, or has just given these ids to rows that nobody else sees yet. `words` as `words_on` gives.
    """
    names = [named(name) for name in provider_ids]
    if not names:
        return Counter()
    # Marked before they are read: what comes in between is read too, and looked at once more.
    _MATCHED.run(conn, names=names)
    said: dict[str, list[tuple[str, datetime, str | None]]] = defaultdict(list)
    for name, status, at, reason in _SAID.all(conn, names=names):
        said[name].append((status, at, reason))
    late = timedelta(hours=int(facts.SHIPPED.parameter("late_success_hours", now.date())))
    reasons = {row["word"]: row["means"] for row in facts.SHIPPED.in_force("delivery_reasons", now.date())}
    moves: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for name, reports_of in said.items():
        state = standing([(status, at) for status, at, _ in reports_of], words, late)
        if state is not None:
            moves[state, _code(state, reports_of, words, reasons)].append(name)
    moved: Counter[str] = Counter()
    for (state, code), theirs in moves.items():
        moved[state] += _MOVE.run(conn, names=theirs, other_than=state, new_state=state)
        moved[state] += _MOVE_RECIPIENTS.run(
            conn, names=theirs, other_than=state, new_state=state, new_code=code
        )
    return +moved


def apply_to(
    conn: Connection, message_id: int, provider_id: str, words: Mapping[str, str], now: datetime
) -> str | None:
    """Apply all reports of a message; its state when they changed it."""
    return next(iter(apply(conn, [provider_id], words, now)), None)


def _code(
    state: str,
    said: Iterable[tuple[str, datetime, str | None]],
    words: Mapping[str, str],
    reasons: Mapping[str, str],
) -> str | None:
    """Why it failed, in a word of ours: what the first report of this state said."""
    if state == DELIVERED:
        return None
    _at, status, reason = min(
        (at, status.lower(), (reason or "").lower())
        for status, at, reason in said
        if STATE_OF.get(words.get(status.lower(), "")) == state
    )
    return reasons.get(reason) or reasons.get(status) or (OTHER_REASON if reason else NO_REASON)
