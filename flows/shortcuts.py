"""Dial strings on posters and receipts: what follows the service code, read against the menu as it was when printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from config import facts

PLACEHOLDER = re.compile(r"\{(\w+)\}")

_SHAPES = {
    "number": r"\d{6,15}",
    "member": r"\d{1,2}",
    "months": r"\d{1,3}",
    "commune": r"\w{3,20}",
    "amount": r"\d{2,7}",
}
"""What may stand in a placeholder of a published string."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A published string, the keys it stands for in today's menu, and the screen where it must lead.

    `caller` says for which phone: `any`, `known` or `unknown`; `sample` is a string to try it with.
    """

    string: str
    walk: str
    leads_to: str
    caller: str
    sample: str

    def keys(self, tail: tuple[str, ...]) -> tuple[str, ...] | None:
        """The keys for this tail, or None when the string is another one."""
        pattern = PLACEHOLDER.sub(
            lambda found: f"(?P<{found[1]}>{_SHAPES[found[1]]})",
            re.escape(self.string).replace(r"\{", "{").replace(r"\}", "}"),
        )
        found = re.fullmatch(pattern, "*".join(tail))
        return tuple(self.walk.format(**found.groupdict()).split("*")) if found else None


@cache
def published(day: date) -> tuple[Shortcut, ...]:
    """The strings in force on a day, from config/rules/shortcuts.csv."""
    return tuple(
        Shortcut(row["string"], row["walk"], row["leads_to"], row["caller"], row["sample"])
        for row in facts.on(day, facts.rows("shortcuts"))
    )


def walk(tail: tuple[str, ...], day: date) -> tuple[str, ...]:
    """The keys that a dialled tail stands for; a tail that nobody published is walked as it is."""
    for shortcut in published(day):
        keys = shortcut.keys(tail)
        if keys:
            return keys
    return tail
