"""People: who they are, sealed, beside what audiences and statistics need in clear (place, age band, sex)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, LargeBinary, SmallInteger, String, Table

from models.database import Id, Sealed, UtcDateTime, metadata
from models.keyring import KeyRing
from models.names import name_keys

RELATIONS = ("SOI", "CONJOINT", "ENFANT", "ASCENDANT")
"""What a person is to the opener of rights of the household (Loi 09-030 art. 5; ayants droit of the AMO)."""

NAMES = "names"
"""Purpose of sealed names: given names, a tab, the family name."""

persons = Table(
    "persons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("household_id", ForeignKey("households.id"), nullable=False, index=True),
    Column("relation", String(10), nullable=False),
    Column("sex", String(1), nullable=False),
    Column("birth_year", SmallInteger, nullable=False),
    Column("birth_date", Date),
    Column("commune_code", String(12), nullable=False),
    Column("pupil", Boolean, nullable=False, default=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("names_sealed", Sealed(NAMES)),
    Column("given_key", LargeBinary),
    Column("family_key", LargeBinary),
    Column("nina_index", LargeBinary, unique=True),
    Column("nina_sealed", Sealed("nina")),
    Column("died_on", Date),
    Column("erased_at", UtcDateTime),
    Index("ix_persons_name", "family_key", "given_key", "birth_year"),
)


def sealed_names(keys: KeyRing, given: str, family: str) -> dict[str, bytes]:
    """The three name columns of a person: sealed as typed, and the two keyed phonetic indexes."""
    given_key, family_key = name_keys(keys, given, family)
    sealed = keys.seal(f"{given}\t{family}", NAMES)
    return {"names_sealed": sealed, "given_key": given_key, "family_key": family_key}


def opened_names(keys: KeyRing, sealed: bytes | None) -> tuple[str, str]:
    """(given names, family name); two empty texts for a person who was erased."""
    if sealed is None:
        return "", ""
    given, _, family = keys.unseal(sealed, NAMES).partition("\t")
    return given, family


def nina_columns(keys: KeyRing, nina: str) -> dict[str, Any]:
    """The two columns of a NINA (normalised text): keyed index and sealed value."""
    return {"nina_index": keys.index(nina, "nina"), "nina_sealed": keys.seal(nina, "nina")}


def age_on(birth_year: int, birth_date: date | None, day: date) -> int:
    """Whole years on `day`; with a year alone, the age reached in the course of the year."""
    if birth_date is None:
        return day.year - birth_year
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
