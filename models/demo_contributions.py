"""The contributions of the demonstration's households: joined and paid some days before the file is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import update

from models import contributions, ledger, membership_changes, membership_status, memberships
from models.database import Connection
from models.demo_world import on_day
from models.keyring import KeyRing
from models.membership_status import DEMISSIONNAIRE
from models.mutuelle_tables import memberships as table


def load(
    conn: Connection,
    keys: KeyRing,
    told: Mapping[str, Any],
    code: str,
    household_id: int,
    mutuelle_id: int,
    today: date,
    now: datetime,
) -> None:
    """Bring a household's account up to date. The ledger is never changed: other days are another membership."""
    joined = on_day(told["joined"], today)
    assert joined is not None, f"{code}: a membership begins on a day"  # nosec B101: our own file
    running = memberships.of_household(conn, household_id)
    if running and running.joined_on != joined:
        membership_changes.end(conn, running.id, DEMISSIONNAIRE, today, now=now)
        running = None
    membership_id = running.id if running else None
    if membership_id is None:
        membership_id = memberships.join(
            conn, keys, household_id, mutuelle_id, joined, told["plan"], now=now, fee=told.get("fee", False)
        )
        for place, paid in enumerate(told["paid"]):
            _pay(conn, paid, f"demo:{code}:{joined}:{place}", membership_id, today, now)
    ledger.held(conn, membership_id)
    if "suspended" in told:
        since = {"suspended_on": on_day(told["suspended"], today)}
        conn.execute(update(table).where(table.c.id == membership_id).values(since))
    membership_status.refresh(conn, membership_id, today)


def _pay(
    conn: Connection, paid: Mapping[str, Any], once: str, membership_id: int, today: date, now: datetime
) -> None:
    on = on_day(paid["on"], today) or today
    # Six digits as on any receipt, the same whenever the file is loaded.
    reference = str(
        100_000 + sum(ord(letter) * 7 ** (place % 6) for place, letter in enumerate(once)) % 900_000
    )
    contributions.pay(
        conn,
        membership_id,
        paid["amount"],
        paid["means"],
        paid.get("holder", paid["means"]),
        once,
        reference,
        now,
        on,
    )
