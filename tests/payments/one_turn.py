"""A process for the tests that kill it: `python -m tests.payments.one_turn ask|query|hear`."""

import sys
from sys import stdin

from config.settings import load
from gateway.runtime import Runtime
from gateway.web import make_app
from tests.payments.telling import post
from workers.paying import crews_of
from workers.payment_crews import PAYMENTS

if __name__ == "__main__":
    desk = Runtime.open(load(demo=True))
    crews = crews_of(desk)
    assert crews is not None
    match sys.argv[1]:
        case "ask":
            crews.asking.turn(PAYMENTS)
            crews.asking.drain()
        case "query":
            crews.querying.turn(PAYMENTS)
            crews.querying.drain()
        case _:
            print(post(make_app(desk), stdin.buffer.read()).status_code)
