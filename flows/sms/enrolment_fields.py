"""INS and AYD: a name, a sex, a year and a place in any order, read as people type them.

    INS TRAORE AWA F 1990 KATI 4 RAMED      the name first; sex, year, place, others and scheme as they come
    INS 1990 F NOM TRAORE AWA COMMUNE KATI  or each after its own word

What was read can be sent again (`again`), so that only what lacks need be typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from flows.sms.figures import is_year
from models import enrolment, places
from models.identifiers import BadMsisdn, BadNina, Msisdn, NinaNumber
from models.places import Place, fold

OLDEST_BIRTH_YEAR = 1900
MOST_OTHERS = 30
FEWEST_NAMES = 2
"""Words of a whole name: the family's and one of her own."""

LONGEST_NAME = 40
NINA_DIGITS = range(13, 17)
PHONE_DIGITS = 8
LONGEST_PLACE = 3
"""Words at the end of a name that may be a place."""


@dataclass(slots=True)
class Fields:
    """What was read. `year` is None when it was not told, 0 when nobody knows it; `odd` what makes no sense."""

    name: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    sex: str | None = None
    year: int | None = None
    others: int | None = None
    scheme: str | None = None
    link: str | None = None
    phone: Msisdn | None = None
    nina: NinaNumber | None = None
    odd: list[str] = field(default_factory=list)

    @property
    def birth_year(self) -> int | None:
        """The year of birth, or None when nobody knows it."""
        return self.year or None

    def again(self, command: str, day: date) -> str:
        """What was read as it could be sent again, with the word in front of what lacks at its end."""
        told = [command]
        told += ["COMMUNE", *self.where] if self.where else []
        told += [self.sex or "", "" if self.year is None else str(self.year)]
        told += ["" if self.others is None else str(self.others), self.scheme or "", self.link or ""]
        told += [
            self.phone.e164.removeprefix("+223") if self.phone else "",
            self.nina.value if self.nina else "",
        ]
        if command.startswith("INS") and len(self.name) < FEWEST_NAMES:
            told.append("NOM")  # the whole name is asked for
        else:
            told += ["NOM", *self.name, *([] if self.where else ["COMMUNE"])]
        return " ".join(word for word in told if word)


def read(args: Sequence[str], day: date) -> Fields:
    """The fields among the words behind INS or AYD. Never raises: what makes no sense is kept as odd."""
    found, mode = Fields(), "NAME"
    words, place = list(args), 0
    years = sum(map(is_year, words))
    while place < len(words):
        word = words[place]
        label = enrolment.meant(word, "LABEL", day)
        if label:
            mode = label if label != "OTHER" else mode
        elif word.isdigit():
            place += _figure(found, words, place, years, day)
            mode = "PLACE" if found.name else mode
        elif _fact(found, word, day):
            mode = "PLACE" if found.name else mode
        else:
            (found.where if mode == "PLACE" else found.name).append(word)
        place += 1
    return found


def located(found: Fields, day: date) -> tuple[Place, ...]:
    """The communes that the place may mean; one that stands at the end of the name is taken from there."""
    if found.where:
        return _communes("".join(found.where), day)
    for count in range(min(LONGEST_PLACE, len(found.name) - FEWEST_NAMES), 0, -1):
        words = found.name[-count:]
        exact = tuple(one for one in _communes("".join(words), day) if fold(one.name) == "".join(words))
        if exact:
            found.name, found.where = found.name[:-count], words
            return exact
    return ()


def _communes(typed: str, day: date) -> tuple[Place, ...]:
    begun = places.search(typed, day)
    return tuple(one for one in begun if fold(one.name) == typed) or begun


def _fact(found: Fields, word: str, day: date) -> bool:
    """A word that is a sex, a scheme or a link; a name has to stand before it, unless each field has its word."""
    if found.sex is None and (sex := enrolment.meant(word, "SEX", day)):
        found.sex = sex
    elif found.scheme is None and (scheme := enrolment.meant(word, "SCHEME", day)):
        found.scheme = scheme
    elif found.link is None and (link := enrolment.meant(word, "LINK", day)):
        found.link = link
    else:
        return False
    return True


def _figure(found: Fields, words: Sequence[str], place: int, years: int, day: date) -> int:
    """Reads a group of digits; how many more words it took."""
    word = words[place]
    if len(word) in NINA_DIGITS:
        return _nina(found, words, place, day)
    if len(word) == PHONE_DIGITS:
        _eight(found, word, day)
    elif is_year(word):
        _year(found, int(word), day)
    elif word == "0" and not years and found.year is None:
        found.year = 0
    elif len(word) <= 2 and int(word) <= MOST_OTHERS and found.others is None:
        found.others = int(word)
    else:
        found.odd.append(word)
    return 0


def _nina(found: Fields, words: Sequence[str], place: int, day: date) -> int:
    """A letter may end it, which stands apart from the digits."""
    behind = words[place + 1] if place + 1 < len(words) else ""
    others = [*words[:place], *words[place + 2 :]]
    has_sex = found.sex is not None or any(enrolment.meant(word, "SEX", day) for word in others)
    ends = len(behind) == 1 and behind.isalpha() and (has_sex or not enrolment.meant(behind, "SEX", day))
    try:
        found.nina = NinaNumber.parse(words[place] + (behind if ends else ""))
    except BadNina:
        found.odd.append(words[place])
        return 0
    return int(ends)


def _eight(found: Fields, word: str, day: date) -> None:
    """A phone, a day of birth of which the year is kept, or a commune's code."""
    try:
        phone = Msisdn.parse(word)
    except BadMsisdn:
        phone = None
    if phone is not None and phone.is_malian and found.phone is None:
        found.phone = phone
    elif is_year(word[4:]) and word[:4] <= "3112" and found.year is None:
        _year(found, int(word[4:]), day)
    elif places.search(word, day):
        found.where.append(word)
    else:
        found.odd.append(word)


def _year(found: Fields, year: int, day: date) -> None:
    if OLDEST_BIRTH_YEAR <= year <= day.year and found.year is None:
        found.year = year
    else:
        found.odd.append(str(year))
