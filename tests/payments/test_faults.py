"""Every fault of the simulated operator, over real HTTP: one entry in the ledger when money moved, none when not."""

from __future__ import annotations

import pytest

from gateway.simulated.money_faults import NOTHING_ASKED, REFUSALS, TAKEN_BADLY, TELLING
from tests.payments.counter import AMOUNT, MEMBER, PAYER, Counter, magic

REASONS = {
    "no_balance": ("SOLDE", "Solde Orange Money insuffisant."),
    "declined": ("REFUS", "Demande refusée sur le téléphone."),
    "wrong_pin": ("CODE", "Code secret faux."),
    "pin_timeout": ("DELAI", "Code secret pas tapé à temps."),
    "limit": ("PLAFOND", "Plafond Orange Money atteint."),
    "no_account": ("COMPTE", "Pas de compte Orange Money à ce numéro."),
}


def test_a_payment_is_asked_for_confirmed_booked_and_told_to_payer_and_member(counter: Counter) -> None:
    payment = counter.pays(PAYER)
    row = counter.becomes(payment, "CONFIRMED")
    counter.quiet()
    assert counter.booked(payment) == [AMOUNT]
    assert row.provider_ref
    assert row.settled_at
    day = row.settled_at.strftime("%d/%m")
    for phone in (PAYER, MEMBER):
        assert counter.said(phone)[0].startswith(f"RECU 713482: {AMOUNT} F le {day} par Orange Money, ")
        assert "foyer AWA T***" in counter.said(phone)[0]


@pytest.mark.parametrize("fault", REFUSALS)
def test_what_is_refused_takes_nothing_and_says_why(counter: Counter, fault: str) -> None:
    payment = counter.pays(magic(fault))
    row = counter.becomes(payment, "REFUSED")
    reason, words = REASONS[fault]
    assert row.reason == reason
    assert counter.booked(payment) == []
    (text,) = counter.said(magic(fault))
    assert text == f"Paiement 713482 refusé: {AMOUNT} F, foyer AWA T***. {words} Rien n'a été pris."


@pytest.mark.parametrize("fault", sorted({*TAKEN_BADLY, "told_never"}))
def test_what_is_in_doubt_is_asked_about_and_never_asked_for_again(counter: Counter, fault: str) -> None:
    payment = counter.pays(magic(fault))
    counter.quiet()
    counter.questions()
    counter.becomes(payment, "CONFIRMED")
    counter.requests()
    counter.questions()
    order = next(o for o in counter.money.books.orders() if o.name == counter.row(payment).order_id)
    assert (order.requests, counter.booked(payment)) == (1, [AMOUNT])


@pytest.mark.parametrize("fault", ["reset_before", "timeout_before", "e500_before"])
def test_a_request_that_was_not_taken_is_expired_by_the_operators_word_alone(
    counter: Counter, fault: str
) -> None:
    payment = counter.pays(magic(fault))
    counter.questions()
    assert counter.row(payment).state == "UNKNOWN"
    counter.ages(payment, minutes=16)
    counter.questions()
    row = counter.row(payment)
    assert (row.state, row.reason, counter.booked(payment)) == ("EXPIRED", "NON_RECU", [])
    assert counter.said(magic(fault))[0].endswith("La demande n'est pas arrivée. Rien n'a été pris.")


@pytest.mark.parametrize("fault", ["e401", "e429"])
def test_what_was_certainly_not_sent_is_asked_for_again(counter: Counter, fault: str) -> None:
    payment = counter.pays(magic(fault))
    row = counter.row(payment)
    assert (row.state, row.claims) == ("ASKED", 1)
    assert row.next_at > row.asked_at
    assert fault in NOTHING_ASKED
    assert not counter.said(magic(fault))


@pytest.mark.parametrize("fault", sorted({*TELLING} - {"told_never", "told_odd", "told_other_amount"}))
def test_callbacks_in_every_order_make_one_entry(counter: Counter, fault: str) -> None:
    payment = counter.pays(magic(fault))
    counter.quiet()
    counter.settles(payment)
    moved = counter.money.books.moved().get(("OM", counter.row(payment).order_id), 0)
    assert sum(counter.booked(payment)) == moved
    # Money that was given back before we heard of it is never booked; heard of in between, it is booked and reversed.
    assert len(counter.booked(payment)) in ((0, 2) if fault == "told_reversed" else (1,))
