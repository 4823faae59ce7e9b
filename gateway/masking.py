"""Nothing that could name a person, and no secret, is written to a log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from traceback import format_tb
from typing import Any

MASK = "***"

LARGEST_COUNT = 100_000
"""From here on a figure may be a number that somebody typed."""

_NUMBER = re.compile(
    r"""
    (?P<kept> (?<!\d)                                                   # a moment, or this machine
        (?: (?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]) (?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?
          | 127\.0\.0\.1 | 0\.0\.0\.0 )
        (?! [.\-]?\d ) )
    | (?<![^\W_]) (?=(?:[A-Za-z]*\d){4}) [^\W_]{13,16} (?![^\W_])       # as long as a NINA, with digits in it
    | (?:\+|%2B)? (?:%3)?\d (?:                                         # six digits or more, however spaced
        (?: %2\d | %2[A-F] | %C2%A0 | \\x[0-9a-f]{2} | \\u[0-9a-f]{4} | [^\w\n%"':;=<>|\[\]{}] | _ ){0,3}
        (?:%3)?\d ){5,}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SECRET = re.compile(r"(/hooks/(?:payments/)?[^/\s]+/)(?!ussd(?:-events)?\b)[^/\s?\"'&]+")
_BASIC = re.compile(r"(?<=\bBasic )[A-Za-z0-9+/=]+", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)[^/\s@]+@")
_QUOTE = re.compile(r"""(?<![^\W\d_])['"`«“‘].*""", re.DOTALL)

PLAIN = frozenset({"timestamp", "pid", "port", "ms", "level", "logger"})
"""Keys of a log entry that never carry what somebody sent."""


def masked(text: str) -> str:
    """`text` without anything that looks like a phone, a card's number, a callback's secret or a password."""
    text = _PASSWORD.sub(f"{MASK}@", _SECRET.sub(rf"\1{MASK}", text))
    return _NUMBER.sub(lambda found: found["kept"] or MASK, _BASIC.sub(MASK, text))


def masked_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A log entry with every key and value masked, nested ones too; values of keys in PLAIN are left as they are."""
    return {masked(str(key)): value if key in PLAIN else _masked_value(value) for key, value in entry.items()}


def trace(error: BaseException) -> str:
    """Where an exception came from, its causes first, as Python writes it.

    A message is cut at its first quotation mark or end of line: behind these stands what was sent (a KeyError's key,
    the values of a row that a constraint refused, a statement's parameters). Kind and place tell the rest.
    """
    return "\n".join(_chain(error, set()))


def _chain(error: BaseException, met: set[int]) -> Iterator[str]:
    met.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in met:
        yield from _chain(before, met)
        yield "Which led to:"
    yield "Traceback (most recent call last):"
    yield "".join(format_tb(error.__traceback__)).rstrip("\n")
    first_line = str(error).partition("\n")[0]
    yield f"{type(error).__module__}.{type(error).__qualname__}: {masked(_QUOTE.sub(MASK, first_line))}"


def _masked_value(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < LARGEST_COUNT else MASK
    if isinstance(value, Mapping):
        return masked_entry(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_value(part) for part in value]
    return masked(value if isinstance(value, str) else str(value))
