"""SMS in the demonstration: what a phone writes goes in as the provider would bring it, what it gets is read from him.

The simulated provider's outbox is what a phone really received. Without him the SMS that are owed to it are shown.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlencode
from urllib.request import urlopen

from config.settings import DEMO_SECRET
from flows import gsm7
from flows.context import BAMAKO
from gateway.runtime import Runtime
from models import messages
from models.database import DatabaseAway
from models.identifiers import BadMsisdn, Msisdn

PATH = f"/hooks/africastalking/{DEMO_SECRET}/sms"
SHOWN = 10
"""How many SMS of a phone are shown."""

OUTBOX_SECONDS = 1.0
LONGEST_SMS = 1_000


@dataclass(frozen=True, slots=True)
class Received:
    """One SMS on a phone: the provider's id, the time in Bamako, its text, how long it is."""

    id: str
    at: str
    text: str
    length: str


def fields(phone: str, text: str, to: str) -> dict[str, str]:
    """An SMS as the provider tells of it (Africa's Talking, incoming messages)."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "from": phone,
        "id": f"sim-{secrets.token_hex(8)}",
        "linkId": "",
        "text": text,
        "to": to,
        "cost": "0",
        "networkCode": "99999",
    }


def received(runtime: Runtime, number: str) -> tuple[Received, ...]:
    """The newest SMS of a phone, the newest first; none for what is no number, or while nobody can tell."""
    try:
        phone = Msisdn.parse(number)
        return tuple(islice(_outbox(runtime, phone), SHOWN))
    except (BadMsisdn, DatabaseAway, OSError, ValueError):
        return ()
    finally:
        runtime.database.give_back()


def measured(text: str) -> str:
    """How long an SMS is, in the unit of its letters, and how many the phone's owner or the service pays."""
    if gsm7.ALPHABET.issuperset(text):
        return f"{gsm7.septets(text)} septets, {gsm7.segments(text)} SMS"
    return f"{gsm7.ucs2_units(text)} caractères UCS-2, {gsm7.segments_ucs2(text)} SMS"


def _outbox(runtime: Runtime, phone: Msisdn) -> Iterator[Received]:
    """Raises DatabaseAway, OSError (the provider does not answer), ValueError (he answers something else)."""
    settings = runtime.settings
    if settings.provider != "simulated" or not settings.provider_url:
        for at, text in messages.latest(runtime.database.reader(), runtime.keys, phone):
            yield Received(at.isoformat(), _time(at), text, measured(text))
        return
    query = urlencode({"number": phone.e164})
    # The address is of the installation's own settings, and only the demonstration comes here.
    with urlopen(f"{settings.provider_url}/simulate/outbox?{query}", timeout=OUTBOX_SECONDS) as answer:  # nosec B310
        told = json.load(answer)["messages"]
    for one in reversed(told):
        at = datetime.fromisoformat(one["at"])
        yield Received(one["id"], _time(at), one["text"], measured(one["text"]))


def _time(at: datetime) -> str:
    return f"{at.astimezone(BAMAKO):%H:%M:%S}"
