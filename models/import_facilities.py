"""Facilities and phones of staff out of files: a few thousand lines, taken one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from models import staff
from models.database import Connection
from models.facilities import (
    activation_codes_from,
    activation_columns,
    by_activation_code,
    cercle_of,
    facilities,
)
from models.keyring import KeyRing
from models.places import fold

NEW, CHANGED, UNCHANGED = "added", "changed", "unchanged"
"""What became of a line, as `imports.Counts` calls it."""


class Refused(ValueError):
    """A line that is well written and cannot be taken: what is wrong, what to do."""

    def __init__(self, field: str, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.field, self.wrong, self.remedy = field, wrong, remedy


def put_facility(conn: Connection, keys: KeyRing, said: Mapping[str, Any]) -> str:
    """Bring one facility in, known by its name and commune; a new one gets an activation code. What became of it."""
    told = {
        "kind": said["kind"],
        "contracted": said["contracted"],
        "hours": said.get("hours", ""),
        "cercle_code": cercle_of(said["commune"]),
    }
    name, commune = said["name"], said["commune"]
    columns = (facilities.c.id, facilities.c.name, *(facilities.c[column] for column in told))
    here = conn.execute(select(*columns).where(facilities.c.commune_code == commune))
    found = next((row for row in here if fold(row.name) == fold(name)), None)
    if found is None:
        code = activation_columns(keys, _free_code(conn, keys, f"{name}/{commune}"))
        conn.execute(insert(facilities).values(**told, **code, name=name, commune_code=commune, demo=False))
        return NEW
    if tuple(found)[2:] == tuple(told.values()):
        return UNCHANGED
    conn.execute(update(facilities).where(facilities.c.id == found.id).values(told))
    return CHANGED


def _free_code(conn: Connection, keys: KeyRing, what: str) -> str:
    candidates = activation_codes_from(keys.index(what, "activation seed"))
    return next(code for code in candidates if by_activation_code(conn, keys, code) is None)


def put_staff(conn: Connection, keys: KeyRing, said: Mapping[str, Any], now: datetime) -> str:
    """Tie one phone to its facility, at once: who sends the file vouches. What became of it. Raises Refused."""
    facility_id = _facility_id(conn, said["facility"], said["commune"])
    role = said.get("role", staff.STAFF)
    before = staff.of_phone(conn, keys, said["phone"], now)
    if before and before.active and (before.facility.facility_id, before.role) == (facility_id, role):
        return UNCHANGED
    if before and before.state == staff.FLAGGED:
        raise Refused(
            "phone", "ce téléphone est arrêté : sa SIM est peut-être en d'autres mains", "ramu staff add"
        )
    try:
        staff.add(conn, keys, said["phone"], facility_id, role, now)
    except staff.AlreadyTied:
        raise Refused(
            "phone", "ce téléphone est déjà lié à une autre structure", "faites-le d'abord retirer là-bas"
        ) from None
    return CHANGED if before else NEW


def _facility_id(conn: Connection, name: str, commune: str) -> int:
    rows = conn.execute(
        select(facilities.c.id, facilities.c.name).where(facilities.c.commune_code == commune)
    ).all()
    found = [row.id for row in rows if fold(row.name) == fold(name)]
    if len(found) != 1:
        raise Refused(
            "facility",
            "aucune structure de ce nom dans cette commune",
            "importez d'abord les structures (facilities)",
        )
    return int(found[0])
