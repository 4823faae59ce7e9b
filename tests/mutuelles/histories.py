"""Random histories of two households and two mutuelles, held to a model that only adds and takes away francs."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select, update

from models import (
    contributions,
    ledger,
    ledger_check,
    membership_changes,
    membership_status,
    memberships,
    refunds,
)
from models.contributions import BadPayment
from models.mutuelle_tables import dues, ledger_lines
from models.mutuelle_tables import memberships as table
from models.people import persons
from tests.mutuelles.conftest import DAY, noon

PLANS = ("COTON", "CEREALES", "MOIS", "TRIMESTRE", "SEMAINE")
MONEY = (ledger.CAISSE, ledger.COLLECTEUR, ledger.MOBILE)
KEYS = count(1)


class Histories(RuleBasedStateMachine):
    """What may happen to two households; `books` is set by the test that runs it."""

    books = None

    def __init__(self):
        super().__init__()
        self.day = DAY
        self.paid = {}
        self.given_back = 0
        self.refunded = {}
        self.calls = []
        self.mutuelles = [self.books.mutuelle_id, self.books.other_id]
        self.homes = [self.books.family(3), self.books.family(2)]
        self.now = [
            self.books.join(home, plan="MOIS", fee=place == 0) for place, home in enumerate(self.homes)
        ]
        self.everybody = list(self.now)

    def change(self, what, *arguments, **more):
        with self.books.database.begin() as conn:
            return what(conn, *arguments, self.day, now=noon(self.day), **more)

    @rule(days=some.integers(1, 120))
    def time_passes(self, days):
        self.day += timedelta(days=days)
        with self.books.database.begin() as conn:
            for member in self.now:
                membership_status.refresh(conn, member, self.day)

    @rule(
        who=some.integers(0, 1),
        amount=some.integers(1, 12_000),
        means=some.sampled_from(("TILL", "CASH", "OM")),
    )
    def pays(self, who, amount, means):
        member, key = self.now[who % len(self.now)], f"history:{next(KEYS)}"
        paid = self.books.pay(
            member, amount, day=self.day, once=key, means=means, holder="OM" if means == "OM" else "7"
        )
        self.paid[paid.entry_id] = amount
        self.calls.append((member, amount, key))

    @precondition(lambda self: self.calls)
    @rule(data=some.data())
    def a_payment_comes_twice(self, data):
        member, amount, key = data.draw(some.sampled_from(self.calls))
        assert not self.books.pay(member, amount, day=self.day, once=key).fresh

    @precondition(lambda self: self.paid)
    @rule(data=some.data())
    def a_payment_is_taken_back(self, data):
        entry = data.draw(some.sampled_from(sorted(self.paid)))
        try:
            self.books.reverse(entry, day=self.day)
        except BadPayment:
            assert self.given_back
            return
        del self.paid[entry]
        try:
            self.books.reverse(entry, day=self.day)
        except BadPayment:
            return
        raise AssertionError("reversed twice")

    @rule(who=some.integers(0, 1), plan=some.sampled_from(PLANS))
    def the_plan_changes(self, who, plan):
        member = self.now[who % len(self.now)]
        with self.books.database.begin() as conn:
            membership_changes.change_plan(conn, member, plan, self.day, now=noon(self.day))

    @rule(who=some.integers(0, 1))
    def somebody_is_born(self, who):
        member = self.now[who % len(self.now)]
        self.books.register.person(household=self.home(member), relation="ENFANT")
        self.change(membership_changes.recount, member)

    @rule(who=some.integers(0, 1))
    def somebody_dies(self, who):
        member = self.now[who % len(self.now)]
        alive = (persons.c.household_id == self.home(member)) & persons.c.died_on.is_(None)
        with self.books.database.begin() as conn:
            ids = list(conn.execute(select(persons.c.id).where(alive).order_by(persons.c.id)).scalars())
            if len(ids) < 2:
                return
            conn.execute(update(persons).where(persons.c.id == ids[-1]).values(died_on=self.day))
        self.change(membership_changes.recount, member)

    @rule(who=some.integers(0, 1), plan=some.sampled_from(PLANS))
    def the_household_moves(self, who, plan):
        place = who % len(self.now)
        member = self.now[place]
        with self.books.database.begin() as conn:
            here = conn.execute(select(table.c.mutuelle_id).where(table.c.id == member)).scalar_one()
            there = next(one for one in self.mutuelles if one != here)
            self.now[place] = membership_changes.move(conn, member, there, self.day, plan, now=noon(self.day))
        self.everybody.append(self.now[place])

    @precondition(lambda self: len(self.now) == 2)
    @rule()
    def the_households_become_one(self):
        kept, other = self.now
        with self.books.database.begin() as conn:
            membership_changes.merge(conn, kept, other, self.day, now=noon(self.day))
        self.now = [kept]

    @rule(who=some.integers(0, 1), why=some.sampled_from(("DEMISSIONNAIRE", "EXCLU", "DECES")))
    def a_household_leaves_and_another_one_comes(self, who, why):
        place = who % len(self.now)
        self.change_end(self.now[place], why)
        self.now[place] = self.books.join(self.books.family(2), plan="MOIS", day=self.day)
        self.everybody.append(self.now[place])

    def change_end(self, member, why):
        with self.books.database.begin() as conn:
            membership_changes.end(conn, member, why, self.day, now=noon(self.day))

    @rule(share=some.integers(1, 100), means=some.sampled_from(("TILL", "OM")))
    def what_is_left_behind_is_given_back(self, share, means):
        with self.books.database.begin() as conn:
            mine = [one for one in refunds.left_behind(conn) if one.membership_id in self.everybody]
            for one in mine:
                amount = max(one.amount * share // 100, 1)
                key = f"back:{next(KEYS)}"
                told = (one.membership_id, amount, means, "left", "console:1", "R", key, noon(self.day))
                if amount > refunds.available(
                    conn,
                    conn.execute(
                        select(table.c.mutuelle_id).where(table.c.id == one.membership_id)
                    ).scalar_one(),
                    means,
                ):
                    continue
                entry = refunds.refund(conn, *told, self.day)
                assert refunds.refund(conn, *told, self.day) == entry
                self.given_back += amount
                self.refunded[entry] = amount

    @precondition(lambda self: self.refunded)
    @rule(data=some.data())
    def a_refund_is_taken_back(self, data):
        entry = data.draw(some.sampled_from(sorted(self.refunded)))
        told = (entry, "never fetched", "console:1")
        with self.books.database.begin() as conn:
            made = refunds.reverse(conn, *told, f"undo:{entry}", noon(self.day), self.day)
            assert refunds.reverse(conn, *told, f"undo:{entry}", noon(self.day), self.day) == made
            with pytest.raises(BadPayment):
                refunds.reverse(conn, *told, f"again:{entry}", noon(self.day), self.day)
        self.given_back -= self.refunded.pop(entry)

    def home(self, member):
        with self.books.database.begin(reading=True) as conn:
            return memberships.by_id(conn, member).household_id

    @invariant()
    def the_books_are_right(self):
        mine = ledger_lines.c.membership_id.in_(self.everybody)
        with self.books.database.begin(reading=True) as conn:
            rows = conn.execute(select(table).where(table.c.id.in_(self.everybody))).all()
            assert list(ledger_check.of_memberships(conn, rows)) == []
            sums = select(ledger_lines.c.account, func.sum(ledger_lines.c.amount)).where(mine)
            found = dict(conn.execute(sums.group_by(ledger_lines.c.account)).all())
            taken = conn.execute(
                select(func.coalesce(func.sum(dues.c.paid), 0)).where(
                    dues.c.membership_id.in_(self.everybody)
                )
            ).scalar_one()
        assert sum(found.get(account, 0) for account in MONEY) == sum(self.paid.values()) - self.given_back
        assert taken - found.get(ledger.AVANCE, 0) == sum(self.paid.values()) - self.given_back

    @invariant()
    def cover_never_contradicts_the_payments(self):
        with self.books.database.begin(reading=True) as conn:
            for member in self.now:
                found = contributions.account(conn, member, self.day)
                owed = memberships.by_id(conn, member)
                assert found.status in membership_status.STATUSES
                assert found.advance == 0 or found.missing == 0
                if found.season_paid == 0 and found.covered_until is None:
                    assert found.status == membership_status.EN_OBSERVATION or owed.ended_on
