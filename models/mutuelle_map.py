"""The structure of the strategy 2021-2025: federation, unions by region, 64 mutuelles, sections by commune.

From config/reference/mali_admin_2021.csv (58 cercles and the six communes of Bamako) and, for sections, the communes of
2023. A commune of a cercle that was made in 2023 goes to its region's union until somebody says which mutuelle it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select

from config import facts
from models.database import Connection
from models.mutuelles import FEDERATION, MUTUELLE, SECTION, UNION, codes, mutuelles
from models.places import fold

FEDERATION_CODE = "FED-MALI"
TAOUDENIT = "TAOUDENIT"


@dataclass(frozen=True, slots=True)
class Body:
    """A row of the structure; `parent` is a code."""

    code: str
    name: str
    kind: str
    parent: str | None
    cercle_pcode: str = ""
    commune_code: str | None = None


def load(conn: Connection) -> dict[str, int]:
    """Make what is missing of the structure; how many of each kind were made. What is there stays as it is."""
    made: dict[str, int] = {}
    for level in (_federation(), _unions(), _mutuelles(), _sections()):
        known = codes(conn)
        rows: list[dict[str, Any]] = [
            {
                "code": body.code,
                "name": body.name[:60],
                "cercle_pcode": body.cercle_pcode,
                "demo": False,
                "kind": body.kind,
                "parent_id": known.get(body.parent or ""),
                "commune_code": body.commune_code,
            }
            for body in level
            if body.code not in known
        ]
        if rows:
            conn.execute(insert(mutuelles), rows)
            made[rows[0]["kind"]] = len(rows)
    return made


def count(conn: Connection) -> dict[str, int]:
    """How many bodies of each kind there are."""
    asked = select(mutuelles.c.kind, func.count()).group_by(mutuelles.c.kind)
    return {row.kind: int(row[1]) for row in conn.execute(asked)}


def _federation() -> Iterator[Body]:
    yield Body(FEDERATION_CODE, "Fédération nationale", FEDERATION, None)


def _unions() -> Iterator[Body]:
    regions = {row["region"]: row["region_pcode"] for row in facts.reference("mali_admin_2021")}
    for region, pcode in regions.items():
        yield Body(_union(pcode), f"Union régionale, {region}", UNION, FEDERATION_CODE)


def _mutuelles() -> Iterator[Body]:
    for row in facts.reference("mali_admin_2021"):
        code = f"MUT-{row['pcode'] or fold(row['cercle'])}"
        name = f"Mutuelle, {row['cercle']}"
        yield Body(code, name, MUTUELLE, _union(row["region_pcode"]), row["pcode"])


def _sections() -> Iterator[Body]:
    cercles = {(row["region"], row["cercle"]): row for row in facts.reference("mali_admin")}
    unions = {row["region"]: _union(row["region_pcode"]) for row in facts.reference("mali_admin_2021")}
    for row in facts.reference("mali_communes_2023"):
        cercle = cercles.get((row["region"], row["cercle"]))
        if not row["code_2023"] or not row["cercle"] or cercle is None:
            continue
        pcode = cercle["pcode"]
        above = f"MUT-{pcode}" if pcode else unions.get(cercle["region_before_2023"])
        code = f"SEC-{row['code_2023'].removeprefix('ML-')}"
        yield Body(code, f"Section, {row['commune']}", SECTION, above, pcode, row["code_2023"])


def _union(region_pcode: str) -> str:
    return f"UNI-{region_pcode or TAOUDENIT}"
