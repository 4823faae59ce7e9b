"""Imports of registers: one row a file and run, one a batch that is committed, so that a killed run goes on.

The file itself is not kept, nor its name: `file_index` is a keyed hash of its content and of what it was read as.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from config.vocabulary import REGISTERS
from models import audit
from models.database import Connection, Id, UtcDateTime, metadata
from models.keyring import KeyRing
from models.locks import hold

RAMED, AMO, MUTUELLE, FACILITIES, STAFF = REGISTERS
SCHEME_OF = {RAMED: "RAMED", AMO: "AMO", MUTUELLE: "MUTUELLE"}
"""The registers of people, and the scheme whose rights each holds."""

BATCH_LINES = 5_000
"""Lines of a file that are written in one transaction, unless the operator says otherwise."""

LAST_BATCH = 1_000_000_000
"""The number of the batch that ends the rights of which a complete file no longer speaks."""

imports = Table(
    "imports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("file_index", LargeBinary, nullable=False),
    Column("run", Integer, nullable=False),
    Column("register", String(12), nullable=False),
    Column("batch_lines", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("file_index", "run"),
)
import_batches = Table(
    "import_batches",
    metadata,
    Column("import_id", ForeignKey("imports.id"), primary_key=True, autoincrement=False),
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("rejects_bytes", BigInteger, nullable=False),
    Column("done_at", UtcDateTime, nullable=False),
)
"""`rejects_bytes` is how long the file of rejected lines was when the batch was committed."""

import_seen = Table(
    "import_seen",
    metadata,
    Column("import_id", Id, primary_key=True, autoincrement=False),
    Column("coverage_id", Id, primary_key=True, autoincrement=False),
)
"""The rights of which a file marked complete spoke so far; empty again when the import is finished."""


@dataclass(slots=True)
class Counts:
    """What became of the lines of a batch, or of a file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    rejected: int = 0

    def add(self, other: Counts) -> None:
        """Count another batch too."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


@dataclass(frozen=True, slots=True)
class Run:
    """An import under way: its id, how many lines its batches have, and which are committed already.

    `rejects_bytes` is what of the file of rejected lines belongs to committed batches.
    """

    import_id: int
    batch_lines: int
    done: frozenset[int] = frozenset()
    rejects_bytes: int = 0


def start(conn: Connection, file_index: bytes, register: str, batch_lines: int, now: datetime) -> Run:
    """The run of this file that was not finished, to go on with, or a new one."""
    hold(conn, "import", file_index)
    last = conn.execute(
        select(imports).where(imports.c.file_index == file_index).order_by(imports.c.run.desc()).limit(1)
    ).first()
    if last is not None and last.finished_at is None:
        done = conn.execute(
            select(import_batches.c.batch, import_batches.c.rejects_bytes).where(
                import_batches.c.import_id == last.id
            )
        ).all()
        rejects_bytes = max((size for _, size in done), default=0)
        return Run(last.id, last.batch_lines, frozenset(batch for batch, _ in done), rejects_bytes)
    values = {
        "file_index": file_index,
        "run": last.run + 1 if last is not None else 1,
        "register": register,
        "batch_lines": batch_lines,
        "started_at": now,
    }
    import_id = conn.execute(insert(imports).values(values).returning(imports.c.id)).scalar_one()
    return Run(import_id, batch_lines)


def is_done(conn: Connection, import_id: int, batch: int) -> bool:
    """Whether a batch is committed; until this transaction ends nobody else can write a batch of the import."""
    hold(conn, "batch", import_id.to_bytes(8))
    mine = (import_batches.c.import_id == import_id, import_batches.c.batch == batch)
    return conn.execute(select(import_batches.c.batch).where(*mine)).first() is not None


def record(
    conn: Connection,
    keys: KeyRing,
    import_id: int,
    batch: int,
    counts: Counts,
    *,
    rejects_bytes: int,
    actor: str,
    now: datetime,
) -> None:
    """Note a batch in the transaction that writes it, with its row in the audit trail."""
    values = {field.name: getattr(counts, field.name) for field in fields(counts)}
    conn.execute(
        insert(import_batches).values(
            import_id=import_id, batch=batch, done_at=now, rejects_bytes=rejects_bytes, **values
        )
    )
    told = f"batch {batch}: {counts.added} new, {counts.changed} changed, {counts.ended} ended"
    audit.record(
        conn,
        keys,
        actor=actor,
        action="register.import",
        subject=f"import:{import_id}",
        detail=told,
        once=keys.index(f"{import_id}:{batch}", "import"),
        now=now,
    )


def finish(conn: Connection, import_id: int, now: datetime) -> None:
    """Note that every batch is done; another import of the same file is another run."""
    conn.execute(delete(import_seen).where(import_seen.c.import_id == import_id))
    conn.execute(update(imports).where(imports.c.id == import_id).values(finished_at=now))


def totals(conn: Connection, import_id: int) -> Counts:
    """What became of all lines of an import so far, those of a killed run included."""
    sums = (func.coalesce(func.sum(import_batches.c[field.name]), 0) for field in fields(Counts))
    row = conn.execute(select(*sums).where(import_batches.c.import_id == import_id)).one()
    return Counts(*(int(value) for value in row))
