"""Texts of campaigns: variables such as {prenom}, the letters and the price of each charset, and what may not be sent.

A variable may say what stands for it when it is not known: {prenom|cher assure}. Every rendered text is in the
letters of its charset, so that what is shown to the approver is what leaves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from config.faults import Fault
from flows import gsm7

GSM7, UCS2 = "GSM7", "UCS2"
CHARSETS = (GSM7, UCS2)

GIVEN, LAST_DAY, MUTUELLE, SERVICE_CODE = "prenom", "jour_fin", "mutuelle", "code_service"
OF_A_PERSON = (GIVEN, LAST_DAY, MUTUELLE)
"""Variables that the register knows of each person."""

KNOWN = (*OF_A_PERSON, SERVICE_CODE)
LONGEST_VALUE = 40
"""Letters of a value beyond which it is cut."""

EXAMPLES = {GIVEN: "FATOUMATA", LAST_DAY: "31/12/2026", MUTUELLE: "BENKADI"}
"""What stands for people in a test message: nobody's name."""

_VARIABLE = re.compile(r"\{([^{}|]*)(?:\|([^{}]*))?\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


class BadText(Fault):
    """A text cannot be sent; the message, in French, says what to do."""


class MissingValue(LookupError):
    """A person has no value for a variable that says nothing in its place."""


@dataclass(frozen=True, slots=True)
class Variable:
    """`default` is None when there is nothing to say in its place."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text taken apart: letters as they are, and variables between them."""

    parts: tuple[str | Variable, ...]
    charset: str

    @property
    def variables(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(part.name for part in self.parts if isinstance(part, Variable))

    @property
    def personal(self) -> bool:
        """Whether two people may get different texts."""
        return not self.variables <= {SERVICE_CODE}

    def render(self, values: Mapping[str, str]) -> str:
        """The text for one person, in the letters of its charset. Raises MissingValue."""
        written = "".join(part if isinstance(part, str) else _value(part, values) for part in self.parts)
        return gsm7.fold(written) if self.charset == GSM7 else written


@dataclass(frozen=True, slots=True)
class Price:
    """What one text costs in one charset: `used` septets or UCS-2 units, and segments that are paid for."""

    charset: str
    used: int
    segments: int


@lru_cache(maxsize=256)
def parse(text: str, charset: str, columns: tuple[str, ...] = ()) -> Template:
    """A text taken apart; `columns` are those of the campaign's file. Raises BadText."""
    if not text.strip():
        raise BadText("le texte est vide -> écrivez qui parle, une idée, une action, et STOP")
    parts: list[str | Variable] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        parts.append(text[end : found.start()])
        parts.append(_variable(found, columns))
        end = found.end()
    parts.append(text[end:])
    for part in parts:
        if isinstance(part, str) and ("{" in part or "}" in part):
            raise BadText("une accolade est seule -> une variable s'écrit {prenom} ou {prenom|cher assuré}")
    return Template(tuple(part for part in parts if part), charset)


def price(text: str, charset: str) -> Price:
    """What a rendered text costs. Raises gsm7.OutsideAlphabet for one that is not folded."""
    if charset == UCS2:
        return Price(UCS2, gsm7.ucs2_units(text), gsm7.segments_ucs2(text))
    return Price(GSM7, gsm7.septets(text), gsm7.segments(text))


def replaced(text: str) -> dict[str, str]:
    """The letters of a text that GSM-7 lacks, each with what is written in its place, in their order."""
    return {letter: gsm7.fold(letter) for letter in text if gsm7.fold(letter) != letter}


def _variable(found: re.Match[str], columns: tuple[str, ...]) -> Variable:
    name, default = found[1].strip().lower(), found[2]
    if not _NAME.fullmatch(name) or name not in (*KNOWN, *columns):
        known = ", ".join(f"{{{one}}}" for one in (*KNOWN, *columns))
        raise BadText(f"la variable {found[0]} n'est pas connue -> {known}")
    return Variable(name, default)


def _value(variable: Variable, values: Mapping[str, str]) -> str:
    value = " ".join(values.get(variable.name, "").split())[:LONGEST_VALUE] or variable.default
    if value is None:
        raise MissingValue(variable.name)
    return value
