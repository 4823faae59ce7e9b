"""What fits no payment waits for a person; a callback that contradicts is not believed, the operator is asked."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.payments.port import Confirmed, NeverSeen, Pending, Refused, Status
from gateway.providers.port import Unknown
from models import payment_callbacks, payment_steps
from models.payment_callbacks import Told
from tests.payments.counter import AMOUNT, PAYER, Counter, magic


def heard(counter: Counter, order: str, outcome: str, **more: Any) -> str:
    """A callback that OM signed."""
    reason = more.pop("reason", "AUTRE")
    told = Told(more.pop("operator", "OM"), order, outcome, more.pop("amount", AMOUNT), None)
    with counter.desk.database.begin() as conn:
        return counter.settling.heard(conn, told, reason, counter.desk.clock())


def answered(counter: Counter, payment: int, status: Status) -> str:
    """The operator is asked about a payment, and says this."""
    counter.makes_due(payment)
    with counter.desk.database.begin() as conn:
        question = payment_steps.claim_question(conn, "OM", payment, 60)
    assert question is not None
    assert question.payment_id == payment
    with counter.desk.database.begin() as conn:
        return counter.settling.answered(conn, question, status, counter.desk.clock())


def waiting(counter: Counter) -> list[str]:
    """Why callbacks wait for a person, the newest last."""
    found = payment_callbacks.unmatched(counter.desk.database.reader(), counter.desk.keys)
    return [one.why for one in found]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        pytest.param("told_other_amount", "another amount", id="another amount"),
        pytest.param("told_stranger", "no such order", id="an order that nobody gave"),
        pytest.param("told_odd", "a word that the settings do not explain", id="an odd word"),
    ],
)
def test_a_callback_that_fits_no_payment_waits_for_a_person_and_is_no_reason_to_lose_the_payment(
    counter: Counter, fault: str, why: str
) -> None:
    before = waiting(counter).count(why)
    payment = counter.pays(magic(fault))
    counter.quiet()
    counter.settles(payment)
    assert waiting(counter).count(why) == before + 1
    assert counter.booked(payment) == [AMOUNT]


def test_an_order_of_another_operator_is_not_believed(counter: Counter) -> None:
    payment = counter.ask(operator="MOOV")
    order = counter.row(payment).order_id
    assert heard(counter, order, "CONFIRMED") == "unmatched"
    assert waiting(counter)[-1] == "another operator's order"
    assert counter.booked(payment) == []


def test_a_confirmation_before_anything_was_asked_is_booked_and_nothing_is_asked(counter: Counter) -> None:
    payment = counter.ask()
    order = counter.row(payment).order_id
    assert heard(counter, order, "CONFIRMED") == "applied"
    assert heard(counter, order, "CONFIRMED") == "repeated"
    counter.requests()
    assert counter.booked(payment) == [AMOUNT]
    assert not [one for one in counter.money.books.orders() if one.name == order]


@pytest.mark.parametrize("late", ["CONFIRMED", "REFUSED"])
def test_an_answer_that_was_overtaken_changes_nothing(counter: Counter, late: str) -> None:
    payment = counter.pays(magic("never_settled"))
    order = counter.row(payment).order_id
    counter.makes_due(payment)
    with counter.desk.database.begin() as conn:
        question = payment_steps.claim_question(conn, "OM", 7, 60)
    assert question is not None
    heard(counter, order, "REFUSED" if late == "CONFIRMED" else "CONFIRMED")
    status: Status = Confirmed() if late == "CONFIRMED" else Refused("AUTRE")
    with counter.desk.database.begin() as conn:
        assert counter.settling.answered(conn, question, status, counter.desk.clock()) == "overtaken"
    assert counter.row(payment).state == ("REFUSED" if late == "CONFIRMED" else "CONFIRMED")


@pytest.mark.parametrize(
    ("first", "then", "answer", "state", "booked"),
    [
        pytest.param("REFUSED", "CONFIRMED", Confirmed(AMOUNT), "CONFIRMED", [AMOUNT], id="paid after all"),
        pytest.param("REFUSED", "CONFIRMED", Refused("SOLDE"), "REFUSED", [], id="not paid, as was said"),
        pytest.param(
            "CONFIRMED", "REFUSED", Refused("ANNULE"), "REFUSED", [AMOUNT, -AMOUNT], id="taken back"
        ),
        pytest.param("CONFIRMED", "REFUSED", Confirmed(), "CONFIRMED", [AMOUNT], id="paid, as was said"),
        pytest.param("CONFIRMED", "REFUSED", NeverSeen(), "CONFIRMED", [AMOUNT], id="it does not know"),
        pytest.param("CONFIRMED", "REFUSED", Pending(), "CONFIRMED", [AMOUNT], id="it waits"),
        pytest.param("REFUSED", "CONFIRMED", Unknown("x"), "REFUSED", [], id="it does not say"),
    ],
)
def test_a_callback_that_contradicts_is_settled_by_the_operators_answer(
    counter: Counter, first: str, then: str, answer: Status, state: str, booked: list[int]
) -> None:
    payment = counter.pays(magic("never_settled"))
    order = counter.row(payment).order_id
    heard(counter, order, first)
    assert heard(counter, order, then) == "applied"
    assert counter.row(payment).state == first
    assert counter.row(payment).next_at is not None
    answered(counter, payment, answer)
    row = counter.row(payment)
    assert (row.state, counter.booked(payment)) == (state, booked)
    # What is settled is asked about no more; what the operator did not settle is.
    assert (row.next_at is None) == isinstance(answer, Confirmed | Refused)


def test_money_that_comes_and_goes_and_comes_is_booked_each_time(counter: Counter) -> None:
    payment = counter.pays(magic("never_settled"))
    order = counter.row(payment).order_id
    heard(counter, order, "CONFIRMED")
    for outcome, status in (("REFUSED", Refused("ANNULE")), ("CONFIRMED", Confirmed())) * 2:
        heard(counter, order, outcome)
        answered(counter, payment, status)
    assert counter.booked(payment) == [AMOUNT, -AMOUNT, AMOUNT, -AMOUNT, AMOUNT]
    assert counter.row(payment).bookings == 3
    told = counter.said(magic("never_settled"))
    assert [text.split(":")[0] for text in told[:3]] == ["RECU 713482", "RECU 713482 annulé", "RECU 713482"]


def test_a_person_who_reversed_the_entry_first_is_no_fault(counter: Counter) -> None:
    payment = counter.pays(magic("never_settled"))
    row = counter.row(payment)
    heard(counter, row.order_id, "CONFIRMED")
    counter.reverses(counter.row(payment).entry_id)
    heard(counter, row.order_id, "REFUSED")
    answered(counter, payment, Refused("ANNULE"))
    assert counter.row(payment).state == "REFUSED"


def test_an_order_that_was_taken_never_expires(counter: Counter) -> None:
    payment = counter.pays(magic("never_settled"))
    counter.ages(payment, minutes=600)
    assert answered(counter, payment, NeverSeen()) == "open"
    assert counter.row(payment).state == "SENT"


def test_another_amount_in_an_answer_waits_for_a_person(counter: Counter) -> None:
    payment = counter.pays(magic("never_settled"))
    assert answered(counter, payment, Confirmed(AMOUNT + 1)) == "open"
    assert (waiting(counter)[-1], counter.booked(payment)) == ("another amount", [])
    answered(counter, payment, Confirmed(AMOUNT + 1))
    assert counter.callbacks(order_id=counter.row(payment).order_id) == 1


def test_a_membership_that_is_not_there_is_for_a_person(counter: Counter) -> None:
    payment = counter.ask(membership_id=999_999)
    order = counter.row(payment).order_id
    assert heard(counter, order, "CONFIRMED") == "unmatched"
    assert waiting(counter)[-1] == "no such membership"
    assert counter.row(payment).state == "ASKED"


def test_questions_become_rarer_to_an_hour(counter: Counter) -> None:
    assert [counter.settling.pause(times) for times in (0, 1, 2, 6, 7, 100)] == [
        30,
        60,
        120,
        1920,
        3600,
        3600,
    ]


def test_what_nobody_could_be_asked_for_is_given_up_and_told(counter: Counter) -> None:
    payment = counter.ask(PAYER)
    assert counter.gives_up() == 0
    counter.ages(payment, minutes=16)
    assert counter.gives_up() == 1
    row = counter.row(payment)
    assert (row.state, row.reason) == ("REFUSED", "ABSENT")
    assert "Orange Money ne répond pas. Rien n'a été pris." in counter.said(PAYER)[0]
    counter.requests()
    assert not [one for one in counter.money.books.orders() if one.name == row.order_id]
