"""The simulated provider over real HTTP/1.1: kept connections, a thread each, and the faults of the wire."""

from __future__ import annotations

import json
import os
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gateway.simulated.ledger import Accepted
from gateway.simulated.provider import CUT, DRIP, JSON, RESET, SILENCE, TEXT, Answer, BadOrder, Simulation

MOST_BYTES = 1_000_000
SILENT_SECONDS = 60.0
DRIP_SECONDS = 0.2
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing resets the connection."""


class Server(ThreadingHTTPServer):
    """Serves one simulation on the loopback. `server_close` ends it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, simulation: Simulation) -> None:
        self.simulation = simulation
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The other side went away in the middle, which is its right. The library would print everything."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75

    def do_POST(self) -> None:
        """Send, or order a message of a person."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            self._give(Answer(413))
            return
        body = self.rfile.read(length).decode(errors="replace")
        if self.path == "/version1/messaging":
            key = self.headers.get("apiKey", "")
            self._give(self.server.simulation.messaging(key, _fields(body)))
        elif self.path == "/simulate/inbound":
            self._give(self._inbound(body))
        else:
            self._give(Answer(404, TEXT, b"not found"))

    def do_GET(self) -> None:
        """What was accepted for a number, and the counts."""
        parts = urlsplit(self.path)
        simulation = self.server.simulation
        if parts.path == "/simulate/outbox":
            # Who forgets to write + as %2B sends a space.
            number = _fields(parts.query).get("number", "").replace(" ", "+")
            self._give(_json(200, {"messages": [_shown(one) for one in simulation.ledger.to(number)]}))
        elif parts.path == "/simulate/counts":
            counts = {
                "requests": simulation.requests,
                "accepted": simulation.ledger.count,
                "callbacks_answered": simulation.callbacks.answered,
                "callbacks_waiting": simulation.callbacks.waiting,
                **{f"fault_{name}": times for name, times in simulation.failed.items()},
            }
            self._give(_json(200, counts))
        else:
            self._give(Answer(404, TEXT, b"not found"))

    def _inbound(self, body: str) -> Answer:
        try:
            told = json.loads(body) if self.headers.get_content_type() == JSON else _as_order(_fields(body))
            return _json(200, {"messages": self.server.simulation.inbound(told)})
        except (BadOrder, ValueError, AttributeError) as fault:
            return Answer(400, TEXT, str(fault).encode())

    def _give(self, answer: Answer) -> None:
        """Answers, or fails to in the way that was chosen."""
        if answer.ending == SILENCE:
            self._wait_for_the_end()
        elif answer.ending == RESET:
            self._reset()
        else:
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.ending == CUT:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.close_connection = True
        elif answer.ending == DRIP:
            self._drip(answer.body)
        else:
            self.wfile.write(answer.body)

    def _drip(self, body: bytes) -> None:
        """A byte now and then; the last one never comes."""
        for place in range(len(body) - 1):
            self.wfile.write(body[place : place + 1])
            sleep(DRIP_SECONDS)
        self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        """Until the other side gives up."""
        self.connection.settimeout(SILENT_SECONDS)
        self.close_connection = True
        self.connection.recv(1)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.close_connection = True
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the library would print addresses with numbers in them."""


def _fields(form: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(form, keep_blank_values=True).items()}


def _as_order(form: dict[str, str]) -> dict[str, Any]:
    """One message as a form tells it: from, text, to, id, times."""
    message = {name: form[name] for name in ("from", "text", "to", "id") if name in form}
    return {"messages": [message], "times": int(form.get("times", "1"))}


def _shown(one: Accepted) -> dict[str, str]:
    return {"id": one.id, "at": one.at, "to": one.to, "from": one.sender, "text": one.text}


def _json(status: int, told: object) -> Answer:
    return Answer(status, JSON, json.dumps(told).encode())
