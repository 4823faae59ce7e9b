"""Places of Mali in both divisions: 2021 (64 mutuals: 58 cercles and the communes of Bamako) and 2023 (820 communes).

Searching needs no database: the tables of config/reference are small and read once. The table `places` holds the
same rows for statistics. Never join `pcode` (OCHA, 2021) with a code of 2023: both use ML09 for different regions.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Column, Connection, String, Table, delete, insert

from config import facts
from config.facts import NotInForce, Row
from models.database import metadata
from models.identifiers import in_ascii

REGION, CERCLE, COMMUNE = "REGION", "CERCLE", "COMMUNE"
FORMER, PRESENT = "2021", "2023"
BAMAKO = "Bamako"
SHORTEST = 3
"""Letters, or digits of a code, from which a search answers."""

LONGEST = 80
"""Characters of what was typed that are looked at."""

places = Table(
    "places",
    metadata,
    Column("division", String(4), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("level", String(7), nullable=False),
    Column("name", String(40), nullable=False),
    Column("parent", String(40)),
    Column("pcode", String(10)),
    Column("folded", String(40), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A commune, or a cercle of the 2021 division. `cercle_2021_pcode` is the mutual's cercle where it still exists."""

    code: str
    name: str
    cercle: str
    region: str
    cercle_2021_pcode: str | None


def search(text: str, day: date) -> tuple[Place, ...]:
    """The places that `text` begins, of the division in force on `day`: 2023 communes, before that cercles.

    Accents, case, spaces and hyphens are forgiven; digits are the beginning of a code (`ML-C02040101` or 02040101).
    Names that begin so come first, then names of which a later word does; each group by alphabet.
    Fewer than three letters or digits find nothing.
    """
    typed = fold(in_ascii(text[:LONGEST]))
    if len(typed) < SHORTEST:
        return ()
    division = _division_on(day)
    code = re.fullmatch(r"(?:MLC?)?([0-9]+)", typed)
    if code and code[1] in _by_code(division):
        return (_by_code(division)[code[1]],)
    return _begun(code[1] if code else typed, division)


def name_of(code: str) -> str:
    """A commune's name by its code of either division; nothing for a code that neither has."""
    return _names().get(code, "")


def region_of(code: str) -> str:
    """The folded name of the region of a commune of either division; nothing for a code that neither has."""
    return _regions().get(code, "")


def load(conn: Connection) -> int:
    """Writes both divisions into the table `places`, in place of what it held. Returns the number of rows."""
    rows = _rows()
    conn.execute(delete(places))
    conn.execute(insert(places), rows)
    return len(rows)


def fold(text: str) -> str:
    """`text` in capitals without accents, spaces and marks, as names are compared: N'Gouraba is NGOURABA."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_BASE_LETTERS))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum()).upper()


_BASE_LETTERS = str.maketrans({"ɛ": "e", "ɔ": "o", "ɲ": "ny", "ŋ": "ng", "œ": "oe", "æ": "ae"})


@lru_cache(maxsize=64)
def _division_on(day: date) -> str:
    for row in facts.REFERENCE.in_force("divisions", day):
        return row["division"]
    raise NotInForce(f"no division of the territory on {day}")


@lru_cache(maxsize=2)
def _known(division: str) -> tuple[Place, ...]:
    return tuple(_communes() if division == PRESENT else _former_cercles())


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {known.code: known.name for division in (FORMER, PRESENT) for known in _known(division)}


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    return {known.code: fold(known.region) for division in (FORMER, PRESENT) for known in _known(division)}


@lru_cache(maxsize=2)
def _by_code(division: str) -> dict[str, Place]:
    return {code: found for found in _known(division) if (code := _code_digits(found))}


@lru_cache(maxsize=512)
def _begun(beginning: str, division: str) -> tuple[Place, ...]:
    index = _index(division)
    found: dict[Place, tuple[int, str]] = {}
    for key, rank, candidate in index[bisect_left(index, (beginning,)) :]:
        if not key.startswith(beginning):
            break
        worth = (rank, key)
        found[candidate] = min(worth, found.get(candidate, worth))
    return tuple(sorted(found, key=lambda one: (*found[one], fold(one.name), one.cercle, one.code)))


@lru_cache(maxsize=2)
def _index(division: str) -> list[tuple[str, int, Place]]:
    """(what may be typed, 0 for a whole name or code and 1 for a later word, place), in alphabetical order."""
    entries = [(key, rank, known) for known in _known(division) for key, rank in _typed_as(known)]
    return sorted(entries, key=lambda entry: (entry[0], entry[1], entry[2].code))


def _typed_as(known: Place) -> Iterator[tuple[str, int]]:
    yield _code_digits(known), 0
    words = re.split(r"[\s-]+", known.name)
    for start in range(len(words)):
        yield fold("".join(words[start:])), min(start, 1)
    if known.cercle == BAMAKO:
        yield fold(f"{BAMAKO}{known.name}"), 0
        yield fold(f"{BAMAKO}{words[-1]}"), 0


def _code_digits(known: Place) -> str:
    return re.sub(r"[^0-9]", "", known.code)


def _communes() -> Iterator[Place]:
    pcodes = {(row["region"], row["cercle"]): row["pcode"] or None for row in facts.reference("mali_admin")}
    for row in facts.reference("mali_communes_2023"):
        if row["cercle"]:
            pcode = pcodes.get((row["region"], row["cercle"]))
            yield Place(row["code_2023"], row["commune"], row["cercle"], row["region"], pcode)
        else:
            pcode = pcodes[row["region"], row["commune"]]
            yield Place(pcode or row["commune"], row["commune"], BAMAKO, row["region"], pcode)


def _former_cercles() -> Iterator[Place]:
    for row in facts.reference("mali_admin_2021"):
        cercle = row["cercle"] if row["unit_type"] == "cercle" else BAMAKO
        yield Place(_former_code(row), row["cercle"], cercle, row["region"], row["pcode"] or None)


def _former_code(row: Row) -> str:
    """The p-code; Taoudénit's cercles have none and go by their name."""
    return row["pcode"] or f"{fold(row['region'])}-{fold(row['cercle'])}"


def _former_rows() -> Iterator[dict[str, str | None]]:
    rows = facts.reference("mali_admin_2021")
    regions = {row["region"]: row["region_pcode"] or fold(row["region"]) for row in rows}
    yield from (_stored(FORMER, code, REGION, name, None, code) for name, code in regions.items())
    for row in rows:
        level = CERCLE if row["unit_type"] == "cercle" else COMMUNE
        yield _stored(FORMER, _former_code(row), level, row["cercle"], regions[row["region"]], row["pcode"])


@lru_cache(maxsize=1)
def _rows() -> list[dict[str, str | None]]:
    return [*_former_rows(), *_present_rows()]


def _present_rows() -> Iterator[dict[str, str | None]]:
    admin = facts.reference("mali_admin")
    regions = {row["region"]: row["region_code_2023"].split()[0] for row in admin}
    cercles = [row for row in admin if row["cercle_code_2023"]]
    codes = {(row["region"], row["cercle"]): row["cercle_code_2023"] for row in cercles}
    yield from (_stored(PRESENT, code, REGION, name, None, None) for name, code in regions.items())
    for row in cercles:
        yield _stored(
            PRESENT, row["cercle_code_2023"], CERCLE, row["cercle"], regions[row["region"]], row["pcode"]
        )
    for one in _known(PRESENT):
        parent = codes.get((one.region, one.cercle), regions[one.region])
        yield _stored(PRESENT, one.code, COMMUNE, one.name, parent, one.cercle_2021_pcode)


def _stored(
    division: str, code: str, level: str, name: str, parent: str | None, pcode: str | None
) -> dict[str, str | None]:
    columns = {"division": division, "code": code, "level": level, "name": name, "parent": parent}
    return {**columns, "pcode": pcode or None, "folded": fold(name)}
