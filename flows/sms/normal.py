"""What a thumb typed, made plain: capitals A-Z, digits 0-9 and single spaces, nothing else but a lone `?`.

`normalise` is pure and says the same of its own answer. It forgives what costs nothing to forgive: accents, case,
marks, politeness, other scripts' digits, letters that look like digits, a command stuck to its number, a number in
groups.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from flows import gsm7
from flows.sms import figures, words
from models.identifiers import in_ascii

ASKED = "?"

_KEPT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789?")
_MARKS = dict.fromkeys((code for code in range(128) if chr(code).upper() not in _KEPT), " ")
_UNWRITTEN = ("Mn", "Me", "Cf")
"""Unicode categories of accents and of marks that nobody sees: they go without leaving a space."""

_PART = re.compile("[0-9]+|[A-Z]+")
_ALIKE = str.maketrans("OILSB", "01158")
_LOOKS_LIKE_DIGITS = frozenset("0123456789OILSB")


def normalise(text: str) -> str:
    """`text` in plain words. Empty when it says nothing, `?` when it is nothing but a question mark."""
    plain = plain_letters(text)
    said = _without_manners(plain.replace(ASKED, " ").split())
    said = _without_manners(part for place, word in enumerate(said) for part in _parts(word, place == 0))
    if not said:
        return ASKED if ASKED in plain else ""
    found = words.ever().command(said)
    return " ".join(
        figures.runs([figures.national(word) for word in said], found[0].joins if found else "ALL")
    )


def plain_letters(text: str) -> str:
    """`text` in A-Z, 0-9, `?` and spaces: one space for each mark, letters of other scripts included."""
    if text.isascii():
        return text.upper().translate(_MARKS)
    return "".join(map(_plain, in_ascii(text)))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    if letter == "\u061f":  # Arabic question mark
        return ASKED
    folded = gsm7.fold(letter)
    known = letter if folded == ASKED else folded
    return "".join(map(_capital, unicodedata.normalize("NFKD", known).upper()))


def _capital(letter: str) -> str:
    if letter in _KEPT:
        return letter
    return "" if unicodedata.category(letter) in _UNWRITTEN else " "


def _without_manners(said: Iterable[str]) -> list[str]:
    """`said` with glued words cut, and without greetings: some anywhere, some only before anything else is said."""
    known = words.ever()
    kept: list[str] = []
    for word in said:
        for part in known.glued.get(word, (word,)):
            if kept or part not in known.opening:
                kept.append(part)
                if polite := known.manners(kept):
                    del kept[-polite:]
    return kept


def _parts(word: str, first: bool) -> Iterator[str]:
    """A word cut where digits and letters meet, once letters among digits are read as the digits they look like.

    The letters of a command in front of digits stay what they are: S482913 is S and a code.
    """
    if word.isdigit() or word.isalpha():
        yield word
        return
    parts = _PART.findall(word)
    if first and (command := _command_in(parts[0])):
        yield command
        parts[0] = parts[0][len(command) :]
    alike: list[str] = []
    for part in filter(None, parts):
        if _LOOKS_LIKE_DIGITS.issuperset(part):
            alike.append(part)
        else:
            yield from _digits(alike)
            yield part
            alike = []
    yield from _digits(alike)


def _command_in(letters: str) -> str:
    """The longest command that `letters` are, or begin with before letters that look like digits."""
    for count in range(len(letters), 0, -1):
        if letters[:count] in words.ever().commands and _LOOKS_LIKE_DIGITS.issuperset(letters[count:]):
            return letters[:count]
    return ""


def _digits(parts: Sequence[str]) -> Sequence[str]:
    """`parts` as one number when more than half of their characters are digits, as they are otherwise."""
    whole = "".join(parts)
    digits = sum(map(str.isdigit, whole))
    return (whole.translate(_ALIKE),) if 2 * digits > len(whole) else parts
