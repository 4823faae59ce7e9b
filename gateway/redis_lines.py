"""Connections to Redis for the path of a hop: one round trip a question, short limits, no retry after a hang.

redis-py's pool and pipeline cost more than the question itself; a connection that is lent last-in first-out
and one packed command cost half of it. The limits are ours: a server that hangs is as bad as one that is dead.
"""

from __future__ import annotations

from collections import deque
from hashlib import sha1
from time import monotonic
from typing import Any

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.connection import Connection
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.exceptions import TimeoutError as Hung
from redis.retry import Retry

PAUSE_SECONDS = 1.0
"""After a failure nobody waits for Redis for so long; then one caller tries."""


class RedisAway(Exception):
    """Redis does not answer, or refuses the work (out of memory, still loading)."""


class Script:
    """A Lua function that Redis runs as one step. `keys` says how many of its arguments are keys."""

    __slots__ = ("digest", "keys", "source")

    def __init__(self, keys: int, source: str) -> None:
        self.keys = keys
        self.source = source
        self.digest = sha1(source.encode(), usedforsecurity=False).hexdigest()


class RedisLines:
    """Connections to one Redis, opened when needed. Safe to use from many threads.

    `connect_ms` and `read_ms` are the longest waits for a connection and for an answer.
    """

    def __init__(self, url: str, *, connect_ms: int, read_ms: int) -> None:
        self._pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=connect_ms / 1000,
            socket_timeout=read_ms / 1000,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        self._idle: deque[Connection] = deque()
        self._away_until = 0.0

    def run(self, script: Script, *arguments: bytes | str | int) -> Any:
        """What `script` returns, bytes as bytes. Raises RedisAway."""
        try:
            return self._ask("EVALSHA", script.digest, script.keys, *arguments)
        except NoScriptError:
            return self._ask("EVAL", script.source, script.keys, *arguments)

    def ask(self, *command: bytes | str | int) -> Any:
        """The answer to one command. Raises RedisAway."""
        return self._ask(*command)

    def close(self) -> None:
        """Closes the connections that are not lent."""
        while self._idle:
            self._idle.pop().disconnect()

    def _ask(self, *command: bytes | str | int) -> Any:
        self._enter()
        try:
            answer = self._once(command)
        except NoScriptError:
            self._away_until = 0.0
            raise
        except (RedisError, OSError) as fault:
            self._away_until = monotonic() + PAUSE_SECONDS
            raise RedisAway(str(fault)) from fault
        self._away_until = 0.0
        return answer

    def _once(self, command: tuple[bytes | str | int, ...]) -> Any:
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

    def _new(self) -> Connection:
        return self._pool.connection_class(**self._pool.connection_kwargs)  # type: ignore[no-any-return]

    def _talk(self, line: Connection, command: tuple[bytes | str | int, ...]) -> Any:
        try:
            line.send_packed_command([_packed(command)], check_health=False)
            answer = line.read_response()
        except ResponseError:
            self._idle.append(line)
            raise
        except BaseException:
            line.disconnect()
            raise
        self._idle.append(line)
        return answer

    def _enter(self) -> None:
        if not self._away_until:
            return
        now = monotonic()
        if now < self._away_until:
            raise RedisAway("it was away a moment ago")
        self._away_until = now + PAUSE_SECONDS


def _packed(command: tuple[bytes | str | int, ...]) -> bytes:
    """A command as the server reads it (RESP: a list of counted strings). Four times cheaper than redis-py's."""
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        told = argument if type(argument) is bytes else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(told), told))
    return b"".join(parts)
