"""An HTTP/1.1 answer read from a socket: bounded in bytes, and in time by whoever hands out the parts.

Only what a provider's answer needs. Whatever is not clearly a whole answer is `Broken`, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

MOST_HEAD = 65_536
"""Bytes of a status line and its headers."""

USUAL_HEAD = 1_024
"""A longer head is read anew each time."""

_HEAD = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?((?:\r\n[!-9;-~]+:[^\r\n]*)*)")
_LENGTHS = {"content-length", "transfer-encoding"}
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_LENGTH = re.compile(r"[0-9]{1,12}")
_EMPTY = {204, 304}
"""Statuses without a body, whatever the headers say."""


class Broken(ValueError):
    """This is not HTTP as we can read it."""


class EndedEarly(EOFError):
    """The other side closed before the answer was whole."""


class TooLong(ValueError):
    """The body is longer than allowed."""


@dataclass(frozen=True, slots=True, repr=False)
class Whole:
    """A whole answer; names of headers in small letters. `reusable`: the connection may carry another request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool


class _Source:
    """The bytes of a connection. `receive` gives some more, none at the end, and keeps the time."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self.kept = b""

    def more(self) -> None:
        """Add what comes next. Raises EndedEarly."""
        part = self._receive()
        if not part:
            raise EndedEarly
        self.kept += part

    def until(self, end: bytes, most: int) -> bytes:
        """What comes before `end`, which is dropped. Raises EndedEarly, Broken."""
        while (place := self.kept.find(end)) < 0:
            if len(self.kept) > most:
                raise Broken("no end in sight")
            self.more()
        found, self.kept = self.kept[:place], self.kept[place + len(end) :]
        return found

    def exactly(self, length: int) -> bytes:
        """So many bytes. Raises EndedEarly."""
        if len(self.kept) < length:
            parts, missing = [self.kept], length - len(self.kept)
            while missing > 0:
                part = self._receive()
                if not part:
                    raise EndedEarly
                parts.append(part)
                missing -= len(part)
            self.kept = b"".join(parts)
        found, self.kept = self.kept[:length], self.kept[length:]
        return found

    def rest(self, most: int) -> bytes:
        """Everything until the other side closes. Raises TooLong."""
        parts, length = [self.kept], len(self.kept)
        while part := self._receive():
            parts.append(part)
            length += len(part)
            if length > most:
                raise TooLong
        self.kept = b""
        return b"".join(parts)


def read(receive: Callable[[], bytes], most: int) -> Whole:
    """One answer, its body of at most `most` bytes. Raises Broken, EndedEarly, TooLong and what `receive` raises."""
    source = _Source(receive)
    while True:
        version, status, headers = _head(source.until(b"\r\n\r\n", MOST_HEAD))
        if status >= 200:
            break  # what comes before only says that more will come
    body, delimited = _body(source, status, headers, most)
    closes = "close" in headers.get("connection", "").lower() or version == 0
    return Whole(status, headers, body, delimited and not closes and not source.kept)


def _head(head: bytes) -> tuple[int, int, Mapping[str, str]]:
    """HTTP's minor version, the status, the headers. A busy provider says the same many times in a second."""
    return _read_once(head) if len(head) < USUAL_HEAD else _read_head(head)


@lru_cache(maxsize=64)
def _read_once(head: bytes) -> tuple[int, int, Mapping[str, str]]:
    return _read_head(head)


def _read_head(head: bytes) -> tuple[int, int, Mapping[str, str]]:
    found = _HEAD.fullmatch(head)
    if not found:
        raise Broken("no status line, or no headers")
    headers: dict[str, str] = {}
    for line in found[3].decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        key, told = name.lower(), value.strip()
        if headers.setdefault(key, told) != told and key in _LENGTHS:
            raise Broken("two lengths")
        headers[key] = told
    return int(found[1]), int(found[2]), headers


def _body(source: _Source, status: int, headers: Mapping[str, str], most: int) -> tuple[bytes, bool]:
    """The body, and whether it said itself where it ends."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Broken("an encoding that nobody asked for")
    if status in _EMPTY:
        return b"", True
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked":
            raise Broken("an unknown coding")
        return _chunks(source, most), True
    if length is None:
        return source.rest(most), False
    if not _LENGTH.fullmatch(length):
        raise Broken("no length")
    if int(length) > most:
        raise TooLong
    return source.exactly(int(length)), True


def _chunks(source: _Source, most: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    while True:
        told = source.until(b"\r\n", MOST_HEAD).partition(b";")[0].strip()
        if not _SIZE.fullmatch(told):
            raise Broken("no chunk")
        size = int(told, 16)
        length += size
        if length > most:
            raise TooLong
        if not size:
            break
        parts.append(source.exactly(size))
        if source.exactly(2) != b"\r\n":
            raise Broken("a chunk that does not end")
    while source.until(b"\r\n", MOST_HEAD):
        continue  # trailers
    return b"".join(parts)
