"""The database as the domain sees it: one metadata, a reader per thread or strand, write transactions.

Both dialects run the same SQLAlchemy Core statements. The path of a USSD hop reads through `Prepared` on the
thread's own driver connection, which costs a sixth of a Core execution; writes are SQLAlchemy transactions, which wait
in their thread and so are no work for a strand.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from weakref import WeakSet

import psycopg
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    create_engine,
    event,
    exc,
    literal,
    select,
)
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeDecorator

from models.connections import (
    DRIVER_ERRORS,
    BadAddress,
    Breaker,
    DatabaseAway,
    DeadlineConnection,
    away,
    is_stale,
    open_postgresql,
    open_sqlite,
    readable,
)
from models.prepared import Db, Prepared, Reader
from models.strands import Wire, current
from models.watch import Watch

__all__ = ["Database", "DatabaseAway", "Db", "Id", "Prepared", "Reader", "Sealed", "UtcDateTime", "metadata"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ONE = Prepared(select(literal(1)))


class _Own(threading.local):
    """What a thread keeps for itself."""

    def __init__(self) -> None:
        self.kept: dict[object, Reader] = {}


# SQLite numbers rows by itself only when the key's type is exactly INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


class Sealed(LargeBinary):
    """A column that names a person, made by `KeyRing.seal(text, purpose)`. Rotation finds it by type."""

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC by both databases. A naive one is refused with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring an aware moment to UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back aware, in UTC; SQLite keeps the bare digits."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Database:
    """A database by its URL (`sqlite:///file`, `postgresql://...`), whose every use ends within the deadline.

    Whatever fails or hangs in the database itself becomes DatabaseAway; then all fail at once for a second.
    """

    def __init__(self, url: str, deadline_ms: int | None) -> None:
        self.dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
        rest = url.split("://", 1)[1]
        sqlite = self.dialect == "sqlite"
        self._url = rest.removeprefix("/") if sqlite else readable(f"postgresql://{rest}")
        self._deadline = None if deadline_ms is None else deadline_ms / 1000
        self._breaker = Breaker()
        self._watch = Watch()
        self._local = _Own()
        self._idle: deque[Reader] = deque()
        self._idle_in_strands: deque[Reader] = deque()
        self._readers: WeakSet[Reader] = WeakSet()
        self._engine = self._make_engine()
        self._reading = self._engine.execution_options(reading=True)
        self._durable = self._engine.execution_options(durable=True)

    @classmethod
    def open(cls, url: str, *, deadline_ms: int | None = 800) -> Database:
        """Make a Database, unconnected yet. `deadline_ms` bounds connecting and each statement. Raises BadAddress."""
        return cls(url, deadline_ms)

    def reader(self) -> Reader:
        """The connection for reading of this thread or strand, opened anew if it is closed. Raises DatabaseAway."""
        self._breaker.enter()
        own = self._own()
        reader: Reader | None = own.get(self)
        if reader is None:
            reader = own[self] = self._lent()
        elif reader.stale():
            reader = own[self] = self._instead_of(reader)
        return reader

    def give_back(self) -> None:
        """Let others have this thread's reader. Whoever gives back after each piece of work keeps few open."""
        reader = self._own().pop(self, None)
        if reader is not None:
            self._shelf().append(reader)

    @contextmanager
    def begin(self, *, reading: bool = False, durable: bool = False) -> Iterator[Connection]:
        """One transaction, committed at the end of the block, undone if it raises. Raises DatabaseAway.

        `reading` promises not to write, so that a long report holds up no writer of a SQLite file. `durable`: what is
        committed outlives a power cut, in a SQLite file too (PostgreSQL always waits for the disk).
        A DatabaseAway out of the commit leaves open whether it happened: repeat with the same unique key.
        """
        self._breaker.enter()
        if current() is not None:
            raise RuntimeError("a transaction would hold up the other strands: models.strands.blocking")
        engine = self._reading if reading else self._durable if durable else self._engine
        try:
            with engine.begin() as connection:
                yield connection
        except DatabaseAway as error:
            self._breaker.trip(error)
            raise
        except (exc.DBAPIError, exc.TimeoutError, *DRIVER_ERRORS) as error:
            if found := self._away(error):
                self._breaker.trip(found)
                raise found from error
            raise
        self._breaker.close()

    @contextmanager
    def begin_prepared(self, *, durable: bool = False) -> Iterator[Db]:
        """As `begin`, for Prepared statements alone: on PostgreSQL for a half of the CPU, without pool and cursors."""
        if self.dialect == "sqlite":
            with self.begin(durable=durable) as connection:
                yield connection
            return
        self._breaker.enter()
        writer = self._lent()
        try:
            writer.ask(b"BEGIN")
            yield writer
            writer.commit()
        except BaseException:
            writer.undo()
            raise
        finally:
            if not writer.connection.closed:
                self._shelf().append(writer)

    def alive(self) -> bool:
        """Tell whether the database answers now, within the deadline."""
        try:
            return _ONE.first(self.reader()) == (1,)
        except DatabaseAway:
            return False

    def dispose(self) -> None:
        """Close every connection of every thread."""
        for reader in list(self._readers):
            reader.connection.close()
        self._local = _Own()
        self._idle.clear()
        self._idle_in_strands.clear()
        self._engine.dispose()
        self._watch.stop()

    def _own(self) -> dict[object, Reader]:
        """What this strand, or this thread, keeps for itself."""
        strand = current()
        return self._local.kept if strand is None else strand.own

    def _shelf(self) -> deque[Reader]:
        """Readers that nobody has; those of strands are listened to by their loop."""
        return self._idle if current() is None else self._idle_in_strands

    def _lent(self) -> Reader:
        # The last one given back comes first: its memory, here and in the server, is still warm.
        try:
            reader = self._shelf().pop()
        except IndexError:
            return self._new_reader()
        return self._instead_of(reader) if reader.stale() else reader

    def _instead_of(self, stale: Reader) -> Reader:
        stale.connection.close()
        return self._new_reader()

    def _new_reader(self) -> Reader:
        connection = self._connect(autocommit=True)
        strand = current()
        if strand is not None and isinstance(connection, DeadlineConnection):
            connection.wire = Wire(strand.loop, connection.fileno())
        reader = Reader(connection, self.dialect, self._breaker, self._watch)
        self._readers.add(reader)
        return reader

    def _connect(self, *, autocommit: bool) -> Any:
        try:
            if self.dialect == "sqlite":
                return open_sqlite(self._url, self._deadline)
            return open_postgresql(self._url, self._deadline, autocommit=autocommit)
        except DRIVER_ERRORS as error:
            found = away(error) or DatabaseAway(str(error))
            self._breaker.trip(found)
            raise found from error
        except (psycopg.ProgrammingError, sqlite3.DatabaseError):
            why = "the file is no SQLite database" if self.dialect == "sqlite" else "an option of it is wrong"
            raise BadAddress(f"DATABASE_URL: {why}") from None

    @staticmethod
    def _away(error: BaseException) -> DatabaseAway | None:
        if isinstance(error, exc.TimeoutError):
            return DatabaseAway("no free connection within the deadline", outage=False)
        return away(error.orig if isinstance(error, exc.DBAPIError) else error)

    def _make_engine(self) -> Engine:
        engine = create_engine(
            "sqlite://" if self.dialect == "sqlite" else "postgresql+psycopg://",
            creator=lambda: self._connect(autocommit=False),
            hide_parameters=True,  # an error must not print what was looked for
            poolclass=QueuePool,
            pool_size=8,
            pool_timeout=self._deadline or 30,
        )
        event.listen(engine, "checkout", _refuse_stale)
        if self.dialect == "sqlite":
            event.listen(engine, "begin", _begin_immediate)
        return engine


def _refuse_stale(connection: Any, _record: Any, _proxy: Any) -> None:
    if is_stale(connection):
        # The others of the pool are as dead: it tries two at most.
        raise exc.InvalidatePoolError("closed by the server while idle")


def _begin_immediate(connection: Connection) -> None:
    # One that starts by reading and then writes would meet "database is locked" at once, without waiting.
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")
