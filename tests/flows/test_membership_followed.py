"""Verification by USSD and by SMS says what the ledger says: paid, late, suspended by a person, then restored."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import contributions, memberships, mutuelle_map, proposals
from models.days import day_of
from models.households import households
from models.identifiers import Msisdn
from models.mutuelles import codes
from tests.flows.sms.texting import Texter

NUMBER = "54100031"
NURSE = "+22370000102"


@pytest.fixture
def household(world):
    """The household of a suspended member joins the mutuelle of its cercle a hundred days ago and pays a month."""
    joined, today = day_of(world.now) - timedelta(days=100), day_of(world.now)
    with world.register.begin() as conn:
        mutuelle_map.load(conn)
        home = conn.execute(select(households.c.id).where(households.c.code == "DEMO-MUT-3")).scalar_one()
        member = memberships.join(
            conn, world.keys, home, codes(conn)["MUT-ML0305"], joined, "MOIS", now=world.now, fee=False
        )
        due = contributions.account(conn, member, joined).next_due
        contributions.pay(conn, member, due, "TILL", "", "first", "1", world.now, joined)
    return member, due, today


def _pass(world, member, today, *, accept):
    with world.register.begin() as conn:
        home = memberships.by_id(conn, member)
        proposals.bring_to_day(conn, home.mutuelle_id, today)
        (one,) = proposals.undecided(conn, home.mutuelle_id)
        proposals.decide(conn, one.id, accept, today, now=world.now, by="console:1")


def _pay(world, member, amount, today):
    with world.register.begin() as conn:
        contributions.pay(conn, member, amount, "OM", "OM", "arrears", "2", world.now, today)


def test_a_call_says_suspended_and_after_the_payment_valid(world, household, phone):
    member, due, today = household
    _pass(world, member, today, accept=True)
    phone().dial().types("1", NUMBER).sees("SUSPENDU")
    _pay(world, member, 3 * due, today)
    phone().dial().types("1", NUMBER).sees("VALIDE")


def test_an_sms_says_suspended_and_after_the_payment_valid(world, household):
    member, due, today = household
    nurse = Texter(replace(world), Msisdn.parse(NURSE))
    _pass(world, member, today, accept=True)
    nurse.sends(f"V {NUMBER}").reads("NON MUTUELLE", "suspendue", str(3 * due))
    _pay(world, member, 3 * due, today)
    nurse.sends(f"V {NUMBER}").reads("OK MUTUELLE").reads_not("suspendue")


def test_who_is_late_is_covered_until_a_person_decides(world, household, phone):
    member, _, today = household
    _pass(world, member, today, accept=False)
    phone().dial().types("1", NUMBER).sees("VALIDE")
