"""Cuts the connections to a server that hangs: one thread that looks on, instead of a clock in every wait.

A statement that libpq waits for by itself gives Python's lock away once; psycopg's own waiting, which can be told a
limit, does so nine times, and with many hops at once each time another thread gets it.
"""

from __future__ import annotations

import socket
from threading import Event, Lock, Thread
from time import monotonic

LOOK_SECONDS = 0.1
"""A statement may last so much longer than it may."""


class Watch:
    """Knows which connections wait for an answer, and until when."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}
        self._lock = Lock()
        self._stopped: Event | None = None

    def expect(self, wire: int, seconds: float) -> None:
        """The connection with this file descriptor must be `done` within so many seconds, or it is cut."""
        with self._lock:
            self._due[wire] = monotonic() + seconds
            if self._stopped is None:
                self._stopped = Event()
                Thread(target=self._look, args=[self._stopped], name="database-watch", daemon=True).start()

    def done(self, wire: int) -> None:
        """Its answer is there, or will never be."""
        with self._lock:
            del self._due[wire]

    def stop(self) -> None:
        """Ends the thread; it begins anew with the next statement."""
        with self._lock:
            if self._stopped is not None:
                self._stopped.set()
                self._stopped = None

    def _look(self, stopped: Event) -> None:
        while not stopped.wait(LOOK_SECONDS):
            now = monotonic()
            # Nobody closes a connection that is waited for, so the descriptor is still the same one's.
            with self._lock:
                for wire, until in self._due.items():
                    if until < now:
                        _cut(wire)


def _cut(wire: int) -> None:
    """Ends both directions: whoever waits for it is told at once that the server is gone."""
    with socket.socket(fileno=wire) as end:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            # Cut before; whoever waits for it has not got his turn yet.
            return
        finally:
            end.detach()
