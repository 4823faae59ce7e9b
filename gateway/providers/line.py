"""The line to a provider: one HTTP request, made at most once, that ends in time, and whether any of it was written.

Connections are kept between requests. Nothing is repeated, no redirect is followed (it would turn the message into a
question and lose it) and no proxy of the environment is used. Before every wait the time that is left is counted anew:
a library's own limit begins again with each byte, so that a server which sends one now and then would hold us for ever.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from time import monotonic
from typing import Any
from urllib.parse import quote, urlsplit

from requests.certs import where

from gateway.providers.http_answer import Broken, EndedEarly, TooLong, read
from gateway.providers.port import NotSent, Unknown

CONNECT_SECONDS = 3.05
"""To connect, below the second repetition of a lost packet at 3 s (Linux)."""

IDLE_SECONDS = 3.0
"""A connection that rested for longer is not used again: the other side may be closing it, and a request that meets
that is in doubt. Web servers close after 5 s and more by default."""

MOST_BYTES = 1_000_000
"""The longest answer that is read; a hundred numbers take 15,000."""

AT_ONCE = 65_536
LONGEST_WAIT = 3_600.0
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """What a provider answered. It has no repr: the body may name somebody."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def kind(self) -> str:
        """The content type without its parameters, in small letters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> float | None:
        """Seconds that the provider asks to wait (RFC 9110 10.2.3), an hour at most; None when it does not say."""
        asked = self.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdigit():
            return min(float(asked[:9]), LONGEST_WAIT)
        try:
            apart = parsedate_to_datetime(asked) - parsedate_to_datetime(self.headers.get("date", ""))
        except (ValueError, TypeError):
            return None
        return min(max(apart.total_seconds(), 0.0), LONGEST_WAIT)


class NoName(OSError):
    """The provider's name was not found."""


class NoConnection(OSError):
    """Nobody answered at the provider's address."""


class NotSecure(OSError):
    """No connection that nobody reads along."""


class TooLate(OSError):
    """Time is up."""


@dataclass(frozen=True, slots=True)
class _Address:
    """Where a URL leads: `host` as it is looked up, `named` as the request names it."""

    secure: bool
    host: str
    port: int
    named: str
    target: str


class _Request:
    """One request: how much time it has, and whether any of it was written."""

    __slots__ = ("_until", "written")

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds
        self.written = False

    @property
    def late(self) -> bool:
        """Whether time is up."""
        return monotonic() >= self._until

    def left(self) -> float:
        """Seconds until time is up. Raises TooLate."""
        left = self._until - monotonic()
        if left <= 0:
            raise TooLate
        return left

    def write(self, line: socket.socket, content: bytes) -> None:
        """Write the request. The time holds for all of it."""
        line.settimeout(self.left())
        self.written = True
        line.sendall(content)

    def receive(self, line: socket.socket) -> bytes:
        """What comes next, none at the end."""
        line.settimeout(self.left())
        return line.recv(AT_ONCE)


class _Kept:
    """A connection, and since when it rests."""

    __slots__ = ("_poll", "line", "rested_at")

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.rested_at = 0.0
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)

    def is_well(self) -> bool:
        """Whether it may carry a request: it rested shortly, and the other side said nothing, nor that it ends."""
        if monotonic() - self.rested_at >= IDLE_SECONDS:
            return False
        return not self._poll.poll(0)


class Line:
    """The connections to one provider. `authorities`: a file of certificates to trust instead of the usual ones."""

    def __init__(self, seconds: float, connections: int, authorities: str = "") -> None:
        self._seconds = seconds
        self._most = connections
        self._authorities = authorities
        self._context: ssl.SSLContext | None = None
        self._kept: dict[tuple[bool, str, int], deque[_Kept]] = {}

    def post(
        self, url: str, headers: Mapping[str, str], data: Fields | None = None, json: Any = None
    ) -> Reply | NotSent | Unknown:
        """One POST of `data` (form fields) or `json`. Never raises; the reply has any status.

        NotSent: nothing of the request was written. Unknown: some was, and no whole answer came.
        """
        return self._asked(url, lambda address: _content(address, headers, data, json))

    def get(self, url: str, headers: Mapping[str, str]) -> Reply | NotSent | Unknown:
        """One GET; as `post`."""
        return self._asked(url, lambda address: _head("GET", address, headers))

    def _asked(self, url: str, content: Callable[[_Address], bytes]) -> Reply | NotSent | Unknown:
        request = _Request(self._seconds)
        try:
            address = _address(url)
            return self._reply(request, address, content(address))
        except TooLong:
            return Unknown("the answer is too long")
        except (OSError, ValueError, EOFError) as fault:
            why = "time is up" if request.late else _reason(fault)
            return Unknown(f"{why} after writing") if request.written else NotSent(f"{why} before writing")

    def _reply(self, request: _Request, address: _Address, content: bytes) -> Reply:
        place = address.secure, address.host, address.port
        kept = self._taken(place) or _Kept(self._connected(request, address))
        whole = None
        try:
            request.write(kept.line, content)
            whole = read(lambda: request.receive(kept.line), MOST_BYTES)
        finally:
            if whole is None or not whole.reusable:
                kept.line.close()
        if whole.reusable:
            self._keep(place, kept)
        return Reply(whole.status, whole.headers, whole.body)

    def _taken(self, place: tuple[bool, str, int]) -> _Kept | None:
        """A kept connection that is well, the last one used first; the others that rested too long are closed."""
        idle = self._kept.setdefault(place, deque())
        while True:
            try:
                kept = idle.pop()
            except IndexError:
                return None
            if kept.is_well():
                return kept
            kept.line.close()

    def _keep(self, place: tuple[bool, str, int], kept: _Kept) -> None:
        idle = self._kept.setdefault(place, deque())
        kept.rested_at = monotonic()
        idle.append(kept)
        if len(idle) > self._most:
            idle.popleft().line.close()

    def _connected(self, request: _Request, address: _Address) -> socket.socket:
        line = _connect(request, address)
        if not address.secure:
            return line
        try:
            line.settimeout(request.left())
            return self._trusted().wrap_socket(line, server_hostname=address.host)
        except (OSError, ValueError) as fault:
            line.close()
            raise NotSecure from fault

    def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._authorities or where())
        return self._context

    def close(self) -> None:
        """Closes the connections that were kept."""
        for idle in list(self._kept.values()):
            while idle:
                idle.pop().line.close()


def _connect(request: _Request, address: _Address) -> socket.socket:
    """A connection to the first of the host's addresses that answers. Raises NoName, NoConnection, TooLate."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as fault:
        raise NoName from fault
    for family, kind, protocol, _, where_it_is in found:
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(min(CONNECT_SECONDS, request.left()))
            line.connect(where_it_is)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            line.close()
            continue
        return line
    raise NoConnection


@lru_cache(maxsize=16)
def _address(url: str) -> _Address:
    """Raises ValueError for what is no address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("no address")
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = parts.netloc.rpartition("@")[2]
    return _Address(secure, parts.hostname, parts.port or (443 if secure else 80), named, target)


def _content(address: _Address, headers: Mapping[str, str], data: Fields | None, told: Any) -> bytes:
    """The whole request. Raises ValueError for a header or an address that would not be one line."""
    body = json.dumps(told).encode() if data is None else _form(data).encode()
    kind = FORM if data is not None else headers.get("Content-Type", JSON)
    lines = {**headers, "Content-Type": kind, "Content-Length": str(len(body))}
    return _head("POST", address, lines) + body


def _head(method: str, address: _Address, headers: Mapping[str, str]) -> bytes:
    """The request line and the headers, to the empty line. Raises ValueError for what would not be one line."""
    return _written_head(method, address.target, address.named, tuple(headers.items()))


@lru_cache(maxsize=256)
def _written_head(method: str, target: str, host: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """A provider's requests differ by their length alone."""
    lines = {"Host": host, **dict(headers)}
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in lines.items()
    )
    if head.count("\n") != len(lines) + 1 or head.count("\r") != len(lines) + 1:
        raise ValueError("a header of two lines")
    return head.encode("latin-1") + b"\r\n"


SMALL = 16
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_FIRST, _LAST = "%+", " "
"""Letters that others are written with, so that they are replaced before; and the one that is written as another."""


def _form(fields: Fields) -> str:
    """Fields as a form sends them. A request of many numbers is mostly digits: only what is not plain is looked at."""
    return "&".join([f"{_quoted_once(name)}={_known(str(value))}" for name, value in fields.items()])


def _known(value: str) -> str:
    """Names and small values are the same in every request."""
    return _quoted_once(value) if len(value) < SMALL else _quoted(value)


@lru_cache(maxsize=256)
def _quoted_once(value: str) -> str:
    return _quoted(value)


def _quoted(value: str) -> str:
    found = set(value) - _PLAIN
    for letter in (*(one for one in _FIRST if one in found), *(found - {*_FIRST, _LAST})):
        value = value.replace(letter, _code(letter))
    return value.replace(_LAST, "+")


@lru_cache(maxsize=1024)
def _code(letter: str) -> str:
    return quote(letter, safe="")


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (NoName, "the name was not found"),
    (NoConnection, "no connection"),
    (NotSecure, "no secure connection"),
    (EndedEarly, "the answer ended early"),
    (Broken, "the answer cannot be read"),
    (TimeoutError, "no answer in time"),
    (ConnectionError, "the connection was cut"),
)


def _reason(fault: BaseException) -> str:
    """Our word for a fault. Its own text is not used: it may hold the address, with a key in it."""
    return next((why for kind, why in _REASONS if isinstance(fault, kind)), type(fault).__name__)
