"""Contributions: money that comes in and where it stands, for one household. FCFA.

A payment counts once by its key, goes to the oldest dues and restores rights in the same transaction. It is never
changed: a mistake is reversed with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, bindparam, func, select

from config.faults import Fault
from models import dues, ledger, membership_status
from models.database import Connection, Db, Prepared
from models.dues import ADHESION, Due
from models.ledger import Cause, Line, once_of
from models.mutuelle_tables import ledger_entries, ledger_lines, memberships
from models.mutuelles import mutuelles
from models.people import persons

CASH, TILL = "CASH", "TILL"
ACCOUNT_OF = {CASH: ledger.COLLECTEUR, TILL: ledger.CAISSE}
"""Where money of a means is; that of any other is with an operator of mobile money."""


class BadPayment(Fault):
    """A payment, or its reversal, cannot be booked; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where a household stands on a day.

    `season_...` speaks of the year of contributions that is being paid, the fee for joining included. `missing`: all
    that is left to pay up to its end. `state_fcfa`: what the State adds to the whole season. `threshold_fcfa`: what
    must still be paid before cover begins, 0 for nothing. `covered_from`: the first day after the waiting period.
    `late_since`: the last day that was not late. `crop`: the code of the plan in contribution_plans.csv; `rhythm` is a
    word of vocabulary.RHYTHMS.
    """

    membership_id: int
    household_id: int
    mutuelle_id: int
    mutuelle: str
    persons: int
    season_due: int
    season_paid: int
    missing: int
    advance: int
    status: str
    covered_until: date | None
    late_since: date | None
    next_due_on: date | None
    next_due: int
    state_fcfa: int
    threshold_fcfa: int
    rhythm: str
    crop: str
    covered_from: date | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that was booked. `still_for_cover`: FCFA until cover begins; `fresh`: not booked before.

    `covered_from`: the first day of cover, which may lie ahead: a new household waits.
    """

    entry_id: int
    reference: str
    amount: int
    season_paid: int
    season_due: int
    covered_until: date | None
    still_for_cover: int
    fresh: bool
    covered_from: date | None = None


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One payment as its receipt tells it."""

    reference: str
    day: date
    amount: int
    means: str


_kin = persons.alias("kin")
_ROW = Prepared(
    select(
        memberships.c.household_id,
        memberships.c.mutuelle_id,
        mutuelles.c.name,
        select(func.count())
        .where(
            _kin.c.household_id == memberships.c.household_id,
            _kin.c.died_on.is_(None),
            _kin.c.erased_at.is_(None),
        )
        .scalar_subquery(),
        memberships.c.advance,
        memberships.c.covered_from,
        memberships.c.covered_until,
        memberships.c.good_until,
        memberships.c.suspended_on,
        memberships.c.ended_why,
        memberships.c.rhythm,
        memberships.c.crop,
    )
    .select_from(memberships.join(mutuelles, mutuelles.c.id == memberships.c.mutuelle_id))
    .where(memberships.c.id == bindparam("membership_id"))
)


def account(db: Db, membership_id: int, day: date) -> Account | None:
    """Where a household stands on `day`, or None: two selects, however long its history. Raises DatabaseAway."""
    row = _ROW.first(db, membership_id=membership_id)
    if row is None:
        return None
    household_id, mutuelle_id, mutuelle, people, advance = row[:5]
    covered_from, covered_until, good_until, suspended_on, ended_why, rhythm, crop = row[5:]
    owed = dues.of_membership(db, membership_id)
    opened = next((due for due in owed if due.missing), None)
    season = _season(owed, opened, day)
    late = good_until is not None and day > good_until and opened is not None
    return Account(
        membership_id=membership_id,
        household_id=household_id,
        mutuelle_id=mutuelle_id,
        mutuelle=mutuelle,
        persons=people,
        season_due=sum(due.amount for due in season),
        season_paid=sum(due.paid for due in season),
        missing=sum(due.missing for due in owed if not season or due.season_from <= season[0].season_from),
        advance=advance,
        status=membership_status.status_on(
            day, covered_from, good_until, suspended_on is not None, ended_why
        ),
        covered_until=covered_until,
        late_since=good_until if late else None,
        next_due_on=opened.due_on if opened else None,
        next_due=opened.missing if opened else 0,
        state_fcfa=sum(due.state(due.amount) for due in season),
        threshold_fcfa=_threshold(season),
        rhythm=rhythm,
        crop=crop,
        covered_from=covered_from,
    )


def _season(owed: tuple[Due, ...], opened: Due | None, day: date) -> list[Due]:
    """The dues of the year that is being paid: the first that lacks something, else the one that runs."""
    begun = [due.season_from for due in owed if due.season_from <= day]
    which = opened.season_from if opened else max(begun, default=None)
    return [due for due in owed if due.season_from == which]


def _threshold(season: list[Due]) -> int:
    counted = [due for due in season if due.kind != ADHESION]
    needed = -(-sum(due.amount * due.threshold_percent for due in counted) // 100)
    return max(needed - sum(due.paid for due in counted), 0)


def pay(
    conn: Connection,
    membership_id: int,
    amount: int,
    means: str,
    holder: str,
    once: bytes | str,
    reference: str,
    now: datetime,
    day: date,
) -> Paid:
    """Book FCFA that a household paid, once for each `once`, and restore its rights at once.

    `means`: CASH (`holder` is the collector), TILL, or an operator's code (`holder` too). `reference` is on the
    receipt. The money of a household that moved follows it. Raises BadPayment, LookupError.
    """
    if amount <= 0:
        raise BadPayment("a payment is above zero")
    rows = _chain(conn, membership_id)
    payer = rows[-1]
    key = once_of(once)
    before = ledger.booked(conn, key)
    if before is None:
        cause = Cause(key, now, day, "payment")
        money = Line(
            ACCOUNT_OF.get(means, ledger.MOBILE), amount, payer.id, holder=None if means == TILL else holder
        )
        entry_id = ledger.post(
            conn,
            ledger.PAYMENT,
            payer.mutuelle_id,
            [money, Line(ledger.AVANCE, -amount, payer.id)],
            cause,
            membership_id=payer.id,
            means=means,
            receipt=reference,
        )
        dues.add_advance(conn, payer.id, amount)
        dues.allocate(conn, payer, cause)
        membership_status.refresh(conn, payer.id, day)
    found = account(conn, payer.id, day)
    assert found is not None  # nosec B101: it is held
    return Paid(
        before if before is not None else entry_id,
        reference,
        amount,
        found.season_paid,
        found.season_due,
        found.covered_until,
        found.threshold_fcfa,
        before is None,
        found.covered_from,
    )


def reverse(
    conn: Connection, entry_id: int, reason: str, by: str, once: bytes | str, now: datetime, day: date
) -> int:
    """Take a payment back with its reason, once; the id of the entry that does it.

    Raises BadPayment, also when its money was given back since: models.refunds takes that back first. It goes off the
    newest dues that it may have paid, in the mutuelle where it is now.
    """
    entry = conn.execute(select(ledger_entries).where(ledger_entries.c.id == entry_id)).one_or_none()
    if entry is None or entry.kind != ledger.PAYMENT:
        raise BadPayment("only a payment or a refund can be reversed")
    if not reason.strip():
        raise BadPayment("a reversal has a reason")
    rows = _chain(conn, entry.membership_id)
    key = once_of(once)
    asked = select(ledger_entries.c.id, ledger_entries.c.once).where(ledger_entries.c.reverses_id == entry_id)
    before = conn.execute(asked).one_or_none()
    if before is not None:
        if before.once == key:
            return int(before.id)
        raise BadPayment("this payment is reversed already")
    cause = Cause(key, now, day, reason, by)
    mirrored = [
        Line(line.account, -line.amount, line.membership_id, line.due_id, line.holder)
        for line in ledger.lines_of(conn, entry_id)
    ]
    amount = sum(line.amount for line in mirrored if line.account == ledger.AVANCE)
    if amount > _within_reach(conn, rows):
        raise BadPayment("its money was given back to the household")
    made = ledger.post(
        conn,
        ledger.REVERSAL,
        entry.mutuelle_id,
        mirrored,
        cause,
        membership_id=entry.membership_id,
        reverses_id=entry_id,
        means=entry.means,
    )
    dues.add_advance(conn, entry.membership_id, -amount)
    _make_good(conn, rows, cause)
    for row in rows:
        membership_status.refresh(conn, row.id, day)
    return made


def _within_reach(conn: Connection, rows: list[Any]) -> int:
    """FCFA that a household's memberships have in advances and on dues."""
    ids = [row.id for row in rows]
    owed = dues.dues
    kept = select(func.coalesce(func.sum(memberships.c.advance), 0)).where(memberships.c.id.in_(ids))
    put = select(func.coalesce(func.sum(owed.c.paid), 0)).where(owed.c.membership_id.in_(ids))
    return int(conn.execute(kept).scalar_one()) + int(conn.execute(put).scalar_one())


def _make_good(conn: Connection, rows: list[Any], cause: Cause) -> None:
    """Bring the advances of a household's memberships back to zero at least, from where its money went."""
    for place, row in enumerate(rows):
        lacking = -dues.advance(conn, row.id)
        if lacking > 0:
            lacking -= dues.release(conn, row, lacking, cause.part(f"m{place}"))
        if lacking > 0 and place + 1 < len(rows):
            dues.transfer(conn, rows[place + 1], row, lacking, cause.part(f"n{place}"))


def _chain(conn: Connection, membership_id: int) -> list[Any]:
    """A membership and those that its money went on to, held, in this order. Raises LookupError."""
    ids = _followed(conn, membership_id)
    while True:
        rows = ledger.held(conn, *ids)
        again = _followed(conn, membership_id)
        if again == ids:
            return [rows[one] for one in ids]
        # Somebody moved it on while we waited for it.
        ids = again


def _followed(conn: Connection, membership_id: int) -> list[int]:
    ids: list[int] = []
    following: int | None = membership_id
    while following is not None and following not in ids:
        ids.append(following)
        asked = select(memberships.c.successor_id).where(memberships.c.id == following)
        following = conn.execute(asked).scalar()
    return ids


_reversal = ledger_entries.alias("reversal")
_RECEIPTS = Prepared(
    select(ledger_entries.c.receipt, ledger_entries.c.day, -ledger_lines.c.amount, ledger_entries.c.means)
    .select_from(
        ledger_entries.join(ledger_lines, ledger_lines.c.entry_id == ledger_entries.c.id).outerjoin(
            _reversal, _reversal.c.reverses_id == ledger_entries.c.id
        )
    )
    .where(
        ledger_entries.c.membership_id == bindparam("membership_id"),
        ledger_entries.c.kind == ledger.PAYMENT,
        ledger_lines.c.account == ledger.AVANCE,
        _reversal.c.id.is_(None),
    )
    .order_by(ledger_entries.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)


def receipts(db: Db, membership_id: int, most: int) -> tuple[ReceiptLine, ...]:
    """A household's last payments that were not reversed, the newest first. Raises DatabaseAway."""
    return tuple(ReceiptLine(*row) for row in _RECEIPTS.all(db, membership_id=membership_id, most=most))
