"""Nothing that could name a person, and no secret, is written to a log: numbers and callback paths are masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_NUMBER = re.compile(
    r"""
    (?P<kept> (?<!\d) (?: \d{4}-\d\d-\d\d (?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?   # a moment
                       | 127\.0\.0\.1 | 0\.0\.0\.0 ) (?![.\-\d]) )                # or this machine
    | (?:\+|%2B)? \d (?:[ .\-]?\d){5,}   # six digits or more, however they are spaced
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SECRET = re.compile(r"(/hooks/[^/\s]+/)[^/\s?\"']+(?=/)")
_PASSWORD = re.compile(r"(?<=://)[^/\s@]+@")

PLAIN = frozenset({"timestamp", "pid", "port", "ms", "level", "logger"})
"""Keys of a log entry that never carry what somebody sent."""


def masked(text: str) -> str:
    """`text` without anything that looks like a phone, a card's number, a callback's secret or a password."""
    text = _PASSWORD.sub(f"{MASK}@", _SECRET.sub(rf"\1{MASK}", text))
    return _NUMBER.sub(lambda found: found["kept"] or MASK, text)


def masked_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A log entry with every value masked, nested ones too; the keys in PLAIN are left as they are."""
    return {key: value if key in PLAIN else _masked_value(value) for key, value in entry.items()}


def _masked_value(value: Any) -> Any:
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 100_000 else MASK
    if isinstance(value, Mapping):
        return masked_entry(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_value(part) for part in value]
    return masked(value if isinstance(value, str) else str(value))
