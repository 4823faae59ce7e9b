"""The gateway as an event loop serves it (ASGI): around the WSGI application, which is what answers.

The loop takes a request in whole before anybody works on it, so that a slow client holds nothing but its connection.
Then a hop or a delivery report runs in a strand of the loop's own thread, and everything else in a thread of a pool.
"""

from __future__ import annotations

import sys
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from flask import Flask

from config.settings import Settings
from gateway.edge import PLAIN, Application, Edge, Reply
from gateway.forms import no_longer
from gateway.guards import Environ
from models.strands import Strands

T = TypeVar("T")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answered = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers, body."""

_KEYS = {
    b"content-type": "CONTENT_TYPE",
    b"content-length": "CONTENT_LENGTH",
    b"host": "HTTP_HOST",
    b"user-agent": "HTTP_USER_AGENT",
    b"accept": "HTTP_ACCEPT",
    b"connection": "HTTP_CONNECTION",
}
"""What the usual headers are called in WSGI."""

_OF_THE_GATE = {b"authorization": "HTTP_AUTHORIZATION", b"x-forwarded-for": "HTTP_X_FORWARDED_FOR"}
"""The headers that decide who is let in."""

_PLAIN = (PLAIN[0].encode(), PLAIN[1].encode())


class Front:
    """Takes requests in and has them answered: by the layers in front of `application`, or by what is behind them.

    `most` bytes of a body are read, and one more, which tells that there were more. `threads` work on requests;
    `beside` others do what a strand must not wait for in the loop's thread.
    """

    def __init__(self, application: Application, *, most: int, threads: int, beside: int) -> None:
        self._edges: list[Edge] = []
        while isinstance(application, Edge):
            self._edges.append(application)
            application = application.inner
        self._application = application
        self._most = most
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._strands = Strands(ThreadPoolExecutor(beside, thread_name_prefix="beside"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        body = await taken_in(receive, self._most)
        if body is None:
            return
        path = path_of(scope)
        for edge in self._edges:
            if edge.takes(path):
                run = self._strands.run if edge.in_strands else self._in_a_thread
                reply: Reply | None = await run(self._replied, edge, scope, path, body)
                if reply:
                    await answer(send, _plain(reply))
                    return
        environ = environ_of(scope, body)
        await answer(send, await self._in_a_thread(asked, self._application, environ))

    def _replied(self, edge: Edge, scope: Scope, path: str, body: bytes) -> Reply | None:
        caller = {"REMOTE_ADDR": scope["client"][0] if scope["client"] else ""}
        for name, value in scope["headers"]:
            if name in _OF_THE_GATE:
                _add(caller, _OF_THE_GATE[name], value)
        return edge.reply(scope["method"], path, caller, lambda: no_longer(body, self._most))

    async def _in_a_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await get_running_loop().run_in_executor(self._threads, work, *arguments)


def front_of(app: Flask, settings: Settings) -> Front:
    """The application of one process behind its event loop."""
    return Front(
        app.wsgi_app, most=settings.body_bytes, threads=settings.web_threads, beside=settings.hops_at_once
    )


async def taken_in(receive: Receive, most: int) -> bytes | None:
    """The body, or as much of it as is ever read; None when the client went away meanwhile."""
    body = b""
    while len(body) <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        if not message["more_body"]:
            break
    return body


async def answer(send: Send, answered: Answered) -> None:
    """Sends an answer."""
    status, headers, body = answered
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def asked(application: Application, environ: Environ) -> Answered:
    """What a WSGI application answers."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        told[:] = [(status, headers)]

    parts = application(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    ((status, headers),) = told
    latin = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return int(status[:3]), latin, body


def path_of(scope: Scope) -> str:
    """The path as WSGI writes it: each byte a letter."""
    path: bytes = scope["raw_path"]
    return (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")


def environ_of(scope: Scope, body: bytes) -> Environ:
    """The request as WSGI describes it (PEP 3333).

    A header whose name has an underscore is left out: WSGI would give it the name of the one with a hyphen.
    """
    host, port = scope["server"] or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path_of(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" not in name:
            key = _KEYS.get(name) or f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
            _add(environ, key, value)
    return environ


def _add(environ: Environ, key: str, value: bytes) -> None:
    """A header; what is said twice is said once, with a comma."""
    told = value.decode("latin-1")
    environ[key] = f"{environ[key]},{told}" if key in environ else told


def _plain(reply: Reply) -> Answered:
    headers = [_PLAIN, (b"content-length", b"%d" % len(reply.body))]
    if reply.header:
        name, value = reply.header
        headers.append((name.encode(), value.encode()))
    return int(reply.status[:3]), headers, reply.body
