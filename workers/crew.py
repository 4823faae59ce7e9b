"""The threads of a sender: as many as there is something to send for, and what they could not give back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, Lock

import structlog
from sqlalchemy import Connection

from models import chunks
from models.database import Database, DatabaseAway

log = structlog.get_logger(__name__)


class Crew(ABC):
    """At most `most` threads of one process, each sending one chunk after the other."""

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="send")
        self._lock = Lock()
        self._closing = Event()
        self._running: set[Future[None]] = set()
        self._unsent: deque[int] = deque()

    def turn(self, lane: str) -> bool:
        """Begins to send what waits and comes back at once; whether there was room for one more request.

        The threads go on until nothing waits any more: while they wait for the provider, the worker answers others.
        """
        self._give_back_unsent()
        return self._start(lane)

    def drain(self) -> None:
        """Waits until nothing is left to send, and every request under way has ended."""
        while running := self._under_way():
            wait(running)

    def close(self) -> None:
        """Ends the threads, after what is under way."""
        self._closing.set()
        self._pool.shutdown()

    def _under_way(self) -> set[Future[None]]:
        with self._lock:
            self._running = {running for running in self._running if not running.done()}
            return set(self._running)

    def _start(self, lane: str) -> bool:
        """One more thread, if there is room: each that finds something to send calls the next."""
        with self._lock:
            self._running = {running for running in self._running if not running.done()}
            if len(self._running) >= self._most or self._closing.is_set():
                return False
            self._running.add(self._pool.submit(self._go_on, lane))
            return True

    def _go_on(self, lane: str) -> None:
        try:
            while not self._closing.is_set() and self._send_one(lane):
                continue
        except DatabaseAway as away:
            log.warning("sending waits", reason=str(away))
        except Exception:  # a thread's exception would be seen by nobody
            log.exception("sending failed")

    @abstractmethod
    def _send_one(self, lane: str) -> bool:
        """What is sent together, from claim to outcome; whether there was something."""

    def _unclaim(self, conn: Connection, token: int, seconds: float, why: str) -> None:
        """Writes down that nothing was sent under a token of ours, and that it may be claimed after a pause."""
        chunks.give_back(conn, token, seconds, why)

    def _give_back(self, token: int, seconds: float, why: str) -> None:
        try:
            with self._database.begin() as conn:
                self._unclaim(conn, token, seconds, why)
        except DatabaseAway:
            self._unsent.append(token)
            raise

    def _give_back_unsent(self) -> None:
        """Claims of which we could not tell the database that nothing was sent."""
        try:
            while self._unsent:
                with self._database.begin() as conn:
                    self._unclaim(conn, self._unsent[0], 0, "the database was away")
                self._unsent.popleft()
        except DatabaseAway as away:
            log.warning("sending waits", reason=str(away))
