"""Dues: what households owe for which days, called by the season, and the money that is put on them or taken back.

Money goes to the oldest due first. The State's share and the guarantee fund follow each due's paid amount by floors
of the whole, so that nothing is lost by rounding and taking back is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from models import ledger
from models.database import Connection, Db, Prepared
from models.ledger import Cause, Line
from models.mutuelle_tables import dues, memberships
from models.mutuelle_terms import Terms
from models.people import persons
from models.plans import Part

COTISATION, ADHESION = "COTISATION", "ADHESION"
INCOME = {COTISATION: ledger.COTISATIONS, ADHESION: ledger.ADHESIONS}


@dataclass(frozen=True, slots=True)
class Due:
    """A row of `dues`; amounts in FCFA, days included."""

    id: int
    membership_id: int
    kind: str
    season_from: date
    period_from: date
    period_to: date
    due_on: date
    persons: int
    amount: int
    paid: int
    paid_on: date | None
    state_percent: int
    guarantee_percent: int
    threshold_percent: int

    @property
    def missing(self) -> int:
        """FCFA that are still to be paid."""
        return self.amount - self.paid

    @property
    def length(self) -> int:
        """Days of the period."""
        return (self.period_to - self.period_from).days + 1

    def state(self, paid: int) -> int:
        """FCFA that the State adds when `paid` of this due is paid."""
        return paid * self.state_percent // 100

    def guarantee(self, paid: int) -> int:
        """FCFA of `paid` that go to the guarantee fund."""
        return paid * self.guarantee_percent // 100


COLUMNS = tuple(dues.c[name] for name in Due.__slots__)
# The fee for joining comes before the contribution of the same day.
IN_ORDER = (dues.c.period_from, dues.c.kind, dues.c.id)
_OF_MEMBERSHIP = Prepared(
    select(*COLUMNS)
    .where(dues.c.membership_id == bindparam("membership_id"), dues.c.amount > 0)
    .order_by(*IN_ORDER)
)


def of_membership(db: Db, membership_id: int) -> tuple[Due, ...]:
    """Every due of a membership that was not taken back, the oldest first. Raises DatabaseAway."""
    return tuple(Due(*row) for row in _OF_MEMBERSHIP.all(db, membership_id=membership_id))


def living(conn: Connection, household_id: int) -> int:
    """How many people of a household live."""
    asked = select(func.count()).where(
        persons.c.household_id == household_id, persons.c.died_on.is_(None), persons.c.erased_at.is_(None)
    )
    return int(conn.execute(asked).scalar_one())


def add(
    conn: Connection,
    membership: Any,
    parts: Sequence[Part],
    people: int,
    terms: Terms,
    cause: Cause,
    *,
    kind: str = COTISATION,
    season_from: date | None = None,
) -> None:
    """Call dues of `people` persons in one entry; `Part.share` is FCFA a person. Parts of nothing are left out."""
    counted = kind == COTISATION
    rows = [
        {
            "membership_id": membership.id,
            "kind": kind,
            "season_from": season_from or parts[0].period_from,
            "period_from": part.period_from,
            "period_to": part.period_to,
            "due_on": part.due_on,
            "persons": people,
            "amount": part.share * people,
            "paid": 0,
            "state_percent": terms.state_percent if counted else 0,
            "guarantee_percent": terms.guarantee_percent if counted else 0,
            "threshold_percent": terms.threshold_percent if counted else 0,
        }
        for part in parts
        if part.share * people
    ]
    if not rows:
        return
    made = [conn.execute(insert(dues).values(row).returning(dues.c.id)).scalar_one() for row in rows]
    owed = [
        Line(ledger.MEMBRE, row["amount"], membership.id, due_id)
        for row, due_id in zip(rows, made, strict=True)
    ]
    income = Line(INCOME[kind], -sum(line.amount for line in owed), membership.id)
    ledger.post(conn, ledger.DUE, membership.mutuelle_id, [*owed, income], cause, membership_id=membership.id)


def allocate(conn: Connection, membership: Any, cause: Cause) -> int:
    """Put a household's advance on its oldest dues; FCFA put. The membership is held."""
    left = advance(conn, membership.id)
    taken: list[tuple[Due, int]] = []
    for due in of_membership(conn, membership.id):
        part = min(left, due.missing)
        if part > 0:
            taken.append((due, part))
            left -= part
    _move(conn, membership, taken, cause)
    return sum(part for _, part in taken)


def release(conn: Connection, membership: Any, amount: int, cause: Cause) -> int:
    """Take up to `amount` FCFA off the newest paid dues, back into the advance; FCFA taken. The membership is held."""
    left = amount
    taken: list[tuple[Due, int]] = []
    for due in reversed(of_membership(conn, membership.id)):
        part = min(left, due.paid)
        if part > 0:
            taken.append((due, -part))
            left -= part
    _move(conn, membership, taken, cause)
    return amount - left


def resize(conn: Connection, membership: Any, due: Due, amount: int, period_to: date, cause: Cause) -> None:
    """Let a due end on another day and come to another amount; what was paid beyond it goes back to the advance."""
    if amount < due.paid:
        _move(conn, membership, [(due, amount - due.paid)], cause.part(f"r{due.id}"))
    change = amount - due.amount
    if change:
        lines = [
            Line(ledger.MEMBRE, change, membership.id, due.id),
            Line(INCOME[due.kind], -change, membership.id),
        ]
        ledger.post(
            conn,
            ledger.ADJUSTMENT,
            membership.mutuelle_id,
            lines,
            cause.part(f"d{due.id}"),
            membership_id=membership.id,
        )
    end = max(period_to, due.period_from)
    full = amount > 0 and min(due.paid, amount) == amount
    conn.execute(
        update(dues)
        .where(dues.c.id == due.id)
        .values(amount=amount, period_to=end, paid_on=due.paid_on if full else None)
    )


def cut(conn: Connection, membership: Any, day: date, cause: Cause) -> list[Due]:
    """End every due on the day before `day`, in proportion; the dues as they were that lost something. It is held.

    What was paid for later days goes back to the advance. A fee for joining is never cut.
    """
    cut_off = [
        due for due in of_membership(conn, membership.id) if due.kind != ADHESION and due.period_to >= day
    ]
    for due in reversed(cut_off):
        used = max((day - due.period_from).days, 0)
        resize(conn, membership, due, due.amount * used // due.length, day - timedelta(days=1), cause)
    return cut_off


def call_again(
    conn: Connection, membership: Any, lost: Iterable[Due], day: date, people: int, cause: Cause
) -> None:
    """Call what `cut` took, from `day` on, for `people` persons, at the share of each due as it was called."""
    for due in lost:
        used = max((day - due.period_from).days, 0)
        left = due.amount - due.amount * used // due.length
        amount = left * people // due.persons
        if not amount:
            continue
        begun = max(due.period_from, day)
        row = replace(due, period_from=begun, persons=people, amount=amount, paid=0, paid_on=None)
        values = {name: getattr(row, name) for name in Due.__slots__ if name != "id"}
        due_id = conn.execute(insert(dues).values(values).returning(dues.c.id)).scalar_one()
        lines = [
            Line(ledger.MEMBRE, amount, membership.id, due_id),
            Line(INCOME[due.kind], -amount, membership.id),
        ]
        ledger.post(
            conn,
            ledger.DUE,
            membership.mutuelle_id,
            lines,
            cause.part(f"c{due.id}"),
            membership_id=membership.id,
        )


def transfer(conn: Connection, giver: Any, taker: Any, amount: int, cause: Cause) -> None:
    """Bring FCFA of one held membership's advance to another's; between two mutuelles, as a debt of the first."""
    gives, takes = Line(ledger.AVANCE, amount, giver.id), Line(ledger.AVANCE, -amount, taker.id)
    if giver.mutuelle_id == taker.mutuelle_id:
        entries = [(giver, "t", [gives, takes])]
    else:
        entries = [
            (giver, "t", [gives, Line(ledger.LIAISON, -amount)]),
            (taker, "u", [Line(ledger.LIAISON, amount), takes]),
        ]
    for owner, name, lines in entries:
        ledger.post(
            conn,
            ledger.ADJUSTMENT,
            owner.mutuelle_id,
            lines,
            cause.part(name),
            membership_id=owner.id,
        )
    add_advance(conn, giver.id, -amount)
    add_advance(conn, taker.id, amount)


def advance(conn: Connection, membership_id: int) -> int:
    """FCFA of a household that no due has taken yet."""
    return int(
        conn.execute(select(memberships.c.advance).where(memberships.c.id == membership_id)).scalar_one()
    )


def add_advance(conn: Connection, membership_id: int, amount: int) -> None:
    """Follow a line on AVANCE in the membership's own row."""
    conn.execute(
        update(memberships)
        .where(memberships.c.id == membership_id)
        .values(advance=memberships.c.advance + amount)
    )


def _move(conn: Connection, membership: Any, taken: Sequence[tuple[Due, int]], cause: Cause) -> None:
    """Put FCFA on dues (below zero: take them off), with the State's share and the guarantee fund's."""
    if not taken:
        return
    for kind, name, lines in (
        (ledger.ALLOCATION, "a", _allocation(membership.id, taken)),
        (ledger.STATE, "s", _share(membership.id, taken, Due.state, ledger.ETAT, ledger.ETAT_COTISATIONS)),
        (
            ledger.GUARANTEE,
            "g",
            _share(membership.id, taken, Due.guarantee, ledger.FONDS_CHARGE, ledger.FONDS_GARANTIE),
        ),
    ):
        if lines:
            ledger.post(
                conn, kind, membership.mutuelle_id, lines, cause.part(name), membership_id=membership.id
            )
    for due, amount in taken:
        paid = due.paid + amount
        paid_on = cause.day if amount > 0 and paid == due.amount else None
        conn.execute(update(dues).where(dues.c.id == due.id).values(paid=paid, paid_on=paid_on))
    add_advance(conn, membership.id, -sum(amount for _, amount in taken))


def _allocation(membership_id: int, taken: Sequence[tuple[Due, int]]) -> list[Line]:
    whole = sum(amount for _, amount in taken)
    owed = [Line(ledger.MEMBRE, -amount, membership_id, due.id) for due, amount in taken]
    return [Line(ledger.AVANCE, whole, membership_id), *owed]


def _share(
    membership_id: int, taken: Sequence[tuple[Due, int]], rule: Any, debit: str, credit: str
) -> list[Line]:
    shares = [(due, rule(due, due.paid + amount) - rule(due, due.paid)) for due, amount in taken]
    whole = sum(amount for _, amount in shares)
    claims = [Line(debit, amount, membership_id, due.id) for due, amount in shares if amount]
    return [*claims, Line(credit, -whole, membership_id)] if claims else []
