"""One connection to Redis for all strands of a loop: what they ask in one turn of the loop is one send.

Redis answers in the order of the questions, so the answers need no names. To wake a server that sleeps costs more than
to ask it, and with a connection for each question it would be woken for each.
"""

from __future__ import annotations

import ssl
from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from time import monotonic
from typing import Any

from redis.connection import Connection
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Hung

from gateway.resp import Answer, Unfinished, read
from models.strands import Listening, Strand

MOST_BYTES = 65_536
"""Of answers, received at once."""


class SharedLine:
    """An open connection, used by strands of `loop` alone. An answer may take `read_ms`; then nobody gets one."""

    def __init__(self, connection: Connection, loop: AbstractEventLoop, read_ms: int) -> None:
        wire: Any = connection._sock
        self._connection = connection
        self._socket = wire
        self._loop = loop
        self._seconds = read_ms / 1000
        self._socket.settimeout(self._seconds)
        self._tls = isinstance(wire, ssl.SSLSocket)
        self._asked: deque[tuple[Strand, float]] = deque()
        self._unsent: list[bytes] = []
        self._unread = b""
        self._clock: TimerHandle | None = None
        self.open = True
        self._listening = Listening(loop, wire.fileno(), self._heard)

    def ask(self, strand: Strand, question: bytes) -> Answer:
        """The answer to a packed command; what is wrong with the command is an answer too.

        Raises redis-py's ConnectionError or TimeoutError.
        """
        if not self.open:
            raise Broken("the server closed the connection")
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(question)
        self._asked.append((strand, monotonic()))
        if self._clock is None:
            self._clock = self._loop.call_later(self._seconds, self._look)
        answer: Answer = strand.wait()
        return answer

    def close(self, fault: RedisError | None = None) -> None:
        """Closes it; who waits is told why."""
        if not self.open:
            return
        self.open = False
        self._listening.end()
        self._connection.disconnect()
        while self._asked and not self._loop.is_closed():
            strand, _ = self._asked.popleft()
            self._loop.call_soon_threadsafe(strand.throw, fault or Broken("closed"))

    def _send(self) -> None:
        questions, self._unsent = self._unsent, []
        if self.open:
            try:
                self._socket.sendall(b"".join(questions))
            except OSError as fault:
                self.close(Broken(str(fault)))

    def _heard(self) -> None:
        try:
            answers = self._answers()
        except (OSError, RedisError) as fault:
            self.close(Broken(str(fault)))
            return
        asked = [self._asked.popleft()[0] for _ in answers]
        for strand, answer in zip(asked, answers, strict=True):
            strand.switch(answer)

    def _answers(self) -> list[Answer]:
        try:
            heard = self._unread + self._received()
        except ssl.SSLWantReadError:
            # A part of a record, or a ticket: nothing of an answer yet.
            return []
        answers: list[Answer] = []
        end = 0
        while end < len(heard):
            try:
                answer, end = read(heard, end)
            except Unfinished:
                break
            answers.append(answer)
        self._unread = heard[end:]
        if len(answers) > len(self._asked):
            raise Broken("it said more than was asked")
        return answers

    def _received(self) -> bytes:
        heard: bytes = self._decrypted() if self._tls else self._socket.recv(MOST_BYTES)
        if not heard:
            raise Broken("the server closed the connection")
        return heard

    def _decrypted(self) -> bytes:
        """All that TLS has: it makes no socket readable. Raises ssl.SSLWantReadError when that is nothing."""
        self._socket.settimeout(0)
        try:
            heard: bytes = self._socket.recv(MOST_BYTES)
            while self._socket.pending():
                heard += self._socket.recv(MOST_BYTES)
        finally:
            self._socket.settimeout(self._seconds)
        return heard

    def _look(self) -> None:
        """Whether the oldest question is overdue."""
        self._clock = None
        if not self._asked:
            return
        left = self._asked[0][1] + self._seconds - monotonic()
        if left > 0:
            self._clock = self._loop.call_later(left, self._look)
        else:
            self.close(Hung("no answer in time"))
