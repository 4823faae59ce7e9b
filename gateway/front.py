"""The gateway as an event loop serves it (ASGI): around the WSGI application, which is what answers.

The loop takes a request in whole before anybody works on it, so that a slow client holds nothing but its connection.
Then a hop runs in a strand of the loop's own thread, and everything else in a thread of a pool. A SQLite file makes
whoever uses it wait without a socket, so there a hop gets a thread, too.
"""

from __future__ import annotations

import sys
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask

from gateway.guards import Environ
from gateway.runtime import Runtime
from gateway.ussd import Application, is_hop
from models.strands import Strands

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


class Front:
    """Takes requests in and has the `application` answer them.

    `most` bytes of a body are read, and one more, which tells the application that there were more. `threads` work on
    requests; `hops_at_once` others do what a hop must not wait for in the loop's thread, when hops run `in_strands`.
    """

    def __init__(
        self, application: Application, *, most: int, threads: int, hops_at_once: int, in_strands: bool
    ) -> None:
        self._application = application
        self._most = most
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._strands = Strands(ThreadPoolExecutor(hops_at_once, thread_name_prefix="hop"))
        self._in_strands = in_strands

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        body = await self._taken_in(receive)
        if body is None:
            return
        environ = environ_of(scope, body)
        if self._in_strands and is_hop(environ["PATH_INFO"]):
            status, headers, said = await self._strands.run(self._asked, environ)
        else:
            status, headers, said = await get_running_loop().run_in_executor(
                self._threads, self._asked, environ
            )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": said})

    async def _taken_in(self, receive: Receive) -> bytes | None:
        """The body, or as much of it as is ever read; None when the client went away meanwhile."""
        body = b""
        while len(body) <= self._most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message["body"]
            if not message["more_body"]:
                break
        return body

    def _asked(self, environ: Environ) -> Answered:
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            told[:] = [(status, headers)]

        parts = self._application(environ, start_response)
        try:
            said = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        ((status, headers),) = told
        latin = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return int(status[:3]), latin, said


def front_of(runtime: Runtime, app: Flask) -> Front:
    """The application of one process behind its event loop."""
    settings = runtime.settings
    return Front(
        app.wsgi_app,
        most=settings.body_bytes,
        threads=settings.web_threads,
        hops_at_once=settings.hops_at_once,
        in_strands=runtime.database.dialect == "postgresql",
    )


def environ_of(scope: Scope, body: bytes) -> Environ:
    """The request as WSGI describes it (PEP 3333).

    A header whose name has an underscore is left out: WSGI would give it the name of the one with a hyphen.
    """
    path: bytes = scope["raw_path"]
    host, port = scope["server"] or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1"),
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
        if b"_" in name:
            continue
        key = _KEYS.get(name) or f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        told = value.decode("latin-1")
        environ[key] = f"{environ[key]},{told}" if key in environ else told
    return environ
