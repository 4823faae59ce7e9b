"""Values of settings as people write them: lists with commas, tables as JSON, headers of one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping


def parted(given: object) -> object:
    """A list out of words with commas between; what is no text stays as it is."""
    if not isinstance(given, str):
        return given
    return tuple(part.strip() for part in given.split(",") if part.strip())


def from_json(given: object) -> object:
    """A table of the file as it is; from the environment, JSON. Raises ValueError."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise ValueError("is not JSON") from None


def refuse_bad_headers(headers: Mapping[str, str]) -> None:
    """Raises ValueError for a header that would not be one line of an HTTP request."""
    for name, template in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not template.isprintable():
            raise ValueError("a header is one line of printable letters, its name letters, digits and -")
