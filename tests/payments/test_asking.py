"""Asking operators: one request a payment, whoever asks; the same payment asked back; one that fails is left alone."""

from __future__ import annotations

import io
import logging.config
from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.logs import configure
from gateway.payments import operators_of
from gateway.payments.port import Taken, Wanted
from gateway.providers.port import NotSent, Unknown
from gateway.simulated.faults import Chance
from gateway.simulated.money import MoneySimulation
from gateway.simulated.money_books import WAITING, Books
from models import payments
from models.payments import AlreadyAsked
from tests.payments.counter import AMOUNT, PAYER, Counter, magic
from workers.pauses import FAILURES
from workers.paying import crews_of
from workers.payment_crews import PAYMENTS


def requests(counter: Counter) -> Tally[str]:
    """How often the operator was asked, by order."""
    return Tally({one.name: one.requests for one in counter.money.books.orders()})


def test_many_payments_and_two_workers_at_once_are_one_request_each(counter: Counter) -> None:
    asked = [counter.ask(magic("never_settled"), operator=code) for code in ("OM", "MOOV") * 10]
    other = crews_of(counter.desk)
    assert other is not None
    for crew in (counter.crews.asking, other.asking):
        crew.turn(PAYMENTS)
    for crew in (counter.crews.asking, other.asking):
        crew.drain()
    other.finish(everything=False)
    orders = [counter.row(payment).order_id for payment in asked]
    assert {counter.row(payment).state for payment in asked} == {"SENT"}
    assert [requests(counter)[order] for order in orders] == [1] * len(asked)


def test_an_operator_that_fails_is_left_alone_and_the_other_is_not(counter: Counter) -> None:
    failing = [counter.ask(magic("e500_before")) for _ in range(FAILURES + 4)]
    well = counter.ask(magic("never_settled"), operator="MOOV")
    counter.requests()
    states = Tally(counter.row(payment).state for payment in failing)
    assert states["ASKED"] >= 1
    assert states["UNKNOWN"] >= FAILURES
    assert counter.row(well).state == "SENT"
    counter.questions()
    assert sum(counter.row(payment).queries for payment in failing) == 0


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        pytest.param(Taken("x"), "SENT", id="taken"),
        pytest.param(NotSent("down"), "ASKED", id="certainly not sent"),
        pytest.param(Unknown("who knows"), "UNKNOWN", id="in doubt"),
        pytest.param(RuntimeError("a fault of the adapter"), "UNKNOWN", id="an adapter that raises"),
    ],
)
def test_what_comes_of_a_request(counter: Counter, outcome: Any, state: str) -> None:
    class Odd:
        """An operator that answers so."""

        code = "OM"

        def request(self, wanted: Wanted) -> Any:
            assert wanted.amount == AMOUNT
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

    payment = counter.ask()
    counter.crews.asking._operators = {"OM": Odd()}  # type: ignore[dict-item]
    counter.requests()
    assert counter.row(payment).state == state


def test_the_same_amount_within_minutes_is_asked_back_however_many_calls_ask(counter: Counter) -> None:
    payer, now, db = magic("slow"), counter.desk.clock(), counter.desk.database
    before = payments.open_of(db.reader(), counter.desk.keys, counter.membership, payer, 300, now)

    def ask() -> bool:
        try:
            counter.ask(payer, amount=300, again=False)
        except AlreadyAsked:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        asked = list(pool.map(lambda _: ask(), range(6)))
    assert (before, asked.count(True)) == (None, 1)
    since = now - timedelta(minutes=1)
    found = payments.open_of(db.reader(), counter.desk.keys, counter.membership, payer, 300, since)
    assert found is not None
    assert (found.reference, found.is_open) == ("713482", True)
    assert not payments.open_of(db.reader(), counter.desk.keys, counter.membership, payer, 301, since)
    assert not payments.open_of(db.reader(), counter.desk.keys, counter.membership, PAYER, 300, since)
    assert counter.ask(payer, amount=300)
    later = counter.desk.clock() + timedelta(minutes=11)
    assert counter.ask(payer, amount=300, again=False, now=later)


def test_one_effect_asks_once(counter: Counter) -> None:
    first = counter.ask(once=b"the hop")
    assert counter.ask(once=b"the hop", again=False) == first
    with pytest.raises(ValueError, match="above nothing"):
        counter.ask(amount=0)


def test_the_last_one_is_told_when_nothing_was_taken(counter: Counter) -> None:
    payer, since = magic("no_balance"), counter.desk.clock() - timedelta(minutes=5)

    def last() -> Any:
        reader = counter.desk.database.reader()
        return payments.last_refused(reader, counter.desk.keys, payer, counter.membership, since)

    payment = counter.pays(payer)
    counter.becomes(payment, "REFUSED")
    assert (last().payment_id, last().reason) == (payment, "SOLDE")
    counter.ask(payer)
    assert last() is None


def test_what_the_operator_had_taken_goes_on_after_its_crash(counter: Counter, tmp_path: Any) -> None:
    first = MoneySimulation(Books(tmp_path), Chance.parse(""), 60.0)
    counter.pays()
    book = replace(counter.money.books.orders()[-1], status=WAITING, fault="")
    first.books.take(book)
    first.close()
    again = MoneySimulation(Books(tmp_path), Chance.parse(""), 0.0)
    assert again.counts()["orders"] == 1
    while again.counts()["waiting"] or again.counts()["planned"]:
        continue
    assert again.counts()["moved"] == book.amount
    again.close()


def test_no_number_is_whole_in_a_log(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    configure(counter.desk.settings)
    try:
        for fault in ("timeout_after", "no_balance", "told_other_amount", "e401"):
            counter.pays(magic(fault))
        counter.quiet()
        counter.questions()
    finally:
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}})
    told = written.getvalue()
    assert "in doubt" in told
    assert "7000077" not in told


def test_without_an_operator_nothing_is_asked(counter: Counter) -> None:
    day = counter.desk.clock().date()
    none = counter.desk.settings.model_copy(update={"money": ""})
    assert operators_of(none, day) == {}
