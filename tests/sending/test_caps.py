"""Caps hold on both sides of every limit; what they refuse is said by a word and asked of nobody."""

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from gateway.providers import NotSent
from models.caps import spend
from tests.sending.conftest import PHONE, Office, open_office
from tests.sending.outside import always


@pytest.fixture
def tight(tmp_path: Path, sqlite_url: str, redis_url: str) -> Office:
    """An office that may send little."""
    caps = {"cap_number": 2, "cap_ussd": 3, "cap_sms": 4, "cap_day": 5, "cap_money": 6, "cap_reminders": 7}
    return open_office(tmp_path, sqlite_url, redis_url, **caps)


def codes(office: Office) -> list[str]:
    """What became of each message."""
    return [row.code for row in office.rows()]


def test_a_number_gets_so_many_a_day(tight: Office) -> None:
    for number in range(3):
        tight.owe(str(number))
    tight.turn()
    assert codes(tight) == ["ACCEPTE", "ACCEPTE", "PLAFOND_NUMERO"]
    assert tight.states()[-1] == ("REJECTED", "DONE")
    assert tight.outside.sent.total() == 2


@pytest.mark.parametrize(
    ("kind", "most", "word"),
    [
        pytest.param("rights", 3, "PLAFOND_CANAL", id="asked for by USSD"),
        pytest.param("sms_answer", 4, "PLAFOND_CANAL", id="answers to SMS"),
        pytest.param("receipt", 6, "PLAFOND_CANAL", id="receipts, more than the whole day"),
        pytest.param("staff", 5, "PLAFOND_JOUR", id="the whole day"),
        pytest.param("a kind without a row", 5, "PLAFOND_JOUR", id="the system's own"),
    ],
)
def test_an_endpoint_and_a_day_have_their_caps(tight: Office, kind: str, most: int, word: str) -> None:
    for number in range(most + 1):
        tight.owe(to=f"+2237000010{number}", kind=kind)
    tight.turn()
    assert sorted(codes(tight)) == sorted(["ACCEPTE"] * most + [word])


@pytest.mark.parametrize(
    ("to", "word"),
    [
        pytest.param("+22370000021", "ACCEPTE", id="at home"),
        pytest.param("+22470000021", "HORS_PAYS", id="next door"),
        pytest.param("+33612345678", "HORS_PAYS", id="far away"),
    ],
)
def test_nothing_goes_abroad(office: Office, to: str, word: str) -> None:
    office.owe(to=to)
    office.turn()
    assert codes(office) == [word]


def test_what_could_not_be_sent_for_days_is_let_go(office: Office) -> None:
    hours = timedelta(hours=office.desk.settings.send_within_hours)
    office.owe("young", now=office.desk.clock() - hours + timedelta(minutes=1))
    office.owe("old", now=office.desk.clock() - hours - timedelta(minutes=1))
    office.turn()
    assert codes(office) == ["ACCEPTE", "TROP_TARD"]


def test_what_is_tried_again_is_counted_once(tight: Office) -> None:
    tight.owe("one")
    for _ in range(3):
        tight.turn(always(NotSent("429")))
        tight.end_pauses()
    tight.owe("two")
    tight.turn()
    assert codes(tight) == ["ACCEPTE", "ACCEPTE"]


def test_an_erased_message_is_not_sent(office: Office) -> None:
    office.owe()
    with office.desk.database.begin() as conn:
        conn.exec_driver_sql("DELETE FROM messages")
    office.turn()
    with office.desk.database.begin(reading=True) as conn:
        assert conn.exec_driver_sql("SELECT state, why FROM chunks").all() == [
            ("DONE", "erased before it was sent")
        ]
    assert not office.outside.sent


def test_a_cap_holds_among_many_at_once(office: Office) -> None:
    day = office.desk.clock().date()
    let: list[bool] = []

    def ask() -> None:
        for _ in range(5):
            with office.desk.database.begin() as conn:
                said = spend(conn, day, b"all", 12)
            let.append(said)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (let.count(True), let.count(False)) == (12, 8)


def test_a_cap_of_nought_lets_nothing_through(tmp_path: Path, sqlite_url: str, redis_url: str) -> None:
    office = open_office(tmp_path, sqlite_url, redis_url, cap_sms=0)
    office.owe(to=PHONE)
    office.turn()
    assert codes(office) == ["PLAFOND_CANAL"]
    office.desk.close()
