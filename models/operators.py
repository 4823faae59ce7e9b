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


def operator_of(phone: Msisdn, day: date) -> str:
    """ORANGE, MOOV, TELECEL or AUTRE, by the longest prefix in force on `day` (libphonenumber's table)."""
    if not phone.is_malian:
        return OTHER
    by_prefix = _by_prefix(day)
    national = phone.e164[len(MALI) :]
    for length in (4, 3, 2, 1):
        operator = by_prefix.get(national[:length])
        if operator:
            return operator
    return OTHER


@lru_cache(maxsize=64)
def _by_prefix(day: date) -> dict[str, str]:
    return {row["prefix"]: row["operator"] for row in facts.REFERENCE.in_force("operators_prefixes", day)}
