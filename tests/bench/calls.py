"""The calls that are made: many phones, many numbers, each call new, in the form of Africa's Talking (USSD)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from secrets import token_hex
from urllib.parse import urlencode

SERVICE_CODE = "*212#"
NETWORK = "99999"
PHONES = 50_000
"""Phones that call in turn: more than any cache of the gateway holds."""

LANGUAGES, BACK = "98", "0"
"""What is typed at a card's answer to see the languages, and then to come back to the answer."""

FREE_CARE, A_CHILD = "4", "4*1"
"""What is typed at the home screen for a menu, and then for the next one, which reads nothing of the register."""


def phone_number(place: int) -> str:
    """The n-th calling phone: a Malian mobile number in E.164, of a range that no made-up person has."""
    return f"+223{60_000_000 + place % PHONES}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Forms of as many calls, hop by hop; each list must be answered before the next is sent."""

    dials: list[str]
    cards: list[str]
    asides: list[str]
    returns: list[str]
    menus: list[str]
    submenus: list[str]


class Calls:
    """Makes new calls: session ids never come back, phones and numbers are taken in turn."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._numbers = numbers
        self._places = count()
        self._run = token_hex(8)

    def batch(self, calls: int) -> Batch:
        """`calls` calls: dial, type a card's number, step aside and come back to its answer; or walk two menus."""
        places = [next(self._places) for _ in range(calls)]
        return Batch(
            dials=[self._form(place, "") for place in places],
            cards=[self._form(place, self._number(place)) for place in places],
            asides=[self._form(place, f"{self._number(place)}*{LANGUAGES}") for place in places],
            returns=[self._form(place, f"{self._number(place)}*{LANGUAGES}*{BACK}") for place in places],
            menus=[self._form(place, FREE_CARE) for place in places],
            submenus=[self._form(place, A_CHILD) for place in places],
        )

    def stream(self, hops: int, abreast: int) -> list[str]:
        """About `hops` forms of whole calls (dial, card) at a constant pace, `abreast` calls in the air at once."""
        forms: list[str] = []
        while len(forms) < hops:
            batch = self.batch(abreast)
            forms += batch.dials + batch.cards
        return forms

    def _number(self, place: int) -> str:
        return self._numbers[place % len(self._numbers)]

    def _form(self, place: int, text: str) -> str:
        return urlencode(
            {
                "sessionId": f"ATUid_{self._run}{place:08x}",
                "phoneNumber": phone_number(place),
                "networkCode": NETWORK,
                "serviceCode": SERVICE_CODE,
                "text": text,
            }
        )
