"""Pre-registration files as they are read: who made one, about whom, with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from models.dossier_tables import CITIZEN, dossier_members, dossiers
from models.identifiers import Msisdn, NinaNumber
from models.keyring import KeyRing
from models.people import opened_identity


@dataclass(frozen=True, slots=True)
class Owner:
    """Who makes a file: a citizen's phone, an agent by name, the staff of a centre."""

    maker: str
    phone: Msisdn | None = None
    agent: str | None = None
    facility_id: int | None = None

    @property
    def scope(self) -> str:
        """What tells this owner from every other."""
        if self.maker == CITIZEN and self.phone:
            return f"phone:{self.phone.e164}"
        return f"{self.maker}:{self.agent or self.facility_id}"


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """Who is to be registered, as she was told: `birth_year` None when nobody knows it, `others` how many with her."""

    given: str
    family: str
    sex: str
    birth_year: int | None
    commune_code: str
    scheme: str
    others: int | None = None
    nina: NinaNumber | None = None
    phone: Msisdn | None = None

    def __repr__(self) -> str:
        return f"Candidate({self.scheme}, {self.commune_code})"


@dataclass(frozen=True, slots=True, repr=False)
class Dossier:
    """One file. `has_nina`: her national number is known. `members` counts the dependants that were named."""

    dossier_id: int
    code: str
    scheme: str
    state: str
    given: str
    family: str
    sex: str
    birth_year: int | None
    commune_code: str
    others: int | None
    has_nina: bool
    maker: str
    agent: str | None
    facility_id: int | None
    phone_index: bytes | None
    person_id: int | None
    place: str | None
    created_at: datetime
    told_at: datetime | None
    done_at: datetime | None
    members: int

    def __repr__(self) -> str:
        return f"Dossier({self.code}, {self.state})"


@dataclass(frozen=True, slots=True, repr=False)
class Dependant:
    """Who belongs to the person of a file; `link` is one of LINKS."""

    given: str
    family: str
    sex: str
    birth_year: int | None
    link: str

    def __repr__(self) -> str:
        return f"Dependant({self.link})"


_MEMBERS = (
    select(func.count())
    .where(dossier_members.c.dossier_id == dossiers.c.id)
    .correlate(dossiers)
    .scalar_subquery()
)
COLUMNS: tuple[Any, ...] = (
    dossiers.c.id,
    dossiers.c.code,
    dossiers.c.scheme,
    dossiers.c.state,
    dossiers.c.identity_sealed,
    dossiers.c.sex,
    dossiers.c.birth_year,
    dossiers.c.commune_code,
    dossiers.c.others,
    dossiers.c.nina_index.is_not(None),
    dossiers.c.maker,
    dossiers.c.agent,
    dossiers.c.facility_id,
    dossiers.c.phone_index,
    dossiers.c.person_id,
    dossiers.c.place,
    dossiers.c.created_at,
    dossiers.c.told_at,
    dossiers.c.done_at,
    _MEMBERS,
)
"""What a select must give, in this order, for `dossier_from`."""


def dossier_from(keys: KeyRing, row: Sequence[Any]) -> Dossier:
    """The file in a row of COLUMNS."""
    given, family, _ = opened_identity(keys, row[4])
    values: list[Any] = [*row[:4], given, family, *row[5:9], bool(row[9]), *row[10:]]
    return Dossier(*values)
