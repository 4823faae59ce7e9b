"""The provider's callbacks about SMS: a message came, what became of one of ours, a phone that wants no more.

POST /hooks/africastalking/<secret>/sms, /delivery and /opt-out, form-encoded (Africa's Talking, documentation of
incoming messages, delivery reports and bulk opt-out). Each is stored once, durably, and then answered with the same
word: the answer to a person goes by SMS to her number and never into this one.

Delivery reports come by the thousand a second, so they are answered before Flask, as hops are (gateway.ussd).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

import structlog
from flask import Flask, Response, abort, request

from gateway.edge import PLAIN, PREFIX, Application, Edge, Reply
from gateway.forms import BadForm, body_of, fields_of, required
from gateway.guards import Environ, Gate, guarded
from gateway.intake import Callback, Incoming, Intake, OptOut, Report
from gateway.loop_guard import written
from gateway.runtime import Runtime

log = structlog.get_logger(__name__)

Fields = dict[str, str]

LONGEST_TEXT = 16_384
"""Characters; the longest message that phones join from parts has fewer."""

_ID = re.compile(r"[\x21-\x7e]{1,80}")
_STATUS = re.compile(r"(?!.*[0-9]{5})[A-Za-z0-9 _.-]{1,32}")
_REASON = re.compile(r"(?!.*[0-9]{5})[A-Za-z0-9_.-]{1,60}")
"""Words of the provider are stored as they are, so they must be words: no number of anybody, and no sentence."""


DELIVERY = "delivery"


def add_sms_hooks(app: Flask, runtime: Runtime) -> None:
    """Adds the callbacks, with the secret in the path or as the password of basic authentication."""
    door = Door(runtime)
    for name, read in (("sms", incoming_of), ("opt-out", opt_out_of)):
        view = _hook(door, read, runtime.settings.body_bytes)
        app.add_url_rule(f"{PREFIX}{name}", name, view, methods=["POST"], defaults={"shown": ""})
        app.add_url_rule(f"{PREFIX}<shown>/{name}", name, view, methods=["POST"])
    app.wsgi_app = ReportEdge(door, app.wsgi_app, runtime.settings.body_bytes)  # type: ignore[method-assign]


class Door:
    """Lets a callback in, keeps it, and says so: the same for each kind."""

    def __init__(self, runtime: Runtime) -> None:
        self._gate = Gate(runtime.settings, runtime.settings.sms_secrets)
        self._intake = Intake(runtime)
        self._metrics = runtime.metrics

    def answer(
        self, caller: Environ, shown: str, read: Callable[[Fields], Callback], body: Callable[[], bytes]
    ) -> tuple[int, str] | None:
        """Status and words for a callback that `read` reads; None for who is not let in."""
        if not self._gate.lets_in(caller, shown):
            self._metrics.refused("not let in")
            return None
        try:
            self._intake.take(read(fields_of(body())))
        except BadForm as bad:
            self._metrics.refused(str(bad))
            return bad.status, f"Demande refusée : {bad}.\n"
        except OSError as fault:
            # Not kept, so not taken: the provider delivers it again, for twelve hours.
            log.error("a callback cannot be kept", reason=fault.strerror)
            return 503, "Réessayez plus tard.\n"
        return 200, "OK\n"


class ReportEdge(Edge):
    """The layer that answers delivery reports."""

    def __init__(self, door: Door, inner: Application, most: int) -> None:
        super().__init__(inner, most=most, in_strands=True)
        self._door = door

    def takes(self, path: str) -> bool:
        """The callback's path, with the secret in it or without."""
        if not (path.startswith(PREFIX) and path.endswith(DELIVERY)):
            return False
        shown, slash, rest = path[len(PREFIX) :].rpartition("/")
        return rest == DELIVERY and "/" not in shown and bool(shown) == bool(slash)

    def reply(self, method: str, path: str, caller: Environ, body: Callable[[], bytes]) -> Reply | None:
        """Whether the report is kept."""
        if method != "POST":
            return None
        shown = path[len(PREFIX) : -len(DELIVERY)].rstrip("/")
        answer = self._door.answer(caller, shown, report_of, body)
        if answer is None:
            return None
        status, said = answer
        return Reply(f"{status} {HTTPStatus(status).phrase}", said.encode())


def incoming_of(fields: Fields) -> Incoming:
    """The message in these fields. Raises BadForm."""
    sender = _with_plus(required(fields, "from", 32)).strip()
    if not sender.strip("+"):
        raise BadForm("champ from illisible")
    return Incoming(
        provider_id=_id(fields),
        sender=written(sender) or sender,
        text=required(fields, "text", LONGEST_TEXT),
        service_code=fields.get("to", "").strip()[:32],
    )


def report_of(fields: Fields) -> Report:
    """The report in these fields; a status that nobody knows is kept as it is, a reason only as one word.

    Raises BadForm.
    """
    status = required(fields, "status", 32)
    if not _STATUS.fullmatch(status):
        raise BadForm("champ status illisible")
    reason = fields.get("failureReason", "").strip()
    reason = reason if _REASON.fullmatch(reason) else ""
    return Report(_id(fields), status, reason, written(_with_plus(fields.get("phoneNumber", ""))) or "")


def opt_out_of(fields: Fields) -> OptOut:
    """The phone in these fields. Raises BadForm."""
    number = written(_with_plus(required(fields, "phoneNumber", 32)))
    if number is None:
        raise BadForm("champ phoneNumber illisible")
    return OptOut(number)


def _hook(door: Door, read: Callable[[Fields], Callback], most: int) -> Callable[[str], Response]:
    @guarded("provider")
    def hook(shown: str) -> Response:
        answer = door.answer(request.environ, shown, read, lambda: body_of(request.environ, most))
        if answer is None:
            abort(404)
        status, said = answer
        return Response(said, status, content_type=PLAIN[1])

    return hook


def _id(fields: Fields) -> str:
    provider_id = required(fields, "id", 80)
    if not _ID.fullmatch(provider_id):
        raise BadForm("champ id illisible")
    return provider_id


def _with_plus(number: str) -> str:
    """A plus sign that nobody encoded arrives as a space."""
    return f"+{number[1:]}" if number.startswith(" ") else number
