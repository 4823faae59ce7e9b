"""Many rows in one parameter: a JSON list of lists, read by the database as a table. Both databases know the same form.

said = JsonRows("said")
Prepared(update(t).where(t.c.id == said.whole(0)).values(state=said.word(1)))
....run(conn, said=packed([[1, "DONE"], [2, "READY"]]))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, String, Text, bindparam, cast, column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Elements(FunctionElement[str]):
    """The elements of a JSON list, one a row, in the column `value`."""

    name = "json_elements"
    inherit_cache = True


class Hex(FunctionElement[str]):
    """Bytes as small hexadecimal letters."""

    type = Text()
    inherit_cache = True


@compiles(_Elements, "postgresql")
def _elements_postgresql(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS JSON))"


@compiles(_Elements, "sqlite")
def _elements_sqlite(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(Hex, "postgresql")
def _hex_postgresql(element: Hex, compiler: Any, **options: Any) -> str:
    return f"encode({compiler.process(element.clauses, **options)}, 'hex')"


@compiles(Hex, "sqlite")
def _hex_sqlite(element: Hex, compiler: Any, **options: Any) -> str:
    return f"lower(hex({compiler.process(element.clauses, **options)}))"


class JsonRows:
    """The rows of a parameter called `name`. Cells are told by their place, from 0."""

    def __init__(self, name: str) -> None:
        self.table = _Elements(bindparam(name, type_=Text)).table_valued(column("value", Text), name=name)

    def word(self, place: int) -> ColumnElement[str]:
        """A cell as text; null stays null."""
        return self.table.c.value.op("->>", return_type=String())(_literal(place))

    def whole(self, place: int) -> ColumnElement[int]:
        """A cell as a whole number."""
        return cast(self.word(place), BigInteger)


def packed(rows: Sequence[Sequence[str | int | None]]) -> str:
    """Rows as the parameter takes them."""
    return orjson.dumps(rows).decode()


def _literal(place: int) -> ColumnElement[int]:
    return column(str(place), is_literal=True)
