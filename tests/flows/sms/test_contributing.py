"""COT, RECU, SOLDE, PLAN: one segment whatever the sums, a yes before money is asked for, nobody's name told."""

from datetime import datetime

import pytest
from sqlalchemy import delete, select

from flows import gsm7
from flows.world import World
from models.audit import audit
from models.consent import consents
from models.contribution_reminder_rules import KINDS
from models.identifiers import Msisdn
from models.lookups import Budgets
from models.payments import payments
from models.phones import phone_index
from models.reminders import SENT, reminders
from tests.flows.sms.conftest import FANTA, SIAKA, STRANGER, Texting
from tests.flows.sms.texting import Texter

NUMBER = "54100122"


def asked(world: World) -> list[int]:
    """FCFA of each payment asked for since the world began."""
    with world.register.begin(reading=True) as conn:
        rows = conn.execute(select(payments.c.amount).where(payments.c.asked_at >= world.now))
        return [amount for (amount,) in rows]


@pytest.mark.parametrize("answer", ["OK", "1", "OUI", "oui", "ok svp"])
def test_a_yes_asks_for_the_money_once(world: World, texter: Texting, answer: str) -> None:
    phone = texter(FANTA).sends("COT 1375").reads("Payer 1375 F par Orange Money", "L'Etat ajoute 1375 F")
    assert asked(world) == []
    phone.sends(answer).reads("Demande Orange Money en route", "Ref").reads_not("paye")
    phone.sends(answer)
    assert asked(world) == [1_375]


@pytest.mark.parametrize("answer", ["NON", "2"])
def test_anything_else_asks_for_nothing(world: World, texter: Texting, answer: str) -> None:
    texter(FANTA).sends("COT 1375", answer).reads("rien n'est demande")
    assert asked(world) == []


def test_the_same_amount_needs_a_second_yes(world: World, texter: Texting) -> None:
    phone = texter(FANTA).sends("COT 1375", "OK", "COT 1375", "OK").reads("deja en cours depuis 2 min")
    assert asked(world) == [1_375]
    phone.sends("OK").reads("en route")
    assert asked(world) == [1_375, 1_375]


def reminded(world: World, number: str, at: datetime) -> None:
    """A reminder of what a household owes has left to a phone."""
    row = {"kind": KINDS[0], "subject_id": 1, "period": "2026-11-22", "planned_at": at}
    hers = {"phone_index": phone_index(world.keys, Msisdn.parse(number)), "claimed_at": at, "outcome": SENT}
    with world.register.begin() as conn:
        conn.execute(reminders.insert().values(**row, **hers))


@pytest.mark.parametrize(
    ("minutes", "asks"),
    [
        pytest.param(1, True, id="she answers our question"),
        pytest.param(8, True, id="still"),
        pytest.param(10, False, id="the reminder was the last that she read"),
    ],
)
def test_a_reminder_between_question_and_yes_takes_no_yes(
    world: World, texter: Texting, minutes: int, asks: bool
) -> None:
    phone = texter(FANTA).sends("COT 1375")
    reminded(world, FANTA, phone.world.now)
    phone.waits(minutes=minutes).sends("OK").reads("en route" if asks else "plus de rappel pour cette fois")
    assert asked(world) == [1_375] * asks


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("COT 199", "E41 Montant de 200", id="below the least"),
        pytest.param("COT 200", "Payer 200 F", id="the least"),
        pytest.param("COT 500000", "Payer 500000 F", id="the most"),
        pytest.param("COT 500001", "E41 Montant de 200", id="above the most"),
        pytest.param("cotisation 2 750 F svp", "Payer 2750 F", id="as people write"),
        pytest.param("COT 27,50", "E41", id="parts of a franc"),
        pytest.param("COT", "E21 lu: COT. Envoyez seulement: le montant", id="no amount"),
    ],
)
def test_amounts(texter: Texting, text: str, says: str) -> None:
    texter(FANTA).sends(text).reads(says)


def test_an_amount_that_was_missing_may_follow_alone(texter: Texting) -> None:
    phone = texter(FANTA).sends("COT", "2750").reads("Payer 2750 F").sends("NON")
    phone.sends("COT", "27500").reads("Payer 27500 F").sends("NON")
    phone.sends("COT", "275000").reads("Payer 275000 F")


def test_a_household_is_paid_for_by_its_number_and_not_named(world: World, texter: Texting) -> None:
    phone = (
        texter(STRANGER).sends(f"COT {NUMBER} 2000").reads(NUMBER, "Benkadi").reads_not("FANTA", "DOUMBIA")
    )
    phone.sends("OK").reads("en route")
    assert asked(world) == [2_000]
    with world.register.begin(reading=True) as conn:
        told = conn.execute(select(audit.c.action).where(audit.c.action == "pay.sms")).all()
    assert len(told) == 1


def test_numbers_that_nobody_has_are_counted(world: World) -> None:
    strict = world.moved(limits=_with_misses(world, 1))
    phone = Texter(strict, Msisdn.parse(STRANGER))
    phone.sends("COT 54100015 500").reads("E12")
    phone.sends("COT 54100015 500").reads("E71")


def _with_misses(world: World, most: int) -> object:
    names = {name: getattr(world.limits, name) for name in world.limits.__slots__}
    return world.limits.__class__(**{**names, "budgets": Budgets(misses_an_hour=most)})


def test_another_household_is_no_try_that_counts_against_a_payer(texter: Texting) -> None:
    texter(STRANGER).sends(f"COT {NUMBER} 2000", "NON", f"COT {NUMBER} 2000").reads("Payer 2000 F")


def test_a_phone_without_mobile_money_is_told_how(texter: Texting) -> None:
    texter("+22350000001").sends(f"COT {NUMBER} 2000").reads("E41 Pas d'argent mobile", "*212*3*1*2000#")


def test_a_plan_is_kept_only_after_a_yes(texter: Texting) -> None:
    phone = texter(SIAKA).sends("PLAN MOIS").reads("12 fois").sends("NON").reads("reste le meme")
    phone.sends("PLAN MOIS", "OK").reads("C'est note: plan Chaque mois").sends("PLAN").reads("Chaque mois")


def test_who_has_not_agreed_to_a_file_is_told_where_to(world: World, texter: Texting) -> None:
    with world.register.begin() as conn:
        conn.execute(delete(consents))
    phone = texter(SIAKA).sends("PLAN MOIS", "OK").reads("votre accord", "*212*3*2#")
    phone.sends("PLAN").reads("Votre plan: Coton")


LONGEST = ["SOLDE", "RECU", "COT 2750", "PLAN", "PLAN CEREALES", "PLAN SEMAINE", "AIDE COT", "AIDE SOLDE"]


@pytest.mark.parametrize("number", [FANTA, SIAKA], ids=["months", "cotton"])
@pytest.mark.parametrize("text", LONGEST)
def test_the_longest_values_fit_one_segment(world: World, text: str, number: str) -> None:
    world.stretch()
    phone = Texter(world, Msisdn.parse(number)).sends(text, "OK")
    for said in phone.transcript[1::2]:
        assert gsm7.segments(said) == 1, said
        assert not said.endswith(("Repondez", "D'accord?")), said
