"""Names as people spell them: one key for Traoré, TRAORE and Tarawore, so that a search forgives.

The key is a skeleton of consonants after the spellings that French and Bambara orthography have for one sound are
brought together. It keeps too little to read a name back from, and is only ever stored under a keyed index.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import combinations

from models.keyring import KeyRing

MOST_WORDS = 4
"""Words of a typed name that are searched; more are left out."""

MOST_FAMILIES = sum(MOST_WORDS + 1 - length for length in range(1, MOST_WORDS))
"""Runs of one to MOST_WORDS - 1 neighbouring words: each may be the family name."""

# Letters of Bambara's official spelling that do not decompose into a base letter and an accent.
_BAMBARA = str.maketrans({"ɛ": "e", "ɔ": "o", "ɲ": "gn", "ŋ": "ng", "œ": "oe", "æ": "ae", "ɓ": "b", "ɗ": "d"})
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ou(?=[aeiou])", "w"),  # Ouattara, Wattara
        (r"ou", "u"),  # Touré, Ture
        (r"ph", "f"),
        (r"th", "t"),
        (r"qu|q|ck|kh", "k"),
        (r"[cs]h", "x"),  # Cheick, Sheikh
        (r"c(?=[eiy])", "s"),  # Cissé, Sissé
        (r"c", "k"),  # Coulibaly, Kulubali
        (r"gu(?=[eiy])", "g"),  # Guindo, Gindo
        (r"gn|ny|ni(?=[aou])", "n"),  # Niaré, Gnaré
        (r"d[iy](?=[aeou])|dj|j", "j"),  # Diallo, Jalo; Djénéba, Dieneba
        (r"z", "s"),
        (r"m(?=[bp])", "n"),  # Dembélé, Denbele
        (r"h", ""),  # Haïdara, Aidara
        (r"y(?![aeiou])", "i"),  # Coulibaly, Koulibali
        (r"(.)\1+", r"\1"),  # Diallo, Dialo
        (r"(?<=[aeiou])w(?=[aeiou])", ""),  # Tarawore, Traoré
    )
)
_VOWELS = re.compile(r"(?!^)[aeiou]+")
_NOT_LETTERS = re.compile(r"[^a-z]+")


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The words of a name in small ASCII letters; apostrophes and hyphens join, everything else parts."""
    joined = re.sub(r"['’ʼ-]", "", text.casefold().translate(_BAMBARA))
    plain = unicodedata.normalize("NFD", joined)
    ascii_only = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(word for word in _NOT_LETTERS.split(ascii_only) if word)


@lru_cache(maxsize=4096)
def phonetic(word: str) -> str:
    """The skeleton of one word, as `words` gives it: `traore` and `tarawore` are both `trr`, `awa` is `a`."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return _VOWELS.sub("", word)


def name_keys(keys: KeyRing, given: str, family: str) -> tuple[bytes, bytes]:
    """The keyed indexes of the first given name and of the whole family name, to be stored."""
    return _index(keys, words(given)[:1], "given"), _index(keys, words(family), "family")


def search_keys(keys: KeyRing, typed: str) -> tuple[list[bytes], list[bytes]]:
    """Every given name and every family name that a typed name may hold, in whatever order it was typed.

    Lists of one fixed length each, filled up with repetitions; both empty for less than two words.
    """
    parts = words(typed)[:MOST_WORDS]
    if len(parts) < 2:
        return [], []
    spans = [parts[start:end] for start, end in combinations(range(len(parts) + 1), 2)]
    families = [_index(keys, span, "family") for span in spans if len(span) < len(parts)]
    givens = [_index(keys, (part,), "given") for part in parts]
    return _filled(givens, MOST_WORDS), _filled(families, MOST_FAMILIES)


def _index(keys: KeyRing, parts: tuple[str, ...], purpose: str) -> bytes:
    return keys.index("".join(phonetic(part) for part in parts), f"name.{purpose}")


def _filled(found: list[bytes], length: int) -> list[bytes]:
    return found + found[-1:] * (length - len(found))
