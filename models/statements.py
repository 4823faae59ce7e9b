"""Statements prepared on a PostgreSQL connection and run by libpq's own calls, which cost half of a cursor's.

A psycopg cursor reads the query anew each time and forgets which adapters it found. Here every statement of a
connection keeps them; the adapters, the errors and the bounded waits stay psycopg's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

Outcome = tuple[list[tuple[Any, ...]], int]
"""The rows of a statement, and how many it returned or changed."""


class _Statement:
    """One statement's adapters, and its name in the server for each choice of parameter types."""

    __slots__ = ("adapters", "formats", "loaded", "names")

    def __init__(self, connection: psycopg.Connection[Any], parameters: int) -> None:
        self.adapters = Transformer(connection)
        self.formats = [PyFormat.AUTO] * parameters
        self.names: dict[tuple[int, ...], bytes] = {}
        self.loaded = False


class Statements:
    """What one connection has prepared. It is in autocommit, and used by one thread at a time."""

    __slots__ = ("_connection", "_known", "_prepared")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._known: dict[bytes, _Statement] = {}
        self._prepared = 0

    def run(self, sql: bytes, values: Sequence[Any]) -> Outcome:
        """Run `sql`, whose placeholders are `$1`, `$2`...; prepared the first time. Raises psycopg.Error."""
        known = self._known.get(sql)
        if known is None:
            known = self._known[sql] = _Statement(self._connection, len(values))
        adapters = known.adapters
        parameters = adapters.dump_sequence(values, known.formats)
        types = adapters.types or ()
        name = known.names.get(types)
        if name is None:
            name = known.names[types] = self._prepare(sql, types)
        self._connection.pgconn.send_query_prepared(
            name, parameters, param_formats=adapters.formats, result_format=Format.BINARY
        )
        result = self._result()
        if result.status != ExecStatus.TUPLES_OK:
            return [], result.command_tuples or 0
        adapters.set_pgresult(result, set_loaders=not known.loaded)
        known.loaded = True
        return adapters.load_rows(0, result.ntuples, tuple), result.ntuples

    def _prepare(self, sql: bytes, types: tuple[int, ...]) -> bytes:
        self._prepared += 1
        name = b"statement_%d" % self._prepared
        self._connection.pgconn.send_prepare(name, sql, param_types=types)
        self._result()
        return name

    def _result(self) -> PGresult:
        result: PGresult
        (result,) = self._connection.wait(execute(self._connection.pgconn))
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
        return result
