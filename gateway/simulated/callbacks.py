"""What the simulated provider tells the gateway: delivery reports and messages of people, until it is answered 200."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import count
from threading import Condition, Thread
from time import monotonic
from urllib.parse import urlencode, urlsplit

THREADS = 16
"""Callbacks at the same time."""

ANSWER_SECONDS = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a callback is repeated, doubled each time (the provider publishes none: assumption)."""

REPORT_PATIENCE = 60.0
INBOUND_PATIENCE = 12 * 3_600.0
"""Seconds during which a callback is repeated: messages of people 12 h by the provider's pages, reports unknown."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(order=True)
class Task:
    """One callback that is due at a moment of the monotonic clock."""

    due: float
    place: int
    path: str = field(compare=False)
    body: str = field(compare=False)
    until: float = field(compare=False)
    headers: Mapping[str, str] = field(compare=False, default_factory=lambda: FORM)
    pause: float = field(compare=False, default=FIRST_PAUSE)
    first: Future[int] = field(compare=False, default_factory=Future)
    """The status of the first attempt, 0 when there was no answer."""


class Callbacks:
    """The callbacks to one gateway, whose hooks are below `hooks` (with their secret)."""

    def __init__(self, hooks: str, threads: int = THREADS) -> None:
        self._hooks = urlsplit(hooks.rstrip("/"))
        self._waiting: list[Task] = []
        self._changed = Condition()
        self._places = count()
        self.answered = 0
        self._under_way = 0
        for _ in range(threads):
            Thread(target=self._work, daemon=True).start()

    def later(self, seconds: float, path: str, fields: dict[str, str], patience: float) -> Future[int]:
        """Calls `path` in so many seconds and repeats it for `patience` seconds. The first status comes out."""
        return self.signed_later(seconds, path, urlencode(fields), FORM, patience)

    def signed_later(
        self, seconds: float, path: str, body: str, headers: Mapping[str, str], patience: float
    ) -> Future[int]:
        """As `later`, with a body and headers that are ready."""
        due = monotonic() + seconds
        task = Task(due, next(self._places), path, body, due + patience, headers)
        self._put(task)
        return task.first

    def now(self, path: str, fields: dict[str, str]) -> int:
        """Calls once and waits. The status, 0 when there was no answer."""
        return self._post(path, urlencode(fields), FORM)

    @property
    def waiting(self) -> int:
        """Callbacks that were not answered yet and will be made, again or for the first time."""
        with self._changed:
            return len(self._waiting) + self._under_way

    def _put(self, task: Task) -> None:
        with self._changed:
            heapq.heappush(self._waiting, task)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            task = self._next()
            status = self._post(task.path, task.body, task.headers)
            if status != 200 and monotonic() + task.pause < task.until:
                task.due = monotonic() + task.pause
                task.pause = min(task.pause * 2, LONGEST_PAUSE)
                self._put(task)
            with self._changed:
                self._under_way -= 1
            if not task.first.done():
                task.first.set_result(status)

    def _next(self) -> Task:
        with self._changed:
            while not self._waiting or self._waiting[0].due > monotonic():
                self._changed.wait(self._waiting[0].due - monotonic() if self._waiting else None)
            self._under_way += 1
            return heapq.heappop(self._waiting)

    def _post(self, path: str, body: str, headers: Mapping[str, str]) -> int:
        kind = HTTPSConnection if self._hooks.scheme == "https" else HTTPConnection
        connection = kind(self._hooks.hostname or "", self._hooks.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", self._hooks.path + path, body, dict(headers))
            status = connection.getresponse().status
            self.answered += status == 200
            return status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()
