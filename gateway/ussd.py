"""The provider's USSD callback: a WSGI layer in front of Flask that answers this one path and nothing else.

POST /hooks/africastalking/<secret>/ussd, form-encoded, answered in plain text with CON or END (Africa's Talking,
USSD documentation). It stands before Flask because Flask's routing and forms cost as much as the whole hop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gateway.forms import BadForm, body_of, fields_of, required
from gateway.guards import Environ, Gate
from gateway.hops import Hop, Hops
from gateway.runtime import Runtime
from models.identifiers import BadMsisdn, Msisdn

StartResponse = Callable[..., Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

PREFIX = "/hooks/africastalking/"
SUFFIX = "/ussd"
PLAIN = ("content-type", "text/plain; charset=utf-8")
SCREEN_HEADER = "at-ussd-hop-metadata"
"""Comes back in the end event; carries static screen names only (at most 99 characters, no bar)."""

_CODE = re.compile(r"[*#0-9]{1,16}")
_SESSION_ID = re.compile(r"[\x21-\x7e]{1,128}")


class Reply(NamedTuple):
    """What the callback is answered: status line, plain text, and a header or none."""

    status: str
    body: bytes
    header: tuple[str, str] | None = None


class UssdEdge:
    """The layer. What is not its path goes to the `inner` application."""

    def __init__(self, runtime: Runtime, inner: Application) -> None:
        self.inner = inner
        self._gate = Gate(runtime.settings)
        self._hops = Hops(runtime)
        self._metrics = runtime.metrics
        self._most = runtime.settings.body_bytes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers the request, as a WSGI application."""
        path: str = environ["PATH_INFO"]
        if is_hop(path):
            reply = self.reply(environ["REQUEST_METHOD"], path, environ, lambda: body_of(environ, self._most))
            if reply:
                return say(start_response, *reply)
        return self.inner(environ, start_response)

    def reply(self, method: str, path: str, caller: Environ, body: Callable[[], bytes]) -> Reply | None:
        """The reply to a request whose path `is_hop`; None for who is not let in.

        `caller` holds what the gate looks at, under WSGI's names; `body` may raise BadForm.
        """
        shown = path[len(PREFIX) : -len(SUFFIX)]
        if "/" in shown or not self._gate.lets_in(caller, shown):
            self._metrics.refused("not let in")
            # The inner application has no such route: its answer is that of any path that does not exist.
            return None
        if method != "POST":
            self._metrics.refused("method")
            return Reply("405 Method Not Allowed", b"POST\n", ("allow", "POST"))
        try:
            hop = hop_of(fields_of(body()))
        except BadForm as bad:
            self._metrics.refused(str(bad))
            return Reply(f"{bad.status} Bad Request", f"END Demande refusée : {bad}.".encode())
        answer = self._hops.answer(hop)
        return Reply("200 OK", answer.body.encode(), (SCREEN_HEADER, answer.screen))


def is_hop(path: str) -> bool:
    """Whether a path is that of the callback, whatever secret it shows."""
    return path.startswith(PREFIX) and path.endswith(SUFFIX)


def hop_of(fields: dict[str, str]) -> Hop:
    """The hop in these fields; unknown fields are ignored. Raises BadForm."""
    session_id = required(fields, "sessionId", 128)
    number = required(fields, "phoneNumber", 32)
    code = required(fields, "serviceCode", 16)
    text = required(fields, "text", 16_384)
    if not _SESSION_ID.fullmatch(session_id):
        raise BadForm("champ sessionId illisible")
    if not _CODE.fullmatch(code):
        raise BadForm("champ serviceCode illisible")
    # A plus sign that nobody encoded arrives as a space.
    number = f"+{number[1:]}" if number.startswith(" ") else number
    try:
        return Hop(session_id, Msisdn.parse(number), code, text)
    except BadMsisdn as bad:
        raise BadForm("champ phoneNumber illisible") from bad


def say(
    start_response: StartResponse, status: str, body: bytes, header: tuple[str, str] | None = None
) -> list[bytes]:
    """Answers in plain text; what WSGI takes as the body."""
    headers = [PLAIN, ("content-length", str(len(body)))]
    if header:
        headers.append(header)
    start_response(status, headers)
    return [body]
