"""Delivery reports: in any order, doubled, before the record, in words nobody knows, about messages in doubt."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers import Unknown
from models import overdue, reports
from models.identifiers import Msisdn
from tests.sending.conftest import PHONE, Office
from tests.sending.outside import always
from workers.deliveries import apply_all

MOMENT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATE = timedelta(hours=72)
WORDS = reports.words_on(MOMENT.date())
FAILURES = ("Failed", "Rejected", "AbsentSubscriber", "Expired")


def report(office: Office, name: str, status: str, phone: str = PHONE, seconds: float = 0) -> bool:
    """One callback of the provider, `seconds` from now."""
    now = office.desk.clock() + timedelta(seconds=seconds)
    with office.desk.database.begin() as conn:
        told = {"provider_id": name, "status": status, "reason": None, "phone": Msisdn(phone)}
        return reports.take(conn, office.desk.keys, now=now, **told)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([("Sent", 0), ("Buffered", 1)], None, id="on its way"),
        pytest.param([("Success", 0)], "DELIVERED", id="delivered"),
        pytest.param([("success", 0)], "DELIVERED", id="in small letters"),
        pytest.param([("DELIVRD", 0)], "DELIVERED", id="in an aggregator's word"),
        pytest.param([("Sent", 5), ("Success", 1)], "DELIVERED", id="sent told after success"),
        pytest.param([("Failed", 0)], "UNDELIVERED", id="failed"),
        pytest.param([("Expired", 0)], "EXPIRED", id="expired"),
        pytest.param([("Failed", 0), ("Success", 72)], "DELIVERED", id="success in time"),
        pytest.param([("Failed", 0), ("Success", 73)], "UNDELIVERED", id="success too late"),
        pytest.param([("Success", 0), ("Failed", 1)], "DELIVERED", id="failure after success"),
        pytest.param([("Nonsense", 0)], None, id="an unknown word"),
    ],
)
def test_what_reports_say_together(said: list[tuple[str, int]], state: str | None) -> None:
    moments = [(word, MOMENT + timedelta(hours=hours)) for word, hours in said]
    assert {reports.standing(order, WORDS, LATE) for order in permutations(moments)} == {state}


@given(
    st.lists(
        st.tuples(st.sampled_from(["Sent", "Success", "What", *FAILURES]), st.integers(0, 200)), max_size=6
    )
)
def test_the_order_of_arrival_never_matters(said: list[tuple[str, int]]) -> None:
    moments = [(word, MOMENT + timedelta(hours=hours)) for word, hours in said]
    found = {reports.standing(order, WORDS, LATE) for order in (moments, moments[::-1], sorted(moments))}
    assert len(found) == 1
    assert (found == {None}) == (not {word for word, _ in said} & {"Success", *FAILURES})


@pytest.mark.parametrize("order", list(permutations(["Sent", "Failed", "Success"])), ids="-".join)
def test_each_order_and_each_double_ends_the_same(office: Office, order: tuple[str, ...]) -> None:
    office.owe()
    office.turn()
    name = office.rows()[0].provider_id
    for status in order:
        assert report(office, name, status)
        assert not report(office, name, status)
        apply_all(office.desk)
    assert office.states() == [("DELIVERED", "DONE")]


def test_a_report_that_comes_before_the_record_is_applied_with_it(office: Office) -> None:
    report(office, f"id-{PHONE}-Bonjour", "Success")
    assert apply_all(office.desk) == 0
    office.owe("Bonjour")
    office.turn()
    assert office.states() == [("DELIVERED", "DONE")]


def test_a_report_about_nobody_is_kept_and_changes_nothing(office: Office) -> None:
    office.owe()
    office.turn()
    report(office, "never heard of", "Failed")
    assert apply_all(office.desk) == 0
    assert office.states() == [("ACCEPTED", "DONE")]


def test_words_that_no_database_holds_are_stored_all_the_same(office: Office) -> None:
    assert report(office, "x\0" * 300, "what\0ever" * 30)
    assert not report(office, "x\0" * 300, "what\0ever" * 30)
    assert report(office, "x\0" * 299, "what\0ever" * 30)


def test_a_doubt_is_settled_by_the_report_of_its_phone(office: Office) -> None:
    office.owe()
    office.turn(always(Unknown("timeout")))
    report(office, "an id that we never heard", "Success", seconds=1)
    assert apply_all(office.desk) == 1
    (row,) = office.rows()
    assert (row.state, row.chunk, row.provider_id) == ("DELIVERED", "DONE", "an id that we never heard")
    assert row.code == "PAR_RAPPORT"


@pytest.mark.parametrize(
    ("doubts", "phone", "seconds"),
    [
        pytest.param(2, PHONE, 1, id="two messages of the phone are in doubt"),
        pytest.param(1, "+22370000022", 1, id="another phone"),
        pytest.param(1, PHONE, -60, id="a report from before the request"),
    ],
)
def test_what_could_be_about_something_else_settles_no_doubt(
    office: Office, doubts: int, phone: str, seconds: float
) -> None:
    for number in range(doubts):
        office.owe(str(number))
    office.turn(always(Unknown("timeout")))
    report(office, "an id that we never heard", "Success", phone, seconds)
    assert apply_all(office.desk) == 0
    assert office.states() == [("UNKNOWN", "UNKNOWN")] * doubts


def test_a_message_of_which_nothing_is_heard_is_closed_and_a_late_report_still_counts(office: Office) -> None:
    office.owe()
    office.turn()
    with office.desk.database.begin() as conn:
        assert overdue.close_messages(conn, office.desk.clock() - timedelta(hours=1)) == 0
        assert overdue.close_messages(conn, office.desk.clock() + timedelta(hours=1)) == 1
    assert office.states() == [("NO_RECEIPT", "DONE")]
    report(office, office.rows()[0].provider_id, "Success")
    apply_all(office.desk)
    assert office.states() == [("DELIVERED", "DONE")]
