"""The unit of the benchmark: a Flask view that returns a constant, and nothing else; and the floor below it.

Both stand where the gateway's hops do and are called as these are, in the loop's own thread: that is their cheapest.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask

from gateway.front import Front
from gateway.ussd import PREFIX, SUFFIX, Application

PATH = f"{PREFIX}bare{SUFFIX}"

app = Flask("bare", root_path=None, static_folder=None)

SCREEN = "CON Sante Mali\n1 Mes droits\n2 RAMED\n3 Mutuelle\n4 Soins gratuits\n5 M'inscrire\n6 Plus"


@app.post(PATH)
def ussd() -> tuple[str, dict[str, str]]:
    """The same screen, whatever was sent."""
    return SCREEN, {"content-type": "text/plain; charset=utf-8"}


def floor(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The same without Flask: what the server alone costs."""
    body = SCREEN.encode()
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(body)))])
    return [body]


def flask_front() -> Front:
    """The view under the server of the gateway."""
    return _front(app.wsgi_app)


def floor_front() -> Front:
    """The callable under the server of the gateway."""
    return _front(floor)


def _front(application: Application) -> Front:
    return Front(application, most=16_384, threads=1, hops_at_once=1, in_strands=True)
