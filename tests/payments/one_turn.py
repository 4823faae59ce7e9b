"""A process for those that kill it: `python -m tests.payments.one_turn ask|query|hear`."""

import sys
from sys import stdin

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


if __name__ == "__main__":
    turn(sys.argv[1], stdin.buffer.read() if sys.argv[1] == HEAR else b"")
