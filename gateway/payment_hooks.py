"""Callbacks of mobile money operators: POST /hooks/payments/<operator>/<secret>, signed over the body.

What an operator says is applied at once and committed before it is answered 200. Whoever lacks the secret, the network
or the signature finds a path that does not exist. A callback that cannot be kept is answered 503: the operator calls
again, and is asked in any case.
"""

from __future__ import annotations

import structlog
from flask import Flask, Response, abort, request

from config.faults import Fault
from config.jobs import SEND_READY
from gateway.crash_points import reached
from gateway.edge import PLAIN
from gateway.forms import BadForm, body_of
from gateway.guards import Gate, guarded
from gateway.payments import PREFIX, operators_of
from gateway.payments.port import BadCallback, Operator
from gateway.payments.settling import Settling
from gateway.runtime import Runtime
from gateway.tallies import tally
from gateway.wake import wake
from models.database import DatabaseAway

log = structlog.get_logger(__name__)

FIGURE = "ramu_payment_callbacks"
"""The figure of callbacks, by what they were: applied, unmatched, repeated."""


def add_payment_hooks(app: Flask, runtime: Runtime) -> None:
    """Adds the route. Settings that cannot be used close it, and nothing else: people still call and write."""
    gate = Gate(runtime.settings, runtime.settings.payment_secrets)
    settling = Settling(runtime)
    try:
        operators = operators_of(runtime.settings, runtime.clock().date())
    except Fault as fault:
        log.error("no operator may call", reason=str(fault))
        operators = {}

    @app.post(f"{PREFIX}<code>/<shown>")
    @guarded("provider")
    def payment(code: str, shown: str) -> Response:
        operator = operators.get(code)
        body = _signed_body(runtime, gate, operator, shown)
        if operator is None or body is None:
            runtime.metrics.refused("not let in")
            abort(404)
        return _taken(runtime, settling, operator, body)


def _signed_body(runtime: Runtime, gate: Gate, operator: Operator | None, shown: str) -> bytes | None:
    """The body, when the caller has shown the secret and signed it."""
    if not gate.lets_in(request.environ, shown) or operator is None:
        return None
    try:
        body = body_of(request.environ, runtime.settings.body_bytes)
    except BadForm:
        return None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return body if operator.signed(headers, body) else None


def _taken(runtime: Runtime, settling: Settling, operator: Operator, body: bytes) -> Response:
    try:
        told, reason = operator.told(body)
    except BadCallback as bad:
        runtime.metrics.refused(f"payment: {bad}")
        log.error("a callback about a payment cannot be read", operator=operator.code, why=str(bad))
        return _said("Demande refusée.\n", 400)
    try:
        with runtime.database.begin(durable=True) as conn:
            word = settling.heard(conn, told, reason, runtime.clock())
    except DatabaseAway as away:
        log.warning("a callback about a payment cannot be kept", reason=str(away))
        return _said("Réessayez plus tard.\n", 503)
    reached(58)
    if word == "unmatched":
        log.warning("a callback fits no payment", operator=operator.code)
    tally(runtime.redis, FIGURE, word)
    wake(runtime.redis, SEND_READY)
    return _said("OK\n", 200)


def _said(text: str, status: int) -> Response:
    return Response(text, status, content_type=PLAIN[1])
