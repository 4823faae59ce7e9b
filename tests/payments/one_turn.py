"""What a process does that is killed while somebody pays."""

from config.settings import load
from gateway.logs import configure
from gateway.runtime import Runtime
from gateway.web import make_app
from tests.payments.telling import post
from workers.paying import crews_of
from workers.payment_crews import PAYMENTS

ASK, QUERY, HEAR = "ask", "query", "hear"


def turn(what: str, told: bytes = b"") -> None:
    """Asks for payments, asks about them, or hears what an operator has `told`, with the environment's settings."""
    settings = load(demo=True, log_level="ERROR")
    configure(settings)
    desk = Runtime.open(settings)
    crews = crews_of(desk)
    assert crews is not None
    match what:
        case "ask":
            crews.asking.turn(PAYMENTS)
            crews.asking.drain()
        case "query":
            crews.querying.turn(PAYMENTS)
            crews.querying.drain()
        case _:
            print(post(make_app(desk), told).status_code)
