"""Mutuelles de santé: one per cercle or commune of Bamako in the strategy 2021-2025, older ones beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Boolean, Column, String, Table, bindparam, insert, select

from config import facts
from models.database import Connection, Db, Id, Prepared, metadata
from models.places import fold

SECTION, MUTUELLE, UNION, FEDERATION = "SECTION", "MUTUELLE", "UNION", "FEDERATION"
KINDS = (SECTION, MUTUELLE, UNION, FEDERATION)
"""Levels of the structure, the nearest to the members first (stratégie nationale 2021-2025, axe 1)."""

mutuelles = Table(
    "mutuelles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(20), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("cercle_pcode", String(12), nullable=False, index=True),
    Column("demo", Boolean, nullable=False, default=False),
    Column("kind", String(10), nullable=False, default=MUTUELLE, server_default=MUTUELLE),
    Column("parent_id", Id, index=True),
    Column("commune_code", String(12)),
)
"""`cercle_pcode` is the cercle's code in the division of 2021, the strategy's own map of 64 mutuelles.

It is empty for a union, the federation and the cercles of Taoudénit, which that division gives no code. `parent_id`:
the body above, when it is known; `commune_code`: a section's commune.
"""


@dataclass(frozen=True, slots=True)
class Mutuelle:
    """One that households may join, and its cercle in the division of 2021."""

    id: int
    name: str
    cercle_pcode: str


_JOINED = select(mutuelles.c.id, mutuelles.c.name, mutuelles.c.cercle_pcode)
_OF_CERCLE = Prepared(
    _JOINED.where(mutuelles.c.cercle_pcode == bindparam("pcode"), mutuelles.c.kind == MUTUELLE).order_by(
        mutuelles.c.name, mutuelles.c.id
    )
)
_ONE = Prepared(_JOINED.where(mutuelles.c.id == bindparam("id")))


def of_cercle(db: Db, pcode: str) -> tuple[Mutuelle, ...]:
    """The mutuelles of a cercle (its code of 2021) by name; neither sections nor unions. Raises DatabaseAway."""
    return tuple(Mutuelle(*row) for row in _OF_CERCLE.all(db, pcode=pcode))


def one(db: Db, mutuelle_id: int) -> Mutuelle:
    """A mutuelle by its id. Raises LookupError, DatabaseAway."""
    row = _ONE.first(db, id=mutuelle_id)
    if row is None:
        raise LookupError(f"no mutuelle {mutuelle_id}")
    return Mutuelle(*row)


def codes(conn: Connection) -> dict[str, int]:
    """The id of each mutuelle by its code."""
    return {row.code: row.id for row in conn.execute(select(mutuelles.c.code, mutuelles.c.id))}


def make_missing(conn: Connection, told: Mapping[str, tuple[str, str]]) -> int:
    """Make those of `told` (code to name and cercle) that are not there; how many.

    One whose cercle is in no division of 2021, or whose code or name is too long, is not made.
    """
    pcodes = {fold(row["cercle"]): row["pcode"] for row in facts.reference("mali_admin_2021") if row["pcode"]}
    known = codes(conn)
    rows = [
        {"code": code, "name": name, "cercle_pcode": pcodes[fold(cercle)], "demo": False}
        for code, (name, cercle) in told.items()
        if code not in known and fold(cercle) in pcodes and len(code) <= 20 and len(name) <= 60
    ]
    if rows:
        conn.execute(insert(mutuelles), rows)
    return len(rows)
