"""A provider that fails is left alone for a while: longer each time, and then asked once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from time import monotonic

FAILURES, WITHIN_SECONDS = 5, 10.0
"""So many failures in a row within this time, and nothing more is asked."""

FIRST_SECONDS, LONGEST_SECONDS = 30.0, 300.0


class Pause:
    """The state of one provider in one process; safe to use from many threads. `clock` in seconds, monotonic.

    `within`: the seconds in which FAILURES in a row are too many.
    """

    def __init__(self, clock: Callable[[], float] = monotonic, within: float = WITHIN_SECONDS) -> None:
        self._clock = clock
        self._within = within
        self._lock = Lock()
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._seconds = 0.0
        self._until = 0.0
        self._probing = False

    def lets_through(self) -> bool:
        """Whether a request may be made now. After a pause only one may, until `went` or `failed` is told."""
        with self._lock:
            if not self._seconds:
                return True
            if self._probing or self._clock() < self._until:
                return False
            self._probing = True
            return True

    def went(self) -> None:
        """The provider answered: whatever was, is forgotten."""
        with self._lock:
            self._failures.clear()
            self._seconds = 0.0
            self._probing = False

    def unused(self) -> None:
        """What was let through came to no request."""
        with self._lock:
            self._probing = False

    def failed(self, *, stop: bool = False) -> bool:
        """The provider failed, or (`stop`) refuses us altogether; whether a pause begins."""
        with self._lock:
            now = self._clock()
            self._failures.append(now)
            many = len(self._failures) == FAILURES and now - self._failures[0] <= self._within
            if self._seconds and not self._probing and not stop:
                return False  # a request that was under way when the pause began
            if not (many or stop or self._probing):
                return False
            longer = self._seconds * 2 if self._seconds else FIRST_SECONDS
            self._seconds = LONGEST_SECONDS if stop else min(longer, LONGEST_SECONDS)
            self._until = now + self._seconds
            self._probing = False
            self._failures.clear()
            return True
