"""The outside world during a storm: messages handed to the simulated provider at a constant pace, and its counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from time import monotonic
from typing import Any

from tests.storm.letters import SPREAD_SECONDS, Letter

PATIENCE_SECONDS = 30.0
"""Of one order; the provider is never killed."""


class Outside:
    """The simulated provider on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self.counts())
        except (OSError, HTTPException):
            return False

    def counts(self) -> dict[str, int]:
        """What it has done: requests, accepted, callbacks_answered, callbacks_waiting."""
        counts: dict[str, int] = self._asked("GET", "/simulate/counts")
        return counts

    def deliver(self, letter: Letter) -> None:
        """Has a message delivered, in so many copies, and again until each is taken."""
        message = {"from": letter.sender, "text": letter.text, "id": letter.name}
        order = {"messages": [message], "times": letter.copies, "spread": SPREAD_SECONDS, "wait": False}
        self._asked("POST", "/simulate/inbound", json.dumps(order))

    def _asked(self, method: str, path: str, body: str = "") -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise OSError(f"the simulated provider answered {answer.status}")
            return json.loads(answer.read())
        finally:
            connection.close()


class Post:
    """Delivers all letters, each when it is due, from a thread of its own."""

    def __init__(self, outside: Outside, letters: Sequence[Letter]) -> None:
        self._outside = outside
        self._letters = letters
        self._stop = Event()
        self.sent = 0
        self.fault: Exception | None = None
        self._thread = Thread(target=self._go, daemon=True)

    def start(self) -> None:
        """From now on the letters' moments count."""
        self._began = monotonic()
        self._thread.start()

    def done(self) -> bool:
        """Whether every letter was handed over. Raises what kept one from being."""
        if self.fault:
            raise self.fault
        return self.sent == len(self._letters)

    def stop(self) -> None:
        """No more."""
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)

    def _go(self) -> None:
        try:
            for letter in self._letters:
                if self._stop.wait(max(0.0, self._began + letter.at - monotonic())):
                    return
                self._outside.deliver(letter)
                self.sent += 1
        except (OSError, HTTPException, ValueError) as fault:
            self.fault = fault
