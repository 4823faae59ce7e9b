"""Memberships: a household in a mutuelle, from joining to leaving, with what changes in between.

Whoever changes one holds it first. What was paid for days that are no longer to be covered here goes back to the
household's advance and from there to where it goes on: another plan, another mutuelle, another household.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from config.faults import Fault
from models import dues, ledger, member_numbers, membership_status, mutuelle_terms
from models.coverage import coverages
from models.database import Connection, Db, Prepared
from models.households import households
from models.keyring import KeyRing
from models.ledger import Cause
from models.mutuelle_tables import memberships, plans
from models.mutuelle_terms import Terms
from models.mutuelles import MUTUELLE, mutuelles
from models.people import persons
from models.plans import Part, Plan, plan_named, season_parts

MOVED, MERGED, DEAD = "DEPLACE", "FUSION", "DECES"
ENDS = (*sorted(membership_status.LEFT), MOVED, MERGED, DEAD)
"""Why a membership ends."""

SYSTEM = "gateway"
"""Who does what nobody in particular asked for."""


class NotPossible(Fault):
    """What is asked of a membership cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A household in a mutuelle. `plan`: a code of contribution_plans.csv; `ended_on`: the first day without it."""

    id: int
    household_id: int
    mutuelle_id: int
    mutuelle: str
    cercle_pcode: str
    joined_on: date
    ended_on: date | None
    ended_why: str | None
    rhythm: str
    plan: str
    status: str


_MEMBERSHIP = select(
    memberships.c.id,
    memberships.c.household_id,
    memberships.c.mutuelle_id,
    mutuelles.c.name,
    mutuelles.c.cercle_pcode,
    memberships.c.joined_on,
    memberships.c.ended_on,
    memberships.c.ended_why,
    memberships.c.rhythm,
    memberships.c.crop,
    memberships.c.status,
).select_from(memberships.join(mutuelles, mutuelles.c.id == memberships.c.mutuelle_id))
_RUNNING = _MEMBERSHIP.where(memberships.c.ended_on.is_(None))
_BY_ID = Prepared(_MEMBERSHIP.where(memberships.c.id == bindparam("id")))
_OF_HOUSEHOLD = Prepared(_RUNNING.where(memberships.c.household_id == bindparam("household_id")))
_OF_PERSON = Prepared(
    _RUNNING.where(
        memberships.c.household_id
        == select(persons.c.household_id).where(persons.c.id == bindparam("person_id")).scalar_subquery()
    )
)


def of_household(db: Db, household_id: int) -> Membership | None:
    """The running membership of a household, or None. Raises DatabaseAway."""
    row = _OF_HOUSEHOLD.first(db, household_id=household_id)
    return Membership(*row) if row else None


def of_person(db: Db, person_id: int) -> Membership | None:
    """The running membership of a person's household, or None. Raises DatabaseAway."""
    row = _OF_PERSON.first(db, person_id=person_id)
    return Membership(*row) if row else None


def by_id(db: Db, membership_id: int) -> Membership | None:
    """A membership, running or ended. Raises DatabaseAway."""
    row = _BY_ID.first(db, id=membership_id)
    return Membership(*row) if row else None


def join(
    conn: Connection,
    keys: KeyRing,
    household_id: int,
    mutuelle_id: int,
    day: date,
    plan: str,
    *,
    now: datetime,
    fee: bool = True,
    by: str = SYSTEM,
    number: str = "",
) -> int:
    """Let a household join a mutuelle on `day` with a plan: its dues are called, its people get their rights; the id.

    It gets a member number unless it has one: `number`, when that was shown to it. `fee`: the fee for joining is due.
    Raises NotPossible, BadPlan, member_numbers.NoneLeft, Overtaken (`number` was given to another household).
    """
    membership_id = enter(conn, household_id, mutuelle_id, day, plan, now=now, fee=fee, by=by)
    member_numbers.give(conn, keys, household_id, day, number)
    return membership_id


def enter(
    conn: Connection,
    household_id: int,
    mutuelle_id: int,
    day: date,
    plan: str,
    *,
    now: datetime,
    fee: bool = True,
    carried_from: date | None = None,
    by: str = SYSTEM,
) -> int:
    """As `join`, for a household that has its number from before.

    `carried_from`: an observation that another mutuelle has seen end on that day.
    Raises NotPossible, BadPlan.
    """
    told = plan_named(plan, day)
    home = conn.execute(select(mutuelles).where(mutuelles.c.id == mutuelle_id)).one_or_none()
    if home is None or home.kind != MUTUELLE:
        raise NotPossible("households join a mutuelle, neither a section nor a union")
    if of_household(conn, household_id):
        raise NotPossible("this household is in a mutuelle already")
    people = dues.living(conn, household_id)
    if not people:
        raise NotPossible("nobody of this household lives")
    terms = mutuelle_terms.of_mutuelle(conn, mutuelle_id, day)
    parts = season_parts(told, home.cercle_pcode, day, day, terms)
    values = {
        "household_id": household_id,
        "mutuelle_id": mutuelle_id,
        "joined_on": day,
        "rhythm": told.rhythm,
        "crop": told.code,
        "anchored_on": day,
        "called_to": parts[-1].period_to,
        "status": membership_status.EN_OBSERVATION,
        "carried_from": carried_from,
        "advance": 0,
        "overdue": 0,
    }
    membership_id = int(
        conn.execute(insert(memberships).values(values).returning(memberships.c.id)).scalar_one()
    )
    conn.execute(insert(plans).values(planned(membership_id, told, day)))
    cause = Cause(f"join:{membership_id}", now, day, "joined", by)
    asked = terms.adhesion_fcfa if fee else 0
    _call_first_year(conn, membership_id, parts, people, terms, asked, cause)
    give_rights(conn, household_id, mutuelle_id, day)
    membership_status.refresh(conn, membership_id, day)
    return membership_id


def _call_first_year(
    conn: Connection,
    membership_id: int,
    parts: Sequence[Part],
    people: int,
    terms: Terms,
    fee: int,
    cause: Cause,
) -> None:
    """The fee, which is asked of the household and not of each person, and the contributions until the next call."""
    row = ledger.held(conn, membership_id)[membership_id]
    first = parts[0]
    if fee:
        asked = Part(cause.day, cause.day, first.due_on, fee)
        once = cause.part("fee")
        season = first.period_from
        dues.add(conn, row, [asked], 1, terms, once, kind=dues.ADHESION, season_from=season)
    dues.add(conn, row, parts, people, terms, cause)


def give_rights(conn: Connection, household_id: int, mutuelle_id: int, day: date) -> None:
    """A right for each living person of a household; one who has one of this scheme already keeps it and its number."""
    known = select(coverages.c.person_id).where(coverages.c.scheme == "MUTUELLE")
    hers = persons.c.household_id == household_id
    conn.execute(
        update(coverages)
        .where(
            coverages.c.scheme == "MUTUELLE",
            coverages.c.person_id.in_(select(persons.c.id).where(hers)),
        )
        .values(mutuelle_id=mutuelle_id)
    )
    conn.execute(update(households).where(households.c.id == household_id).values(mutuelle_id=mutuelle_id))
    missing = select(persons.c.id, persons.c.relation).where(
        hers, persons.c.died_on.is_(None), persons.c.erased_at.is_(None), persons.c.id.not_in(known)
    )
    rows = [
        {
            "person_id": person_id,
            "scheme": "MUTUELLE",
            "role": "ADHERENT" if relation == "SOI" else "BENEFICIAIRE",
            "status": membership_status.EN_OBSERVATION,
            "valid_from": day,
            "mutuelle_id": mutuelle_id,
            "missing_fcfa": 0,
        }
        for person_id, relation in conn.execute(missing)
    ]
    if rows:
        conn.execute(insert(coverages), rows)


def planned(membership_id: int, plan: Plan, day: date) -> dict[str, Any]:
    """The row of `plans` that says since when a membership has a plan."""
    return {
        "membership_id": membership_id,
        "rhythm": plan.rhythm,
        "crop": plan.code,
        "valid_from": day,
    }
