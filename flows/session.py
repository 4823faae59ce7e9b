"""The record of a call between two hops: small, versioned JSON, never the history of what was typed."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

VERSION = 2
"""Version of this record's shape. An older shape is read by `decode`; a newer or unreadable one is `UnknownRecord`."""

_VERSION_1 = ("v", "at", "back", "lang", "set", "phone", "own", "hop", "bad", "seen", "t", "aide")
"""How version 1, an object, named what later versions tell by its place in a list."""

MOST_STEPS_BACK = 8
"""How many screens `0` can walk back. Keeps the record below 1 KB; beyond it `0` ends at the home screen."""


class UnknownRecord(ValueError):
    """The record cannot be continued: unreadable, or of a version that this code does not know."""


class Place(NamedTuple):
    """Where the person stands: a screen's name, its arguments (small JSON values, never changed) and the page shown,
    from 0.
    """

    screen: str
    args: dict[str, Any] = {}
    page: int = 0

    def turned_to(self, page: int) -> Place:
        """The same screen on another page."""
        return Place(self.screen, self.args, page)


class Session(NamedTuple):
    """One call, made anew at each step (a named tuple, which costs the least there).

    `seen` is (length, digest) of the provider's whole `text` so far, `bad` counts wrong keys in a row, `own` holds the
    households that the caller's phone is linked to, `opened` is the second (Unix time) at which the call began.
    """

    place: Place
    back: tuple[Place, ...] = ()
    language: str = "fr"
    charset: str = "GSM7"
    phone_id: int | None = None
    own: tuple[int, ...] = ()
    hop: int = 0
    bad: int = 0
    seen: tuple[int, str] = (0, "")
    opened: int = 0
    helped: bool = False

    def encode(self) -> bytes:
        """The record as UTF-8 JSON: a list of the version and of the fields in their order."""
        return orjson.dumps((VERSION, *self), default=tuple)

    @classmethod
    def decode(cls, record: bytes) -> Session:
        """The session in `record`. Raises UnknownRecord when it cannot be continued."""
        try:
            data = orjson.loads(record)
            if isinstance(data, dict):
                data = [data[name] for name in _VERSION_1]
            version, at, back, language, charset, phone_id, own, hop, bad, seen, opened, helped = data
            if version > VERSION:
                raise UnknownRecord(f"session record of version {version}")
            length, known = seen
            return cls(
                _place(at),
                tuple([_place(packed) for packed in back]),
                language,
                charset,
                phone_id,
                tuple(own),
                hop,
                bad,
                (length, known),
                opened,
                helped,
            )
        except (ValueError, KeyError, TypeError) as fault:
            raise UnknownRecord(str(fault)) from fault


def digest(text: str) -> str:
    """A short fingerprint of the provider's `text`, so that the history itself need not be stored."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _place(packed: list[Any]) -> Place:
    screen, args, page = packed
    if not (isinstance(screen, str) and isinstance(args, dict) and isinstance(page, int)):
        raise UnknownRecord("a place is [screen, arguments, page]")
    return Place(screen, args, page)
