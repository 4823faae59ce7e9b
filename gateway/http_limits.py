"""What a client may take: seconds for a request, bytes for its headers, no more than one protocol.

uvicorn leaves these to a proxy.
"""

from __future__ import annotations

from asyncio import Transport
from time import monotonic

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class _Trailers(list[tuple[bytes, bytes]]):
    """Where headers go that come behind the body: nowhere. They would pass for those in front of it, without end."""

    def append(self, header: tuple[bytes, bytes]) -> None:
        """Drops it."""


_TRAILERS = _Trailers()


class UpgradeRefused(Exception):
    """Who asks for another protocol would have its body read as the next request."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection. A request that is not whole `request_seconds` after it began is dropped, and so is a connection
    that never sends one; its headers have at most `head_bytes`.
    """

    request_seconds = 10.0
    look_seconds = 2.0
    head_bytes = 65_536

    _begun: float | None = None
    _in_head = True
    _head = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A request is expected from now on."""
        super().connection_made(transport)
        self._begun = monotonic()
        self.loop.call_later(self.look_seconds, self._look)

    def data_received(self, data: bytes) -> None:
        """Takes in what came, unless the headers have no end."""
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > self.head_bytes and not self.transport.is_closing():
                self.send_400_response("Headers too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._begun, self._in_head, self._head = monotonic(), True, 0

    def on_headers_complete(self) -> None:
        """Its headers are there. Raises UpgradeRefused, which the parser answers with 400."""
        if self.parser.should_upgrade():
            raise UpgradeRefused
        super().on_headers_complete()
        self._in_head = False
        self.headers = _TRAILERS

    def on_message_complete(self) -> None:
        """It is whole."""
        super().on_message_complete()
        self._begun = None

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if self._begun is not None and monotonic() - self._begun > self.request_seconds:
            self.transport.abort()
        else:
            self.loop.call_later(self.look_seconds, self._look)
