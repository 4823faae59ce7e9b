"""The simulated provider's decisions: what it makes of a request, what it answers, what it tells later.

Fields and answers as in Africa's Talking's pages on sending SMS (classic endpoint) and on its callbacks.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from time import sleep
from typing import Any

from gateway.providers.simulated import KEY
from gateway.simulated.callbacks import INBOUND_PATIENCE, REPORT_PATIENCE, Callbacks
from gateway.simulated.faults import (
    CODES,
    NOTHING_TAKEN,
    REPORTS,
    SUCCESS,
    TAKEN,
    Chance,
    Report,
    magic,
)
from gateway.simulated.ledger import Accepted, Ledger

JSON, TEXT, HTML = "application/json", "text/plain; charset=utf-8", "text/html"
PRICE = "XOF 15.0000"
NETWORK = "99999"
"""A network code that nobody has: those of Mali are in no list of the provider."""

SHORT_CODE = "36212"
"""The number that people write to, invented."""

SLOW_SECONDS = 3.0
MOST_COPIES = 5
MOST_SPREAD_SECONDS = 60
PAGE = b"<html><body><h1>Oops</h1></body></html>"

RESET, SILENCE, DRIP, CUT = "reset", "silence", "drip", "cut"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out over HTTP. `ending`: how it goes wrong on the wire, if it does."""

    status: int
    kind: str = TEXT
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: str = ""


class BadOrder(ValueError):
    """What was asked of the simulation cannot be done; the message says why."""


BEFORE = {
    "reset_before": Answer(0, ending=RESET),
    "timeout_before": Answer(0, ending=SILENCE),
    "e500_before": Answer(500, TEXT, b"Internal error"),
    "redirect": Answer(302, HTML, PAGE, {"Location": "/simulate/counts"}),
    "e400": Answer(400, TEXT, b"Request is missing required form field 'message'"),
    "e401": Answer(401, TEXT, b"The supplied authentication is invalid"),
    "e403": Answer(403, TEXT, b"Forbidden"),
    "e429": Answer(429, TEXT, b"Too many requests", {"Retry-After": "1"}),
}
AFTER = {
    "reset_after": Answer(0, ending=RESET),
    "timeout_after": Answer(0, ending=SILENCE),
    "e500_after": Answer(500, TEXT, b"Internal error"),
    "e502_after": Answer(502, HTML, PAGE),
    "garbled_after": Answer(201, HTML, PAGE),
}
"""Answers that do not depend on the request."""


class Simulation:
    """One simulated provider: its ledger, its chances, the gateway that it calls back."""

    def __init__(self, ledger: Ledger, callbacks: Callbacks, chance: Chance, report_seconds: float) -> None:
        self.ledger, self.callbacks = ledger, callbacks
        self._chance = chance
        self._report_seconds = report_seconds
        self.requests = 0
        self.failed: Counter[str] = Counter()
        """Requests that went wrong on purpose, by fault."""
        self._counting = Lock()

    def messaging(self, key: str, form: Mapping[str, str]) -> Answer:
        """A request to send. What is accepted is in the ledger before this returns."""
        self.requests += 1
        came = datetime.now(UTC).isoformat()
        sleep(self._chance.delay)
        if key != KEY:
            return BEFORE["e401"]
        numbers = [number.strip() for number in form.get("to", "").split(",") if number.strip()]
        if not (form.get("username") and form.get("message") and numbers):
            return BEFORE["e400"]
        chosen = self._faults(numbers)
        whole = next((fault for fault in chosen.values() if fault in NOTHING_TAKEN or fault in TAKEN), "")
        with self._counting:
            self.failed += Counter(filter(None, [whole]))
        if whole in NOTHING_TAKEN:
            return BEFORE.get(whole) or _answer("InvalidSenderId", [])
        return self._accepted(form, chosen, whole, came)

    def _faults(self, numbers: list[str]) -> dict[str, str]:
        """The fault of each number: its own if it is magic, else that of the request by chance."""
        by_chance = self._chance.of_request()
        return {number: magic(number) or by_chance for number in numbers}

    def _accepted(self, form: Mapping[str, str], chosen: Mapping[str, str], fault: str, came: str) -> Answer:
        request = secrets.token_hex(8)
        taken, entries = [], []
        for number, own in chosen.items():
            if code := _code(own):
                entries.append(_entry(number, code, CODES[code], "None", "0"))
                continue
            one = Accepted(_new_id(), number, form["message"], form.get("from", ""), came, request)
            taken.append(one)
            entries.append(_entry(number, 101, "Success", "None" if own == "no_id" else one.id, PRICE))
        self.ledger.accept(taken)
        for one in taken:
            self._tell(one, chosen[one.to])
        if fault == "slow":
            sleep(SLOW_SECONDS)
        if fault in AFTER:
            return AFTER[fault]
        told = f"Sent to {len(taken)}/{len(entries)} Total Cost: XOF {15 * len(taken)}.0000"
        return _answer(told, [] if fault == "missing_after" else entries, _ending(fault))

    def _tell(self, one: Accepted, fault: str) -> None:
        """The delivery reports of one message. Those that come before the answer are sent at once."""
        name = fault if fault in REPORTS else self._chance.of_report()
        for report in REPORTS[name][1] if name else (SUCCESS,):
            fields = _report(one, report)
            if report.after < 0:
                self.callbacks.now("/delivery", fields)
            else:
                self.callbacks.later(
                    report.after * self._report_seconds, "/delivery", fields, REPORT_PATIENCE
                )

    def inbound(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Messages of people, each delivered `times` times in parallel, with `shuffle` in any order.

        With `spread` each copy comes at a moment of its own within so many seconds. Gives each id with the statuses
        of the first attempts, or without them when not asked to `wait`; what is not answered 200 is repeated for
        hours. Raises BadOrder.
        """
        times = order.get("times", 1)
        if not (isinstance(times, int) and 1 <= times <= MOST_COPIES):
            raise BadOrder(f"times: 1 to {MOST_COPIES}")
        spread = order.get("spread", 0)
        if not (isinstance(spread, int | float) and 0 <= spread <= MOST_SPREAD_SECONDS):
            raise BadOrder(f"spread: 0 to {MOST_SPREAD_SECONDS} seconds")
        messages = [_inbound(one) for one in order.get("messages") or ()]
        if not messages:
            raise BadOrder("messages: a list of {from, text}")
        copies = [fields for fields in messages for _ in range(times)]
        if order.get("shuffle"):
            self._chance.shuffle(copies)
        first: dict[str, list[Future[int]]] = {fields["id"]: [] for fields in messages}
        for fields in copies:
            after = self._chance.within(spread)
            first[fields["id"]].append(self.callbacks.later(after, "/sms", fields, INBOUND_PATIENCE))
        if not order.get("wait", True):
            return [{"id": name} for name in first]
        return [{"id": name, "statuses": [one.result() for one in some]} for name, some in first.items()]


def _inbound(told: object) -> dict[str, str]:
    """The fields of one message of a person. Raises BadOrder."""
    if not isinstance(told, Mapping) or not told.get("from"):
        raise BadOrder("messages: each has from and text")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "from": str(told["from"]),
        "id": str(told.get("id") or _new_id()),
        "text": str(told.get("text", "")),
        "to": str(told.get("to") or SHORT_CODE),
        "cost": "None",
        "networkCode": NETWORK,
    }


def _report(one: Accepted, report: Report) -> dict[str, str]:
    fields = {
        "id": one.id,
        "status": report.status,
        "phoneNumber": one.to,
        "networkCode": NETWORK,
        "retryCount": "0",
    }
    return {**fields, "failureReason": report.reason} if report.reason else fields


def _new_id() -> str:
    return f"ATXid_{secrets.token_hex(16)}"


def _code(fault: str) -> int:
    """The refusal that a fault is, or 0."""
    return int(fault.removeprefix("code_")) if fault.startswith("code_") else 0


def _ending(fault: str) -> str:
    return {"drip_after": DRIP, "cut_after": CUT}.get(fault, "")


def _entry(number: str, code: int, word: str, given: str, cost: str) -> dict[str, object]:
    return {"cost": cost, "messageId": given, "number": number, "status": word, "statusCode": code}


def _answer(told: str, entries: Iterable[dict[str, object]], ending: str = "") -> Answer:
    body = json.dumps({"SMSMessageData": {"Message": told, "Recipients": list(entries)}})
    return Answer(201, JSON, body.encode(), ending=ending)
