"""Driver connections that never make a caller wait longer than it said: PostgreSQL (psycopg) and SQLite.

A server that hangs is as bad as one that is dead, so the deadline is kept here, on the client's side: a
backend that is stopped in mid-statement costs the deadline and no more.
"""

from __future__ import annotations

import select
import sqlite3
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, TypeGuard

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import exc

from config.faults import Fault
from models.strands import Wire, blocking

DRIVER_ERRORS = (psycopg.OperationalError, psycopg.InterfaceError, sqlite3.OperationalError)
STATEMENT_ERRORS = (*DRIVER_ERRORS, psycopg.DatabaseError)
"""What a statement may raise; `away` tells which of them were the database's own."""

MISFITS = (psycopg.ProgrammingError, exc.ProgrammingError, sqlite3.OperationalError, exc.OperationalError)
"""What is raised when the tables are not those that a statement was written for: no value in it is to blame."""

ALREADY_THERE = (psycopg.errors.UniqueViolation, sqlite3.IntegrityError)
"""What a driver raises when another transaction has just written what may be there once."""
# The statement failed, the server did not: no reason to keep the other callers off.
_ONE_STATEMENT = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
)
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_AWAY = _SQLITE_BUSY | {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
}
_PAUSE_SECONDS = 1.0

_AT_THE_DOOR = {
    "failed to resolve host": "its host is not known",
    "Connection refused": "nobody listens at its address",
    "invalid integer value": "its address holds a word for a number",
}
"""Words of libpq and psycopg when no connection comes about, and what they mean for who reads one line."""


class BadAddress(Fault):
    """The database's address cannot be used. The message holds no part of it: any part may be a password."""


class DatabaseAway(Fault):
    """The database did not answer, or not in time. `outage` is false when only one statement failed."""

    def __init__(self, reason: str, *, outage: bool = True) -> None:
        super().__init__(f"the database does not answer: {reason}")
        self.outage = outage


def away(error: BaseException | None) -> DatabaseAway | None:
    """Translate a driver's error: None when the statement is what was wrong, not the database."""
    if isinstance(error, sqlite3.OperationalError):
        code = error.sqlite_errorcode & 0xFF
        return DatabaseAway(str(error), outage=code not in _SQLITE_BUSY) if code in _SQLITE_AWAY else None
    if isinstance(error, DRIVER_ERRORS) or _is_libpqs(error):
        return DatabaseAway(_reason(error), outage=not isinstance(error, _ONE_STATEMENT))
    return None


def _is_libpqs(error: BaseException | None) -> TypeGuard[psycopg.DatabaseError]:
    """Whether no server said it: what could not be written is told before the connection is known as lost."""
    return type(error) is psycopg.DatabaseError and error.sqlstate is None


def _reason(error: Exception) -> str:
    """Why, without the address. What the server says at its door names the user or the database, no password."""
    _, refused, said = str(error).partition("FATAL:")
    if refused:
        first, *_ = said.strip().split("\n")
        return f"it says {first}"
    found = (reason for words, reason in _AT_THE_DOOR.items() if words in str(error))
    return next(found, type(error).__name__)


class Breaker:
    """Remembers an outage for a second: callers fail at once meanwhile, then one of them tries again."""

    def __init__(self) -> None:
        self._until = 0.0

    def enter(self) -> None:
        """Raise DatabaseAway while the outage is remembered; the first caller after it is the probe."""
        if not self._until:
            return
        now = monotonic()
        if now < self._until:
            raise DatabaseAway("it was away a moment ago")
        self._until = now + _PAUSE_SECONDS

    def trip(self, error: DatabaseAway) -> None:
        """Keep everybody off for a second, if the error is an outage."""
        if error.outage:
            self._until = monotonic() + _PAUSE_SECONDS

    def close(self) -> None:
        """Note that the database answered."""
        self._until = 0.0


class DeadlineConnection(psycopg.Connection[Any]):
    """A PostgreSQL connection with bounded waits; one that ran out is closed, its answer may still come.

    One that is used by strands has a `wire`.
    """

    deadline: float | None = None
    wire: Wire | None = None

    def close(self) -> None:
        """Closes it; nobody listens to it any more."""
        if self.wire is not None:
            self.wire.close()
        super().close()

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server at most `timeout`, else `deadline` seconds. Raises psycopg.OperationalError."""
        limit = self.deadline if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise


def readable(url: str) -> str:
    """A PostgreSQL address, as it is. Raises BadAddress when libpq cannot read it."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise BadAddress(
            "DATABASE_URL cannot be read. Remedy: postgresql://user:password@host:5432/name,"
            " with %40 for @ and %2F for / in the password"
        ) from None
    return url


def open_postgresql(url: str, deadline: float | None, *, autocommit: bool) -> DeadlineConnection:
    """Connect within `deadline` seconds (None: psycopg's own limit). Raises psycopg.OperationalError.

    The attempt runs in a thread: resolving a name or greeting a stopped server takes at least two seconds to
    give up, and psycopg cannot be told less.
    """
    if deadline is None:
        return _connect(url, None, autocommit)
    answer: SimpleQueue[DeadlineConnection | BaseException] = SimpleQueue()
    given_up = False

    def attempt() -> None:
        try:
            connection = _connect(url, deadline, autocommit)
        except psycopg.Error as error:
            answer.put(error)
            return
        answer.put(connection)
        if given_up:
            connection.close()

    Thread(target=attempt, name="postgresql-connect", daemon=True).start()
    try:
        outcome = blocking(lambda: answer.get(timeout=deadline))
    except Empty:
        given_up = True
        raise psycopg.errors.ConnectionTimeout("no connection within the deadline") from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _connect(url: str, deadline: float | None, autocommit: bool) -> DeadlineConnection:
    settings: dict[str, Any] = conninfo_to_dict(url)
    # Compiling a plan takes longer than any of our statements does, and it would be done each time.
    options = [str(settings.get("options") or ""), "-c timezone=UTC", "-c jit=off"]
    if deadline is not None:
        # The server gives up a little before we do, so that a slow statement costs it no more than us.
        options.append(f"-c statement_timeout={int(deadline * 900)}")
        settings["connect_timeout"] = 2
    settings["options"] = " ".join(options).strip()
    connection = DeadlineConnection.connect("", autocommit=autocommit, **settings)
    connection.deadline = deadline
    return connection


def open_sqlite(path: str, deadline: float | None) -> sqlite3.Connection:
    """Open a SQLite file in WAL mode; a lock is waited for at most `deadline` seconds (None: a minute).

    Transactions are begun by hand (`BEGIN IMMEDIATE`), never by the driver. Raises sqlite3.OperationalError.
    """
    connection = sqlite3.connect(path, timeout=deadline or 60, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def is_stale(connection: Any) -> bool:
    """Tell without a round trip if the server closed an idle connection: its socket is readable."""
    if isinstance(connection, sqlite3.Connection):
        return False
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
