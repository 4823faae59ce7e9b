"""Statements compiled once and run on the driver's own cursor: the way a USSD hop reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect, Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase

from models.connections import DRIVER_ERRORS, Breaker, DatabaseAway, away


class Reader:
    """One thread's connection for reading, in autocommit. Made by `Database.reader`."""

    __slots__ = ("__weakref__", "_breaker", "connection", "cursor", "dialect")

    def __init__(self, connection: Any, dialect: str, breaker: Breaker) -> None:
        self.connection = connection
        self.dialect = dialect
        self.cursor = psycopg.RawCursor(connection) if dialect == "postgresql" else connection.cursor()
        self._breaker = breaker

    def failed(self, error: DatabaseAway) -> None:
        """Note an outage that a statement met; the connection is not used again."""
        if error.outage:
            self.connection.close()
        self._breaker.trip(error)

    def answered(self) -> None:
        """Note that the database answered."""
        self._breaker.close()


Db = Reader | Connection

# `$1` is PostgreSQL's own placeholder: a raw cursor sends such a statement without reading it.
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
        return [params[name] for name in self.names]

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
    """A Core select, insert, update or delete, compiled once per dialect and run on the driver's own cursor.

    Parameters are the statement's named binds. PostgreSQL keeps it prepared, connection by connection.
    Errors: DatabaseAway when the database is what failed; the driver's own errors otherwise.
    """

    def __init__(self, statement: SelectBase | UpdateBase) -> None:
        self._statement = statement
        self._plans: dict[str, _Plan] = {}

    def all(self, db: Db, **params: Any) -> list[tuple[Any, ...]]:
        """Every row, as tuples."""
        plan, cursor = self._execute(db, params)
        return plan.rows(cursor.fetchall())

    def first(self, db: Db, **params: Any) -> tuple[Any, ...] | None:
        """The first row, or None. All rows are fetched, so say LIMIT in the statement."""
        rows = self.all(db, **params)
        return rows[0] if rows else None

    def run(self, db: Db, **params: Any) -> int:
        """Run a statement that changes rows; how many it changed."""
        count: int = self._execute(db, params)[1].rowcount
        return count

    def _execute(self, db: Db, params: dict[str, Any]) -> tuple[_Plan, Any]:
        reader = db if isinstance(db, Reader) else None
        dialect, cursor = (reader.dialect, reader.cursor) if reader else _cursor(db)
        plan = self._plans.get(dialect) or self._plans.setdefault(dialect, _Plan(self._statement, dialect))
        try:
            if dialect == "postgresql":
                cursor.execute(plan.sql, plan.values(params), prepare=True)
            else:
                cursor.execute(plan.sql, plan.values(params))
        except DRIVER_ERRORS as error:
            found = away(error)
            if found is None:
                raise
            if reader:
                reader.failed(found)
            raise found from error
        if reader:
            reader.answered()
        return plan, cursor


def _cursor(db: Any) -> tuple[str, Any]:
    driver = db.connection.driver_connection
    if db.dialect.name == "postgresql":
        return "postgresql", psycopg.RawCursor(driver)
    return "sqlite", driver.cursor()
