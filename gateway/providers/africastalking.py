"""Africa's Talking, through its official SDK, which builds the request; the line carries it and keeps the status.

The SDK alone opens a connection a message, follows redirects, lets a dripping answer go on and throws the status
away. Fields, codes and answers as in the provider's pages on sending SMS (classic endpoint).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import local
from types import SimpleNamespace
from typing import Any

import orjson
from africastalking.SMS import SMSService

from config.sms_codes import ACCEPTED, OUT_OF_CREDIT
from gateway.providers.line import Line, Reply
from gateway.providers.port import (
    LONGEST_ID,
    LONGEST_WORD,
    Answered,
    NotSent,
    Outcome,
    Recipient,
    Unknown,
)
from gateway.providers.statuses import by_status
from models.identifiers import Msisdn

MOST_NUMBERS = 100
"""Numbers in one request; the provider publishes no limit (assumption)."""

CODES = {
    100: ACCEPTED,
    101: ACCEPTED,
    102: ACCEPTED,
    401: "RISQUE",
    402: "EXPEDITEUR",
    403: "NUMERO_INVALIDE",
    404: "NUMERO_REFUSE",
    405: OUT_OF_CREDIT,
    406: "LISTE_NOIRE",
    407: "SANS_ROUTE",
    409: "NE_PAS_DERANGER",
    500: "PANNE_FOURNISSEUR",
    501: "PANNE_OPERATEUR",
    502: "REFUS_OPERATEUR",
}
"""The provider's code of one number to ours. A code that is not here leaves the request in doubt."""

REFUSED_WHOLE = frozenset({"InvalidSenderId"})
"""What stands for a message about the recipients when there are none because nobody was sent anything."""

OWN_ERRORS = ("text/plain", "application/json")
"""Content types of the provider's own refusals; a page in HTML comes from something in between."""

REQUEST_TIMEOUT = 408
"""What a server or something before it says of a slow connection: it proves nothing."""

NO_ID = "None"


_NOT_MADE = NotSent("the request was not made")
_DONE = SimpleNamespace(status_code=200, headers={}, text="")
"""What the SDK is told: the answer is read here."""


class AfricasTalking:
    """One account. `base` is the address of the provider (`https://host`), the SDK's own when it is empty."""

    most = MOST_NUMBERS

    def __init__(self, line: Line, username: str, key: str, *, sender: str, base: str, name: str) -> None:
        self.name = name
        self._line = line
        self._account = (username, key, base)
        self._sender = sender or None
        self._own = local()

    def send(self, text: str, to: Sequence[Msisdn]) -> Outcome:
        """Asks once; see the port."""
        request: _Request | None = getattr(self._own, "request", None)
        if request is None:
            request = self._own.request = _Request(*self._account, self._line)
        came = request.made(text, to, self._sender)
        return read(came, to) if isinstance(came, Reply) else came

    def close(self) -> None:
        """Closes the connections that were kept."""
        self._line.close()


class _Request(SMSService):
    """Requests of one thread as the SDK makes them; `came` is what came of the last: the SDK would lose the status."""

    def __init__(self, username: str, key: str, base: str, line: Line) -> None:
        self._own_base, self._line = base, line
        self.came: Reply | NotSent | Unknown = _NOT_MADE
        super().__init__(username, key)

    def made(self, text: str, to: Sequence[Msisdn], sender: str | None) -> Reply | NotSent | Unknown:
        """Makes one request; what came of it."""
        self.came = _NOT_MADE
        self.send(text, [number.e164 for number in to], sender_id=sender)
        return self.came

    def _init_service(self) -> None:
        super()._init_service()
        if self._own_base:
            self._baseUrl = f"{self._own_base.rstrip('/')}/version1"

    # The SDK's own method of this (mangled) name opens a connection for each request.
    def _Service__make_post_request(
        self,
        url: str,
        headers: Mapping[str, str],
        data: Mapping[str, Any],
        params: object,
        callback: object = None,
        timeout: object = None,
    ) -> SimpleNamespace:
        self.came = self._line.post(url, headers, data=data)
        return _DONE


def read(reply: Reply, to: Sequence[Msisdn]) -> Outcome:
    """What an answer says of each number of `to`; Unknown unless it speaks of every one of them."""
    if not reply.ok:
        return by_status(reply, own_error=_is_own_error(reply))
    asked = {number.e164: number for number in to}
    try:
        data = orjson.loads(reply.body)["SMSMessageData"]
        told, entries = data["Message"], data["Recipients"]
        if not entries and told in REFUSED_WHOLE:
            return NotSent("the sender's name is not registered", stop=True)
        found = {
            recipient.number.e164: recipient for recipient in (_recipient(one, asked) for one in entries)
        }
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Unknown("the answer cannot be read")
    if len(found) < len(entries):
        return Unknown("the answer names a number twice")
    if missing := sum(number not in found for number in asked):
        return Unknown(f"{missing} of {len(to)} numbers missing in the answer")
    return Answered(tuple(found[number] for number in asked))


def _is_own_error(reply: Reply) -> bool:
    """Whether a 4xx was written by the provider itself, which then has taken nothing."""
    return reply.status != REQUEST_TIMEOUT and reply.kind in OWN_ERRORS and bool(reply.body.strip())


def _recipient(entry: Mapping[str, Any], asked: Mapping[str, Msisdn]) -> Recipient:
    """One entry of the answer. Raises ValueError, LookupError, TypeError, AttributeError for any other thing."""
    code = CODES[int(str(entry["statusCode"]))]
    given, cost, named = entry["messageId"], entry.get("cost", ""), entry["number"]
    if not isinstance(given, str) or len(given) > LONGEST_ID:
        raise ValueError("an id that cannot be kept")
    return Recipient(
        number=asked.get(named) or Msisdn(f"+{named.strip().lstrip('+')}"),
        accepted=code == ACCEPTED,
        provider_id=given if given not in ("", NO_ID) else None,
        code=code,
        cost=cost if isinstance(cost, str) and len(cost) <= LONGEST_WORD else "",
    )
