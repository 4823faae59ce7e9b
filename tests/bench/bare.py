"""The unit of the benchmark: a Flask view that returns a constant, and nothing else; and the floor below it."""

from collections.abc import Callable
from typing import Any

from flask import Flask

app = Flask("bare", root_path=None, static_folder=None)

SCREEN = "CON Sante Mali\n1 Mes droits\n2 RAMED\n3 Mutuelle\n4 Soins gratuits\n5 M'inscrire\n6 Plus"


@app.post("/ussd")
def ussd() -> tuple[str, dict[str, str]]:
    """The same screen, whatever was sent."""
    return SCREEN, {"content-type": "text/plain; charset=utf-8"}


def floor(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The same without Flask: what the server alone costs."""
    body = SCREEN.encode()
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(body)))])
    return [body]
