"""How a cell of a register's file is read, and what its author is told when it cannot be: what is wrong, what to do.

Nothing is guessed that could make one person another: a number that lost a zero in a spreadsheet is told, not mended.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from config import facts
from config.columns import SEPARATOR
from config.vocabulary import YES
from models import places
from models.identifiers import BadMsisdn, BadNina, Msisdn, NinaNumber, in_ascii, recognise
from models.places import fold
from models.safe_cells import plain_cell

LONGEST = 60
"""Characters of a name or of a text that are kept."""

FIRST_YEAR, LAST_YEAR = 1900, 2100
_EXCEL_START = date(1899, 12, 30)
_EXCEL_DAYS = range(3_653, 73_051)
"""1910 to 2099, as spreadsheets count days."""

TEXT_FORMAT = "mettez la colonne au format Texte, puis retapez le numéro tel qu'il est sur la carte"
DATE_FORMAT = "écrivez la date JJ/MM/AAAA"

_BAD_LETTERS = re.compile(r"[\ufffd\x00-\x1f\x80-\x9f]|[ÃÂ][\x80-\xbf\u0152-\u0178\u02c6\u02dc\u2013-\u2122]")
"""What stays of letters that were read in the wrong encoding, somewhere before."""
_NAME = re.compile(r"[^\W\d_][^\W\d_ .'’ʼ()-]*(?:[ .'’ʼ()-]+[^\W\d_]*)*")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_DECIMAL = re.compile(r"[0-9]+[.,]0+")
_MARKS = re.compile(r"[\s.\-/]+")
_DAY = re.compile(r"([0-9]{1,2})[/.\-\s]([0-9]{1,2})[/.\-\s]([0-9]{2,4})")
_ISO = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_IN_WORDS = re.compile(r"(?:([0-9]{1,2})(?:er)? )?([^\W\d]+)\.? ([0-9]{4})", re.IGNORECASE)
_MONTH = re.compile(r"([0-9]{1,2})[/.\-]([0-9]{4})")
_MONTHS = (
    "JANVIER",
    "FEVRIER",
    "MARS",
    "AVRIL",
    "MAI",
    "JUIN",
    "JUILLET",
    "AOUT",
    "SEPTEMBRE",
    "OCTOBRE",
    "NOVEMBRE",
    "DECEMBRE",
)

Read = Callable[[str], Any]
"""Reads a cell that is not empty. Raises BadCell."""


class BadCell(ValueError):
    """A cell that cannot be read: what is wrong, and what to do. The message never repeats the cell."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.wrong, self.remedy = wrong, remedy


def reader_of(form: str, field: str, register: str, scheme: str | None, day: date) -> Read:
    """How a column of this form is read on `day`."""
    if form == "NUMERO":
        return _number_reader(scheme or "", day)
    if form == "MOT":
        return _word_reader(field, register, day)
    if form == "OUI_NON":
        words = _word_reader("flag", register, day)
        return lambda cell: words(cell) == YES
    return _READERS[form]


def _number_reader(scheme: str, day: date) -> Read:
    shapes = facts.SHIPPED.in_force("number_shapes", day)
    # A length that one shape has alone, without more conditions, says all: most lines of most files.
    lengths = [row["length"] for row in shapes]
    plain = {
        int(row["length"])
        for row in shapes
        if row["scheme"] == scheme
        and not row["starts"]
        and row["check"] == "AUCUN"
        and lengths.count(row["length"]) == 1
    }

    def read(cell: str) -> str:
        if len(cell) in plain and cell.isascii() and cell.isdigit():
            return cell
        return number(cell, scheme, day)

    return read


def number(cell: str, scheme: str, day: date) -> str:
    """The digits of a card of the scheme."""
    if not (cell.isascii() and cell.isdigit()):
        cell = _bare_digits(cell)
    card = recognise(cell, day)
    if card is None or card.scheme != scheme:
        raise _not_a_card(cell, scheme, day)
    if not card.check_ok:
        raise BadCell(
            "le dernier chiffre ne correspond pas aux autres", "comparez chaque chiffre avec la carte"
        )
    return cell


def _bare_digits(cell: str) -> str:
    plain = in_ascii(plain_cell(cell)).strip()
    if _SCIENTIFIC.fullmatch(plain):
        raise BadCell("le tableur a remplacé le numéro par un nombre arrondi", TEXT_FORMAT)
    if _DECIMAL.fullmatch(plain):
        raise BadCell("le tableur a fait du numéro un nombre à virgule", TEXT_FORMAT)
    bare = _MARKS.sub("", plain)
    if not bare.isdigit() or not bare.isascii():
        raise BadCell("il n'y a pas que des chiffres", "écrivez le numéro en chiffres seulement")
    return bare


def _not_a_card(digits: str, scheme: str, day: date) -> BadCell:
    shapes = [row for row in facts.SHIPPED.in_force("number_shapes", day) if row["scheme"] == scheme]
    lengths = sorted({int(row["length"]) for row in shapes})
    awaited = " ou ".join(map(str, lengths))
    wrong = f"{len(digits)} chiffres lus, {awaited} attendus"
    if len(digits) in lengths:
        starts = ", ".join(row["starts"].replace(SEPARATOR, ", ") for row in shapes)
        return BadCell(f"un numéro de ce régime commence par {starts}", "comparez avec la carte")
    if any(0 < length - len(digits) <= 3 for length in lengths):
        return BadCell(f"{wrong} : le tableur a peut-être enlevé les zéros du début", TEXT_FORMAT)
    return BadCell(wrong, "comparez chaque chiffre avec la carte")


@lru_cache(maxsize=20_000)
def name(cell: str) -> str:
    """A name of a person: letters, with spaces, apostrophes, hyphens and points between them."""
    kept = " ".join(cell.split())
    _refuse_damage(kept)
    if not _NAME.fullmatch(kept):
        raise BadCell("ce n'est pas un nom : chiffres ou signes", "écrivez le nom en lettres")
    if len(kept) > LONGEST:
        raise BadCell(f"plus de {LONGEST} lettres", "abrégez")
    return kept


@lru_cache(maxsize=5_000)
def words(cell: str) -> str:
    """A short text."""
    kept = " ".join(plain_cell(cell).split())
    _refuse_damage(kept)
    if len(kept) > LONGEST:
        raise BadCell(f"plus de {LONGEST} caractères", "abrégez")
    return kept


def _refuse_damage(text: str) -> None:
    if not text.isascii() and _BAD_LETTERS.search(text):
        raise BadCell("des lettres accentuées sont abîmées", "enregistrez le fichier en « CSV UTF-8 »")


@lru_cache(maxsize=50_000)
def one_day(cell: str) -> date:
    """A whole date."""
    found = _whole_day(cell)
    if found is None:
        raise _not_a_day(cell)
    return found


def first_day(cell: str) -> date:
    """A date; of a month alone, as a receipt may print it, the first day (assumption)."""
    return _whole_or_month(cell)[0]


def last_day(cell: str) -> date:
    """A date; of a month alone the last day (assumption)."""
    return _whole_or_month(cell)[1]


@lru_cache(maxsize=20_000)
def _whole_or_month(cell: str) -> tuple[date, date]:
    whole = _whole_day(cell)
    if whole is not None:
        return whole, whole
    month = _month(cell)
    if month is None:
        raise _not_a_day(cell)
    year, number = month
    return _made(year, number, 1), _made(year, number, monthrange(year, number)[1])


def _whole_day(cell: str) -> date | None:
    if match := _DAY.fullmatch(cell):
        day, month, year = match.groups()
        if len(year) != 4:
            raise BadCell("l'année n'a pas quatre chiffres", DATE_FORMAT)
        return _made(int(year), int(month), int(day))
    if match := _ISO.fullmatch(cell):
        return _made(*(int(part) for part in match.groups()))
    match = _IN_WORDS.fullmatch(cell)
    if match and match[1] and fold(match[2]) in _MONTHS:
        return _made(int(match[3]), _MONTHS.index(fold(match[2])) + 1, int(match[1]))
    return None


def _month(cell: str) -> tuple[int, int] | None:
    if (match := _MONTH.fullmatch(cell)) and 1 <= int(match[1]) <= 12:
        return int(match[2]), int(match[1])
    match = _IN_WORDS.fullmatch(cell)
    if match and not match[1] and fold(match[2]) in _MONTHS:
        return int(match[3]), _MONTHS.index(fold(match[2])) + 1
    return None


def _made(year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadCell(f"l'année n'est pas entre {FIRST_YEAR} et {LAST_YEAR}", DATE_FORMAT)
    if month > 12 >= day:
        raise BadCell("le jour et le mois sont peut-être inversés", DATE_FORMAT)
    try:
        return date(year, month, day)
    except ValueError:
        raise BadCell("ce jour n'existe pas", DATE_FORMAT) from None


def _not_a_day(cell: str) -> BadCell:
    if cell.isascii() and cell.isdigit() and len(cell) == 5 and int(cell) in _EXCEL_DAYS:
        meant = _EXCEL_START + timedelta(days=int(cell))
        year = f"une date de {meant.year}"
        return BadCell(
            f"le tableur a remplacé {year} par un nombre de jours", f"format Date, ou {DATE_FORMAT}"
        )
    return BadCell("ce n'est pas une date", DATE_FORMAT)


def year(cell: str) -> int:
    """A year of birth."""
    if cell.isascii() and cell.isdigit() and len(cell) == 4 and FIRST_YEAR <= int(cell) <= LAST_YEAR:
        return int(cell)
    raise BadCell("ce n'est pas une année", "écrivez les quatre chiffres de l'année")


def amount(cell: str) -> int:
    """Whole FCFA."""
    bare = re.sub(r"[\s.]|f\s?cfa$|f$|xof$", "", in_ascii(cell), flags=re.IGNORECASE)
    if bare.isascii() and bare.isdigit() and len(bare) <= 9:
        return int(bare)
    raise BadCell("ce n'est pas un montant entier en FCFA", "écrivez le montant en chiffres, sans virgule")


def phone(cell: str) -> Msisdn:
    """A telephone number of Mali."""
    try:
        found = Msisdn.parse(plain_cell(cell))
    except BadMsisdn:
        raise BadCell(
            "ce n'est pas un numéro de téléphone", "écrivez huit chiffres, par exemple 70 00 00 01"
        ) from None
    if not found.is_malian:
        raise BadCell("ce n'est pas un numéro du Mali", "écrivez un numéro du Mali")
    return found


def nina(cell: str) -> str:
    """A NINA."""
    try:
        return NinaNumber.parse(plain_cell(cell)).value
    except BadNina:
        raise BadCell(
            "ce n'est pas un NINA : 13 à 16 chiffres et lettres", "comparez avec la carte"
        ) from None


@lru_cache(maxsize=5_000)
def commune_code(commune: str, cercle: str, region: str, day: date) -> str:
    """The code of the commune of this code or name; cercle and region, when told, part those of one name."""
    told = fold(commune)
    found = [
        place
        for place in places.search(commune, day)
        if told in (fold(place.code), fold(place.name))
        and (not cercle or fold(cercle) in (fold(place.cercle), fold(place.region)))
        and (not region or fold(region) == fold(place.region))
    ]
    if len(found) == 1:
        return found[0].code
    if found:
        cercles = ", ".join(sorted({place.cercle for place in found})[:4])
        raise BadCell(
            f"{len(found)} communes portent ce nom ({cercles})",
            "ajoutez la colonne cercle, ou écrivez le code",
        )
    raise BadCell("commune inconnue", "écrivez son nom ou son code du découpage de 2023 (ML-C...)")


def _word_reader(field: str, register: str, day: date) -> Read:
    rows = facts.SHIPPED.in_force("register_words", day)
    own = [row for row in rows if row["field"] == f"{register}.{field}"]
    rows = tuple(own or (row for row in rows if row["field"] == field))
    known: dict[str, str] = {}
    for row in rows:
        for writes in (row["writes"], row["value"], *row["also"].split(SEPARATOR)):
            known.setdefault(fold(writes), row["value"])
    known.pop("", None)
    accepted = ", ".join(row["writes"] for row in rows)

    def read(cell: str) -> str:
        value = known.get(cell) or known.get(fold(cell))
        if value is None:
            raise BadCell("mot inconnu", f"écrivez : {accepted}")
        return value

    return read


_READERS: dict[str, Read] = {
    "NOM": name,
    "TEXTE": words,
    "JOUR": one_day,
    "NAISSANCE": one_day,
    "ANNEE": year,
    "DEBUT": first_day,
    "FIN": last_day,
    "COMMUNE": words,
    "NINA": nina,
    "MONTANT": amount,
    "TELEPHONE": phone,
}
