"""The simulated operator's decisions: what it makes of a request, what becomes of it, what it tells and when.

Its words and fields are those of gateway/payments/simulated.py; they are nobody's real ones.
"""

from __future__ import annotations

import heapq
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Lock, Thread
from time import monotonic, sleep, time
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from config.money import Signature
from gateway.payments.signing import sign
from gateway.payments.simulated import KEY, SIGNING_KEY, USERNAME
from gateway.simulated.callbacks import Callbacks
from gateway.simulated.faults import Chance
from gateway.simulated.money_books import FAILED, SUCCESSFUL, WAITING, Books, Order
from gateway.simulated.money_faults import MONEY_FAULTS, REFUSALS, money_magic
from gateway.simulated.provider import HTML, JSON, PAGE, RESET, SILENCE, SLOW_SECONDS, TEXT, Answer

PATIENCE = 60.0
"""Seconds during which a callback is repeated until it is answered 200 (assumption)."""

LATE = 20.0
"""How many times the usual delay a late callback takes."""

PIN_SECONDS = 3.0
"""After so long people type their secret code."""

MONEY = "money"
"""The folder of the books, in the data folder."""

AUTHORIZATION = "Basic " + b64encode(f"{USERNAME}:{KEY}".encode()).decode()
SIGNATURE = Signature(prefix="sha256=", keys=(SecretStr(SIGNING_KEY),))

BEFORE = {
    "reset_before": Answer(0, ending=RESET),
    "timeout_before": Answer(0, ending=SILENCE),
    "e500_before": Answer(500, TEXT, b"Internal error"),
    "e401": Answer(401, JSON, b'{"status": "BAD_CREDENTIALS"}'),
    "e429": Answer(429, JSON, b'{"status": "TRY_LATER"}', {"Retry-After": "1"}),
    "no_account": Answer(422, JSON, b'{"status": "FAILED", "reason": "NO_ACCOUNT"}'),
}
AFTER = {
    "reset_after": Answer(0, ending=RESET),
    "timeout_after": Answer(0, ending=SILENCE),
    "e500_after": Answer(500, TEXT, b"Internal error"),
    "garbled_after": Answer(201, HTML, PAGE),
}
BAD_REQUEST = Answer(400, JSON, b'{"status": "BAD_REQUEST"}')
UNKNOWN_ORDER = Answer(404, JSON, b'{"status": "UNKNOWN_ORDER"}')


@dataclass(order=True)
class _Due:
    at: float
    operator: str = field(compare=False)
    name: str = field(compare=False)
    status: str = field(compare=False)
    reason: str = field(compare=False)


class MoneySimulation:
    """One simulated operator in all its parts (OM, MOOV): books, chances, people who type their code after a while."""

    def __init__(self, books: Books, chance: Chance, pin_seconds: float) -> None:
        self.books = books
        self._chance = chance
        self._pin_seconds = pin_seconds
        self._callbacks: dict[str, Callbacks] = {}
        self._lock = Lock()
        self._due: list[_Due] = []
        self._changed = Condition()
        self._closed = self._busy = False
        # What a crash interrupted goes on: the person has the question on her phone.
        for order in books.waiting():
            self._plan(order)
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def request(self, operator: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A request to be paid. What is taken is in the books before this returns."""
        sleep(self._chance.delay)
        if headers.get("authorization") != AUTHORIZATION:
            return BEFORE["e401"]
        wanted = _wanted(body)
        if wanted is None:
            return BAD_REQUEST
        fault = money_magic(wanted["customer"]) or self._chance.drawn(MONEY_FAULTS)
        if fault in BEFORE:
            self.books.turn_away(operator, wanted["order"], fault)
            return BEFORE[fault]
        order, new = self.books.take(_order(operator, wanted, fault))
        if new:
            self._taken(order)
        if order.fault == "slow":
            sleep(SLOW_SECONDS)
        told = {"status": "ACCEPTED", "transaction": order.transaction, "order": order.name}
        return AFTER.get(order.fault) or Answer(202, JSON, json.dumps(told).encode())

    def status(self, operator: str, headers: Mapping[str, str], name: str) -> Answer:
        """A question about an order."""
        if headers.get("authorization") != AUTHORIZATION:
            return BEFORE["e401"]
        order = self.books.asked_about(operator, name)
        if order is None or (order.fault == "query_unseen" and order.status == WAITING):
            return UNKNOWN_ORDER
        if order.fault == "query_500" and order.questions <= 2:
            return BEFORE["e500_before"]
        return Answer(200, JSON, _told(order))

    def counts(self) -> dict[str, int]:
        """Orders, requests and FCFA moved, for who compares books."""
        orders = self.books.orders()
        callbacks = list(self._callbacks.values())
        return {
            "orders": len(orders),
            "requests": sum(order.requests for order in orders),
            "waiting": sum(order.status == WAITING for order in orders),
            "planned": len(self._due) + self._busy,
            "moved": sum(self.books.moved().values()),
            "callbacks_answered": sum(one.answered for one in callbacks),
            "callbacks_waiting": sum(one.waiting for one in callbacks),
        }

    def close(self) -> None:
        """Ends the thread and closes the books."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self.books.close()

    def _taken(self, order: Order) -> None:
        if order.fault == "told_early":
            self.books.settle(order.operator, order.name, SUCCESSFUL)
            self._tell(order, SUCCESSFUL, 0).result()
        else:
            self._plan(order)

    def _plan(self, order: Order) -> None:
        """What becomes of an order, and when."""
        if order.fault == "never_settled":
            return
        soon = monotonic() + self._pin_seconds
        if order.fault in REFUSALS:
            self._put(_Due(soon, order.operator, order.name, FAILED, REFUSALS[order.fault][0]))
        elif order.fault == "told_contrary":
            self._put(_Due(soon, order.operator, order.name, FAILED, "PIN_TIMEOUT"))
            self._put(_Due(soon + self._pin_seconds, order.operator, order.name, SUCCESSFUL, ""))
        else:
            self._put(_Due(soon, order.operator, order.name, SUCCESSFUL, ""))
        if order.fault == "told_reversed":
            self._put(_Due(soon + self._pin_seconds, order.operator, order.name, FAILED, "REVERSED"))

    def _put(self, due: _Due) -> None:
        with self._changed:
            heapq.heappush(self._due, due)
            self._changed.notify()

    def _work(self) -> None:
        while due := self._next():
            order = self.books.settle(due.operator, due.name, due.status, due.reason)
            if order:
                self._tell_all(order, due.status)
            self._busy = False

    def _next(self) -> _Due | None:
        with self._changed:
            while not self._closed and (not self._due or self._due[0].at > monotonic()):
                self._changed.wait(self._due[0].at - monotonic() if self._due else None)
            if self._closed:
                return None
            self._busy = True
            return heapq.heappop(self._due)

    def _tell_all(self, order: Order, status: str) -> None:
        """The callbacks about what has just become of an order."""
        match order.fault:
            case "told_never" | "query_500":
                return
            case "told_twice":
                for _ in range(5):
                    self._tell(order, status, 0)
            case "told_late" | "query_unseen":
                self._tell(order, status, LATE * self._pin_seconds)
            case "told_other_amount":
                self._tell(order, status, 0, amount=order.amount + 100)
            case "told_stranger":
                self._tell(order, status, 0, order=f"stranger-{order.name[:8]}")
                self._tell(order, status, 0)
            case "told_forged":
                self._tell(order, "FAILED", 0, key="somebody-else")
                self._tell(order, status, self._pin_seconds)
            case "told_backwards":
                self._tell(order, status, 0)
                self._tell(order, WAITING, self._pin_seconds)
            case "told_odd":
                self._tell(order, "LEVITATED", 0)
            case _:
                self._tell(order, status, 0)

    def _tell(
        self, about: Order, status: str, seconds: float, key: str = SIGNING_KEY, **changed: Any
    ) -> Future[int]:
        body = _told(about, status=status, **changed)
        headers = {"Content-Type": JSON, SIGNATURE.header: sign(SIGNATURE, body, key)}
        parts = urlsplit(about.notify)
        base = f"{parts.scheme}://{parts.netloc}"
        patience = PATIENCE if key == SIGNING_KEY else 0.0
        return self._to(base).signed_later(seconds, parts.path, body.decode(), headers, patience)

    def _to(self, base: str) -> Callbacks:
        with self._lock:
            if base not in self._callbacks:
                self._callbacks[base] = Callbacks(base)
            return self._callbacks[base]


def money_simulation(
    folder: Path, faults: str = "", seed: int | None = None, pin_seconds: float = PIN_SECONDS
) -> MoneySimulation:
    """A simulated operator whose books are in a folder. Raises Fault for faults that make no sense."""
    return MoneySimulation(Books(folder), Chance.parse(faults, seed, MONEY_FAULTS), pin_seconds)


def _wanted(body: bytes) -> dict[str, Any] | None:
    """The fields of a request, the number with its plus; None when one is missing."""
    try:
        told = json.loads(body)
        amount, order, customer = told["amount"], told["order"], str(told["customer"]).strip("+")
    except (ValueError, KeyError, TypeError):
        return None
    if not (isinstance(amount, int) and amount > 0 and isinstance(order, str) and customer.isdigit()):
        return None
    return {**told, "customer": f"+{customer}", "notify": str(told.get("notify", ""))}


def _order(operator: str, wanted: Mapping[str, Any], fault: str) -> Order:
    return Order(
        operator=operator,
        name=wanted["order"],
        customer=wanted["customer"],
        amount=wanted["amount"],
        transaction=f"{operator}{secrets.token_hex(8)}",
        status=WAITING,
        reason="",
        fault=fault,
        notify=wanted["notify"],
        taken_at=time(),
        settled_at=None,
        requests=1,
        questions=0,
    )


def _told(about: Order, **changed: Any) -> bytes:
    """What it says of an order, in an answer or a callback."""
    told = {
        "order": about.name,
        "transaction": about.transaction,
        "status": about.status,
        "reason": about.reason,
        "amount": about.amount,
        "customer": about.customer,
    }
    return json.dumps({**told, **changed}).encode()
