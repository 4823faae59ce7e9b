"""The unit of the benchmark: a Flask view that returns a constant, and nothing else; and the floor below it.

Both are called in the loop's own thread, as hops are: that is their cheapest.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from flask import Flask

from gateway.edge import Application
from gateway.front import Receive, Scope, Send, answer, asked, environ_of, taken_in

PATH = "/ussd"

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

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


def flask_front() -> Asgi:
    """The view under the server of the gateway."""
    return _front(app.wsgi_app)


def floor_front() -> Asgi:
    """The callable under the server of the gateway."""
    return _front(floor)


def _front(application: Application) -> Asgi:
    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        body = await taken_in(receive, 16_384)
        if body is not None:
            await answer(send, asked(application, environ_of(scope, body)))

    return front
