"""Reminders of contributions: before a due date, on it, when it is late, and when a collector asks for one.

Who is to be reminded is found by one statement a kind and day. Everything that may change until a message leaves is
asked when it is owed and again when it is claimed; what is not true any more is withdrawn with a word that says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import Date, String, bindparam, case, cast, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import insert

from config import facts
from models import contribution_reminder_rules as rules
from models import contributions, mutuelle_terms, reminders, reminders_wanted
from models.audiences import Draw
from models.contribution_reminder_rules import ASKED, KINDS, LADDER, WISHED
from models.contributions import Account
from models.coverage import LIVING
from models.database import Connection, Prepared, UtcDateTime
from models.days import day_of
from models.json_rows import JsonRows, packed
from models.keyring import KeyRing
from models.mutuelle_tables import dues, memberships
from models.mutuelles import MUTUELLE, mutuelles
from models.people import persons
from models.phones import phone_links, phones
from models.prepared import among
from models.reminder_phones import DEAD, stopped
from models.reminders import NO_PHONE, OVER, REMINDERS, SENT, STOPPED, Drawn, Planned, Planner

TOPIC = "MUTUELLE"
"""What STOP MUTUELLE stops."""

LEFT, PAID, OTHER_SUM, NOBODY = "SORTI", "PAYE", "AUTRE_SOMME", "DECES"
SAID_OK, ENOUGH, LEAN = "DIT_OK", "PLAFOND", "SOUDURE"
"""Why one is withdrawn: the household left, has paid, owes another sum than was told, nobody of that phone lives; it
said that it has paid, was written to enough, or has no income in these months."""

WANTED = 1_000
"""Reminders that collectors asked for are planned so many at a time."""

_days = JsonRows("due_days")
_COLUMNS = ("kind", "subject_id", "period", "planned_at")
_PERIOD = cast(dues.c.due_on, String(10))
_NOW = bindparam("planned_at", type_=UtcDateTime)
_owing = dues.join(memberships, memberships.c.id == dues.c.membership_id)
_PLAN = Prepared(
    insert(reminders.reminders)
    .from_select(
        _COLUMNS,
        select(bindparam("kind", type_=String), dues.c.membership_id, _PERIOD, _NOW)
        .select_from(
            _owing.join(
                _days.table,
                (_days.whole(0) == memberships.c.mutuelle_id) & (_days.word(1) == _PERIOD),
            )
        )
        .where(
            dues.c.due_on.between(bindparam("first", type_=Date), bindparam("last", type_=Date)),
            dues.c.paid < dues.c.amount,
            memberships.c.ended_on.is_(None),
        ),
    )
    .on_conflict_do_nothing()
)
_asked = JsonRows("membership_ids")
_PLAN_ASKED = Prepared(
    insert(reminders.reminders)
    .from_select(
        _COLUMNS,
        select(literal(ASKED), dues.c.membership_id, cast(func.min(dues.c.due_on), String(10)), _NOW)
        .select_from(_owing.join(_asked.table, _asked.whole(0) == memberships.c.id))
        .where(dues.c.paid < dues.c.amount, memberships.c.ended_on.is_(None))
        .group_by(dues.c.membership_id),
    )
    .on_conflict_do_update(
        # What was withdrawn is asked anew: the phone, the sum, the month may be others by now.
        index_elements=("kind", "subject_id", "period"),
        set_={
            "planned_at": _NOW,
            "message_id": null(),
            "outcome": null(),
            "phone_index": null(),
        },
        where=(reminders.reminders.c.outcome != SENT) & reminders.reminders.c.answered_at.is_(None),
    )
)
_PLAN_WISHED = Prepared(
    insert(reminders.reminders)
    .from_select(
        _COLUMNS,
        select(literal(WISHED), memberships.c.id, bindparam("period", type_=String), _NOW)
        .select_from(memberships.join(_asked.table, _asked.whole(0) == memberships.c.id))
        .where(memberships.c.ended_on.is_(None)),
    )
    .on_conflict_do_nothing()
)
_MISSING = (
    select(func.coalesce(func.sum(dues.c.amount - dues.c.paid), 0))
    .where(
        dues.c.membership_id == memberships.c.id,
        or_(bindparam("due_on", type_=Date).is_(None), dues.c.due_on == bindparam("due_on", type_=Date)),
    )
    .scalar_subquery()
)
_STANDS = Prepared(
    select(memberships.c.mutuelle_id, mutuelles.c.cercle_pcode, memberships.c.ended_on, _MISSING)
    .select_from(memberships.join(mutuelles, mutuelles.c.id == memberships.c.mutuelle_id))
    .where(memberships.c.id == bindparam("membership_id"))
)
_TOLD = Prepared(
    select(
        func.count(case((reminders.reminders.c.outcome == SENT, 1))),
        func.count(reminders.reminders.c.answered_at),
    ).where(
        among(reminders.reminders.c.kind, KINDS),
        reminders.reminders.c.subject_id == bindparam("membership_id"),
        reminders.reminders.c.period == bindparam("period"),
    )
)
_WRITTEN_TO = Prepared(
    select(func.count()).where(
        reminders.reminders.c.phone_index == bindparam("phone"),
        reminders.reminders.c.claimed_at > bindparam("since", type_=UtcDateTime),
        reminders.reminders.c.outcome == SENT,
    )
)
_STOPPED = or_(stopped(REMINDERS), stopped(TOPIC))
_reached = (
    memberships.join(persons, persons.c.household_id == memberships.c.household_id)
    .join(phone_links, phone_links.c.person_id == persons.c.id)
    .join(phones, phones.c.id == phone_links.c.phone_id)
)
_theirs = (
    memberships.c.id == bindparam("membership_id"),
    phones.c.phone_sealed.is_not(None),
    LIVING,
    ~DEAD,
)
_PHONE = Prepared(
    select(phones.c.phone_index, persons.c.commune_code, _STOPPED.label("stopped"))
    .select_from(_reached)
    .where(*_theirs)
    .order_by(
        "stopped",
        case((persons.c.relation == "SOI", 0), else_=1),
        phone_links.c.verified_at,
        phones.c.id,
    )
    .limit(1)
)
_LIVES = Prepared(
    select(phones.c.id)
    .select_from(_reached)
    .where(*_theirs, phones.c.phone_index == bindparam("phone"))
    .limit(1)
)


def plan(conn: Connection, kind: str, day: date, now: datetime) -> int:
    """Add a reminder of a kind for every household that owes a due of its days (`rules.due_days`); how many were new.

    Nobody is planned where the months are lean.
    """
    asked = select(mutuelles.c.id, mutuelles.c.cercle_pcode).where(mutuelles.c.kind == MUTUELLE)
    cercles = {row.id: row.cercle_pcode for row in conn.execute(asked)}
    found = [
        (mutuelle_id, due_on.isoformat())
        for mutuelle_id, terms in mutuelle_terms.of_all(conn, cercles, day).items()
        if not rules.is_lean(cercles[mutuelle_id], day)
        for due_on in rules.due_days(kind, terms, day)
    ]
    if not found:
        return 0
    ends = [date.fromisoformat(due_on) for _, due_on in found]
    return _PLAN.run(conn, kind=kind, first=min(ends), last=max(ends), due_days=packed(found), planned_at=now)


def plan_asked(conn: Connection, day: date, now: datetime) -> int:
    """Add those that collectors ask for, each about the oldest due that its household owes; how many will be tried.

    Once it was sent there is no other of that due date.
    """
    return sum(
        _PLAN_ASKED.run(conn, membership_ids=some, planned_at=now)
        for some in _wanted(conn, now, wished=False)
    )


def plan_wished(conn: Connection, day: date, now: datetime) -> int:
    """Add those that households wished for themselves, each about all that it owes; how many were new."""
    return sum(
        _PLAN_WISHED.run(conn, membership_ids=some, period=day.isoformat(), planned_at=now)
        for some in _wanted(conn, now, wished=True)
    )


def _wanted(conn: Connection, now: datetime, *, wished: bool) -> Iterator[str]:
    while taken := reminders_wanted.take(conn, WANTED, now, wished=wished):
        yield packed([[one] for one in taken])


def refusal(conn: Connection, planned: Planned, now: datetime) -> str:
    """Why a reminder is not to be sent (any more), or nothing. Who wished for one gets it in any month, as promised."""
    due_on, day = _due_on(planned), day_of(now)
    row = _STANDS.first(conn, membership_id=planned.subject_id, due_on=due_on)
    if row is None or row[2] is not None:
        return LEFT
    mutuelle_id, cercle, _, missing = row
    if not missing:
        return PAID
    if due_on is None:
        return _of_phone(conn, planned, now)
    if rules.is_lean(cercle, day):
        return LEAN
    terms = mutuelle_terms.of_mutuelle(conn, mutuelle_id, day)
    if not rules.is_timely(planned.kind, terms, due_on, day):
        return OVER
    return _told_enough(conn, planned, terms.remind_most) or _of_phone(conn, planned, now)


def _due_on(planned: Planned) -> date | None:
    """The due date that it is about; None when it is about all that is owed."""
    return None if planned.kind == WISHED else date.fromisoformat(planned.period)


def _told_enough(conn: Connection, planned: Planned, most: int) -> str:
    ((sent, answered),) = _TOLD.all(conn, membership_id=planned.subject_id, period=planned.period)
    if answered:
        return SAID_OK
    return ENOUGH if sent >= most else ""


def _of_phone(conn: Connection, planned: Planned, now: datetime) -> str:
    """What speaks against the phone that was chosen, and against the sum that it would be told."""
    if planned.phone_index is None:
        return ""
    if not _LIVES.first(conn, membership_id=planned.subject_id, phone=planned.phone_index):
        return NOBODY
    day = day_of(now)
    since = now - timedelta(days=int(facts.parameter("contribution_reminders_days", day)))
    ((count,),) = _WRITTEN_TO.all(conn, phone=planned.phone_index, since=since)
    if planned.kind != WISHED and count >= int(facts.parameter("contribution_reminders_most", day)):
        return ENOUGH
    account = contributions.account(conn, planned.subject_id, day) if planned.asked_fcfa else None
    if planned.asked_fcfa is None or account is None or account.missing == planned.asked_fcfa:
        return ""
    return PAID if account.missing < planned.asked_fcfa else OTHER_SUM


def address(conn: Connection, keys: KeyRing, planned: Planned, now: datetime) -> Planned | None:
    """Choose the phone of a household, the head's first, and draw who gets no message; None when nobody is written to.

    The draw is another one for each due date, the same for all of its reminders; one that a collector asked for goes.
    """
    row = _PHONE.first(conn, membership_id=planned.subject_id)
    chosen = replace(planned, phone_index=row[0] if row and not row[2] else None)
    without = NO_PHONE if row is None else STOPPED
    why = refusal(conn, chosen, now) or ("" if chosen.phone_index else without)
    account = contributions.account(conn, planned.subject_id, day_of(now))
    if why or row is None or account is None or chosen.phone_index is None:
        reminders.given_up(conn, planned.reminder_id, why or OVER)
        return None
    drawn = _drawn(conn, keys, chosen, account.mutuelle_id, chosen.phone_index, day_of(now))
    reminders.addressed(conn, planned.reminder_id, chosen.phone_index, row[1], account.missing, drawn)
    return None if drawn.held_out else replace(chosen, asked_fcfa=account.missing)


def _drawn(
    conn: Connection, keys: KeyRing, planned: Planned, mutuelle_id: int, index: bytes, day: date
) -> Drawn:
    counted_to = day + timedelta(days=int(facts.parameter("contribution_effect_days", day)))
    terms = mutuelle_terms.of_mutuelle(conn, mutuelle_id, day)
    mark = keys.index(f"contributions:{planned.period}", "hold-out")
    held_out = planned.kind in LADDER and Draw(mark, terms.holdout_percent).holds(index)
    return Drawn(held_out, day, counted_to)


def told(conn: Connection, planned: Planned, day: date) -> tuple[Account, int, date]:
    """Where the household of a reminder stands, the percent that the State adds to what it pays, and the due date."""
    account = contributions.account(conn, planned.subject_id, day)
    assert account is not None  # nosec B101: a reminder is about a membership, and none is deleted
    percents = select(func.max(dues.c.state_percent)).where(
        dues.c.membership_id == planned.subject_id, dues.c.paid < dues.c.amount
    )
    due_on = _due_on(planned) or account.next_due_on or day
    return account, int(conn.execute(percents).scalar() or 0), due_on


def planner(kind: str) -> Planner:
    """How reminders of a step of the ladder are planned and judged."""

    def plan_kind(conn: Connection, day: date, now: datetime) -> int:
        return plan(conn, kind, day, now)

    return Planner(kind, TOPIC, plan_kind, refusal, address)


PLANNERS: Sequence[Planner] = (
    *(planner(kind) for kind in LADDER),
    Planner(ASKED, TOPIC, plan_asked, refusal, address, daily=False),
    Planner(WISHED, TOPIC, plan_wished, refusal, address, daily=False),
)
"""Of each kind."""
