"""`ramu payments`: what a person sees and settles, with numbers masked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from config.settings import CHECKOUT
from gateway.payment_commands import payments
from gateway.simulated.money_faults import MONEY_FAULTS, MONEY_MAGIC, MONEY_NUMBERS
from tests.payments.counter import AMOUNT, MEMBER, PAYER, Counter, magic


@pytest.fixture
def ramu(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command, on this counter's settings."""
    settings = counter.desk.settings
    for name, value in {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        "PORT": str(settings.port),
        "RAMU_DEMO": "true",
        "RAMU_MONEY": "simulated",
        "RAMU_MONEY_URL": settings.money_url,
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(payments, arguments)

    return run


def waiting(ramu: Any) -> list[dict[str, Any]]:
    """What waits for a person."""
    found: list[dict[str, Any]] = json.loads(ramu("unmatched", "--json").stdout)
    return found


def test_payments_are_listed_and_shown_with_masked_numbers(counter: Counter, ramu: Any) -> None:
    payment = counter.pays(PAYER)
    counter.becomes(payment, "CONFIRMED")
    for told in (ramu("list"), ramu("list", "--json"), ramu("show", f"P{payment}")):
        assert told.exit_code == 0, told.output
        assert PAYER.e164[4:] not in told.output
        assert "CONFIRMED" in told.output
    (shown,) = json.loads(ramu("show", f"P{payment}", "--json").stdout)
    assert (shown["payer"], shown["amount"], shown["heard"][0]["outcome"]) == (
        PAYER.masked,
        AMOUNT,
        "CONFIRMED",
    )
    assert json.loads(ramu("show", "713482", "--json").stdout)[0]["id"] == payment
    assert "no payment is called" in str(ramu("show", "999").exception)


def test_what_is_open_for_a_day_is_listed(counter: Counter, ramu: Any) -> None:
    payment = counter.pays(magic("never_settled"))
    assert payment not in [row["id"] for row in json.loads(ramu("list", "--doubt", "--json").stdout)]
    counter.ages(payment, minutes=25 * 60)
    assert payment in [row["id"] for row in json.loads(ramu("list", "--doubt", "--json").stdout)]


def test_the_operator_is_asked_by_hand(counter: Counter, ramu: Any) -> None:
    payment = counter.pays(magic("told_never"))
    counter.quiet()
    told = json.loads(ramu("query", f"P{payment}", "--json").stdout)
    assert told == {"payment": f"P{payment}", "answer": "Confirmed", "became": "confirmed"}
    assert counter.booked(payment) == [AMOUNT]
    assert json.loads(ramu("query", f"P{payment}", "--json").stdout)["became"] == "as known"
    assert "nothing was asked" in str(ramu("query", f"P{counter.ask()}").exception)


def test_money_of_another_amount_is_booked_as_a_person_says(counter: Counter, ramu: Any) -> None:
    payment = counter.pays(magic("never_settled"))
    counter.hears(payment, amount=AMOUNT + 250)
    one = waiting(ramu)[-1]
    assert one["why"] == "another amount"
    done = ramu("match", str(one["callback_id"]), "--payment", f"P{payment}", "--why", "statement, line 3")
    assert done.output == f"{AMOUNT + 250} F booked, P{payment}\n"
    assert counter.booked(payment) == [AMOUNT + 250]
    assert counter.said(magic("never_settled"))[0].startswith(f"RECU 713482: {AMOUNT + 250} F")
    assert one["callback_id"] not in [row["callback_id"] for row in waiting(ramu)]
    again = ramu("match", str(one["callback_id"]), "--payment", f"P{payment}", "--why", "twice")
    assert "waits" in str(again.exception)
    assert counter.callbacks(id=one["callback_id"], state="MATCHED", note="statement, line 3") == 1


def test_money_that_nobody_announced_is_booked_for_a_member(counter: Counter, ramu: Any) -> None:
    number = counter.gives_number()
    counter.hears(None, order="paid-at-a-shop", amount=700)
    one = waiting(ramu)[-1]
    assert one["why"] == "no such order"
    told = ("match", str(one["callback_id"]), "--member", number, "--why", "her receipt")
    assert "--payer" in str(ramu(*told).exception)
    done = ramu(*told, "--payer", PAYER.e164)
    assert done.output.startswith("700 F booked, ")
    assert counter.said(MEMBER)[0].startswith(f"RECU {done.output.split()[-1]}: 700 F")
    assert "nobody with that number" in str(
        ramu(
            "match", counter.strange(ramu), "--member", "54000000", "--payer", PAYER.e164, "--why", "x"
        ).exception
    )


def test_what_is_no_money_of_ours_is_dropped_with_a_reason(counter: Counter, ramu: Any) -> None:
    callback = counter.strange(ramu)
    assert ramu("drop", callback, "--why", "a test of theirs").output == "dropped\n"
    assert counter.callbacks(id=int(callback), state="DROPPED") == 1
    assert "waits" in str(ramu("drop", callback, "--why", "again").exception)


def test_one_of_payment_and_member(ramu: Any) -> None:
    assert ramu("match", "1", "--why", "x").exit_code == 2


def test_every_fault_has_one_number_and_a_description() -> None:
    assert sorted(MONEY_NUMBERS.values()) == sorted(MONEY_FAULTS)
    page = (CHECKOUT / "docs" / "payments.md").read_text()
    for last, fault in MONEY_NUMBERS.items():
        assert f"| {MONEY_MAGIC}{last} | `{fault}` | {MONEY_FAULTS[fault]} |" in page
    listed = json.loads(CliRunner().invoke(payments, ["numbers", "--json"]).output)
    assert {row["number"]: row["fault"] for row in listed}[f"{MONEY_MAGIC}10"] == "no_balance"
