"""3 Mutuelle: nobody pays by a slip, nobody reads "payé" before the operator says so, nothing is asked for twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from flows.effects import PaymentAsked
from flows.tree import HOME
from flows.world import UNKNOWN, World
from gateway.outbox import carry_out
from models import contributions, memberships, payment_requests, payment_steps, phones, reminders_wanted
from models.identifiers import Msisdn
from models.messages import TEXT, messages
from models.payments import CONFIRMED, REFUSED, payments
from tests.flows.talking import Phone

Dialling = Callable[..., Phone]

FANTA, SIAKA, ROKIA = "+22370000021", "+22366000022", "+22370000023"
"""A household that pays by the month, one that has just joined and lives from cotton, one whose payment was refused."""

TELECEL, RAMED = "+22350000001", "+22370000001"
NUMBER, REQUESTED = "54100122", "713508"
ASKED = ["*212#", "3", "1", "1", "1"]


def call(phone: Phone, *typed: str) -> Phone:
    code, *keys = typed
    return phone.dial(code).types(*keys)


def asked(world: World) -> list[tuple[int, str, int, str]]:
    """(membership, operator, FCFA, state) of each payment since the world began, the oldest first."""
    columns = (payments.c.membership_id, payments.c.operator, payments.c.amount, payments.c.state)
    with world.register.begin(reading=True) as conn:
        rows = conn.execute(select(*columns).where(payments.c.asked_at >= world.now).order_by(payments.c.id))
        return [tuple(row) for row in rows]


def settle(world: World, state: str, reason: str | None = None) -> None:
    """What the operator says of the newest payment."""
    with world.register.begin() as conn:
        newest = conn.execute(select(func.max(payments.c.id))).scalar_one()
        held = payment_steps.hold_payment(conn, world.keys, newest)
        assert held is not None
        payment_steps.finish(conn, held, state, world.now, reason=reason)


def membership_of(world: World, number: str) -> memberships.Membership:
    context = world.context(Msisdn.parse(number))
    (right, *_) = phones.caller(context.db, world.keys, context.phone, context.today).rights
    found = memberships.of_household(context.db, right.household_id)
    assert found is not None
    return found


def texts_to(world: World, number: str) -> list[str]:
    index = phones.phone_index(world.keys, Msisdn.parse(number))
    with world.register.begin(reading=True) as conn:
        rows = conn.execute(select(messages.c.text_sealed).where(messages.c.to_index == index))
        return [world.keys.unseal(row.text_sealed, TEXT) for row in rows]


def test_a_member_reads_her_balance_and_pays_in_four_keys(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), "*212#", "3").sees("Benkadi, 5 personnes", "Payé 9 900 sur 16 500 F")
    caller.types("1").sees(
        "1 Un mois, 1 375 F", "2 Deux mois, 2 750 F", "3 Tout, 6 600 F", "L'Etat ajoute autant"
    )
    caller.types("1").sees("Payer 1 375 F par Orange Money 70***021 ?", "L'Etat ajoute 1 375 F")
    assert asked(world) == []
    caller.types("1").ends().sees("Demande Orange Money en route", "code secret").sees_not("Payé", "payé")
    assert asked(world) == [(membership_of(world, FANTA).id, "OM", 1_375, "ASKED")]


def test_a_household_without_a_harvest_yet_is_offered_the_fee_first(phone: Dialling) -> None:
    caller = call(phone(SIAKA), "*212*3*1#").sees("1 Adhésion, 1 000 F", "3 Tout")
    caller.types("1").sees("Moov Money 66***022").sees_not("L'Etat ajoute")


@pytest.mark.parametrize(
    ("code", "screen"),
    [
        pytest.param("*212*3*1*2750#", "paying.confirm", id="own"),
        pytest.param(f"*212*3*4*{NUMBER}*2750#", "paying_for.confirm", id="for another"),
        pytest.param("*212*3*1*1*1#", "paying.confirm", id="keys that say yes by themselves"),
        pytest.param("*212*3*1*1*1*1#", "paying.confirm", id="keys that say yes twice"),
        pytest.param(f"*212*3*4*{NUMBER}*2750*1*1#", "paying_for.confirm", id="for another, with a yes"),
    ],
)
def test_no_dial_string_pays(world: World, phone: Dialling, code: str, screen: str) -> None:
    call(phone(FANTA), code).sees_page(screen)
    assert asked(world) == []


@pytest.mark.parametrize(
    ("code", "screen", "reads"),
    [
        pytest.param("*212*3*1#", "paying_refused.reason", "Rien n'a été pris", id="why"),
        pytest.param("*212*3*1*900#", "paying.confirm", "Payer 900 F", id="another amount"),
        pytest.param("*212*3*1*1*1#", "paying.confirm", "Payer", id="less, which no dial string pays"),
    ],
)
def test_who_was_refused_may_dial_another_amount(
    world: World, phone: Dialling, code: str, screen: str, reads: str
) -> None:
    call(phone(FANTA), "*212*3*1*1375#", "1")
    settle(world, REFUSED, "SOLDE")
    call(phone(FANTA), code).sees_page(screen).sees(reads).sees_not("@")
    assert len(asked(world)) == 1


@pytest.mark.parametrize(
    ("amount", "screen"),
    [
        pytest.param("199", "paying.other", id="below the least"),
        pytest.param("200", "paying.confirm", id="the least"),
        pytest.param("500000", "paying.confirm", id="the most"),
        pytest.param("500001", "paying.other", id="above the most"),
        pytest.param("2 750 F", "paying.confirm", id="with spaces and its unit"),
        pytest.param("abc", "paying.other", id="no figures"),
    ],
)
def test_another_amount_has_a_floor_and_a_ceiling(phone: Dialling, amount: str, screen: str) -> None:
    caller = call(phone(FANTA), "*212*3*1#", "4").types(amount).sees_page(screen)
    if screen == "paying.other":
        caller.sees("E41 Montant de 200 F")


def test_what_goes_beyond_the_season_is_called_an_advance(phone: Dialling) -> None:
    caller = call(phone(FANTA), "*212*3*1*7000#").sees("L'Etat ajoute 6 600 F", "Dont 400 F d'avance")
    caller.sees_page("paying.confirm")


def test_a_phone_without_mobile_money_of_its_own_is_asked_for_another_means(phone: Dialling) -> None:
    caller = call(phone(TELECEL), f"*212*3*4*{NUMBER}*1375#", "1").sees_page("paying_means.choose")
    caller.types("5", "51000001").sees("Pas d'argent mobile connu pour 51***001")
    caller.types("76000009").sees("Payer 1 375 F par Orange Money 76***009 ?")


def test_another_number_pays_and_the_caller_has_the_receipt_too(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), "*212*3*1*1375#", "2").sees("1 Orange Money", "2 Moov Money", "3 Un agent")
    caller.types("2", "66000009").sees("par Moov Money 66***009").types("1").ends()
    assert caller.step is not None
    (effect,) = (one for one in caller.step.effects if isinstance(one, PaymentAsked))
    assert (effect.payer.e164, effect.member_phone) == ("+22366000009", Msisdn.parse(FANTA))


def test_a_phone_that_others_name_is_asked_only_so_often(world: World, phone: Dialling) -> None:
    caller = phone(FANTA)
    for amount in range(1_001, 1_006):
        call(caller, f"*212*3*1*{amount}#", "2", "5", "76000009", "1").ends()
    call(caller, "*212*3*1*1006#", "2", "5", "76000009", "1").sees("E61", "76***009").sees_page(
        "paying.confirm"
    )
    call(caller, "*212*3*1*1006#", "1").ends()
    assert len(asked(world)) == 6


def test_the_same_amount_within_minutes_is_asked_back(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), *ASKED).ends()
    caller.dial("*212*3*1*1375#").types("1").sees_page("paying.same").sees("1 375 F déjà en cours", "Ref")
    assert len(asked(world)) == 1
    caller.types("1").sees("Demande Orange Money en route").sees_not("Payé").types("0", "2").ends()
    assert len(asked(world)) == 2


def test_once_confirmed_the_same_amount_is_called_paid(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), *ASKED).ends()
    settle(world, CONFIRMED)
    caller.dial("*212*3*1*1375#").types("1").sees("1 375 F déjà payés").types("1").sees("Payé. Le recu")


def test_the_same_amount_after_minutes_is_another_payment(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), *ASKED).ends()
    caller.world = world.moved(now=world.now + timedelta(minutes=11))
    caller.dial("*212*3*1*1375#").types("1").sees_page("paying.waiting")
    assert len(asked(world)) == 2


def test_a_refusal_is_told_at_the_next_dial_with_three_ways_on(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), "*212*3*1#", "3", "1").ends()
    settle(world, REFUSED, "SOLDE")
    caller.dial().sees("Paiement refusé : solde Orange Money insuffisant. Rien n'a été pris.")
    caller.sees("1 Moins : 1 375 F", "2 Autre moyen", "3 Plus tard").types("1").sees("Payer 1 375 F").types(
        "1"
    ).ends()
    assert [amount for _, _, amount, _ in asked(world)] == [6_600, 1_375]


@pytest.mark.parametrize("state", ["ASKED", CONFIRMED], ids=["under way", "confirmed"])
def test_a_payment_that_is_not_refused_does_not_hold_up_the_next_call(
    world: World, phone: Dialling, state: str
) -> None:
    caller = call(phone(FANTA), *ASKED).ends()
    if state == CONFIRMED:
        settle(world, state)
    caller.dial().sees_page(HOME)


def test_a_refusal_is_told_by_pay_too_and_later_is_one_reminder(world: World, phone: Dialling) -> None:
    caller = call(phone(ROKIA), "*212#", "3", "1").sees("refusé", "1 Moins : 825 F")
    caller.types("3").sees("Demain").types("1").sees("un SMS le 23/11/2026")
    membership_id = membership_of(world, ROKIA).id
    for hours, waiting in ((23, []), (24, [membership_id])):
        with world.register.begin() as conn:
            assert reminders_wanted.take(conn, 5, world.now + timedelta(hours=hours), wished=True) == waiting
    caller.dial().sees_page(HOME)


def test_a_refusal_is_forgotten_after_a_day(world: World, phone: Dialling) -> None:
    caller = phone(ROKIA)
    caller.world = world.moved(now=world.now + timedelta(hours=25))
    call(caller, "*212#", "3", "1").sees_page("paying.amount")


@pytest.mark.parametrize("cut", range(2, 5))
def test_a_payment_cut_at_any_hop_is_finished_by_the_next_call(
    world: World, phone: Dialling, cut: int
) -> None:
    caller = call(phone(FANTA), *ASKED[: cut + 1]).drops()
    if cut < 4:
        caller.dial().sees_page("resume.offer").sees("Paiement commencé").types("1", *ASKED[cut + 1 :])
    caller.ends()
    assert [amount for _, _, amount, _ in asked(world)] == [1_375]


def test_every_hop_of_a_payment_twice_asks_once(world: World, phone: Dialling) -> None:
    caller = phone(FANTA).dial()
    for key in ASKED[1:]:
        caller.types(key)
        said = caller.step
        assert said is not None
        twin = caller.again()
        assert (twin.screen, twin.effects) == (said.screen, said.effects)
        carry_out(world.register, twin.effects, caller._context())
    assert len(asked(world)) == 1


def test_a_code_for_an_agent_is_the_same_when_its_hop_comes_twice(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), "*212*3*1*2000#", "2", "3").sees("Code")
    assert caller.again().screen.text == caller.screen


def test_a_payment_for_another_shows_no_more_than_a_mask(world: World, phone: Dialling) -> None:
    caller = call(phone(), "*212*3#", "4", NUMBER).sees("FANTA D***, Benkadi", "Doit 6 600 F")
    caller.sees_not("DOUMBIA", "personnes", "9 900").types("1").sees("Payer pour FANTA D***")
    caller.types("1").sees("Pour FANTA D***").types("1").ends()
    assert asked(world) == [(membership_of(world, FANTA).id, "OM", 1_375, "ASKED")]


def test_a_household_is_found_by_its_phone_which_counts_as_a_try(world: World, phone: Dialling) -> None:
    strict = world.moved(limits=world.limits.__class__(**{**_limits(world), "misses": 2}))
    caller = phone()
    caller.world = strict
    for _ in range(2):
        call(caller, "*212*3*4*70000021#").sees("FANTA D***")
    call(caller, "*212*3*4*70000021#").sees_page("locked.out")


def _limits(world: World) -> dict[str, object]:
    return {name: getattr(world.limits, name) for name in world.limits.__slots__}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        pytest.param("55120938", "exemple", id="the printed example"),
        pytest.param("54100015", "E12 Pas de membre", id="a member of whom only the register knows"),
        pytest.param("70000001", "E12 Pas de membre d'une mutuelle pour 70***001", id="a phone without"),
        pytest.param("123456", "E12", id="a request that nobody made"),
        pytest.param("12", "E22", id="nothing of the kind"),
    ],
)
def test_who_does_not_contribute_here_cannot_be_paid_for(phone: Dialling, typed: str, says: str) -> None:
    call(phone(), "*212*3#", "4").types(typed).sees(says)


def test_a_relative_pays_by_the_reference_of_her_sms_and_nobody_else_can(
    world: World, phone: Dialling
) -> None:
    caller = call(phone(FANTA), "*212*3*1*2000#", "2", "4", "76123456").sees("Demande envoyée au 76***456")
    (text,) = texts_to(world, "+22376123456")
    assert "FANTA D*** (70***021) vous demande de payer 2000 F pour Benkadi" in text
    code = text[text.index("*212*3*4*") :]
    call(phone(), code).sees("E12")
    relative = call(phone("+22376123456"), code).sees("FANTA D***, Benkadi", "1 Payer 2 000 F")
    relative.types("1", "1").ends()
    assert [amount for _, _, amount, _ in asked(world)] == [2_000]
    assert caller.screen


def test_a_code_for_an_agent_stands_for_the_amount_for_a_week(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), "*212*3*1*2000#", "2", "3").sees("2 000 F", "agent de Benkadi")
    code = "".join(caller.screen.splitlines()[0].split()[1:3])
    context = world.context(UNKNOWN)
    found = payment_requests.for_agent(context.db, code, world.now + timedelta(days=7, seconds=-1))
    assert found == payment_requests.PaymentRequest(membership_of(world, FANTA).id, 2_000)
    assert payment_requests.for_agent(context.db, code, world.now + timedelta(days=7)) is None
    assert payment_requests.for_phone(context.db, world.keys, code, UNKNOWN, world.now) is None


def test_no_screen_of_a_payment_asks_for_a_secret_code(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), *ASKED)
    asking = [
        line for screen in caller.transcript for line in screen.splitlines() if "code" in line.casefold()
    ]
    assert [line for line in asking if "visite" not in line] == [
        "Votre code secret ne se tape que dans cette demande."
    ]


def test_receipts_are_listed_and_one_is_sent_again(world: World, phone: Dialling) -> None:
    caller = call(phone(FANTA), "*212*3*3#").sees(
        "02/11 2 750 F OM", "25/06 2 750 F agent", "06/05 4 400 F OM"
    )
    caller.types("2").sees("part par SMS")
    (text,) = texts_to(world, FANTA)
    account = contributions.account(
        world.context(UNKNOWN).db, membership_of(world, FANTA).id, world.now.date()
    )
    assert account is not None
    assert "2750 F le 25/06 par un agent" in text
    assert "Total 9900 sur 16500" in text
    assert "FANTA D***" in text
    assert "DOUMBIA" not in text


def test_who_has_paid_nothing_has_no_receipt(phone: Dialling) -> None:
    call(phone(SIAKA), "*212*3*3#").sees("Aucun paiement").types("1").sees_page("paying.amount")
