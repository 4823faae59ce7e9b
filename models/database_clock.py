"""The database's own clock: what several machines compare (leases, turns) is measured by one clock, theirs never."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from models.database import UtcDateTime


class DatabaseNow(FunctionElement[datetime]):
    """The moment at which the statement began, in the database's eyes."""

    type = UtcDateTime()
    inherit_cache = True


class SecondsFromNow(FunctionElement[datetime]):
    """So many seconds (a bind of type Float) after `DatabaseNow`."""

    type = UtcDateTime()
    inherit_cache = True


SECONDS = Float()
"""The type of the bind that `SecondsFromNow` takes."""


@compiles(DatabaseNow, "postgresql")
def _now_postgresql(_element: DatabaseNow, _compiler: Any, **_options: Any) -> str:
    return "statement_timestamp()"


@compiles(DatabaseNow, "sqlite")
def _now_sqlite(_element: DatabaseNow, _compiler: Any, **_options: Any) -> str:
    # Six digits behind the second, as SQLAlchemy writes a moment: SQLite compares them as text.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(SecondsFromNow, "postgresql")
def _later_postgresql(element: SecondsFromNow, compiler: Any, **options: Any) -> str:
    return f"(statement_timestamp() + make_interval(secs => {compiler.process(element.clauses, **options)}))"


@compiles(SecondsFromNow, "sqlite")
def _later_sqlite(element: SecondsFromNow, compiler: Any, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', printf('%+.3f seconds', {seconds}))"
