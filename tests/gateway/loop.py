"""Requests by the way they take in production: through the front, in an event loop, as uvicorn hands them over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from threading import Thread
from typing import Any

import uvloop

from gateway.front import Front


@cache
def running_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process, in a thread of its own."""
    loop = uvloop.new_event_loop()
    Thread(target=loop.run_forever, name="loop", daemon=True).start()
    return loop


class ThroughTheFront:
    """A WSGI application for a test's client that asks the front."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Asks, and waits for the answer."""
        body = environ["wsgi.input"].read()
        asked = _answered(self._front, _scope(environ), body)
        status, headers, said = asyncio.run_coroutine_threadsafe(asked, running_loop()).result(60)
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [said]


async def _answered(
    front: Front, scope: dict[str, Any], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    await front(scope, receive, send)
    start, *rest = told
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return start["status"], headers, b"".join(message["body"] for message in rest)


def _scope(environ: dict[str, Any]) -> dict[str, Any]:
    names = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
    names |= {key: key[5:].replace("_", "-").lower() for key in environ if key.startswith("HTTP_")}
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "raw_path": environ["REQUEST_URI"].partition("?")[0].encode("latin-1"),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 50_000),
        "headers": [
            (name.encode(), str(environ[key]).encode("latin-1"))
            for key, name in names.items()
            if environ.get(key)
        ],
    }
