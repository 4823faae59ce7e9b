"""Numbers that name a phone, a card or a person: checked when they are built, masked when they are printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import phonenumbers
from stdnum import damm

from config import facts
from config.facts import Facts, Row

_ALIKE = {ord(zero) + value: str(value) for zero in ("\u0660", "\u06f0", "\u07c0") for value in range(10)}
"""Arabic-Indic, Eastern Arabic-Indic and N'Ko digits, which phones sold in Mali can type."""

_UNSEEN = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Marks of writing direction that come along when a number is copied from a contact."""

_NOT_A_DIGIT = re.compile(r"[^0-9]+")
_PUNCTUATION = re.compile(r"[\s.\-()/]+")
_MALIAN = re.compile(r"\+223[0-9]{8}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NINA = re.compile(r"[0-9A-Z]{13,16}")
_LONGEST_TYPED = 40

DAMM = "DAMM"
"""The kind of check digit of table number_shapes that finds every wrong digit and every swap of neighbours."""


def in_ascii(text: str) -> str:
    """`text` with other scripts' digits as 0-9 and without marks of direction; everything else stays."""
    return text if text.isascii() else text.translate(_UNSEEN).translate(_ALIKE)


def digits(text: str) -> str:
    """The digits of `text` as 0-9. A superscript or a letter is no digit and is left out."""
    if text.isascii() and text.isdigit():
        return text
    return _NOT_A_DIGIT.sub("", in_ascii(text))


class BadMsisdn(ValueError):
    """Not a telephone number. The message does not repeat what was typed."""


class BadNina(ValueError):
    """Not a NINA. The message does not repeat what was typed."""


@dataclass(frozen=True, slots=True, repr=False)
class Msisdn:
    """A telephone number of any country. `e164` is `+` and 7 to 15 digits; raises BadMsisdn for anything else."""

    e164: str

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.e164):
            raise BadMsisdn("not a number in the international form")

    @classmethod
    def parse(cls, text: str) -> Msisdn:
        """The number that a provider sent or a person typed, Malian unless it says otherwise. Raises BadMsisdn.

        `+223 70 00 00 01`, `0022370000001`, `22370000001` and `70000001` are the same number.
        """
        return _parsed(text)

    @property
    def is_malian(self) -> bool:
        """Whether it begins with +223."""
        return self.e164.startswith("+223")

    @property
    def masked(self) -> str:
        """`70***001`, or `+33***01` abroad: enough to recognise one's own, too little to call."""
        if self.is_malian:
            return f"{self.e164[4:6]}***{self.e164[-3:]}"
        return f"{self.e164[:3]}***{self.e164[-2:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Msisdn({self.masked})"


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Msisdn:
    """The number in any spelling; a phone that calls comes again with each hop."""
    if _MALIAN.fullmatch(text) and text[4:6] in _mobile_beginnings():
        return Msisdn(text)
    if len(text) > _LONGEST_TYPED:
        raise BadMsisdn("too long for a telephone number")
    plain = _PUNCTUATION.sub("", in_ascii(text))
    if not re.fullmatch(r"\+?[0-9]+", plain):
        raise BadMsisdn("a telephone number has digits only")
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    elif plain.startswith("223") and len(plain) == 11:
        plain = f"+{plain}"
    try:
        number = phonenumbers.parse(plain, "ML")
    except phonenumbers.NumberParseException as fault:
        raise BadMsisdn("not a telephone number") from fault
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _can_exist(number, e164):
        raise BadMsisdn("no such telephone number")
    return Msisdn(e164)


def _can_exist(number: phonenumbers.PhoneNumber, e164: str) -> bool:
    """At home the numbering plan is known exactly; abroad the length is all that is asked."""
    if not e164.startswith("+223"):
        return phonenumbers.is_possible_number(number)
    mobile = bool(_MALIAN.fullmatch(e164)) and e164[4:6] in _mobile_beginnings()
    return mobile or phonenumbers.is_valid_number(number)


@lru_cache(maxsize=1)
def _mobile_beginnings() -> frozenset[str]:
    """The first two digits of Malian mobile numbers, where two are enough to know."""
    prefixes = {row["prefix"] for row in facts.reference("operators_prefixes") if row["kind"] == "MOBILE"}
    both = {prefix for prefix in prefixes if len(prefix) == 2}
    return frozenset(both | {f"{one}{two}" for one in prefixes if len(one) == 1 for two in "0123456789"})


@dataclass(frozen=True, slots=True, repr=False)
class CardNumber:
    """A receipt, card, matricule or member number. `check_ok` is False when its check digit says that one is wrong."""

    value: str
    scheme: str
    kind: str
    check_ok: bool

    @property
    def masked(self) -> str:
        """The last three digits."""
        return f"***{self.value[-3:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"CardNumber({self.scheme} {self.masked})"


def recognise(number: str, day: date, rules: Facts = facts.SHIPPED) -> CardNumber | None:
    """The card that `number` (digits 0-9) is by its length and first digits on `day`; None when no scheme issues such.

    The shapes are the rows of number_shapes: the person never has to say which scheme she is in.
    """
    shape = _shape_of(number, day, rules)
    return (
        CardNumber(number, shape["scheme"], shape["kind"], _checked(number, shape["check"]))
        if shape
        else None
    )


def slips(number: str, day: date, rules: Facts = facts.SHIPPED) -> tuple[CardNumber, ...]:
    """The cards that one wrong digit, or two neighbours swapped, may have turned into `number`, by their digits.

    Only cards with a check digit: among those nearly every slip is found out, so that few cards are this near.
    """
    shapes = _shapes(rules, day).get(len(number), ())
    if digits(number) != number or not any(shape["check"] == DAMM for shape in shapes):
        return ()
    one_off = {
        number[:place] + digit + number[place + 1 :] for place in range(len(number)) for digit in "0123456789"
    }
    swapped = {
        number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        for place in range(len(number) - 1)
    }
    return tuple(
        CardNumber(near, shape["scheme"], shape["kind"], check_ok=True)
        for near in sorted((one_off | swapped) - {number})
        if check_digit_ok(near) and (shape := _shape_of(near, day, rules)) and shape["check"] == DAMM
    )


def _shape_of(number: str, day: date, rules: Facts) -> Row | None:
    """The first shape that `number` has."""
    if not (number.isascii() and number.isdigit()):
        return None
    shapes = _shapes(rules, day).get(len(number), ())
    return next((shape for shape in shapes if number.startswith(tuple(shape["starts"].split("|")))), None)


@lru_cache(maxsize=64)
def _shapes(rules: Facts, day: date) -> dict[int, list[Row]]:
    by_length: dict[int, list[Row]] = {}
    for row in rules.in_force("number_shapes", day):
        by_length.setdefault(int(row["length"]), []).append(row)
    return by_length


def _checked(number: str, check: str) -> bool:
    return check != DAMM or bool(damm.is_valid(number))


def with_check_digit(body: str) -> str:
    """`body` and its Damm digit, as RAMED cards and member numbers end (assumption)."""
    return body + str(damm.calc_check_digit(body))


def check_digit_ok(number: str) -> bool:
    """Whether `number` is digits 0-9 that end with their Damm digit."""
    return number.isascii() and number.isdigit() and bool(damm.is_valid(number))


def is_example(number: str) -> bool:
    """Whether `number` is one that posters print as an example, so that nobody is looked up by it."""
    return number in _printed_examples()


@lru_cache(maxsize=1)
def _printed_examples() -> frozenset[str]:
    return frozenset(
        example
        for row in facts.rows("number_shapes")
        for example in row["printed_examples"].split("|")
        if example
    )


@dataclass(frozen=True, slots=True, repr=False)
class NinaNumber:
    """The national number of a person, law 06-040 of 11 August 2006. Never compulsory: many people have none."""

    value: str

    def __post_init__(self) -> None:
        if not _NINA.fullmatch(self.value):
            raise BadNina("a NINA has 13 to 16 digits and letters")

    @classmethod
    def parse(cls, text: str) -> NinaNumber:
        """The number as typed, spaces and small letters forgiven. 13 to 16 characters: assumption. Raises BadNina."""
        if len(text) > _LONGEST_TYPED:
            raise BadNina("too long for a NINA")
        return cls(_PUNCTUATION.sub("", in_ascii(text)).upper())

    @property
    def masked(self) -> str:
        """The last three characters."""
        return f"***{self.value[-3:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"NinaNumber({self.masked})"
