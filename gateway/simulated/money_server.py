"""The simulated operator of mobile money over real HTTP, alone or beside the simulated provider of SMS."""

from __future__ import annotations

import json
from collections.abc import Callable

from gateway.simulated.money import MoneySimulation
from gateway.simulated.provider import JSON, TEXT, Answer, Simulation
from gateway.simulated.server import MOST_BYTES, Handler, Server

MONEY = "/money/"
NOT_FOUND = Answer(404, TEXT, b"not found")


class MoneyServer(Server):
    """Serves one simulated operator on the loopback; `sms` beside it, when there is one."""

    def __init__(self, port: int, money: MoneySimulation, sms: Simulation | None = None) -> None:
        self.money = money
        self.sms = sms
        super().__init__(port, sms)  # type: ignore[arg-type]
        self.RequestHandlerClass = MoneyHandler


class MoneyHandler(Handler):
    """One connection: POST /money/<operator>/payments, GET the same with an order, GET /money/counts."""

    server: MoneyServer

    def do_POST(self) -> None:
        """Be paid; everything else is about SMS."""
        if not self.path.startswith(MONEY):
            self._elsewhere(super().do_POST)
            return
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES))
        match self.path.removeprefix(MONEY).split("/"):
            case [operator, "payments"]:
                self._give(self.server.money.request(operator, self._headers(), body))
            case _:
                self._give(NOT_FOUND)

    def do_GET(self) -> None:
        """Ask about an order, or for the counts; everything else is about SMS."""
        if not self.path.startswith(MONEY):
            self._elsewhere(super().do_GET)
            return
        match self.path.removeprefix(MONEY).split("/"):
            case [operator, "payments", order]:
                self._give(self.server.money.status(operator, self._headers(), order))
            case ["counts"]:
                self._give(Answer(200, JSON, json.dumps(self.server.money.counts()).encode()))
            case _:
                self._give(NOT_FOUND)

    def _elsewhere(self, do: Callable[[], None]) -> None:
        if self.server.sms is None:
            self.close_connection = True
            self._give(NOT_FOUND)
        else:
            do()

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}
