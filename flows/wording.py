"""How facts are written on a phone: days, amounts, names whole and masked, states. The same in every language."""

from __future__ import annotations

import unicodedata
from datetime import date

from flows import gsm7
from flows.ask import Ask
from flows.texts import N_
from models.coverage import Right, Verdict

LONGEST_NAME = 12
"""Septets of a name on a screen; longer ones are cut."""

LATE = "EN_RETARD"
"""The status of a mutual's member who is late and still covered: her last paid day is past, her right is not."""

LONGEST_PLACE = 18
"""Septets of a place's or a facility's name on a screen."""


_TWO_DIGITS = tuple(f"{number:02}" for number in range(32))
"""Of days and months, written once: to format a number takes three times as long as to look it up."""


def day(value: date | None) -> str:
    """14/03/2027, or nothing."""
    return f"{_TWO_DIGITS[value.day]}/{_TWO_DIGITS[value.month]}/{value.year}" if value else ""


def month(value: date | None) -> str:
    """01/2026, or nothing."""
    return f"{_TWO_DIGITS[value.month]}/{value.year}" if value else ""


def francs(amount: int) -> str:
    """FCFA as people write them: 6 600 F."""
    return f"{amount:,} F".replace(",", " ")


class _Unaccented(dict[int, str]):
    """Letters by their code to the same without accents, each found when it is first met."""

    def __missing__(self, code: int) -> str:
        apart = unicodedata.normalize("NFKD", chr(code))
        plain = self[code] = "".join(letter for letter in apart if not unicodedata.combining(letter))
        return plain


_UNACCENTED = _Unaccented()


def capitals(name: str) -> str:
    """A name in capitals without accents, cut to fit."""
    plain = name.upper()
    if not plain.isascii():
        plain = plain.translate(_UNACCENTED)
    if plain.isascii() and plain.isalpha():
        return plain[:LONGEST_NAME]
    return gsm7.cut(plain, LONGEST_NAME)


def place(name: str) -> str:
    """A place's name, cut to fit."""
    return gsm7.cut(name, LONGEST_PLACE)


def whole(right: Right) -> str:
    """AWA TRAORE: only for a phone that is linked to the household."""
    return f"{capitals(right.given)} {capitals(right.family)}"


def masked(right: Right) -> str:
    """AWA T***: what anybody may see who holds the card's number."""
    return f"{capitals(right.given)} {capitals(right.family[:1])[:1]}***"


def named(ask: Ask, right: Right) -> str:
    """The name as this caller may see it."""
    return whole(right) if ask.owns(right) else masked(right)


_STATES = {
    Verdict.EXPIRE: (N_("EXPIRE"), N_("EXPIREE")),
    Verdict.SUSPENDU: (N_("SUSPENDU"), N_("SUSPENDUE")),
    Verdict.RADIE: (N_("RADIE"), N_("RADIEE")),
    Verdict.PAS_ENCORE_VALIDE: (N_("PAS ENCORE VALIDE"),) * 2,
    Verdict.EN_OBSERVATION: (N_("EN ATTENTE"),) * 2,
}
"""What is said of a scheme, and of a mutual, whose right is not valid."""


def state(ask: Ask, right: Right) -> str:
    """What a right is worth in one or two words, in capitals; a mutual is feminine."""
    found = _STATES.get(right.verdict)
    if found is None:
        return ask.t("VALIDE, EN RETARD") if right.status == LATE else ask.t("VALIDE")
    masculine, feminine = found
    text = feminine if right.scheme == "MUTUELLE" else masculine
    return ask.t(text)


def standing(ask: Ask, right: Right) -> str:
    """The state with the day that matters for it: the last day of a right, or the first of one that is to come."""
    begins = {Verdict.PAS_ENCORE_VALIDE: right.valid_from, Verdict.EN_OBSERVATION: right.covered_from}
    if begins.get(right.verdict):
        return ask.t("{state}, dès le {day}", state=state(ask, right), day=day(begins[right.verdict]))
    until = (
        right.valid_to if right.verdict in (Verdict.VALIDE, Verdict.EXPIRE) and right.status != LATE else None
    )
    return f"{state(ask, right)} {day(until)}".rstrip()


def others(ask: Ask, right: Right) -> str:
    """`1 autre`, `4 autres`: the household without its holder."""
    count = right.size - 1
    return ask.t("1 autre") if count == 1 else ask.t("{count} autres", count=count)


def people(ask: Ask, right: Right) -> str:
    """`1 personne`, `5 personnes`: the household."""
    return ask.t("1 personne") if right.size == 1 else ask.t("{count} personnes", count=right.size)


def payer(right: Right) -> str:
    """Who pays: the scheme, and for a mutual its name."""
    return right.mutuelle if right.scheme == "MUTUELLE" and right.mutuelle else right.scheme
