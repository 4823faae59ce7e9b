"""The demonstration's collectors and their group: the agent 204 of its receipts leads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from models import collectors, member_groups
from models.database import Connection
from models.demo_world import table
from models.households import households
from models.identifiers import Msisdn
from models.keyring import KeyRing


def load(conn: Connection, keys: KeyRing, of_mutuelle: Mapping[str, int], now: datetime) -> None:
    """Let the phones of collectors.csv take cash; one that somebody took away meanwhile stays so."""
    for told in table("collectors"):
        mutuelle_id, number = of_mutuelle[told["mutuelle"]], int(told["number"])
        group_id = _group(conn, told, mutuelle_id) if told["group"] else None
        if collectors.by_number(conn, number, now):
            collectors.used(conn, number, now)
            continue
        phone = Msisdn.parse(told["phone"])
        collectors.add(conn, keys, phone, mutuelle_id, told["role"], now, group_id=group_id, number=number)


def _group(conn: Connection, told: Mapping[str, str], mutuelle_id: int) -> int:
    known = member_groups.by_code(conn, told["group"])
    group_id = (
        known.group_id if known else member_groups.make(conn, told["group"], told["group_name"], mutuelle_id)
    )
    assert group_id is not None  # nosec B101: the code was free in this transaction
    codes = told["households"].split("|")
    for household_id in (
        conn.execute(select(households.c.id).where(households.c.code.in_(codes))).scalars().all()
    ):
        member_groups.put(conn, group_id, household_id)
    return group_id
