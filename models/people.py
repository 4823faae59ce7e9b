"""People: who they are, sealed, beside what audiences and statistics need in clear (place, age band, sex)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    update,
)

from models.database import Connection, Id, Sealed, UtcDateTime, metadata
from models.keyring import KeyRing
from models.names import name_keys

RELATIONS = ("SOI", "CONJOINT", "ENFANT", "ASCENDANT")
"""What a person is to the opener of rights of the household (Loi 09-030 art. 5; ayants droit of the AMO)."""

IDENTITY = "identity"
"""Purpose of a sealed identity: given names, family name and day of birth (ISO, or nothing), a tab between each."""

NAMES = "names"
"""Purpose of a sealed name alone, as a request to be called back has it."""

persons = Table(
    "persons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("household_id", ForeignKey("households.id"), nullable=False, index=True),
    Column("relation", String(10), nullable=False),
    Column("sex", String(1), nullable=False),
    Column("birth_year", SmallInteger, nullable=False),
    Column("commune_code", String(12), nullable=False),
    Column("pupil", Boolean, nullable=False, default=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("identity_sealed", Sealed(IDENTITY)),
    Column("given_key", LargeBinary),
    Column("family_key", LargeBinary),
    Column("nina_index", LargeBinary, unique=True),
    Column("nina_sealed", Sealed("nina")),
    Column("died_on", Date),
    Column("erased_at", UtcDateTime),
    Index("ix_persons_name", "family_key", "given_key", "birth_year"),
)


def identity_columns(keys: KeyRing, given: str, family: str, born: date | None) -> dict[str, bytes]:
    """The three columns of who a person is: sealed as told, and the two keyed phonetic indexes of her name.

    `born` is None when only the year is known. Raises ValueError for a name with a tab.
    """
    given_key, family_key = name_keys(keys, given, family)
    sealed = seal_identity(keys, given, family, born)
    return {"identity_sealed": sealed, "given_key": given_key, "family_key": family_key}


def seal_identity(keys: KeyRing, given: str, family: str, born: date | None) -> bytes:
    """Names and day of birth in one sealed value. The day stays out of the clear columns because, beside the place
    and the sex, it names nearly everybody. Raises ValueError for a name with a tab.
    """
    if "\t" in given or "\t" in family:
        raise ValueError("a name has no tab")
    return keys.seal(f"{given}\t{family}\t{born.isoformat() if born else ''}", IDENTITY)


def opened_identity(keys: KeyRing, sealed: bytes | None) -> tuple[str, str, date | None]:
    """(given names, family name, day of birth or None); nothing but that for a person who was erased."""
    if sealed is None:
        return "", "", None
    # A value without the last part, or without its tab, has no day.
    given, _, rest = keys.unseal(sealed, IDENTITY).partition("\t")
    family, _, born = rest.partition("\t")
    return given, family, date.fromisoformat(born) if born else None


def opened_names(keys: KeyRing, sealed: bytes | None) -> tuple[str, str]:
    """(given names, family name); two empty texts for a person who was erased."""
    if sealed is None:
        return "", ""
    given, family, *_ = (*keys.unseal(sealed, IDENTITY).split("\t", 2), "")
    return given, family


def nina_columns(keys: KeyRing, nina: str) -> dict[str, Any]:
    """The two columns of a NINA (normalised text): keyed index and sealed value."""
    return {"nina_index": keys.index(nina, "nina"), "nina_sealed": keys.seal(nina, "nina")}


def note_death(conn: Connection, person_id: int, day: date) -> bool:
    """Keep the day on which somebody was known to have died: her rights end. False when it was kept before."""
    living = (persons.c.id == person_id, persons.c.died_on.is_(None))
    return conn.execute(update(persons).where(*living).values(died_on=day)).rowcount == 1


def age_on(birth_year: int, birth_date: date | None, day: date) -> int:
    """Whole years on `day`; with a year alone, the age reached in the course of the year."""
    if birth_date is None:
        return day.year - birth_year
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
