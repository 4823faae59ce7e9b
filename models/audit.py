"""The audit trail: who asked what about whom. Rows are only ever added; numbers are in it as keyed pseudonyms.

A row carries a MAC from its first moment, so that nobody without the keys can write or change one. A sealer then chains
the rows (`audit_chain`): each link's digest covers the one before, so that nothing can be taken out, put between or
reordered. The newest link, kept outside of the database, shows that the end was not cut off either.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql

from models.database import Connection, Db, Id, Prepared, UtcDateTime, metadata
from models.identifiers import Msisdn
from models.keyring import KeyRing

BATCH = 5_000
"""Rows that are sealed or read at a time."""

LATE_ROWS = 50_000
"""How far behind the newest sealed id a row may turn up that was committed later than its neighbours."""

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor", String(40), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("detail", String(80), nullable=False),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("mac", LargeBinary, nullable=False),
)
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", ForeignKey("audit.id"), nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
)

_INSERT = Prepared(
    postgresql.insert(audit)
    .values(
        at=bindparam("now"),
        actor=bindparam("actor"),
        action=bindparam("action"),
        subject=bindparam("subject"),
        detail=bindparam("detail"),
        once=bindparam("once"),
        mac=bindparam("mac"),
    )
    .on_conflict_do_nothing(index_elements=["once"])
)


def record(
    db: Db,
    keys: KeyRing,
    *,
    actor: Msisdn | str,
    action: str,
    subject: str,
    detail: str,
    once: bytes,
    now: datetime,
) -> None:
    """Add one row, unless one with the same `once` is there: an INSERT without a lock.

    `subject` is an opaque id such as `person:12`. Actor and subject are stored as pseudonyms; `action` (at most 32
    characters) and `detail` (80) in clear, so they name nobody.
    """
    who = pseudonym(keys, actor.e164 if isinstance(actor, Msisdn) else actor)
    whom = pseudonym(keys, subject)
    mac = keys.mac(_canonical(now, who, action, whom, detail, once))
    _INSERT.run(db, now=now, actor=who, action=action, subject=whom, detail=detail, once=once, mac=mac)


def pseudonym(keys: KeyRing, who: str) -> str:
    """How a phone or a subject appears in the trail: the same for the same one, and a way back for nobody."""
    return keys.index(who, "audit").hex()


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link of the chain; of an empty one, 0 and nothing."""

    seq: int
    digest: bytes


def head(conn: Connection) -> Head:
    """The newest link."""
    row = conn.execute(
        select(audit_chain.c.seq, audit_chain.c.digest).order_by(audit_chain.c.seq.desc()).limit(1)
    ).first()
    return Head(row.seq, row.digest) if row else Head(0, b"")


def seal_pending(conn: Connection, keys: KeyRing, limit: int = BATCH) -> int:
    """Chain up to `limit` rows that are not chained yet, the oldest id first; how many. One sealer at a time."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("LOCK TABLE audit_chain IN EXCLUSIVE MODE"))
    last = head(conn)
    links = []
    seq, digest = last.seq, last.digest
    for audit_id, mac in conn.execute(_unsealed(conn, limit)):
        seq, digest = seq + 1, _link(keys, seq + 1, audit_id, digest, mac)
        links.append({"seq": seq, "audit_id": audit_id, "digest": digest})
    if links:
        conn.execute(insert(audit_chain), links)
    return len(links)


def _unsealed(conn: Connection, limit: int) -> Any:
    newest = conn.execute(select(func.max(audit_chain.c.audit_id))).scalar() or 0
    return (
        select(audit.c.id, audit.c.mac)
        .outerjoin(audit_chain, audit_chain.c.audit_id == audit.c.id)
        .where(audit.c.id > newest - LATE_ROWS, audit_chain.c.seq.is_(None))
        .order_by(audit.c.id)
        .limit(limit)
    )


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found: rows and links read, rows not chained yet, and each fault in one sentence."""

    rows: int
    links: int
    unsealed: int
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was tampered with."""
        return not self.faults


def verify_chain(conn: Connection, keys: KeyRing, known: Head | None = None, *, batch: int = BATCH) -> Report:
    """Read the whole trail, `batch` links at a time, and check each MAC and link; `known` is a head kept outside.

    Every edit, deletion, insertion or change of order of what is chained is found, and with `known` a cut end too.
    """
    faults: list[str] = []
    digest, expected, rows, met = b"", 1, 0, known is None or known.seq == 0
    for link in _links(conn, batch):
        if link.seq != expected:
            faults.append(
                f"link {expected} is missing" if link.seq > expected else f"link {link.seq} is doubled"
            )
            expected = link.seq
        expected += 1
        if link.mac is None:
            faults.append(f"link {link.seq} leads to row {link.audit_id}, which is gone")
        else:
            rows += 1
            faults += _row_faults(keys, link)
            if not _same(link.digest, _link(keys, link.seq, link.audit_id, digest, link.mac)):
                faults.append(
                    f"link {link.seq} does not follow from the one before it and row {link.audit_id}"
                )
        if known and link.seq == known.seq:
            met = True
            if link.digest != known.digest:
                faults.append(f"link {link.seq} is not the one that was kept outside")
        digest = link.digest
    if known and not met:
        faults.append(f"the chain ends at link {expected - 1}, but link {known.seq} was kept outside")
    unsealed, more = _check_unsealed(conn, keys)
    return Report(rows + unsealed, expected - 1, unsealed, (*faults, *more))


def _links(conn: Connection, batch: int) -> Iterator[Any]:
    """The chain in its order, each link with its row or with none."""
    chained = (
        select(audit_chain.c.seq, audit_chain.c.audit_id, audit_chain.c.digest, *_ROW)
        .outerjoin(audit, audit.c.id == audit_chain.c.audit_id)
        .order_by(audit_chain.c.seq)
        .limit(batch)
    )
    after = None
    while True:
        found = conn.execute(chained if after is None else chained.where(audit_chain.c.seq > after)).all()
        yield from found
        if len(found) < batch:
            return
        after = found[-1].seq


def _check_unsealed(conn: Connection, keys: KeyRing) -> tuple[int, list[str]]:
    """Rows without a link, those of the last seconds: each must still carry a true MAC."""
    unsealed = (
        select(audit.c.id.label("audit_id"), *_ROW)
        .outerjoin(audit_chain, audit_chain.c.audit_id == audit.c.id)
        .where(audit_chain.c.seq.is_(None))
        .order_by(audit.c.id)
    )
    rows = conn.execute(unsealed).all()
    return len(rows), [fault for row in rows for fault in _row_faults(keys, row)]


_ROW = (
    audit.c.at,
    audit.c.actor,
    audit.c.action,
    audit.c.subject,
    audit.c.detail,
    audit.c.once,
    audit.c.mac,
)


def _row_faults(keys: KeyRing, row: Any) -> list[str]:
    content = _canonical(row.at, row.actor, row.action, row.subject, row.detail, row.once)
    return [] if _same(row.mac, keys.mac(content)) else [f"row {row.audit_id} was changed or forged"]


def _canonical(at: datetime, actor: str, action: str, subject: str, detail: str, once: bytes) -> bytes:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return orjson.dumps([moment, actor, action, subject, detail, once.hex()])


def _link(keys: KeyRing, seq: int, audit_id: int, before: bytes, mac: bytes) -> bytes:
    return keys.mac(b"link" + seq.to_bytes(8) + audit_id.to_bytes(8) + before + mac)


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)
