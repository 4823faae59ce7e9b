"""The layers in front of Flask: each answers the paths it takes by itself, and hands on everything else.

Flask's dispatch and forms cost as much as a whole hop. What a layer answers is written once for both ways in: as a WSGI
application, and for `gateway.front`, which has taken the body in already.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gateway.forms import body_of
from gateway.guards import Environ

StartResponse = Callable[..., Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

PREFIX = "/hooks/africastalking/"
PLAIN = ("content-type", "text/plain; charset=utf-8")


class Reply(NamedTuple):
    """What a callback is answered: status line, plain text, and a header or none."""

    status: str
    body: bytes
    header: tuple[str, str] | None = None


class Edge(ABC):
    """A layer. What it does not take, and who is not let in, goes to the `inner` application.

    That has no such paths: who is not let in reads what stands at any path that does not exist, to the last header.
    A body has at most `most` bytes. `in_strands`: all its waits let others go on, so that it may run in a strand.
    """

    def __init__(self, inner: Application, *, most: int, in_strands: bool) -> None:
        self.inner = inner
        self.in_strands = in_strands
        self._most = most

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers the request, as a WSGI application."""
        path: str = environ["PATH_INFO"]
        if self.takes(path):
            method = environ["REQUEST_METHOD"]
            reply = self.reply(method, path, environ, lambda: body_of(environ, self._most))
            if reply:
                return _say(start_response, reply)
        return self.inner(environ, start_response)

    @abstractmethod
    def takes(self, path: str) -> bool:
        """Whether a path is one of its own, whatever secret it shows."""

    @abstractmethod
    def reply(self, method: str, path: str, caller: Environ, body: Callable[[], bytes]) -> Reply | None:
        """The reply to a request whose path it takes; None for who is not let in.

        `caller` holds what the gate looks at, under WSGI's names; `body` may raise BadForm.
        """


def _say(start_response: StartResponse, reply: Reply) -> list[bytes]:
    headers = [PLAIN, ("content-length", str(len(reply.body)))]
    if reply.header:
        headers.append(reply.header)
    start_response(reply.status, headers)
    return [reply.body]
