"""What people say to the gateway in a full run, by and about every canary, and what ill-behaved callers send."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from urllib.parse import quote, urlencode

from tests.privacy.canaries import CARDS, COMMUNE, PEOPLE, Canary, canary

CODE = "*212#"
USSD = "/hooks/africastalking/demo/ussd"
ENDS = "/hooks/africastalking/demo/ussd-events"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SESSIONS = count(1)


@dataclass
class Line:
    """One caller's connection to the gateway; remembers the screens that were shown and the statuses."""

    port: int
    screens: set[str] = field(default_factory=set)
    last: str = ""
    screen: str = ""
    _hop: str = ""

    def __post_init__(self) -> None:
        self._http = HTTPConnection("127.0.0.1", self.port, timeout=10)

    def send(self, path: str, body: bytes | str, headers: dict[str, str] = FORM, method: str = "POST") -> int:
        """One request; its status, 0 when the gateway hung up on one that it will not read."""
        try:
            self._http.request(method, path, body, headers)
            answer = self._http.getresponse()
        except (BrokenPipeError, ConnectionResetError):
            return 0
        self.last = answer.read().decode()
        self.screen = answer.headers.get("at-ussd-hop-metadata", "")
        self.screens.add(self.screen)
        return answer.status

    def call(self, phone: str, *keys: str, tail: str = "") -> str:
        """A call on its own connection: dials with a tail, types, consents when asked; the last screen."""
        self.close()
        session, text, waiting = f"ATUid_{next(_SESSIONS)}", tail, list(keys)
        while True:
            told = {"sessionId": session, "phoneNumber": phone, "serviceCode": CODE, "text": text}
            self._hop = urlencode(told)
            assert self.send(USSD, self._hop) == 200, self.last
            key = "1" if self.screen == "consent.wanted" else waiting.pop(0) if waiting else None
            if key is None or self.last.startswith("END"):
                return self.last
            text = f"{text}*{key}" if text else key

    def repeat(self) -> None:
        """The last hop once more, as the provider does when it has not heard the answer."""
        assert self.send(USSD, self._hop) == 200, self.last

    def close(self) -> None:
        """Hangs up; the next request connects again."""
        self._http.close()


def neighbour(one: Canary) -> Canary:
    """Whom this canary asks about."""
    return canary((one.place + 1) % PEOPLE)


def everybody(line: Line, one: Canary) -> None:
    """What each canary does: her own right, another's by number, NINA and name; the end of a call is told.

    Every second one walks a branch as well: all have their turn, since their number is odd.
    """
    other = neighbour(one)
    line.call(one.phone, tail=f"1*{one.number}")
    line.call(one.phone, *(("1",) if one.place % 10 == 0 else ()), other.number, "1")
    line.call(one.second, tail=f"1*1*2*{other.nina}")
    line.call(one.second, tail=f"1*1*3*{other.name.upper()}*{other.born}*{COMMUNE}*1")
    if one.place % 2 == 0:
        _BRANCHES[one.place % len(_BRANCHES)](line, one)
    assert line.send(ENDS, urlencode(end_event(one))) == 200


def _asks_in_steps(line: Line, one: Canary) -> None:
    line.call(one.second, "1", "1", "1", "2", neighbour(one).nina, "1")
    line.call(one.second, "1", "1", "3", neighbour(one).name, str(neighbour(one).born), "BAM", "1", "1")
    line.call(one.second, "5", "2", "2", one.name, "BAM", "1")


def _links(line: Line, one: Canary) -> None:
    """With a wrong year and then the right one; the phones already linked are warned."""
    other = neighbour(one)
    line.call(one.second, "1", other.number, "2", "1901", "1", str(other.born), "1", "1")


def _shows_the_family(line: Line, one: Canary) -> None:
    line.call(one.phone, *(("1",) if one.place % 10 == 0 else ()), "1", "2", "1")
    line.call(one.phone, tail="1*1")
    line.call(one.phone, tail="1*1*2")


def _asks_by_name(line: Line, one: Canary) -> None:
    """Step by step, with the words the other way round and without accents, then somebody who is not there."""
    other = neighbour(one)
    line.call(
        one.second, "1", "1", "1", "3", f"{other.family} {other.given}", str(other.born), COMMUNE, "1", "1"
    )
    line.call(one.second, "1", "1", "3", one.name, "1999", COMMUNE, "2", "1")
    line.call(one.second, tail="1*1*1")


def _is_registered(line: Line, one: Canary) -> None:
    line.call(one.second, "1", "5", "6", one.name, COMMUNE)


def _is_called_back(line: Line, one: Canary) -> None:
    line.call(one.phone, tail="6*3*2")
    line.call(one.phone, tail="6*3*1")
    line.call(one.second, tail=f"1*{wrong_digit(one)}*2*3")


def _is_erased(line: Line, one: Canary) -> None:
    line.call(one.second, "1", "5", "6", one.name, "0", "0", "00", "6", "4", "3")
    line.call(one.second, tail="6*4*5*1")


def _misses(line: Line, one: Canary) -> None:
    """Numbers that nobody holds, a NINA, a wrong digit, until look-ups are locked."""
    for last in range(3):
        line.call(one.second, tail=f"1*{CARDS}9{one.place:03}{last}")
        line.call(one.second, tail=f"1*1*2*{one.nina[:-1]}{last}X")
    line.call(one.second, tail=f"1*{wrong_digit(one)}")
    line.call(one.second, tail=f"1*{neighbour(one).number}")


def _types_nonsense(line: Line, one: Canary) -> None:
    """Names and phones where a key was asked for; the third wrong key brings help by SMS."""
    known = ("1",) if one.place % 10 == 0 else ()
    spaced = f"+223 {one.second[4:6]} {one.second[6:8]} {one.second[8:10]} {one.second[10:]}"
    line.call(
        one.phone, *known, one.name, f"je suis {one.name} {one.second}", spaced, "00223" + one.second[4:]
    )
    line.call(one.second, "1", one.given, one.family.lower(), f"{one.given}#{one.number}", "98", one.name)
    line.call(one.second, tail=f"{one.name}*{one.number}")


def _leaves_a_form_open(line: Line, one: Canary) -> None:
    line.call(one.second, "1", "5", "6", one.name)
    line.call(one.second, "1", COMMUNE)
    line.call(one.second, "5", "6", one.name.lower())
    line.call(one.second, "2", one.name)


def _writes_otherwise(line: Line, one: Canary) -> None:
    """Other digits, spaces, small letters, marks of direction, a number with a word before it."""
    line.call(one.second, tail=f"1*{one.number.translate({ord('0') + n: 0x660 + n for n in range(10)})}")
    line.call(one.second, "1", f"\u200e{one.number[:3]} {one.number[3:6]}-{one.number[6:]}")
    line.call(one.second, "1", "1", "1", "2", one.nina.lower(), "00", f"carte {one.number}")
    line.call(one.second, tail=f"2*1*{one.number}")


_BRANCHES: tuple[Callable[[Line, Canary], None], ...] = (
    _links,
    _shows_the_family,
    _asks_by_name,
    _is_registered,
    _is_called_back,
    _is_erased,
    _misses,
    _types_nonsense,
    _leaves_a_form_open,
    _writes_otherwise,
    _asks_in_steps,
)
"""Eleven, so that a branch meets phones of every kind: a language or none, simple letters or special ones."""


def wrong_digit(one: Canary) -> str:
    """A card number whose last digit is another one."""
    with_check = (
        one if len(one.number) in (8, 9) else canary(one.place + 1 if one.place % 4 == 0 else one.place - 1)
    )
    return with_check.number[:-1] + str((int(with_check.number[-1]) + 1) % 10)


def end_event(one: Canary) -> dict[str, str]:
    """The provider's event at the end of a call, full of what was said in it."""
    return {
        "sessionId": f"ATUid_end_{one.place}",
        "date": "2026-11-22 05:43:16",
        "serviceCode": CODE,
        "networkCode": "61002",
        "phoneNumber": one.phone,
        "status": ("Success", "Incomplete", "Failed", one.name)[one.place % 4],
        "cost": "XOF 10",
        "durationInMillis": "18000",
        "hopsCount": "4",
        "input": f"1*{one.number}*{one.name}*{one.nina}",
        "lastAppResponse": f"CON RAMED VALIDE\n{one.name}\n{one.phone} {one.number}",
        "errorMessage": f"{one.name} {one.second}",
        "hopsMetadata": (
            "home.home|rights.person",
            one.name,
            one.given.lower().replace("é", "e"),
            one.number,
        )[one.place // 4 % 4],
    }


Request = tuple[str, str, bytes, dict[str, str]]
"""Method, path, body, headers."""


def ill_behaved(one: Canary) -> Iterator[Request]:
    """Requests that no provider would send, each with a canary in the part that is wrong."""
    told = {
        "sessionId": f"ATUid_bad_{one.place}",
        "phoneNumber": one.phone,
        "serviceCode": CODE,
        "text": one.number,
    }
    good, name = urlencode(told).encode(), quote(one.name)
    basic = {**FORM, "Authorization": "Basic " + b64encode(f"{one.name}:{one.number}".encode()).decode()}
    spoken = {**FORM, "User-Agent": one.phone, "Referer": f"/{name}", "X-Forwarded-For": one.number}
    yield "POST", USSD, good + b"&text=" + name.encode(), FORM
    yield "POST", USSD, urlencode({**told, "phoneNumber": one.name}).encode(), FORM
    yield "POST", USSD, urlencode({**told, "phoneNumber": one.phone + "0" * 9}).encode(), FORM
    yield "POST", USSD, urlencode({**told, "sessionId": f"{one.name} {one.phone}"}).encode(), FORM
    yield "POST", USSD, urlencode({**told, "serviceCode": one.number + one.given}).encode(), FORM
    yield "POST", USSD, urlencode({one.given: one.name, one.number: one.phone}).encode(), FORM
    yield "POST", USSD, good + one.name.encode("latin-1"), FORM
    yield "POST", USSD, good + b"%00" + name.encode(), FORM
    yield "POST", USSD, (one.name + one.number).encode() * 6_000, FORM
    yield "POST", USSD, urlencode({**told, "text": f"1*{one.number}" * 900}).encode(), FORM
    yield "POST", USSD, good, spoken
    yield "POST", f"/hooks/africastalking/{one.number}/ussd", good, FORM
    yield "POST", f"/hooks/africastalking/{name}/ussd-events", good, basic
    yield "POST", f"/hooks/africastalking/{name}/ussd", good, basic
    yield "POST", ENDS, urlencode({**end_event(one), "hopsCount": one.number + one.given}).encode(), FORM
    yield "POST", ENDS, urlencode({"sessionId": one.name * 9}).encode(), FORM
    yield "POST", "/health/ready", good, spoken
    yield "GET", f"/{name}?phone={quote(one.phone)}", b"", spoken
    yield "GET", f"/metrics?name[]={name}", b"", spoken
    yield "GET", f"/simulator?phone={quote(one.phone)}", b"", spoken
    yield "PUT", f"{USSD}?{one.number}", good, FORM
    yield one.given[:6].upper(), USSD, good, FORM


def broken_lines(port: int, one: Canary) -> None:
    """Requests that are none: a bad version, a bad header, a client that goes away in the middle of its body."""
    name = one.name.encode()
    for sent in (
        b"GET /" + one.number.encode() + b" HTTP/9.9\r\n\r\n",
        b"POST " + USSD.encode() + b" HTTP/1.1\r\nHost: x\r\n" + name + b"\x00: " + name + b"\r\n\r\n",
        name * 3_000,
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nphoneNumber=%b"
        % (USSD.encode(), one.phone.encode()),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(sent)
