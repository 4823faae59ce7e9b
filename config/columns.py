"""What a cell of a table may hold: each check takes the cell's text and returns what is wrong with it, or None."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import date

Check = Callable[[str], str | None]

SEPARATOR = "|"
"""Between the values of a cell that holds several."""

PLACEHOLDER = re.compile(r"\{[A-Za-z]+\}")
LONGEST_VALUE = "100"
"""Measured in the place of a placeholder: they stand for ages and percentages."""

NOT_ONE_SEPTET = frozenset("^{}\\[]~|`")
"""Printable ASCII that GSM-7 lacks or counts twice."""


def text(cell: str) -> str | None:
    """Any text but none."""
    return None if cell else "is empty"


def anything(cell: str) -> str | None:
    """Any text, spaces included, or none."""
    return None


def day(cell: str) -> str | None:
    """A day as YYYY-MM-DD."""
    try:
        given = date.fromisoformat(cell)
    except ValueError:
        return f"{cell!r} is not a day written YYYY-MM-DD"
    return None if given.isoformat() == cell else f"{cell!r} is not written YYYY-MM-DD"


def optional(check: Check) -> Check:
    """Nothing, or what `check` accepts."""
    return lambda cell: check(cell) if cell else None


def matching(pattern: str, meaning: str) -> Check:
    """Text of this shape; `meaning` is said when it is not."""
    compiled = re.compile(pattern)
    return lambda cell: None if compiled.fullmatch(cell) else f"{cell!r} is not {meaning}"


def whole(least: int, most: int) -> Check:
    """A whole number between both limits, written in plain digits."""

    def check(cell: str) -> str | None:
        if re.fullmatch(r"0|[1-9][0-9]{0,11}", cell) and least <= int(cell) <= most:
            return None
        return f"{cell!r} is not a whole number from {least} to {most}"

    return check


number = matching(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?", "a number such as 42 or 12.5")


def one_of(values: Collection[str]) -> Check:
    """One of these words."""
    return lambda cell: None if cell in values else f"{cell!r} is none of {', '.join(values)}"


def some_of(values: Collection[str]) -> Check:
    """One or several of these words, each once, with `|` between."""

    def check(cell: str) -> str | None:
        parts = cell.split(SEPARATOR)
        wrong = [part for part in parts if part not in values]
        if wrong:
            return f"{wrong[0]!r} is none of {', '.join(values)}"
        return None if len(set(parts)) == len(parts) else f"{cell!r} says a word twice"

    return check


def on_screen(most: int) -> Check:
    """A text of at most `most` septets on a basic phone, once letters such as ê have lost their accent."""

    def check(cell: str) -> str | None:
        filled = unicodedata.normalize("NFKD", PLACEHOLDER.sub(LONGEST_VALUE, cell))
        plain = "".join(letter for letter in filled if not unicodedata.combining(letter))
        foreign = [letter for letter in plain if not " " <= letter <= "~" or letter in NOT_ONE_SEPTET]
        if not plain or foreign:
            return f"{cell!r} cannot be written on a basic phone"
        return None if len(plain) <= most else f"{cell!r} takes {len(plain)} septets of {most}"

    return check
