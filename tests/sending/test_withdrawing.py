"""What is owed may be withdrawn until somebody begins to send it; what is about something else is sent all the same."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from config.jobs import TRANSACTIONAL
from gateway.providers import Unknown
from models import messages, sending
from models.identifiers import Msisdn
from tests.sending.conftest import PHONE, Office
from tests.sending.outside import Say, always
from workers.sender import caps_of

KIND, OTHER = "after_visit", "+22370000022"
LATER = timedelta(hours=3)


def withdraw(office: Office, **more: object) -> int:
    with office.desk.database.begin() as conn:
        return messages.withdraw(conn, office.desk.keys, Msisdn(PHONE), KIND, **more)  # type: ignore[arg-type]


def test_what_waits_is_not_sent(office: Office) -> None:
    office.owe(kind=KIND, not_before=office.desk.clock() + LATER)
    office.owe(kind=KIND)
    assert [withdraw(office), withdraw(office)] == [2, 0]
    office.end_pauses()
    office.turn()
    for row in office.rows():
        assert (row.state, row.chunk, row.code, row.why) == ("REJECTED", "DONE", "RETIRE", "RETIRE")
        assert row.settled_at is not None
    assert not office.outside.sent


@pytest.mark.parametrize(
    ("say", "state"),
    [
        pytest.param(None, ("ACCEPTED", "DONE"), id="sent"),
        pytest.param(always(Unknown("timeout")), ("UNKNOWN", "UNKNOWN"), id="in doubt"),
    ],
)
def test_what_was_sent_stays_as_it_is(office: Office, say: Say | None, state: tuple[str, str]) -> None:
    office.owe(kind=KIND)
    office.turn(say)
    assert withdraw(office) == 0
    assert office.states() == [state]


def test_what_somebody_holds_stays_his(office: Office) -> None:
    office.owe(kind=KIND)
    desk = office.desk
    with desk.database.begin() as conn:
        assert sending.take(conn, desk.keys, TRANSACTIONAL, 7, 60.0, desk.clock(), caps_of(desk.settings))
    assert withdraw(office) == 0
    assert office.states() == [("PENDING", "INTENT")]


def test_another_kind_another_phone_and_another_moment_are_sent(office: Office) -> None:
    at = office.desk.clock() + LATER
    office.owe(kind=KIND, not_before=at)
    office.owe(kind=KIND, not_before=at + timedelta(seconds=1))
    office.owe("Bonsoir", kind=KIND, to=OTHER, not_before=at)
    office.owe("Autre", kind="help", not_before=at)
    assert withdraw(office, not_before=at) == 1
    assert [state for state, _ in office.states()] == ["REJECTED", "PENDING", "PENDING", "PENDING"]


def test_either_the_sender_or_the_withdrawal_gets_it(office: Office) -> None:
    withdrawn: list[int] = []
    start = Barrier(2)

    def take_back() -> None:
        start.wait()
        withdrawn.append(withdraw(office))

    for turn in range(5):
        office.owe(f"Bonjour {turn}", kind=KIND)
        thread = Thread(target=take_back)
        thread.start()
        start.wait()
        office.turn()
        thread.join()
    states = [state for state, _ in office.states()]
    assert states.count("REJECTED") == sum(withdrawn)
    assert states.count("ACCEPTED") == office.outside.sent.total() == 5 - sum(withdrawn)
