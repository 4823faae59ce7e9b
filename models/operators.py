"""Whose network a Malian number is probably on, by its first digits. A hint: numbers may have moved."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from config import facts
from models.identifiers import Msisdn

OTHER = "AUTRE"
"""Neither of the three operators: a fixed line, a toll-free number, or another country."""

OPERATORS = ("ORANGE", "MOOV", "TELECEL", OTHER)
"""Every word that names an operator."""

MALI = "+223"

LONGEST = 4
"""Digits of the longest prefix."""


def operator_of(phone: Msisdn, day: date) -> str:
    """ORANGE, MOOV, TELECEL or AUTRE, by the longest prefix in force on `day` (libphonenumber's table)."""
    if not phone.is_malian:
        return OTHER
    start = len(MALI)
    return _operator(phone.e164[start : start + LONGEST], day)


@lru_cache(maxsize=4_096)
def _operator(beginning: str, day: date) -> str:
    by_prefix = _by_prefix(day)
    for length in range(LONGEST, 0, -1):
        operator = by_prefix.get(beginning[:length])
        if operator:
            return operator
    return OTHER


@lru_cache(maxsize=64)
def _by_prefix(day: date) -> dict[str, str]:
    return {row["prefix"]: row["operator"] for row in facts.REFERENCE.in_force("operators_prefixes", day)}
