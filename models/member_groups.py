"""Groups of households that pay together: a co-operative, a village's women, each with a leader who collects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert

from models.database import Connection, Db, Id, Prepared, metadata
from models.membership_status import A_JOUR
from models.mutuelle_tables import memberships

member_groups = Table(
    "member_groups",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(12), nullable=False, unique=True),
    Column("name", String(40), nullable=False),
    Column("mutuelle_id", ForeignKey("mutuelles.id"), nullable=False, index=True),
)
"""`code` is what a phone types behind GRP: letters and digits, no space."""

member_group_households = Table(
    "member_group_households",
    metadata,
    Column("household_id", ForeignKey("households.id"), primary_key=True, autoincrement=False),
    Column("group_id", ForeignKey("member_groups.id"), nullable=False, index=True),
)
"""A household is in one group at most."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group and where its households stand: `up_to_date` of `households`, `overdue` FCFA that are late."""

    group_id: int
    code: str
    name: str
    mutuelle_id: int
    households: int
    up_to_date: int
    overdue: int


_FIGURES = (
    select(
        member_groups.c.id,
        member_groups.c.code,
        member_groups.c.name,
        member_groups.c.mutuelle_id,
        func.count(memberships.c.id),
        func.coalesce(func.sum(case((memberships.c.status == A_JOUR, 1), else_=0)), 0),
        func.coalesce(func.sum(memberships.c.overdue), 0),
    )
    .select_from(
        member_groups.outerjoin(
            member_group_households, member_group_households.c.group_id == member_groups.c.id
        ).outerjoin(
            memberships,
            (memberships.c.household_id == member_group_households.c.household_id)
            & memberships.c.ended_on.is_(None),
        )
    )
    .group_by(member_groups.c.id, member_groups.c.code, member_groups.c.name, member_groups.c.mutuelle_id)
)
_BY_ID = Prepared(_FIGURES.where(member_groups.c.id == bindparam("group_id")))
_BY_CODE = Prepared(_FIGURES.where(member_groups.c.code == bindparam("code")))
_HAS = Prepared(
    select(member_group_households.c.group_id).where(
        member_group_households.c.household_id == bindparam("household_id")
    )
)


def by_id(db: Db, group_id: int) -> Group | None:
    """A group as it stands. Raises DatabaseAway."""
    return _group(_BY_ID.first(db, group_id=group_id))


def by_code(db: Db, code: str) -> Group | None:
    """The group with a code, in any case. Raises DatabaseAway."""
    return _group(_BY_CODE.first(db, code=code.upper()))


def has(db: Db, group_id: int, household_id: int) -> bool:
    """Whether a household is of a group. Raises DatabaseAway."""
    row = _HAS.first(db, household_id=household_id)
    return row is not None and int(row[0]) == group_id


def make(conn: Connection, code: str, name: str, mutuelle_id: int) -> int | None:
    """Make a group; its id, or None when the code is another's."""
    values = {"code": code.upper()[:12], "name": name[:40], "mutuelle_id": mutuelle_id}
    made = insert(member_groups).values(values).on_conflict_do_nothing().returning(member_groups.c.id)
    return conn.execute(made).scalar()


def put(conn: Connection, group_id: int, household_id: int) -> None:
    """Let a household belong to a group, and to no other from now on."""
    row = insert(member_group_households).values(household_id=household_id, group_id=group_id)
    conn.execute(
        row.on_conflict_do_update(index_elements=["household_id"], set_={"group_id": row.excluded.group_id})
    )


def _group(row: Any) -> Group | None:
    if row is None:
        return None
    group_id, code, name, mutuelle_id, households, up_to_date, overdue = row
    return Group(group_id, code, name, mutuelle_id, int(households), int(up_to_date), int(overdue))
