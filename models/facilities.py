"""Health facilities: the pyramid of care (CSCom, then CSRef, then hospital) and who has an agreement with the RAMED."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    bindparam,
    case,
    or_,
    select,
    update,
)

from models.database import Connection, Db, Id, Prepared, Sealed, metadata
from models.identifiers import check_digit_ok, with_check_digit
from models.keyring import KeyRing
from models.places import fold

CSCOM, CSREF, HOSPITAL = "CSCOM", "CSREF", "HOPITAL"

ROUND_THE_CLOCK = "24h/24"
"""The `hours` of a facility that never closes."""

ACTIVATION = "activation"
"""Purpose of a facility's activation code: its keyed index and its sealed value."""

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
    Column("activation_index", LargeBinary),
    Column("activation_sealed", Sealed(ACTIVATION)),
    Index("ix_facilities_activation_index", "activation_index", unique=True),
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


FACILITY_COLUMNS: tuple[Any, ...] = (
    facilities.c.id,
    facilities.c.kind,
    facilities.c.name,
    facilities.c.commune_code,
    facilities.c.contracted,
    facilities.c.hours,
)
"""What a select must give, in this order, for `facility_from`."""

_NEAR = Prepared(
    select(*FACILITY_COLUMNS)
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
_ONE = Prepared(select(*FACILITY_COLUMNS).where(facilities.c.id == bindparam("facility_id")))
_ALL = Prepared(select(*FACILITY_COLUMNS).order_by(facilities.c.name, facilities.c.id))
_BY_CODE = Prepared(select(*FACILITY_COLUMNS).where(facilities.c.activation_index == bindparam("code")))
_CODE = Prepared(select(facilities.c.activation_sealed).where(facilities.c.id == bindparam("facility_id")))
_SET_CODE = Prepared(
    update(facilities)
    .where(facilities.c.id == bindparam("facility_id"))
    .values(activation_index=bindparam("code"), activation_sealed=bindparam("sealed"))
)


def near(db: Db, commune_code: str) -> tuple[Facility, ...]:
    """Facilities of the commune, then of the rest of its cercle, the first level of care first. Raises DatabaseAway."""
    rows = _NEAR.all(db, commune=commune_code, cercle=cercle_of(commune_code))
    return tuple(facility_from(row) for row in rows)


def facility(db: Db, facility_id: int) -> Facility:
    """One facility. Raises LookupError for an id that is not there, DatabaseAway."""
    row = _ONE.first(db, facility_id=facility_id)
    if row is None:
        raise LookupError(f"no facility {facility_id}")
    return facility_from(row)


def by_activation_code(db: Db, keys: KeyRing, code: str) -> Facility | None:
    """The facility that an activation code (six digits) belongs to, or None. Raises DatabaseAway.

    The code is no secret of its own worth: who sends it still needs the chief's yes.
    """
    if not check_digit_ok(code):
        return None
    row = _BY_CODE.first(db, code=keys.index(code, ACTIVATION))
    return facility_from(row) if row else None


def activation_code(db: Db, keys: KeyRing, facility_id: int) -> str | None:
    """A facility's activation code, for who hands it out; None when it has none. Raises DatabaseAway."""
    row = _CODE.first(db, facility_id=facility_id)
    return keys.unseal(row[0], ACTIVATION) if row and row[0] else None


def activation_codes_from(seed: bytes) -> Iterator[str]:
    """Candidates without end, the same for the same seed: five digits, the first not 0, and a Damm digit."""
    for turn in count():
        drawn = blake2b(turn.to_bytes(4), key=seed, digest_size=8).digest()
        yield with_check_digit(str(10_000 + int.from_bytes(drawn) % 90_000))


def activation_columns(keys: KeyRing, code: str) -> dict[str, bytes]:
    """The two columns of an activation code: keyed index and sealed value."""
    return {
        "activation_index": keys.index(code, ACTIVATION),
        "activation_sealed": keys.seal(code, ACTIVATION),
    }


def set_activation_code(conn: Connection, keys: KeyRing, facility_id: int, code: str) -> None:
    """Give a facility another activation code; the old one is worth nothing from now on.

    Raises sqlalchemy's or the driver's IntegrityError when another facility has it.
    """
    _SET_CODE.run(
        conn, facility_id=facility_id, code=keys.index(code, ACTIVATION), sealed=keys.seal(code, ACTIVATION)
    )


def named(conn: Connection, words: str) -> tuple[Facility, ...]:
    """The facilities that `words` name: an id, or a part of the name in any case and accents. For a command."""
    if words.isascii() and words.isdigit() and len(words) < 10:
        row = _ONE.first(conn, facility_id=int(words))
        return (facility_from(row),) if row else ()
    known = (facility_from(row) for row in _ALL.all(conn))
    return tuple(one for one in known if fold(words) in fold(one.name))


def cercle_of(commune_code: str) -> str:
    """The cercle's part of a commune's code: `ML-C0101` of `ML-C01010101`; `ML0901` for a commune of Bamako."""
    return commune_code[:8] if commune_code.startswith("ML-C") else commune_code[:6]


def facility_from(row: Sequence[Any]) -> Facility:
    """A facility out of a row of FACILITY_COLUMNS."""
    facility_id, kind, name, commune_code, contracted, hours = row
    return Facility(int(facility_id), kind, name, commune_code, bool(contracted), hours)
