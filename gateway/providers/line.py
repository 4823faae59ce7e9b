"""The line to a provider: one HTTP request, made at most once, that ends in time, and whether any of it was written.

Connections are kept between requests. Nothing is repeated, no redirect is followed (it would turn the message into a
question and lose it) and no proxy of the environment is used. A thread closes the socket when time is up: the
library's own limits count from each byte, so that a server which sends one now and then would hold us for ever.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from threading import Lock, Timer
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, IncompleteRead, NameResolutionError, NewConnectionError, SSLError

from gateway.providers.port import NotSent, Unknown

CONNECT_SECONDS = 3.05
"""To connect, below the second repetition of a lost packet at 3 s (Linux)."""

IDLE_SECONDS = 3.0
"""A connection that rested for longer is not used again: the other side may be closing it, and a request that meets
that is in doubt. Web servers close after 5 s and more by default."""

MOST_BYTES = 1_000_000
"""The longest answer that is read; a hundred numbers take 15,000."""

LONGEST_WAIT = 3_600.0

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


class TooLate(OSError):
    """Time was up before the request could be written."""


class Deadline:
    """The time of one request. When it is up the socket is shut, and from then on nothing is written."""

    def __init__(self, seconds: float) -> None:
        self.written = False
        self.late = False
        self._lock = Lock()
        self._handle: socket.socket | None = None
        self._timer = Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connection: socket.socket) -> None:
        """Shut this socket when time is up. The handle is our own: TLS takes the first one from its object."""
        with self._lock:
            if self._handle is None:
                self._handle = socket.fromfd(connection.fileno(), connection.family, connection.type)
            if self.late:
                raise TooLate("time is up")

    def let_write(self) -> None:
        """To be called before anything of the request is written. Raises TooLate."""
        with self._lock:
            if self.late:
                raise TooLate("time is up")
            self.written = True

    def over(self) -> None:
        """The request has ended; its connection may serve another one."""
        self._timer.cancel()
        with self._lock:
            if self._handle:
                self._handle.close()
            self._handle = None

    def _ring(self) -> None:
        with self._lock:
            self.late = True
            if self._handle:
                with contextlib.suppress(OSError):  # the other side was quicker
                    self._handle.shutdown(socket.SHUT_RDWR)


DEADLINE: ContextVar[Deadline] = ContextVar("deadline of the request that this thread makes")


class _Watched(HTTPConnection):
    """A connection that asks the deadline of the present request before it writes."""

    rested_at = 0.0

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        try:
            DEADLINE.get().watch(made)
        except TooLate:
            made.close()
            raise
        return made

    def send(self, data: Any) -> None:
        """Everything of a request passes here, and nothing of a handshake."""
        if self.sock is None:
            self.connect()
        deadline = DEADLINE.get()
        deadline.watch(self.sock)
        deadline.let_write()
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Asked when a kept connection is taken up again."""
        return super().is_connected and monotonic() - self.rested_at < IDLE_SECONDS


class _WatchedTls(_Watched, HTTPSConnection):
    """The same with TLS."""


class _Pool(HTTPConnectionPool):
    """Kept connections; the deadline lets go of one before another request can take it."""

    ConnectionCls = _Watched

    def _put_conn(self, conn: Any) -> None:
        DEADLINE.get().over()
        if conn is not None:
            conn.rested_at = monotonic()
        super()._put_conn(conn)


class _TlsPool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class _Adapter(HTTPAdapter):
    """Uses these pools."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class Line:
    """The connections to one provider. `authorities`: a file of certificates to trust instead of the usual ones."""

    def __init__(self, seconds: float, connections: int, authorities: str = "") -> None:
        self._seconds = seconds
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = authorities or True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=connections, max_retries=0))

    def post(self, url: str, headers: Mapping[str, str], **body: Any) -> Reply | NotSent | Unknown:
        """One POST of `data` (form fields) or `json`. Never raises; the reply has any status.

        NotSent: nothing of the request was written. Unknown: some was, and no whole answer came.
        """
        deadline = Deadline(self._seconds)
        DEADLINE.set(deadline)
        try:
            return self._reply(url, headers, body)
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as fault:
            why = "time is up" if deadline.late else _reason(fault)
            return Unknown(f"{why} after writing") if deadline.written else NotSent(f"{why} before writing")
        finally:
            deadline.over()

    def _reply(self, url: str, headers: Mapping[str, str], body: Fields) -> Reply | Unknown:
        limits = (min(CONNECT_SECONDS, self._seconds), self._seconds)
        with self._session.post(
            url, headers=dict(headers), timeout=limits, allow_redirects=False, stream=True, **body
        ) as response:
            read = bytearray()
            for part in response.iter_content(16_384):
                read += part
                if len(read) > MOST_BYTES:
                    return Unknown("the answer is too long")
            named = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, named, bytes(read))

    def close(self) -> None:
        """Closes the connections that were kept."""
        self._session.close()


def _reason(fault: BaseException) -> str:
    """Our word for a fault. Its own text is not used: it may hold the address, with a key in it."""
    for kind, why in (
        (NameResolutionError, "the name was not found"),
        (NewConnectionError, "no connection"),
        (SSLError, "no secure connection"),
        (IncompleteRead, "the answer ended early"),
        (TimeoutError, "no answer in time"),
        (ConnectionError, "the connection was cut"),
    ):
        if any(isinstance(cause, kind) for cause in _causes(fault)):
            return why
    return type(fault).__name__


def _causes(fault: BaseException) -> list[BaseException]:
    """A fault with what it wraps, however each library wraps it."""
    found: list[BaseException] = []
    waiting: list[object] = [fault]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found
