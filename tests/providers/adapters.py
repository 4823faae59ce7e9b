"""The adapters side by side: how each is made, and how its provider words the same things."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from config.settings import load
from gateway.providers import Provider, provider_of
from models.identifiers import Msisdn

KEY = "K3Y-that-nobody-may-read"
AWA, BINTOU = Msisdn("+22370000001"), Msisdn("+22370000002")
TEXT = "Numéro 123456789 : OK {key} {text}"
"""With what looks like places of a template: they are a person's words."""

SECONDS = 0.4
"""A short deadline, for what runs into it."""

DESCRIBED: dict[str, Any] = {
    "format": "json",
    "most": 100,
    "number": "22370000001",
    "headers": {"Authorization": "Bearer {key}"},
    "body": {"from": "{sender}", "to": "{numbers}", "sms": {"text": "{text}", "flash": False}},
    "answer": {
        "recipients": "data.messages",
        "number": "to",
        "status": "status.code",
        "id": "id",
        "cost": "price",
        "currency": "XOF",
        "cost_divisor": 100,
        "failure": "error.code",
    },
    "meanings": {
        "0": "ACCEPTE",
        "12": "NUMERO_INVALIDE",
        "40": "SOLDE",
        "AUTH": "ARRET",
        "BUSY": "PLUS_TARD",
    },
}
"""An invented aggregator that speaks JSON."""

FORM: dict[str, Any] = {
    **DESCRIBED,
    "format": "form",
    "headers": {},
    "body": {"user": "{username}", "pass": "{key}", "to": "{numbers}", "msg": "{text}"},
}
"""The same with a form and the key in it."""


ACCOUNT = {"provider_username": "ramu", "provider_key": KEY, "sender": "RAMU"}


@dataclass(frozen=True)
class Adapter:
    """One adapter: its name in a test, its settings, and its provider's words for an answer."""

    name: str
    told: dict[str, Any]
    accepted: Callable[[Sequence[Msisdn]], bytes]

    def at(self, url: str, **settings: Any) -> Provider:
        """The adapter with its provider at this address."""
        made = provider_of(
            load(
                **{**ACCOUNT, "provider_url": url, **self.told, **settings},
            )
        )
        assert made is not None
        return made


def entry(number: Msisdn, code: object = 101, given: object = "ATXid_1", **more: object) -> dict[str, Any]:
    """One recipient in an answer of Africa's Talking."""
    words = {"number": number.e164, "statusCode": code, "messageId": given, "status": "Success"}
    return {"cost": "XOF 15.0000", **words, **more}


def sent(*entries: object, told: str = "Sent to 1/1 Total Cost: XOF 15.0000") -> bytes:
    """An answer of Africa's Talking."""
    return json.dumps({"SMSMessageData": {"Message": told, "Recipients": entries}}).encode()


def placed(*entries: object, **more: object) -> bytes:
    """An answer of the invented aggregator."""
    return json.dumps({"data": {"messages": entries}, **more}).encode()


def line(number: Msisdn, code: object = 0, given: object = "m-1", price: object = 1500) -> dict[str, Any]:
    """One number in an answer of the invented aggregator."""
    return {"to": number.e164[1:], "status": {"code": code}, "id": given, "price": price}


def _sent_to(to: Sequence[Msisdn]) -> bytes:
    return sent(*(entry(number, given=f"ATXid_{number.e164[-2:]}") for number in to))


def _placed_to(to: Sequence[Msisdn]) -> bytes:
    return placed(*(line(number, given=f"m-{number.e164[-2:]}") for number in to))


AFRICASTALKING = Adapter("africastalking", {"provider": "africastalking"}, _sent_to)
SIMULATED = Adapter("simulated", {"provider": "simulated"}, _sent_to)
JSON = Adapter("aggregator", {"provider": "aggregator", "aggregator": DESCRIBED}, _placed_to)
FORMS = Adapter("aggregator-form", {"provider": "aggregator", "aggregator": FORM}, _placed_to)

ADAPTERS = (AFRICASTALKING, SIMULATED, JSON, FORMS)
