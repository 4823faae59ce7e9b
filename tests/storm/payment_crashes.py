"""Crashes on the path of a payment: asking an operator, asking about it, hearing from it. One request, one entry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from threading import Lock
from typing import Self

from sqlalchemy import select

from gateway.crash_points import CRASH_AT
from gateway.web import make_app
from models.messages import messages
from tests.payments.counter import AMOUNT, Counter, magic, open_counter
from tests.payments.one_turn import ASK, HEAR, QUERY, turn
from tests.payments.telling import body_of, post
from tests.storm.crashing import Crash, Lane, Lanes, dies

OF = {ASK: "asking for a payment", QUERY: "asking about a payment", HEAR: "hearing of a payment"}
PLACES = {ASK: range(51, 56), QUERY: range(56, 59), HEAR: range(57, 59)}
"""Every numbered place on each path."""

PHONES = 2
"""Payer and member: each has one receipt."""

UNSEEN_MINUTES = 16
"""After so long the operator's word is believed that it never saw an order."""

PAYER = magic("told_never")
"""The operator takes her money and never calls."""


class PaymentCrashes:
    """Crashes of payments; one gateway and one operator for each lane, until the block is left."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter] = {}
        self._lock = Lock()
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def crash(self, what: str, lanes: Lanes, point: int) -> Crash:
        """One payment, one crash, and what the other processes do afterwards."""
        lane = lanes.get()
        try:
            return crashed(self._counter(lane), what, point)
        finally:
            lanes.put(lane)

    def _counter(self, lane: Lane) -> Counter:
        with self._lock:
            if lane.database_url not in self._counters:
                folder = lane.folder / f"counter-{len(self._counters)}"
                folder.mkdir(mode=0o700)
                counter = open_counter(folder, lane.database_url, lane.redis_url)
                self._closing.callback(counter.close)
                self._counters[lane.database_url] = counter
            return self._counters[lane.database_url]


def crashed(counter: Counter, what: str, point: int) -> Crash:
    """One payment whose `what` dies at a place; then everybody else goes on."""
    counter.begins()
    told = b""
    if what == ASK:
        payment = counter.ask(PAYER)
    else:
        payment = counter.pays(PAYER)
        counter.quiet()
        counter.makes_due(payment)
    if what == HEAR:
        told = body_of(counter.row(payment))
    faults = dies(OF[what], _step, _environment(counter, point), what, told)
    if what == HEAR:
        # Who was not answered calls again.
        post(make_app(counter.desk), told)
    return _judged(counter, payment, point, what, faults)


def _judged(counter: Counter, payment: int, point: int, what: str, faults: list[str]) -> Crash:
    for _ in range(2):
        counter.requests()
        counter.questions()
        counter.quiet()
    if counter.row(payment).state == "UNKNOWN":
        counter.ages(payment, minutes=UNSEEN_MINUTES)
        counter.questions()
    row = counter.row(payment)
    asked = sum(order.requests for order in counter.money.books.orders() if order.name == row.order_id)
    moved = counter.money.books.moved().get((row.operator, row.order_id), 0)
    if (row.state, asked) not in (("CONFIRMED", 1), ("EXPIRED", 0)):
        faults.append(f"{row.state} after {asked} requests")
    if not sum(counter.booked(payment)) == moved == AMOUNT * asked or len(counter.booked(payment)) > 1:
        faults.append(f"{counter.booked(payment)} F booked, {moved} F moved")
    if (sent := _told(counter, payment, b"paid:")) != PHONES * asked:
        faults.append(f"{sent} receipts for {asked} payments")
    return Crash(point, row.state, asked, tuple(faults), OF[what])


def _told(counter: Counter, payment: int, word: bytes) -> int:
    """How many messages about a payment are owed that say this."""
    beginning = b"payment:%d:" % payment + word
    with counter.desk.database.begin(reading=True) as conn:
        return sum(bytes(once).startswith(beginning) for once in conn.scalars(select(messages.c.once)))


def _environment(counter: Counter, point: int) -> Mapping[str, str]:
    settings = counter.desk.settings
    return {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        "RAMU_SETTINGS": os.devnull,
        "PORT": str(settings.port),
        "RAMU_MONEY": "simulated",
        "RAMU_MONEY_URL": settings.money_url,
        CRASH_AT: str(point),
    }


def _step(environment: Mapping[str, str], what: str, told: bytes) -> None:
    os.environ.update(environment)
    turn(what, told)
