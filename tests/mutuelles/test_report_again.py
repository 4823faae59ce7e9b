"""A report asked again later says the same: money is as it was on the last day of the period, come what may."""

import random
from datetime import date, timedelta

import pytest

from models import membership_changes, memberships
from models.ledger_check import faults, totals
from models.mutuelle_figures import COUNTED
from models.mutuelle_report import CERCLE, COUNTRY, ONE, REGION, report_of
from models.periods import Period
from tests.mutuelles.conftest import noon

FIRST = date(2026, 1, 5)
PLANS = ("MOIS", "TRIMESTRE", "SEMAINE", "CEREALES")
BY_PEOPLE = ("beneficiaries", "acts", "treated", "care_fcfa")
"""What is counted by where people are and what they have now."""


class Story:
    """A random history, a few days from each step to the next; the reports that were made on the way."""

    def __init__(self, books, seed):
        self.books, self.chance, self.day = books, random.Random(seed), FIRST
        self.members, self.paid, self.told = [], [], {}

    def step(self):
        self.day += timedelta(days=self.chance.randint(1, 25))
        act = self.chance.choice(
            (self.join, self.pay, self.pay, self.pay, self.reverse, self.plan, self.move, self.end)
        )
        if self.members or act == self.join:
            act()
        # The day is over: whatever is booked from now on is of a later one.
        self.told[self.day] = self.report(self.day)

    def report(self, day):
        with self.books.database.begin(reading=True) as conn:
            found = report_of(conn, Period(FIRST, day), day)
        return {
            (level, place): {name: getattr(one, name) for name in COUNTED if name not in BY_PEOPLE}
            for level in (COUNTRY, REGION, CERCLE, ONE)
            for place, one in found.rows[level].items()
            if one.known
        }

    def join(self):
        people, plan = self.chance.randint(1, 6), self.chance.choice(PLANS)
        self.members.append(self.books.join(self.books.family(people), plan=plan, day=self.day, fee=True))

    def pay(self):
        means, holder = self.chance.choice((("TILL", ""), ("CASH", "7"), ("OM", "OM")))
        amount = self.chance.randint(1, 9_000)
        one = self.chance.choice(self.members)
        self.paid.append(self.books.pay(one, amount, day=self.day, means=means, holder=holder).entry_id)

    def reverse(self):
        if self.paid:
            self.books.reverse(self.paid.pop(self.chance.randrange(len(self.paid))), day=self.day)

    def plan(self):
        self._change(membership_changes.change_plan, self.chance.choice(PLANS))

    def move(self):
        one = self.chance.choice(self.members)
        with self.books.database.begin() as conn:
            here = memberships.by_id(conn, one).mutuelle_id
            there = self.books.other_id if here == self.books.mutuelle_id else self.books.mutuelle_id
            moved = membership_changes.move(conn, one, there, self.day, "MOIS", now=noon(self.day))
        self.members[self.members.index(one)] = moved

    def end(self):
        if len(self.members) > 2:
            self.members.remove(self._change(membership_changes.end, "DEMISSIONNAIRE"))

    def _change(self, change, what):
        one = self.chance.choice(self.members)
        with self.books.database.begin() as conn:
            change(conn, one, what, self.day, now=noon(self.day))
        return one


@pytest.mark.parametrize("seed", [pytest.param(seed, id=f"history {seed}") for seed in (1, 2)])
def test_what_was_reported_stays_true(books, seed):
    story = Story(books, seed)
    for _ in range(25):
        story.step()
    assert any(row["received"] for row in story.told[story.day].values())
    for day, told in story.told.items():
        assert story.report(day) == told, f"the report of {day}"


def test_a_report_agrees_with_the_books(books):
    story = Story(books, 4)
    for _ in range(25):
        story.step()
    country = next(one for (level, _), one in story.told[story.day].items() if level == COUNTRY)
    with books.database.begin(reading=True) as conn:
        assert list(faults(conn)) == []
        booked = totals(conn)
    assert country["received"] == sum(booked[account] for account in ("CAISSE", "COLLECTEUR", "MOBILE"))
    assert country["cash"] == booked["COLLECTEUR"]
    assert (country["state"], country["guarantee"]) == (booked["ETAT"], -booked["FONDS_GARANTIE"])
