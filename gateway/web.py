"""The web application: Flask for pages, health, figures and end events, with the USSD layer in front of it."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import HTTPException

from config.settings import weak
from gateway.edge import PLAIN
from gateway.events import EndEvents
from gateway.forms import BadForm, body_of, fields_of
from gateway.guards import Gate, guarded
from gateway.health import Health
from gateway.payment_hooks import add_payment_hooks
from gateway.redis_lines import RedisAway
from gateway.runtime import Runtime
from gateway.simulator import add_simulator
from gateway.sms_hooks import add_sms_hooks
from gateway.tallies import page as tallies
from gateway.ussd import UssdEdge

log = structlog.get_logger(__name__)

HOOKS = "/hooks/"
"""Where those call us who know a secret."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


def make_app(runtime: Runtime) -> Flask:
    """The application of one process."""
    app = Flask("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = runtime.settings.body_bytes
    # An automatic OPTIONS would tell which paths exist to who does not know the secret.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # So would a redirection from two slashes to one.
    app.url_map.merge_slashes = False
    add_health(app, runtime)
    add_end_events(app, runtime)
    add_sms_hooks(app, runtime)
    add_payment_hooks(app, runtime)
    if runtime.settings.demo:
        add_simulator(app, runtime)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(Exception, _broken)
    app.after_request(_protected)
    app.wsgi_app = UssdEdge(runtime, app.wsgi_app)  # type: ignore[method-assign]
    if not runtime.settings.demo:
        for reason in weak(runtime.settings):
            log.warning("weak secret", reason=reason)
    return app


def add_health(app: Flask, runtime: Runtime) -> None:
    """/health/live: the process answers. /health/ready: it can serve, or which part is down. /metrics."""
    health = Health(runtime)

    @app.get("/health/live")
    @guarded("public")
    def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/health/ready")
    @guarded("public")
    def ready() -> tuple[dict[str, Any], int]:
        well, found = health.ready()
        return found, 200 if well else 503

    @app.get("/metrics")
    @guarded("public")
    def metrics() -> Response:
        page = runtime.metrics.page() + tallies(runtime.redis)
        return Response(page, content_type=CONTENT_TYPE_LATEST)


def add_end_events(app: Flask, runtime: Runtime) -> None:
    """The provider's end events, with the secret in the path or as the password of basic authentication."""
    gate, events = Gate(runtime.settings), EndEvents(runtime)

    @app.post("/hooks/africastalking/ussd-events", defaults={"shown": ""})
    @app.post("/hooks/africastalking/<shown>/ussd-events")
    @guarded("provider")
    def ussd_events(shown: str) -> Response:
        if not gate.lets_in(request.environ, shown):
            runtime.metrics.refused("not let in")
            abort(404)
        try:
            events.take(fields_of(body_of(request.environ, runtime.settings.body_bytes)))
        except BadForm as bad:
            runtime.metrics.refused(str(bad))
            return Response(f"Demande refusée : {bad}.\n", bad.status, content_type=PLAIN[1])
        except RedisAway:
            return Response("Réessayez plus tard.\n", 503, content_type=PLAIN[1])
        return Response("OK\n", content_type=PLAIN[1])


def _plain(fault: HTTPException) -> Response:
    """An error page of one line. What does not exist and what may not be seen look the same."""
    # A wrong method must not tell that a path exists to who does not know the secret.
    if fault.code == 404 or (fault.code == 405 and request.path.startswith(HOOKS)):
        return Response("Not Found\n", 404, content_type=PLAIN[1])
    return Response(f"{fault.name}\n", fault.code, content_type=PLAIN[1])


def _broken(fault: Exception) -> Response:
    log.error("page failed", exc_info=fault)
    return Response("Service momentanément indisponible.\n", 500, content_type=PLAIN[1])


def _protected(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
