"""Finds a canary in any bytes, in whatever form it was written: the proof is only as good as this search.

Names are found by the plain letters with which they all begin; numbers by their first digits, then compared whole.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from tests.privacy.canaries import CANARIES, CARDS, FAMILY, GIVEN, PHONES

SHOWN = 30
"""Bytes around a hit that are told."""

_BLANK = b"\0" * 64
"""Files of databases are mostly zeros; such runs are passed over."""

NAMES = tuple(name[:7] for name in (GIVEN, FAMILY))
GROUPED = tuple(
    f"{stem[:2]}{mark}{stem[2:4]}{mark}{stem[4:]}" for stem in (PHONES, CARDS) for mark in (" ", "-", ".")
)
"""The beginnings of numbers written in pairs."""

OTHER_DIGITS = ("٠", "۰", "߀")
"""The zeros of the Arabic-Indic, Eastern Arabic-Indic and N'Ko digits."""

_ESCAPED = rb"%[0-9A-Fa-f]{2}|\\+x[0-9a-f]{2}|\\+u[0-9a-f]{4}"
_BETWEEN = rb"(?:" + _ESCAPED + rb"|[^0-9A-Za-z]){0,3}"
_NUMBER = {
    stem: re.compile(
        _BETWEEN.join(stem.encode()[at : at + 1] for at in range(5)) + b"(?:%b[0-9]){3,13}" % _BETWEEN
    )
    for stem in (PHONES, CARDS)
}
_BEFORE = re.compile(rb"(?:%[0-9A-Fa-f]{2}|(?:^|[^0-9])(?:\+|00|%2[bB])?223)$")
_OF_A_SECOND = re.compile(rb":[0-9]{2}\.$")
_NO_DIGIT = re.compile(_ESCAPED + rb"|[^0-9]")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_ZLIB_IN_BASE64 = re.compile(rb"eJ[A-Za-z0-9+/]{16,}")
_HEXADECIMAL = re.compile(rb"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_LONGEST_PACKED = 200_000
_HASH = re.compile(rb"[0-9a-f]{24,}|[0-9A-F]{24,}")


def values() -> frozenset[bytes]:
    """The digits of every canary's numbers, phones without the country."""
    told = {one.phone[4:] for one in CANARIES} | {one.second[4:] for one in CANARIES}
    told |= {one.number for one in CANARIES} | {one.nina.rstrip("K") for one in CANARIES}
    return frozenset(value.encode() for value in told)


_VALUES = values()
_LENGTHS = tuple(sorted({len(value) for value in _VALUES}, reverse=True))


@dataclass(frozen=True, slots=True)
class Hit:
    """A canary that was found: in which form, and the bytes around it."""

    form: str
    around: bytes


def _in_base64(text: str) -> Iterator[bytes]:
    """What is always there of `text` in base64, wherever among the three bytes of a group it begins."""
    content = text.encode()
    for before in range(3):
        packed = b64encode(b"\0" * before + content).rstrip(b"=")
        begins, ends = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        yield packed[begins:ends]


def _literals() -> dict[bytes, str]:
    """Encodings that keep their letters' case."""
    spelt = [form for name in NAMES for form in (name, name.upper(), name.lower())]
    spelt += [PHONES, CARDS, *GROUPED]
    found = {core: "base64" for text in spelt for core in _in_base64(text)}
    for stem in (PHONES, CARDS):
        for zero in OTHER_DIGITS:
            found["".join(chr(ord(zero) + int(digit)) for digit in stem).encode()] = "other digits"
    return found


def _folded_literals() -> dict[bytes, str]:
    """Forms to be looked for in small letters."""
    found = {name.lower().encode(): "letters" for name in NAMES}
    spelt = [form for name in NAMES for form in (name, name.upper(), name.lower())]
    return found | {text.encode().hex().encode(): "hexadecimal" for text in (*spelt, PHONES, CARDS, *GROUPED)}


_LITERALS, _FOLDED = _literals(), _folded_literals()


def unpacked(content: bytes) -> bytes:
    """What is in `content` in hexadecimal, as a dump writes bytes, or in zlib's format, as the queue writes jobs."""
    bare = [bytes.fromhex(word[0].decode()) for word in _HEXADECIMAL.finditer(content)]
    in_base64 = [b64decode(word[0] + b"===") for word in _ZLIB_IN_BASE64.finditer(content)]
    return b"\n".join([*bare, *(told for part in (content, *bare, *in_base64) for told in _inflated(part))])


def _inflated(content: bytes) -> Iterator[bytes]:
    for begin in _ZLIB.finditer(content):
        try:
            yield zlib.decompressobj().decompress(content[begin.start() : begin.start() + _LONGEST_PACKED])
        except zlib.error:
            continue  # two bytes that only look like a beginning


def search(content: bytes) -> list[Hit]:
    """Every form in which a canary is in `content`, each once; in what is packed too."""
    return _search(content.replace(_BLANK, b"")) + _search(unpacked(content))


def _search(content: bytes) -> list[Hit]:
    narrow = content.replace(b"\0", b"")  # of UTF-16, the letters
    found = [_hit(form, content, content.find(word)) for word, form in _LITERALS.items() if word in content]
    for view in (content, narrow) if narrow != content else (content,):
        small = view.lower()
        found += [_hit(form, view, small.find(word)) for word, form in _FOLDED.items() if word in small]
        found += [_hit("digits", view, at) for at in _numbers(view)]
    return found


def _hit(form: str, content: bytes, at: int) -> Hit:
    return Hit(form, content[max(0, at - SHOWN) : at + SHOWN])


def _numbers(content: bytes) -> Iterator[int]:
    for pattern in _NUMBER.values():
        for found in pattern.finditer(content):
            digits = _NO_DIGIT.sub(b"", found[0])
            whole = any(digits[:length] in _VALUES for length in _LENGTHS)
            if whole and _begins(content, found.start()) and not _in_a_hash(content, found.start()):
                yield found.start()


def _begins(content: bytes, at: int) -> bool:
    """Whether a number begins here: within a longer row of digits, or behind a second's point, it is an accident."""
    before = content[max(0, at - 9) : at]
    if _OF_A_SECOND.search(before):
        return False
    return not before[-1:].isdigit() or bool(_BEFORE.search(before))


def _in_a_hash(content: bytes, at: int) -> bool:
    """Whether the digits belong to a hash or sealed value in hexadecimal, in which canaries are looked for as such."""
    words = _HASH.finditer(content, max(0, at - 64), at + 64)
    return any(word.start() <= at < word.end() and re.search(rb"[a-fA-F]", word[0]) for word in words)
