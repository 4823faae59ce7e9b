"""The record of a call between two hops: small, versioned JSON, never the history of what was typed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

VERSION = 1
"""Version of this record's shape. An older shape is read by `decode`; a newer or unreadable one is `UnknownRecord`."""

MOST_STEPS_BACK = 8
"""How many screens `0` can walk back. Keeps the record below 1 KB; beyond it `0` ends at the home screen."""


class UnknownRecord(ValueError):
    """The record cannot be continued: unreadable, or of a version that this code does not know."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person stands: a screen's name, its arguments (small JSON values) and the page shown, from 0."""

    screen: str
    args: dict[str, Any] = field(default_factory=dict)
    page: int = 0

    def turned_to(self, page: int) -> Place:
        """The same screen on another page."""
        return replace(self, page=page)


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
        """The record as UTF-8 JSON."""
        record = {
            "v": VERSION,
            "at": _packed(self.place),
            "back": [_packed(place) for place in self.back],
            "lang": self.language,
            "set": self.charset,
            "phone": self.phone_id,
            "own": self.own,
            "hop": self.hop,
            "bad": self.bad,
            "seen": self.seen,
            "t": self.opened,
            "aide": self.helped,
        }
        return orjson.dumps(record)

    @classmethod
    def decode(cls, record: bytes) -> Session:
        """The session in `record`. Raises UnknownRecord when it cannot be continued."""
        try:
            data = orjson.loads(record)
            if data["v"] != VERSION:
                raise UnknownRecord(f"session record of version {data['v']}")
            return cls(
                place=_unpacked(data["at"]),
                back=tuple(_unpacked(place) for place in data["back"]),
                language=data["lang"],
                charset=data["set"],
                phone_id=data["phone"],
                own=tuple(data["own"]),
                hop=data["hop"],
                bad=data["bad"],
                seen=(data["seen"][0], data["seen"][1]),
                opened=data["t"],
                helped=data["aide"],
            )
        except (ValueError, KeyError, TypeError, IndexError) as fault:
            raise UnknownRecord(str(fault)) from fault


def digest(text: str) -> str:
    """A short fingerprint of the provider's `text`, so that the history itself need not be stored."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _packed(place: Place) -> list[Any]:
    return [place.screen, place.args, place.page]


def _unpacked(packed: list[Any]) -> Place:
    screen, args, page = packed
    if not (isinstance(screen, str) and isinstance(args, dict) and isinstance(page, int)):
        raise UnknownRecord("a place is [screen, arguments, page]")
    return Place(screen, args, page)
