"""Statements compiled once and run on the driver's own connection: the way a USSD hop reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import ColumnElement, Connection, Dialect, Insert, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase

from models.connections import STATEMENT_ERRORS, Breaker, DatabaseAway, away, is_stale
from models.statements import Outcome, Statements
from models.watch import Watch

TRUSTED_SECONDS = 0.02
"""So soon after an answer nobody asks whether the connection is still there: that is a wait, too."""


class Reader:
    """A connection for reading, in autocommit, of one thread or strand at a time. Made by `Database.reader`."""

    __slots__ = ("__weakref__", "_breaker", "_heard", "connection", "dialect", "run")

    def __init__(self, connection: Any, dialect: str, breaker: Breaker, watch: Watch) -> None:
        self.connection = connection
        self.dialect = dialect
        self.run = _runner(connection, dialect, watch)
        self._breaker = breaker
        self._heard = monotonic()

    def stale(self) -> bool:
        """Whether the server closed it since the last answer; one of this moment is trusted."""
        return monotonic() - self._heard > TRUSTED_SECONDS and is_stale(self.connection)

    def ask(self, sql: Any, values: Sequence[Any] = ()) -> Outcome:
        """Run a statement of the dialect. Raises DatabaseAway; after an outage the connection is not used again."""
        try:
            outcome = self.run(sql, values)
        except STATEMENT_ERRORS as error:
            found = away(error)
            if found is None:
                raise
            self._failed(found)
            raise found from error
        self._heard = monotonic()
        self._breaker.close()
        return outcome

    def commit(self) -> None:
        """End a transaction that `BEGIN` began. Raises DatabaseAway: then it may have been committed all the same."""
        if self.connection.info.transaction_status != TransactionStatus.INTRANS:
            raise RuntimeError("a statement of this transaction failed, and the block went on")
        self.ask(b"COMMIT")

    def undo(self) -> None:
        """Undo a transaction, if there is one; a connection on which that fails is closed."""
        try:
            if not self.connection.closed:
                self.ask(b"ROLLBACK")
        except (DatabaseAway, psycopg.Error):
            self.connection.close()

    def _failed(self, error: DatabaseAway) -> None:
        self._heard = 0.0
        if error.outage:
            self.connection.close()
        self._breaker.trip(error)


Run = Callable[[Any, Sequence[Any]], Outcome]
"""Runs a statement with its values in the order of the SQL."""


def _runner(connection: Any, dialect: str, watch: Watch) -> Run:
    if dialect == "sqlite":
        return _Cursor(connection.cursor()).run
    if connection.deadline is None:
        # A worker is in no hurry, and can be interrupted while it waits.
        return _Cursor(psycopg.RawCursor(connection), prepare=True).run
    return Statements(connection, watch, connection.deadline).run


class _Cursor:
    """A driver's cursor that runs a statement as `Statements` does."""

    __slots__ = ("_cursor", "_options")

    def __init__(self, cursor: Any, **options: bool) -> None:
        self._cursor = cursor
        self._options = options

    def run(self, sql: Any, values: Sequence[Any]) -> Outcome:
        cursor = self._cursor
        cursor.execute(sql, values, **self._options)
        return cursor.fetchall() if cursor.description else [], cursor.rowcount


Db = Reader | Connection


def dialect_of(db: Db) -> str:
    """`postgresql` or `sqlite`."""
    return db.dialect if isinstance(db, Reader) else db.dialect.name


# `$1` is PostgreSQL's own placeholder: such a statement is sent as it is, without being read.
_DIALECTS: dict[str, Dialect] = {
    "postgresql": postgresql.psycopg.dialect(paramstyle="numeric_dollar"),
    "sqlite": sqlite.dialect(),
}
Processor = Callable[[Any], Any]


class _Plan:
    """A statement in one dialect's SQL: its parameters in order, and what must be converted on the way."""

    def __init__(self, statement: SelectBase | UpdateBase, dialect_name: str) -> None:
        dialect = _DIALECTS[dialect_name]
        if isinstance(statement, Insert) and not statement._returning:
            statement = statement.inline()
        compiled = statement.compile(dialect=dialect)
        self.sql: Any = str(compiled) if dialect_name == "sqlite" else str(compiled).encode()
        self.names: Sequence[str] = compiled.positiontup or ()
        binds = compiled.binds
        self.fixed = {name: value for name, value in compiled.params.items() if not binds[name].required}
        self.binds: tuple[tuple[str, Processor], ...] = ()
        self.results: tuple[tuple[int, Processor], ...] = ()
        if dialect_name == "sqlite":
            self._convert(compiled, statement, dialect)

    def _convert(self, compiled: Any, statement: Any, dialect: Dialect) -> None:
        types = {name: compiled.binds[name].type.dialect_impl(dialect) for name in self.names}
        binds = ((name, kind.bind_processor(dialect)) for name, kind in types.items())
        self.binds = tuple((name, convert) for name, convert in binds if convert)
        kinds = (column.type.dialect_impl(dialect) for column in statement.exported_columns)
        results = (kind.result_processor(dialect, None) for kind in kinds)
        self.results = tuple((place, convert) for place, convert in enumerate(results) if convert)

    def values(self, params: dict[str, Any]) -> list[Any]:
        """The parameters in the order of the SQL. Raises KeyError for one that is missing."""
        if self.fixed:
            params = {**self.fixed, **params}
        for name, convert in self.binds:
            params[name] = convert(params[name])
        return list(map(params.__getitem__, self.names))

    def rows(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The driver's rows, in Python's types."""
        if not self.results:
            return rows
        converted = [list(row) for row in rows]
        for row in converted:
            for place, convert in self.results:
                row[place] = convert(row[place])
        return [tuple(row) for row in converted]


class Prepared:
    """A Core select, insert, update or delete, compiled once per dialect and run on the driver's own connection.

    Parameters are the statement's named binds. PostgreSQL keeps it prepared, connection by connection.
    Errors: DatabaseAway when the database is what failed; the driver's own errors otherwise.
    """

    def __init__(self, statement: SelectBase | UpdateBase) -> None:
        self._statement = statement
        self._plans: dict[str, _Plan] = {}

    def all(self, db: Db, **params: Any) -> list[tuple[Any, ...]]:
        """Every row, as tuples."""
        return self._outcome(db, params)[0]

    def first(self, db: Db, **params: Any) -> tuple[Any, ...] | None:
        """The first row, or None. All rows are fetched, so say LIMIT in the statement."""
        rows = self._outcome(db, params)[0]
        return rows[0] if rows else None

    def run(self, db: Db, **params: Any) -> int:
        """Run a statement that changes rows; how many it changed."""
        return self._outcome(db, params)[1]

    def _outcome(self, db: Db, params: dict[str, Any]) -> Outcome:
        if isinstance(db, Reader):
            plan = self._plan(db.dialect)
            rows, count = db.ask(plan.sql, plan.values(params))
            return plan.rows(rows), count
        plan = self._plan(db.dialect.name)
        try:
            rows, count = _cursor(db).run(plan.sql, plan.values(params))
        except STATEMENT_ERRORS as error:
            found = away(error)
            if found is None:
                raise
            raise found from error
        return plan.rows(rows), count

    def _plan(self, dialect: str) -> _Plan:
        return self._plans.get(dialect) or self._plans.setdefault(dialect, _Plan(self._statement, dialect))


def among(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column holds one of some fixed values: an `in_` as a Prepared statement can say it."""
    return or_(*(column == value for value in values))


def _cursor(db: Connection) -> _Cursor:
    driver: Any = db.connection.driver_connection
    if db.dialect.name == "postgresql":
        # A cursor opens the transaction when it must; what is written in one waits for the disk anyhow.
        return _Cursor(psycopg.RawCursor(driver), prepare=True)
    return _Cursor(driver.cursor())
