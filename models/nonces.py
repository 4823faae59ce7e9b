"""Random bytes that are used once, drawn from the system many at a time: a call of the system each costs more."""

from __future__ import annotations

import os
from collections import deque

AT_A_TIME = 256


class Nonces:
    """Gives `length` random bytes, never the same ones to two threads, nor to a process and one that it forks."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._ready: deque[bytes] = deque()
        os.register_at_fork(after_in_child=self._ready.clear)

    def next(self) -> bytes:
        """Fresh ones."""
        while True:
            try:
                return self._ready.pop()
            except IndexError:
                drawn = os.urandom(self._length * AT_A_TIME)
                self._ready.extend(
                    drawn[start : start + self._length] for start in range(0, len(drawn), self._length)
                )
