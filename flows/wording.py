"""How facts are written on a phone: days, amounts, names whole and masked, states. The same in every language."""

from __future__ import annotations

import unicodedata
from datetime import date

from flows import gsm7
from flows.ask import Ask
from models.coverage import Right, Verdict

LONGEST_NAME = 12
"""Septets of a name on a screen; longer ones are cut."""

LONGEST_PLACE = 18
"""Septets of a place's or a facility's name on a screen."""


def day(value: date | None) -> str:
    """14/03/2027, or nothing."""
    return value.strftime("%d/%m/%Y") if value else ""


def month(value: date | None) -> str:
    """01/2026, or nothing."""
    return value.strftime("%m/%Y") if value else ""


def francs(amount: int) -> str:
    """FCFA as people write them: 6 600 F."""
    return f"{amount:,} F".replace(",", " ")


def capitals(name: str) -> str:
    """A name in capitals without accents, cut to fit."""
    plain = unicodedata.normalize("NFKD", name.upper())
    return gsm7.cut("".join(letter for letter in plain if not unicodedata.combining(letter)), LONGEST_NAME)


def place(name: str) -> str:
    """A place's name, cut to fit."""
    return gsm7.cut(name, LONGEST_PLACE)


def whole(right: Right) -> str:
    """AWA TRAORE: only for a phone that is linked to the household."""
    return f"{capitals(right.given)} {capitals(right.family)}"


def masked(right: Right) -> str:
    """AWA T***: what anybody may see who holds the card's number."""
    return f"{capitals(right.given)} {capitals(right.family)[:1]}***"


def named(ask: Ask, right: Right) -> str:
    """The name as this caller may see it."""
    return whole(right) if ask.owns(right) else masked(right)


def state(ask: Ask, verdict: Verdict) -> str:
    """A verdict in one or two words, in capitals."""
    return {
        Verdict.VALIDE: ask.t("VALIDE"),
        Verdict.EXPIRE: ask.t("EXPIRE"),
        Verdict.PAS_ENCORE_VALIDE: ask.t("PAS ENCORE VALIDE"),
        Verdict.SUSPENDU: ask.t("SUSPENDU"),
        Verdict.EN_OBSERVATION: ask.t("EN ATTENTE"),
        Verdict.RADIE: ask.t("RADIE"),
    }[verdict]


def payer(right: Right) -> str:
    """Who pays: the scheme, and for a mutual its name."""
    return right.mutuelle if right.scheme == "MUTUELLE" and right.mutuelle else right.scheme
