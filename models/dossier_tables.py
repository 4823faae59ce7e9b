"""The tables of pre-registration files (dossiers): the file, its dependants, its papers. All names are sealed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, SmallInteger, String, Table

from models.database import Id, Sealed, UtcDateTime, metadata
from models.people import IDENTITY
from models.phones import PHONE

OPEN, READY, DONE, DEAD = "OPEN", "READY", "DONE", "DEAD"
CITIZEN, AGENT, STAFF = "CITIZEN", "AGENT", "STAFF"

SPOUSE, CHILD, DISABLED, PARENT = "EPX", "ENF", "HAN", "ASC"
LINKS = (SPOUSE, CHILD, DISABLED, PARENT)
"""What a dependant is to the person of the file."""

dossiers = Table(
    "dossiers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(9), nullable=False, unique=True),
    Column("same_index", LargeBinary, unique=True),
    Column("scheme", String(10), nullable=False),
    Column("state", String(8), nullable=False),
    Column("sex", String(1), nullable=False),
    Column("birth_year", SmallInteger),
    Column("commune_code", String(12), nullable=False),
    Column("identity_sealed", Sealed(IDENTITY), nullable=False),
    Column("given_key", LargeBinary),
    Column("family_key", LargeBinary),
    Column("nina_index", LargeBinary, index=True),
    Column("nina_sealed", Sealed("nina")),
    Column("others", SmallInteger),
    Column("phone_index", LargeBinary),
    Column("phone_sealed", Sealed(PHONE)),
    Column("maker", String(8), nullable=False),
    Column("agent", String(40)),
    Column("facility_id", ForeignKey("facilities.id")),
    Column("consent_version", String(20), nullable=False),
    Column("person_id", ForeignKey("persons.id"), index=True),
    Column("place", String(60)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    Column("told_at", UtcDateTime),
    Column("done_at", UtcDateTime),
    Index("ix_dossiers_phone", "phone_index", "created_at"),
    Index("ix_dossiers_agent", "agent", "created_at"),
    Index("ix_dossiers_facility", "facility_id", "created_at"),
    Index("ix_dossiers_name", "family_key", "given_key", "birth_year"),
)
"""`code` is the number that people are told. `phone_*` is who is written to about it, `person_id` who she became in the
register, `told_at` when her phone was told that the card waits at `place`. `others`: how many more she announced."""

dossier_members = Table(
    "dossier_members",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dossier_id", ForeignKey("dossiers.id"), nullable=False, index=True),
    Column("link", String(3), nullable=False),
    Column("sex", String(1), nullable=False),
    Column("birth_year", SmallInteger),
    Column("identity_sealed", Sealed(IDENTITY), nullable=False),
    Column("same_index", LargeBinary, nullable=False, unique=True),
    Column("added_at", UtcDateTime, nullable=False),
)

dossier_papers = Table(
    "dossier_papers",
    metadata,
    Column("dossier_id", ForeignKey("dossiers.id"), primary_key=True, autoincrement=False),
    Column("paper", String(60), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)
"""Papers of config/rules/documents.csv that somebody has seen."""
