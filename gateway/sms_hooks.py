"""The provider's callbacks about SMS: a message came, what became of one of ours, a phone that wants no more.

POST /hooks/africastalking/<secret>/sms, /delivery and /opt-out, form-encoded (Africa's Talking, documentation of
incoming messages, delivery reports and bulk opt-out). Each is stored once, durably, and then answered with the same
word: the answer to a person goes by SMS to her number and never into this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import structlog
from flask import Flask, Response, abort, request

from gateway.forms import BadForm, body_of, fields_of, required
from gateway.guards import Gate, guarded
from gateway.intake import Callback, Incoming, Intake, OptOut, Report
from gateway.loop_guard import written
from gateway.runtime import Runtime
from gateway.ussd import PLAIN, PREFIX

log = structlog.get_logger(__name__)

Fields = dict[str, str]

LONGEST_TEXT = 16_384
"""Characters; the longest message that phones join from parts has fewer."""

_ID = re.compile(r"[\x21-\x7e]{1,80}")
_STATUS = re.compile(r"(?!.*[0-9]{5})[A-Za-z0-9 _.-]{1,32}")
_REASON = re.compile(r"(?!.*[0-9]{5})[A-Za-z0-9_.-]{1,60}")
"""Words of the provider are stored as they are, so they must be words: no number of anybody, and no sentence."""


def add_sms_hooks(app: Flask, runtime: Runtime) -> None:
    """Adds the three routes, with the secret in the path or as the password of basic authentication."""
    gate, intake = Gate(runtime.settings, runtime.settings.sms_secrets), Intake(runtime)
    for name, read in (("sms", incoming_of), ("delivery", report_of), ("opt-out", opt_out_of)):
        view = _hook(gate, intake, runtime, read)
        app.add_url_rule(f"{PREFIX}{name}", name, view, methods=["POST"], defaults={"shown": ""})
        app.add_url_rule(f"{PREFIX}<shown>/{name}", name, view, methods=["POST"])


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


def _hook(
    gate: Gate, intake: Intake, runtime: Runtime, read: Callable[[Fields], Callback]
) -> Callable[[str], Response]:
    @guarded("provider")
    def hook(shown: str) -> Response:
        if not gate.lets_in(request.environ, shown):
            runtime.metrics.refused("not let in")
            abort(404)
        try:
            intake.take(read(fields_of(body_of(request.environ, runtime.settings.body_bytes))))
        except BadForm as bad:
            runtime.metrics.refused(str(bad))
            return _said(f"Demande refusée : {bad}.\n", bad.status)
        except OSError as fault:
            # Not kept, so not taken: the provider delivers it again, for twelve hours.
            log.error("a callback cannot be kept", reason=fault.strerror)
            return _said("Réessayez plus tard.\n", 503)
        return _said("OK\n", 200)

    return hook


def _said(text: str, status: int) -> Response:
    return Response(text, status, content_type=PLAIN[1])


def _id(fields: Fields) -> str:
    provider_id = required(fields, "id", 80)
    if not _ID.fullmatch(provider_id):
        raise BadForm("champ id illisible")
    return provider_id


def _with_plus(number: str) -> str:
    """A plus sign that nobody encoded arrives as a space."""
    return f"+{number[1:]}" if number.startswith(" ") else number
