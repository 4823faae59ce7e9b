"""Health facilities: the pyramid of care (CSCom, then CSRef, then hospital) and who has an agreement with the RAMED."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, String, Table, bindparam, case, or_, select

from models.database import Db, Id, Prepared, metadata

CSCOM, CSREF, HOSPITAL = "CSCOM", "CSREF", "HOPITAL"
KIND_LABELS = {CSCOM: "CSCom", CSREF: "CSRef", HOSPITAL: "Hôpital"}

facilities = Table(
    "facilities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("name", String(60), nullable=False),
    Column("commune_code", String(12), nullable=False, index=True),
    Column("cercle_code", String(12), nullable=False, index=True),
    Column("contracted", Boolean, nullable=False),
    Column("hours", String(60), nullable=False, default=""),
    Column("demo", Boolean, nullable=False, default=False),
)


@dataclass(frozen=True, slots=True)
class Facility:
    """A place of care; `contracted` says that RAMED pays it directly (tiers payant); `hours` as people say them."""

    facility_id: int
    kind: str
    name: str
    commune_code: str
    contracted: bool
    hours: str


_COLUMNS = (
    facilities.c.id,
    facilities.c.kind,
    facilities.c.name,
    facilities.c.commune_code,
    facilities.c.contracted,
    facilities.c.hours,
)
_home = facilities.alias("home")
_NEAR = Prepared(
    select(*_COLUMNS)
    .where(
        or_(
            facilities.c.commune_code == bindparam("commune"),
            facilities.c.cercle_code == bindparam("cercle"),
        )
    )
    .order_by(
        case((facilities.c.commune_code == bindparam("commune"), 0), else_=1),
        case({CSCOM: 0, CSREF: 1}, value=facilities.c.kind, else_=2),
        facilities.c.name,
    )
    .limit(20)
)
_ONE = Prepared(select(*_COLUMNS).where(facilities.c.id == bindparam("facility_id")))


def near(db: Db, commune_code: str) -> tuple[Facility, ...]:
    """Facilities of the commune, then of the rest of its cercle, the first level of care first. Raises DatabaseAway."""
    rows = _NEAR.all(db, commune=commune_code, cercle=cercle_of(commune_code))
    return tuple(_facility(row) for row in rows)


def facility(db: Db, facility_id: int) -> Facility:
    """One facility. Raises LookupError for an id that is not there, DatabaseAway."""
    row = _ONE.first(db, facility_id=facility_id)
    if row is None:
        raise LookupError(f"no facility {facility_id}")
    return _facility(row)


def cercle_of(commune_code: str) -> str:
    """The cercle's part of a commune's code: `ML-C0101` of `ML-C01010101`; `ML0901` for a commune of Bamako."""
    return commune_code[:8] if commune_code.startswith("ML-C") else commune_code[:6]


def _facility(row: tuple[object, ...]) -> Facility:
    facility_id, kind, name, commune_code, contracted, hours = row
    return Facility(
        int(str(facility_id)), str(kind), str(name), str(commune_code), bool(contracted), str(hours)
    )
