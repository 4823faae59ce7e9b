"""`column IN (...)` with as many words as there are, in one parameter: one statement, prepared once, for any number.

A `Prepared` statement has no list of parameters. PostgreSQL takes an array, SQLite a list in JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, Boolean, ColumnElement, Dialect, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Words(TypeDecorator[Sequence[str]]):
    """A list of words as a parameter."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An array where there are arrays."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(String()))

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        """The list as the driver takes it."""
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value


class _OneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


def one_of(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Whether a column holds one of the words in the parameter `name`, a list of str."""
    return _OneOf(column, bindparam(name, type_=Words()))


@compiles(_OneOf, "postgresql")
def _postgresql(element: _OneOf, compiler: Any, **options: Any) -> str:
    column, words = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY({words})"


@compiles(_OneOf, "sqlite")
def _sqlite(element: _OneOf, compiler: Any, **options: Any) -> str:
    column, words = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({words}))"  # nosec B608
