"""Somebody who writes SMS: the provider's callbacks, and the worker that answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from flows.context import Context
from flows.sms.conversation import Reply
from models import messages
from models.keyring import KeyRing
from tests.gateway.handset import AWA, Gateway

SMS = "/hooks/africastalking/demo/sms"
DELIVERY = "/hooks/africastalking/demo/delivery"
OPT_OUT = "/hooks/africastalking/demo/opt-out"

NUMBERS = count(1)


def sms(**changed: str) -> dict[str, str]:
    """The fields of a message, as the provider sends them; a fresh id unless told."""
    return {
        "date": "2026-11-22 10:00:00",
        "from": AWA,
        "id": f"in-{next(NUMBERS)}",
        "linkId": "",
        "text": "2600100000017",
        "to": "36212",
        "cost": "0",
        "networkCode": "61002",
        **changed,
    }


def report(**changed: str) -> dict[str, str]:
    """The fields of a delivery report."""
    return {
        "id": "ATXid_1",
        "status": "Success",
        "phoneNumber": AWA,
        "networkCode": "61002",
        "retryCount": "0",
        **changed,
    }


def echo(text: str, context: Context) -> Reply:
    """A conversation that says what it heard."""
    return Reply(f"lu: {text[:100]}", ())


@dataclass
class Correspondent:
    """A phone that writes."""

    gateway: Gateway
    phone: str = AWA

    def writes(self, text: str, **changed: str) -> TestResponse:
        """One message."""
        return posted(self.gateway, SMS, sms(**{"from": self.phone, "text": text, **changed}))


def posted(gateway: Gateway, path: str, fields: dict[str, str]) -> TestResponse:
    """One callback."""
    return gateway.client.post(path, data=urlencode(fields), content_type="application/x-www-form-urlencoded")


def inbox(gateway: Gateway) -> list[tuple[str, str | None]]:
    """(state, why) of every message that came in, the oldest first."""
    with gateway.runtime.database.begin(reading=True) as conn:
        rows = conn.exec_driver_sql("SELECT state, why FROM inbound ORDER BY id").all()
    return [(state, why) for state, why in rows]


def owed(gateway: Gateway, kind: str = "sms_answer") -> list[str]:
    """The texts of the SMS of a kind that are owed, the oldest first; answers unless told."""
    keys: KeyRing = gateway.runtime.keys
    with gateway.runtime.database.begin(reading=True) as conn:
        rows: Sequence[tuple[bytes]] = conn.exec_driver_sql(
            f"SELECT text_sealed FROM messages WHERE kind = '{kind}' ORDER BY id"
        ).all()  # type: ignore[assignment]
    return [keys.unseal(bytes(sealed), messages.TEXT) for (sealed,) in rows]
