"""The provider's USSD callback: the layer in front of Flask that answers this one path and nothing else.

POST /hooks/africastalking/<secret>/ussd, form-encoded, answered in plain text with CON or END (Africa's Talking,
USSD documentation).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.edge import PREFIX, Application, Edge, Reply
from gateway.forms import BadForm, fields_of, required
from gateway.guards import Environ, Gate
from gateway.hops import Hop, Hops
from gateway.runtime import Runtime
from models.identifiers import BadMsisdn, Msisdn

SUFFIX = "/ussd"
SCREEN_HEADER = "at-ussd-hop-metadata"
"""Comes back in the end event; carries static screen names only (at most 99 characters, no bar)."""

_CODE = re.compile(r"[*#0-9]{1,16}")
_SESSION_ID = re.compile(r"[\x21-\x7e]{1,128}")


class UssdEdge(Edge):
    """The layer. On SQLite a hop waits without a socket, and so not in a strand."""

    def __init__(self, runtime: Runtime, inner: Application) -> None:
        in_strands = runtime.database.dialect == "postgresql"
        super().__init__(inner, most=runtime.settings.body_bytes, in_strands=in_strands)
        self._gate = Gate(runtime.settings)
        self._hops = Hops(runtime)
        self._metrics = runtime.metrics

    def takes(self, path: str) -> bool:
        """The callback's path."""
        return path.startswith(PREFIX) and path.endswith(SUFFIX)

    def reply(self, method: str, path: str, caller: Environ, body: Callable[[], bytes]) -> Reply | None:
        """The screen, or what is wrong with the request."""
        shown = path[len(PREFIX) : -len(SUFFIX)]
        if "/" in shown or not self._gate.lets_in(caller, shown):
            self._metrics.refused("not let in")
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
