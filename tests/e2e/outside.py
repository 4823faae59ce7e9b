"""The world outside of the running system: a provider that calls back, and the phones behind him. HTTP and no more."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

PATIENCE_SECONDS = 15.0
LOOK_SECONDS = 0.05
IDS = count(1)


@dataclass(frozen=True)
class Outside:
    """The gateway listens on `port`, the simulated provider on the next."""

    port: int

    def calls_back(self, path: str, secret: str = "demo", **fields: str) -> tuple[int, str]:
        """One callback; (status, body)."""
        body = urlencode(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return _asked(self.port, "POST", f"/hooks/africastalking/{secret}/{path}", body, headers)

    def brings(self, phone: str, text: str, message_id: str = "") -> tuple[int, str]:
        """A message that somebody wrote."""
        return self.calls_back(
            "sms",
            **{
                "date": "2026-11-22 10:00:00",
                "from": phone,
                "id": message_id or f"e2e-{next(IDS)}",
                "text": text,
                "to": "36212",
                "networkCode": "99999",
            },
        )

    def received(self, phone: str) -> list[dict[str, str]]:
        """What a phone got, the oldest first: the provider's own ledger tells."""
        path = f"/simulate/outbox?{urlencode({'number': phone})}"
        told: dict[str, Any] = json.loads(_asked(self.port + 1, "GET", path)[1])
        messages: list[dict[str, str]] = told["messages"]
        return messages

    def figures(self, name: str) -> dict[str, float]:
        """The figures whose name begins so: labels to value."""
        page = _asked(self.port, "GET", "/metrics")[1]
        found = re.findall(rf"^{name}_total\{{(.*)\}} (\S+)$", page, re.MULTILINE)
        return {labels: float(value) for labels, value in found}

    def figure(self, name: str, labels: str) -> float:
        """One figure; 0 when it was never counted."""
        return self.figures(name).get(labels, 0.0)


@dataclass
class Mobile:
    """A phone. `read` is how many of its SMS its owner has read."""

    outside: Outside
    number: str
    read: int = 0

    def writes(self, text: str) -> str:
        """One message, and the one SMS that answers it."""
        assert self.outside.brings(self.number, text) == (200, "OK\n")
        return self.reads()

    def reads(self) -> str:
        """The next SMS."""
        until = monotonic() + PATIENCE_SECONDS
        while len(found := self.outside.received(self.number)) <= self.read:
            assert monotonic() < until, f"nothing came after {self.read} SMS"
            sleep(LOOK_SECONDS)
        self.read += 1
        return found[self.read - 1]["text"]

    def hears_nothing(self, seconds: float = 2.0) -> None:
        """No further SMS comes."""
        sleep(seconds)
        assert [one["text"] for one in self.outside.received(self.number)[self.read :]] == []


def _asked(
    port: int, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
