"""Connections to Redis for the path of a hop: one round trip a question, short limits, no retry after a hang.

redis-py makes a connection; its pool, its pipeline and its reader cost more than the question itself. Here a thread is
lent one, last-in first-out, and a question is one send and one receive; strands share one (gateway.redis_shared). The
limits are ours: a server that hangs is as bad as one that is dead.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections import deque
from hashlib import sha1
from time import monotonic
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import Connection
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.exceptions import TimeoutError as Hung
from redis.retry import Retry

from gateway.redis_addresses import pool_of
from gateway.redis_shared import SharedLine
from gateway.resp import Answer, Unfinished, Word, packed, read
from models.strands import Strand, blocking, current

PAUSE_SECONDS = 1.0
"""After a failure nobody waits for Redis for so long; then one caller tries."""

MOST_BYTES = 4_096
"""Of an answer, received at once."""


class RedisAway(Exception):
    """Redis does not answer, or refuses the work (out of memory, still loading)."""


class Script:
    """A Lua function that Redis runs as one step. `keys` says how many of its arguments are keys."""

    __slots__ = ("digest", "keys", "source")

    def __init__(self, keys: int, source: str) -> None:
        self.keys = b"%d" % keys
        self.source = source.encode()
        self.digest = sha1(self.source, usedforsecurity=False).hexdigest().encode()


class RedisLines:
    """Connections to one Redis, opened when needed. Safe to use from many threads, and from the strands of one loop.

    `connect_ms` and `read_ms` are the longest waits for a connection and for an answer.
    """

    def __init__(self, url: str, *, connect_ms: int, read_ms: int) -> None:
        self._pool = pool_of(
            url,
            socket_connect_timeout=connect_ms / 1000,
            socket_timeout=read_ms / 1000,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        self._read_ms = read_ms
        self._idle: deque[_Line] = deque()
        self._shared: SharedLine | None = None
        self._away_until = 0.0

    def run(self, script: Script, *arguments: Word) -> Any:
        """What `script` returns, bytes as bytes. Raises RedisAway."""
        try:
            return self._ask(b"EVALSHA", script.digest, script.keys, *arguments)
        except NoScriptError:
            return self._ask(b"EVAL", script.source, script.keys, *arguments)

    def ask(self, *command: Word) -> Any:
        """The answer to one command. Raises RedisAway."""
        return self._ask(*command)

    def close(self) -> None:
        """Closes the connections that are not lent."""
        while self._idle:
            self._idle.pop().close()
        if self._shared:
            self._shared.close()

    def _ask(self, *command: Word) -> Any:
        self._enter()
        try:
            strand = current()
            answer = self._once(command) if strand is None else self._together(strand, packed(command))
        except NoScriptError:
            self._away_until = 0.0
            raise
        except (RedisError, OSError) as fault:
            self._away_until = monotonic() + PAUSE_SECONDS
            raise RedisAway(str(fault)) from fault
        self._away_until = 0.0
        return answer

    def _once(self, command: tuple[Word, ...]) -> Any:
        """Asks on a connection that was used before; if the server closed it meanwhile, on a new one."""
        try:
            line = self._idle.pop()
        except IndexError:
            return self._talk(self._new(), command)
        try:
            return self._talk(line, command)
        except Hung:
            raise
        except Broken:
            # The server was restarted: the others are as dead as this one.
            self.close()
            return self._talk(self._new(), command)

    def _together(self, strand: Strand, question: bytes) -> Any:
        """As `_once`, on the connection that the strands share."""
        line = self._shared
        try:
            answer = (line if line and line.open else self._new_shared(strand)).ask(strand, question)
        except Hung:
            raise
        except Broken:
            answer = self._new_shared(strand).ask(strand, question)
        if isinstance(answer, ResponseError):
            raise answer
        return answer

    def _new_shared(self, strand: Strand) -> SharedLine:
        """The connection of the strands, made anew unless another strand has just done so."""
        connection = self._connection()
        blocking(connection.connect)
        if self._shared and self._shared.open:
            connection.disconnect()
        else:
            self._shared = SharedLine(connection, strand.loop, self._read_ms)
        return self._shared

    def _new(self) -> _Line:
        connection = self._connection()
        connection.connect()
        return _Line(connection, self._read_ms)

    def _connection(self) -> Connection:
        made: Connection = self._pool.connection_class(**self._pool.connection_kwargs)
        return made

    def _talk(self, line: _Line, command: tuple[Word, ...]) -> Any:
        try:
            answer = line.ask(packed(command))
        except BaseException:
            line.close()
            raise
        self._idle.append(line)
        if isinstance(answer, ResponseError):
            raise answer
        return answer

    def _enter(self) -> None:
        if not self._away_until:
            return
        now = monotonic()
        if now < self._away_until:
            raise RedisAway("it was away a moment ago")
        # Threads would wait one by one for a server that hangs, so one tries for them; strands wait together.
        if current() is None:
            self._away_until = now + PAUSE_SECONDS


class _Line:
    """One open connection. Raises redis-py's ConnectionError or TimeoutError."""

    __slots__ = ("_connection", "_receive", "_send")

    def __init__(self, connection: Connection, read_ms: int) -> None:
        self._connection = connection
        wire: Any = connection._sock
        if not isinstance(wire, ssl.SSLSocket):
            _limit(wire, read_ms)
        self._send, self._receive = wire.sendall, wire.recv

    def ask(self, question: bytes) -> Answer:
        """The answer to a packed command; what is wrong with the command is an answer too."""
        try:
            self._send(question)
            heard = self._heard()
            while True:
                try:
                    answer, end = read(heard)
                    break
                except Unfinished:
                    heard += self._heard()
        except (BlockingIOError, TimeoutError) as slow:
            raise Hung("no answer in time") from slow
        except OSError as fault:
            raise Broken(str(fault)) from fault
        if end != len(heard):
            raise Broken("it said more than was asked")
        return answer

    def close(self) -> None:
        """Closes it; an answer that still comes is nobody's."""
        self._connection.disconnect()

    def _heard(self) -> bytes:
        heard: bytes = self._receive(MOST_BYTES)
        if not heard:
            raise Broken("the server closed the connection")
        return heard


def _limit(wire: socket.socket, milliseconds: int) -> None:
    """Lets the kernel keep the limit: with Python's own each send and receive is two calls of the system."""
    seconds, rest = divmod(milliseconds, 1000)
    limit = struct.pack("ll", seconds, rest * 1000)
    wire.settimeout(None)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
