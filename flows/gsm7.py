"""Septets: how long a text is on a basic phone, which letters it may use, and how other letters are rewritten.

The alphabet is 3GPP TS 23.038's default table with its extension table. Letters outside it are rewritten with
config/reference/gsm7_letters.csv: accents that French loses (ê to e), Bambara's official letters in the older spelling
that fits (ɛ to è, ɲ to ny).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from config import facts

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Letters of one septet."""

EXTENSION = frozenset("\f^{}\\[~]|€")
"""Letters of two septets: an escape and the letter."""

ALPHABET = BASIC | EXTENSION

_OUTSIDE = re.compile(f"[^{re.escape(''.join(sorted(ALPHABET)))}]")

_PLAIN, _OTHER = 0, 1
_KINDS = bytes(_PLAIN if chr(code) in BASIC else _OTHER for code in range(256))
"""Of each letter of Latin-1, whether it is one of BASIC."""

SCREEN_SEPTETS = 160
"""The most septets on a USSD screen, navigation lines included. Operators cut between 160 and 184."""

SCREEN_UCS2 = 70
"""The most characters on a screen for a phone that reads UCS-2 letters."""

SINGLE_SEPTETS, PART_SEPTETS = 160, 153
SINGLE_UCS2, PART_UCS2 = 70, 67


class OutsideAlphabet(ValueError):
    """A text holds characters that GSM-7 does not have."""


def is_plain(text: str) -> bool:
    """Whether every letter takes one septet and stands in Latin-1, as on most screens: told without looking at each."""
    try:
        return _OTHER not in text.encode("latin-1").translate(_KINDS)
    except UnicodeEncodeError:
        return False


def septets(text: str) -> int:
    """The length of `text` in septets. Raises OutsideAlphabet."""
    if is_plain(text):
        return len(text)
    letters = set(text)
    if not letters <= ALPHABET:
        raise OutsideAlphabet(f"not in GSM-7: {''.join(sorted(letters - ALPHABET))!r}")
    extended = letters & EXTENSION
    return len(text) + sum(text.count(letter) for letter in extended)


@cache
def replacements() -> dict[str, str]:
    """The rewriting table: a letter outside of the alphabet to letters of GSM-7."""
    return {row["char"]: row["replacement_for_gsm7"] for row in _letters() if row["replacement_for_gsm7"]}


def _letters() -> tuple[facts.Row, ...]:
    return facts.reference("gsm7_letters")


def fold(text: str) -> str:
    """`text` in letters of GSM-7: rewritten by the table, and `?` for what the table does not know."""
    return text if is_plain(text) else _OUTSIDE.sub(_rewritten, text)


def _rewritten(found: re.Match[str]) -> str:
    return replacements().get(found[0], "?")


def segments(text: str) -> int:
    """How many SMS a GSM-7 text takes. Raises OutsideAlphabet.

    Parts of a long message are packed one after the other: an extension letter is never cut in two, so that a part
    may hold 152 septets and the count is not a division.
    """
    if septets(text) <= SINGLE_SEPTETS:
        return 1
    return sum(1 for _ in _parts(text, [2 if letter in EXTENSION else 1 for letter in text], PART_SEPTETS))


def segments_ucs2(text: str) -> int:
    """How many SMS a UCS-2 text takes: 70 code units in one, 67 a part; a surrogate pair is never cut in two."""
    units = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    if sum(units) <= SINGLE_UCS2:
        return 1
    return sum(1 for _ in _parts(text, units, PART_UCS2))


def parts(text: str) -> tuple[str, ...]:
    """The parts in which a GSM-7 text travels. Raises OutsideAlphabet."""
    if septets(text) <= SINGLE_SEPTETS:
        return (text,)
    return tuple(_parts(text, [2 if letter in EXTENSION else 1 for letter in text], PART_SEPTETS))


def _parts(text: str, sizes: list[int], most: int) -> Iterator[str]:
    start = used = 0
    for place, size in enumerate(sizes):
        if used + size > most:
            yield text[start:place]
            start, used = place, 0
        used += size
    yield text[start:]


@cache
def special_letters() -> frozenset[str]:
    """Letters of the national languages that GSM-7 lacks; what French loses is not worth a shorter screen."""
    return frozenset(
        row["char"]
        for row in _letters()
        if row["replacement_for_gsm7"] and row["used_in"] and "fr" not in row["used_in"].split()
    )


def prefers_ucs2(text: str, charset: str) -> bool:
    """Whether a phone of this `charset` gets `text` in UCS-2: only if it asked for it and the text has such letters."""
    return charset == "UCS2" and not special_letters().isdisjoint(text)


def ucs2_units(text: str) -> int:
    """The length of `text` in UCS-2 code units: two for a character outside the basic plane."""
    return sum(2 if ord(letter) > 0xFFFF else 1 for letter in text)


def room(text: str, charset: str) -> tuple[int, int]:
    """(used, most) for a screen in the charset it will travel in: septets or UCS-2 code units."""
    if prefers_ucs2(text, charset):
        return ucs2_units(text), SCREEN_UCS2
    return septets(fold(text)), SCREEN_SEPTETS


def cut(name: str, most: int) -> str:
    """`name` shortened to `most` septets of GSM-7, without a trailing space."""
    return fold(name)[:most].rstrip()
