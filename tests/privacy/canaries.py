"""Two hundred invented people whose names and numbers nobody else has, so that one of them found is a leak.

Every name begins with the same letters and every number with the same digits: a search for those few beginnings
finds each of the two hundred, and what is left of one that was cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import insert

from models import consent, places
from models.coverage import NUMBER, coverages, number_index
from models.database import Connection
from models.households import households
from models.identifiers import with_check_digit
from models.keyring import KeyRing
from models.people import identity_columns, nina_columns, persons
from models.phones import PHONE, phone_links, phones

PEOPLE = 200
PHONES, CARDS = "76394", "58394"
"""The first digits of every canary's phone, and of every card and NINA."""

GIVEN, FAMILY = "Zorawadé", "Tchikenô"
"""The first letters of every canary's names; seven of them are plain, the eighth has an accent."""

FIRST_ID = 500_000
"""Rows of canaries are numbered from here on."""

COMMUNE = "KAY"
"""What a person types to name the canaries' commune."""

_CONSONANTS = "bdfgklmnprstvx"
_SCHEMES = (("RAMED", 13), ("RAMED", 9), ("MUTUELLE", 8), ("AMO", 10))
_ROLES = {"RAMED": "OUVRANT_DROIT", "AMO": "OUVRANT_DROIT", "MUTUELLE": "ADHERENT"}


@dataclass(frozen=True, slots=True)
class Canary:
    """One head of a household: `phone` is linked to it, `second` is a phone that the register does not know."""

    place: int
    given: str
    family: str
    phone: str
    second: str
    scheme: str
    number: str
    nina: str
    born: int

    @property
    def name(self) -> str:
        """Given name and family name, as they are typed."""
        return f"{self.given} {self.family}"

    @property
    def person_id(self) -> int:
        """The id of the head's row; the spouse and the child have the next two."""
        return FIRST_ID + 3 * self.place

    @property
    def relatives(self) -> tuple[str, str]:
        """The given names of the spouse and of the child."""
        return self.given + "ma", self.given + "ti"

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that must never be found in clear."""
        return (self.given, self.family, self.phone, self.second, self.number, self.nina)


def canary(place: int) -> Canary:
    """The person of this place, from 0."""
    first, second = _CONSONANTS[place % 14], _CONSONANTS[place // 14 % 14]
    scheme, length = _SCHEMES[place % 4]
    return Canary(
        place,
        f"{GIVEN}{first}a{second}o",
        f"{FAMILY}{second}i{first}a",
        f"+223{PHONES}{place:03}",
        f"+223{PHONES}{place + 500:03}",
        scheme,
        _number(scheme, length, place),
        f"{CARDS}{place:03}200101K",
        1950 + place % 50,
    )


def _number(scheme: str, length: int, place: int) -> str:
    if scheme == "AMO" or length == 13:
        return f"{CARDS}{place:0{length - 5}}"
    return with_check_digit(f"{CARDS}{place // 2 if length == 8 else place:0{length - 6}}")


CANARIES = tuple(map(canary, range(PEOPLE)))


def register(conn: Connection, keys: KeyRing, now: datetime) -> None:
    """Write the canaries' households, rights and linked phones."""
    (commune,) = places.search(COMMUNE, now.date())
    ids = [(one, FIRST_ID + one.place) for one in CANARIES]
    homes = [{"id": key, "code": f"CANARI-{one.place}", "commune_code": commune.code} for one, key in ids]
    conn.execute(insert(households), homes)
    conn.execute(insert(persons), [row for one, key in ids for row in _people(keys, one, key, commune.code)])
    conn.execute(insert(coverages), [row for one in CANARIES for row in _rights(keys, one, now.date())])
    conn.execute(insert(phones), [_phone(keys, one, key, now) for one, key in ids])
    links = [
        {"phone_id": key, "person_id": one.person_id, "verified_at": now, "how": "test"} for one, key in ids
    ]
    conn.execute(insert(phone_links), links)
    for _one, key in ids:
        consent.record(conn, key, "DOSSIER", True, "test", "TEST", now)


def _people(keys: KeyRing, one: Canary, household_id: int, commune: str) -> list[dict[str, object]]:
    spouse, child = one.relatives
    told = (
        ("SOI", one.given, "F", one.born, date(one.born, 3, 1)),
        ("CONJOINT", spouse, "M", one.born - 2, None),
        ("ENFANT", child, "F", datetime.now(UTC).year - 9, None),
    )
    nobody = {"nina_index": None, "nina_sealed": None}
    return [
        {
            "id": one.person_id + place,
            "household_id": household_id,
            "relation": relation,
            "sex": sex,
            "birth_year": year,
            "commune_code": commune,
            **identity_columns(keys, given, one.family, born),
            **(nobody if place else nina_columns(keys, one.nina)),
        }
        for place, (relation, given, sex, year, born) in enumerate(told)
    ]


def _rights(keys: KeyRing, one: Canary, today: date) -> list[dict[str, object]]:
    """The head's right with the number, the relatives' without."""
    return [
        {
            "id": one.person_id + place,
            "person_id": one.person_id + place,
            "scheme": one.scheme,
            "role": _ROLES[one.scheme] if place == 0 else "AYANT_DROIT",
            "status": "ACTIF",
            "valid_from": date(today.year - 1, 1, 1),
            "valid_to": date(today.year + 1, 12, 31),
            "number_index": None if place else number_index(keys, one.scheme, one.number),
            "number_sealed": None if place else keys.seal(one.number, NUMBER),
        }
        for place in range(3)
    ]


def _phone(keys: KeyRing, one: Canary, phone_id: int, now: datetime) -> dict[str, object]:
    return {
        "id": phone_id,
        "phone_index": keys.index(one.phone, PHONE),
        "phone_sealed": keys.seal(one.phone, PHONE),
        "language": "fr" if one.place % 10 else None,
        "charset": "UCS2" if one.place % 7 == 0 else "GSM7",
        "created_at": now,
    }
