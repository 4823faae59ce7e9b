"""A process is killed (SIGKILL) at each numbered place: one request, one entry, and nothing that nobody knows of."""

import signal

import pytest

from gateway.crash_points import POINTS
from tests.forks import ended
from tests.payments.counter import AMOUNT, Counter, magic
from tests.payments.one_turn import turn
from tests.payments.telling import body_of

pytestmark = pytest.mark.storm

ASKING = {51: ("ASKED", 0), 52: ("UNKNOWN", 0), 53: ("UNKNOWN", 1), 54: ("UNKNOWN", 1), 55: ("SENT", 1)}
"""What the payment is right after the kill, and how often the operator had been asked."""

QUERYING = {56: "SENT", 57: "SENT", 58: "CONFIRMED"}
HEARING = {57: "SENT", 58: "CONFIRMED"}


def process(counter: Counter, what: str, crash_at: int, told: bytes = b"") -> int:
    """Runs a process to its end; its exit code (negative: the signal that killed it)."""
    settings = counter.desk.settings
    money = {"PORT": str(settings.port), "RAMU_MONEY": "simulated", "RAMU_MONEY_URL": settings.money_url}
    return ended(settings, turn, what, told, crash_at=crash_at, **money)


def requests(counter: Counter, payment: int) -> int:
    """How often the operator was asked for a payment."""
    order = counter.row(payment).order_id
    return sum(one.requests for one in counter.money.books.orders() if one.name == order)


def recovers(counter: Counter, payment: int) -> None:
    """What the other processes do afterwards: the books agree, and nothing was asked for twice."""
    for _ in range(2):
        counter.requests()
        counter.questions()
        counter.quiet()
    if counter.row(payment).state == "UNKNOWN":
        counter.ages(payment, minutes=16)
        counter.questions()
    row = counter.row(payment)
    asked = requests(counter, payment)
    assert (row.state, asked) in (("CONFIRMED", 1), ("EXPIRED", 0))
    moved = counter.money.books.moved().get(("OM", row.order_id), 0)
    assert sum(counter.booked(payment)) == moved == AMOUNT * asked


@pytest.mark.parametrize("point", ASKING)
def test_who_is_killed_while_asking_has_asked_once_at_most(counter: Counter, point: int) -> None:
    state, asked = ASKING[point]
    payment = counter.ask(magic("told_never"))
    assert process(counter, "ask", point) == -signal.SIGKILL
    assert (counter.row(payment).state, requests(counter, payment)) == (state, asked)
    recovers(counter, payment)


@pytest.mark.parametrize("point", QUERYING)
def test_who_is_killed_while_asking_about_books_once(counter: Counter, point: int) -> None:
    payment = counter.pays(magic("told_never"))
    counter.quiet()
    before = len(counter.said(magic("told_never")))
    counter.makes_due(payment)
    assert process(counter, "query", point) == -signal.SIGKILL
    assert counter.row(payment).state == QUERYING[point]
    recovers(counter, payment)
    assert counter.booked(payment) == [AMOUNT]
    assert len(counter.said(magic("told_never"))) == before + 1


@pytest.mark.parametrize("point", HEARING)
def test_who_is_killed_while_a_callback_comes_books_once(counter: Counter, point: int) -> None:
    payment = counter.pays(magic("told_never"))
    counter.quiet()
    before = len(counter.said(magic("told_never")))
    told = body_of(counter.row(payment))
    assert process(counter, "hear", point, told) == -signal.SIGKILL
    assert counter.row(payment).state == HEARING[point]
    # The operator was not answered: it calls again.
    assert process(counter, "hear", 0, told) == 0
    recovers(counter, payment)
    assert counter.booked(payment) == [AMOUNT]
    assert len(counter.said(magic("told_never"))) == before + 1


def test_each_place_of_paying_is_killed_at() -> None:
    ours = {point for point, what in POINTS.items() if what.startswith("paying:")}
    assert ours == {*ASKING, *QUERYING, *HEARING}
