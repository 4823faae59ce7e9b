"""Joining a mutuelle and choosing when to be asked: nothing is promised before something is paid."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from flows.world import World
from models import contributions, memberships, mutuelle_terms, phones
from models.coverage import Verdict
from models.identifiers import Msisdn, recognise
from models.memberships import Membership
from models.messages import TEXT, messages
from tests.flows.sms.texting import Texter
from tests.flows.talking import Phone

Dialling = Callable[..., Phone]

FANTA, SIAKA, AWA = "+22370000021", "+22366000022", "+22370000001"


def membership(world: World, number: str) -> Membership | None:
    context = world.context(Msisdn.parse(number))
    (right, *_) = phones.caller(context.db, world.keys, context.phone, context.today).rights
    return memberships.of_household(context.db, right.household_id)


def test_a_household_joins_and_is_covered_only_once_it_has_paid(world: World, phone: Dialling) -> None:
    caller = phone(AWA).dial("*212*3#").sees("Mutuelles de Kati", "1 Benkadi", "3 Autre commune", "4 Payer")
    caller.types("1").sees("Adhésion 1 000 F", "275 F par mois", "L'Etat ajoute autant", "une fois payé")
    caller.types("1").sees_page("joining_mutuelle.plan").types("3").sees(
        "12 fois 1 375 F", "adhésion 1 000 F"
    )
    assert membership(world, AWA) is None
    caller.types("1").sees("Adhésion notée : Benkadi", "Pas encore couvert").types("1").sees(
        "1 Adhésion, 1 000 F"
    )
    joined = membership(world, AWA)
    assert joined is not None
    assert (joined.plan, joined.mutuelle) == ("MOIS", "Benkadi")
    context = world.context(Msisdn.parse(AWA))
    rights = phones.caller(context.db, world.keys, context.phone, context.today).rights
    assert {right.verdict for right in rights if right.scheme == "MUTUELLE"} == {Verdict.EN_OBSERVATION}


def test_the_number_that_is_shown_is_written_verified_and_paid_by_at_once(
    world: World, phone: Dialling
) -> None:
    done = phone(AWA).dial("*212*3#").types("1", "1", "3", "1").sees("Votre numéro de membre : 5").screen
    number = done.partition("membre : ")[2][:8]
    card = recognise(number, world.now.date())
    assert card is not None
    assert (card.scheme, card.check_ok) == ("MUTUELLE", True)
    with world.register.begin(reading=True) as conn:
        (sealed,) = conn.execute(select(messages.c.text_sealed).where(messages.c.kind == "joined")).scalars()
    assert world.keys.unseal(sealed, TEXT) == (
        f"Benkadi: adhesion notee. Numero de membre du foyer: {number}, a montrer au centre."
        " Pas encore couvert: il faut d'abord payer. Payer: COT montant"
    )
    phone("+22370000101").dial().types("1", number).sees("AWA")
    stranger = Texter(replace(world), Msisdn.parse("+22370000013"))
    stranger.sends(f"COT {number} 1000").reads("Payer 1000 F", "Benkadi", number)
    Texter(replace(world), Msisdn.parse(AWA)).sends("SOLDE").reads(f"Membre {number}.")


def test_joining_twice_from_two_calls_joins_once(world: World, phone: Dialling) -> None:
    keys = ("1", "1", "3")
    first, second = (phone(AWA).dial("*212*3#").types(*keys) for _ in range(2))
    first.types("1").sees("Adhésion notée")
    second.types("1").sees("Adhésion notée").types("2").sees("Benkadi, 5 personnes")
    account = membership(world, AWA)
    assert account is not None
    found = contributions.account(world.context(Msisdn.parse(AWA)).db, account.id, world.now.date())
    assert found is not None
    assert found.season_due == 17_500


def test_a_stranger_finds_the_mutuelle_of_a_commune_and_an_agent(phone: Dialling) -> None:
    caller = (
        phone().dial("*212*3#").types("3", "KAT", "1").sees("Benkadi").types("1").sees("Un agent m'inscrit")
    )
    caller.types("1").sees_page("consent.wanted").types("1").sees_page("joining.name")


def test_a_commune_without_a_mutuelle_says_so(phone: Dialling) -> None:
    phone().dial("*212*3#").types("3", "KIDAL").sees("Pas encore de mutuelle ici", "Un agent me rappelle")


def test_a_stranger_is_asked_for_consent_before_anything_is_kept(world: World, phone: Dialling) -> None:
    caller = phone("+22370000013").dial("*212*3#")
    caller.types("1", "1")
    assert caller.step is not None
    assert caller.step.session.place.screen in ("joining_mutuelle.plan", "consent.wanted")
    assert membership(world, "+22370000013") is None


def test_a_plan_of_cotton_is_asked_for_when_cotton_is_paid(world: World, phone: Dialling) -> None:
    caller = phone(SIAKA).dial("*212*3*2#").sees("Plan : Coton", "1 Coton", "2 Riz")
    caller.types("1").sees("Plan Coton : 3 fois 3 300 F", "15/01, 15/02, 15/03", "D'ici là")
    caller.types("1").sees("C'est noté : plan Coton")
    assert caller.step is not None
    assert not caller.step.effects


def test_another_plan_is_kept_and_no_franc_is_lost(world: World, phone: Dialling) -> None:
    phone(FANTA).dial("*212*3*2#").types("2").sees("Plan Bétail").types("1").sees("C'est noté")
    changed = membership(world, FANTA)
    assert changed is not None
    assert changed.plan == "BETAIL"
    account = contributions.account(world.context(Msisdn.parse(FANTA)).db, changed.id, world.now.date())
    assert account is not None
    assert account.covered_until is not None
    assert account.covered_until >= date(2026, 12, 11)


@pytest.mark.parametrize(
    ("percent", "says"),
    [
        pytest.param(0, None, id="no such rule"),
        pytest.param(75, "Couvert dès 12 375 F (75%)", id="three quarters"),
    ],
)
def test_the_threshold_is_told_only_where_the_mutuelle_has_one(
    world: World, phone: Dialling, percent: int, says: str | None
) -> None:
    mine = membership(world, FANTA)
    assert mine is not None
    with world.register.begin() as conn:
        mutuelle_terms.change(
            conn, mine.mutuelle_id, "threshold_percent", percent, world.now.date(), "its statutes"
        )
    caller = phone(FANTA).dial("*212*3*2#").types("2")
    if says:
        caller.sees(says)
    else:
        caller.sees_not("Couvert")
