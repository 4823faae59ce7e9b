"""A call as the provider brings it: one HTTP request a hop, repeated when it is not answered; the screens by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from secrets import token_hex
from time import sleep
from urllib.parse import urlencode

from gateway.edge import PREFIX
from gateway.ussd import SCREEN_HEADER, SUFFIX
from tests.storm.payment_wishes import DIAL, MOST_COPIES, Wish

SERVICE_CODE = "*212#"
HOP_SECONDS = 10.0
"""How long the provider waits for the answer to a hop (assumption)."""

REPEATS, REPEAT_SECONDS = 3, 0.4
"""How often a hop comes again that was not answered, and after how long."""

MOST_HOPS = 5
YES = "1"

CONFIRM, CONFIRM_OTHER = "paying.confirm", "paying_for.confirm"
WAITING, SAME = "paying.waiting", "paying.same"
OWED = "slow.owed"
REFERENCE = re.compile(r"Ref (\d{6})")
"""Under which an answer by SMS is promised, and comes."""

ASKED, PROMISED, AGAIN = "asked", "promised", "again"
"""What a caller knows when she hangs up: it is asked for; the answer comes by SMS; nothing, so that she dials again."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a phone shows: the screen's name, and the reference on it."""

    name: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """Where the gateway is called, and with which secret."""

    port: int
    secret: str

    def hop(self, session: str, phone: str, text: str) -> Screen:
        """One hop, again until it is answered; a screen without a name when nothing answers."""
        body = urlencode(
            {"sessionId": session, "phoneNumber": phone, "serviceCode": SERVICE_CODE, "text": text}
        )
        for _ in range(REPEATS):
            if (screen := self._once(body)).name:
                return screen
            sleep(REPEAT_SECONDS)
        return Screen()

    def _once(self, body: str) -> Screen:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=HOP_SECONDS)
        try:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"{PREFIX}{self.secret}{SUFFIX}", body, kind)
            answer = connection.getresponse()
            reference = REFERENCE.search(answer.read().decode())
            name = answer.getheader(SCREEN_HEADER, "") if answer.status == 200 else ""
            return Screen(name, reference[1] if reference else "")
        except (OSError, HTTPException):
            return Screen()
        finally:
            connection.close()


def call(edge: Edge, wish: Wish, seen: Callable[[Screen], None]) -> tuple[str, bool]:
    """One call to the end: what she knows then, and whether she has said yes. `seen` hears of each call's last screen.

    Her dial string leads to the confirmation, or for another household to its masked name and then there.
    """
    session, said_yes = token_hex(12), False
    text = f"3*1*{wish.amount}" if wish.way == DIAL else f"3*4*{wish.home.number}*{wish.amount}"
    screen = edge.hop(session, wish.payer, text)
    for _ in range(MOST_HOPS):
        if screen.name not in (CONFIRM, CONFIRM_OTHER):
            break
        said_yes = said_yes or screen.name == CONFIRM
        text = f"{text}*{YES}"
        screen = edge.hop(session, wish.payer, text)
        if wish.copies == MOST_COPIES:
            # A hop that was answered comes again, as providers do it: the same answer, and nothing done twice.
            again = edge.hop(session, wish.payer, text)
            screen = again if again.name else screen
    seen(screen)
    if screen.name in (WAITING, SAME):
        return ASKED, said_yes
    return (PROMISED if screen.name == OWED and said_yes else AGAIN), said_yes
