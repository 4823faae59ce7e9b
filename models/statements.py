"""Statements prepared on a PostgreSQL connection and run by libpq's own calls, which cost a third of a cursor's.

A psycopg cursor reads the query anew each time, forgets which adapters it found and waits in many small steps. Here
every statement of a connection keeps its adapters and waits in one; adapters and errors stay psycopg's. In a thread
libpq waits by itself; in a strand the question is sent, and the others go on until the answer is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

from models.connections import DeadlineConnection
from models.strands import Wire
from models.watch import Watch

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
    """What one connection has prepared. It is in autocommit, and used by one thread or strand at a time.

    `watch` cuts the connection when a statement takes longer than `deadline` seconds.
    """

    __slots__ = ("_connection", "_deadline", "_descriptor", "_known", "_pgconn", "_prepared", "_watch")

    def __init__(self, connection: DeadlineConnection, watch: Watch, deadline: float) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._descriptor = connection.pgconn.socket
        self._watch = watch
        self._deadline = deadline
        self._known: dict[bytes, _Statement] = {}
        self._prepared = 0

    def run(self, sql: bytes, values: Sequence[Any]) -> Outcome:
        """Run `sql`, whose placeholders are `$1`, `$2`...; prepared the first time. Raises psycopg.Error."""
        known = self._known.get(sql)
        if known is None:
            known = self._known[sql] = _Statement(self._connection, len(values))
        adapters = known.adapters
        # psycopg's own description of `exec_prepared` forgets that a parameter may be NULL.
        parameters: Any = adapters.dump_sequence(values, known.formats)
        types = adapters.types or ()
        name = known.names.get(types)
        if name is None:
            name = known.names[types] = self._prepare(sql, types)
        pgconn = self._pgconn
        result = self._asked(
            pgconn.exec_prepared,
            pgconn.send_query_prepared,
            name,
            parameters,
            adapters.formats,
            Format.BINARY,
        )
        if result.status != ExecStatus.TUPLES_OK:
            self._check(result)
            return [], result.command_tuples or 0
        adapters.set_pgresult(result, set_loaders=not known.loaded)
        known.loaded = True
        return adapters.load_rows(0, result.ntuples, tuple), result.ntuples

    def _prepare(self, sql: bytes, types: tuple[int, ...]) -> bytes:
        self._prepared += 1
        name = b"statement_%d" % self._prepared
        self._check(self._asked(self._pgconn.prepare, self._pgconn.send_prepare, name, sql, types))
        return name

    def _asked(self, ask: Callable[..., PGresult], send: Callable[..., None], *words: Any) -> PGresult:
        """The answer to `ask(*words)`, or in a strand to `send(*words)`, which does not wait for it."""
        self._watch.expect(self._descriptor, self._deadline)
        try:
            wire = self._connection.wire
            if wire is None:
                return ask(*words)
            send(*words)
            return self._heard(wire)
        finally:
            self._watch.done(self._descriptor)

    def _heard(self, wire: Wire) -> PGresult:
        result = self._next(wire)
        # What follows the answer says that the server is ready again.
        while result is not None and (more := self._next(wire)) is not None:
            result = more
        if result is None:
            raise psycopg.OperationalError("the server said nothing")
        return result

    def _next(self, wire: Wire) -> PGresult | None:
        """The next result. libpq would wait for one that is not there, with everybody."""
        pgconn = self._pgconn
        while pgconn.is_busy():
            wire.wait()
            pgconn.consume_input()
            if not wire.open and pgconn.is_busy():
                raise psycopg.OperationalError("the server spoke unasked, and not to the end")
        return pgconn.get_result()

    def _check(self, result: PGresult) -> None:
        if self._pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError("the server closed the connection, or was cut off when it hung")
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)
