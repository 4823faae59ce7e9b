"""Moments that a database works out from a column: both keep their own arithmetic of days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from models.database import UtcDateTime


class _DaysAfter(FunctionElement[datetime]):
    type = UtcDateTime()
    inherit_cache = True


def days_after(moment: ColumnElement[datetime], days: str) -> ColumnElement[datetime]:
    """So many times 24 hours (the parameter of that name) after a moment in a column."""
    return _DaysAfter(moment, bindparam(days, type_=Integer))


@compiles(_DaysAfter, "postgresql")
def _postgresql(element: _DaysAfter, compiler: Any, **options: Any) -> str:
    moment, days = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({moment} + make_interval(hours => 24 * CAST({days} AS INTEGER)))"


@compiles(_DaysAfter, "sqlite")
def _sqlite(element: _DaysAfter, compiler: Any, **options: Any) -> str:
    moment, days = (compiler.process(clause, **options) for clause in element.clauses)
    # Six digits behind the second, as SQLAlchemy writes a moment: SQLite compares them as text.
    return f"strftime('%Y-%m-%d %H:%M:%f000', {moment}, {days} || ' days')"
