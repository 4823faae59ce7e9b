"""A sender asks the provider once for each chunk, writes down what it says, and never guesses."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Event, Thread
from time import sleep

import pytest
from sqlalchemy import func, select, update

from config.jobs import TRANSACTIONAL
from gateway.journal import FOLDER
from gateway.providers import Answered, NotSent, Recipient, Unknown
from models.identifiers import Msisdn
from models.messages import messages
from tests.sending.conftest import PHONE, Office
from tests.sending.outside import Say, always, refused
from workers.pauses import FAILURES, Pause
from workers.sender import FIGURE
from workers.sending import reap_all


def broken(_text: str, _to: object) -> Answered:
    """A provider that raises although it promised not to."""
    raise RuntimeError("+223 70 00 00 21 was not expected")


def test_what_is_owed_is_sent_once_and_its_answer_written_down(office: Office) -> None:
    office.owe("Bonjour")
    office.turn()
    office.turn()
    (row,) = office.rows()
    assert (row.state, row.chunk, row.code, row.cost) == ("ACCEPTED", "DONE", "ACCEPTE", "XOF 15.0000")
    assert row.provider_id == f"id-{PHONE}-Bonjour"
    assert row.settled_at is not None
    assert office.outside.sent == {f"{PHONE} Bonjour": 1}
    assert list((office.desk.settings.data_folder / FOLDER).iterdir()) == []


@pytest.mark.parametrize(
    ("say", "message", "chunk"),
    [
        pytest.param(refused("LISTE_NOIRE"), "REJECTED", "DONE", id="refused for this number"),
        pytest.param(always(Unknown("timeout")), "UNKNOWN", "UNKNOWN", id="no answer"),
        pytest.param(always(Answered(())), "UNKNOWN", "UNKNOWN", id="an answer about nobody"),
        pytest.param(broken, "UNKNOWN", "UNKNOWN", id="an adapter that raises"),
        pytest.param(always(NotSent("refused")), "PENDING", "READY", id="certainly not sent"),
    ],
)
def test_each_outcome_has_its_state(office: Office, say: Say, message: str, chunk: str) -> None:
    office.owe()
    office.turn(say)
    assert office.states() == [(message, chunk)]


@pytest.mark.parametrize(
    "say", [pytest.param(always(Unknown("timeout")), id="no answer"), pytest.param(broken, id="raises")]
)
def test_what_is_in_doubt_is_never_sent_again(office: Office, say: Say) -> None:
    office.owe()
    office.turn(say)
    office.end_leases()
    reap_all(office.desk)
    office.turn()
    assert office.states() == [("UNKNOWN", "UNKNOWN")]
    assert office.outside.sent.total() == 1


def test_what_was_not_sent_waits_longer_each_time_and_then_goes(office: Office) -> None:
    office.owe()
    waits = []
    for _ in range(3):
        office.turn(always(NotSent("429")))
        (row,) = office.rows()
        waits.append((row.not_before - office.desk.clock()).total_seconds())
        office.turn()
        assert office.states() == [("PENDING", "READY")]
        office.end_pauses()
    assert 0.6 < waits[0] < 3 < waits[1] < 5 < waits[2] < 10
    office.turn()
    assert office.states() == [("ACCEPTED", "DONE")]


def test_the_provider_says_how_long_to_wait(office: Office) -> None:
    office.owe()
    office.turn(always(NotSent("429", retry_after=120)))
    (row,) = office.rows()
    assert timedelta(seconds=100) < row.not_before - office.desk.clock() < timedelta(seconds=121)
    assert row.why == "429"


def test_nothing_leaves_before_its_time(office: Office) -> None:
    office.owe(not_before=office.desk.clock() + timedelta(minutes=5))
    office.turn()
    assert office.states() == [("PENDING", "READY")]


def test_an_empty_account_pauses_everybody(office: Office) -> None:
    pause = Pause()
    office.owe("one")
    office.turn(refused("SOLDE"), pause)
    office.owe("two")
    office.turn(None, pause)
    assert office.states() == [("REJECTED", "DONE"), ("PENDING", "READY")]


def test_a_provider_that_fails_again_and_again_is_left_alone(office: Office) -> None:
    pause = Pause()
    for number in range(20):
        office.owe(str(number))
    office.turn(always(Unknown("500")), pause)
    asked = office.outside.sent.total()
    assert FAILURES <= asked <= FAILURES + office.desk.settings.sends_at_once
    office.turn(None, pause)
    assert office.outside.sent.total() == asked


def test_who_was_held_up_before_the_request_does_not_make_it(office: Office) -> None:
    office.owe()
    sender = office.sender()
    sender._fence = -1.0
    assert sender._send_one(TRANSACTIONAL)
    sender.close()
    assert office.states() == [("PENDING", "READY")]
    assert not office.outside.sent


def test_an_answer_that_comes_after_the_lease_still_counts(office: Office) -> None:
    def late(text: str, to: object) -> Answered:
        office.end_leases()
        assert reap_all(office.desk) == 1
        return refused("SANS_ROUTE")(text, to)

    office.owe()
    office.turn(late)
    assert office.states() == [("REJECTED", "DONE")]


def test_what_was_not_sent_stays_in_doubt_once_the_lease_is_over(office: Office) -> None:
    def late(_text: str, _to: object) -> NotSent:
        office.end_leases()
        reap_all(office.desk)
        return NotSent("refused")

    office.owe()
    office.turn(late)
    assert office.states() == [("UNKNOWN", "UNKNOWN")]


def test_several_senders_at_once_send_each_message_once(office: Office) -> None:
    for number in range(60):
        office.owe(f"message {number}", to=f"+223700{number:05d}")
    senders = [office.sender() for _ in range(3)]
    threads = [Thread(target=one.turn, args=(TRANSACTIONAL,)) for one in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in senders:
        one.drain()
        one.close()
    assert office.states() == [("ACCEPTED", "DONE")] * 60
    assert set(office.outside.sent.values()) == {1}
    assert len(office.outside.sent) == 60


def test_two_messages_of_one_id_are_both_written_down(office: Office) -> None:
    def same(_text: str, to: Sequence[Msisdn]) -> Answered:
        return Answered(tuple(Recipient(one, True, "the same", "ACCEPTE", "") for one in to))

    office.owe("one")
    office.owe("two")
    office.turn(same)
    rows = office.rows()
    assert [row.state for row in rows] == ["ACCEPTED", "ACCEPTED"]
    assert sorted(row.provider_id or "" for row in rows) == ["", "the same"]


def test_an_id_that_another_message_gets_at_this_very_moment(office: Office) -> None:
    answering = Event()

    def same(_text: str, to: Sequence[Msisdn]) -> Answered:
        answering.set()
        assert meanwhile.wait(10)
        return Answered(tuple(Recipient(one, True, "the same", "ACCEPTE", "") for one in to))

    meanwhile = Event()
    office.owe("one")
    sending = Thread(target=office.turn, args=(same,))
    sending.start()
    assert answering.wait(10)
    office.owe("two")
    other = messages.c.id == select(func.max(messages.c.id)).scalar_subquery()
    with office.desk.database.begin() as conn:
        conn.execute(update(messages).where(other).values(provider_id="the same", state="ACCEPTED"))
        meanwhile.set()
        sleep(0.3)
    sending.join(10)
    assert [(row.state, row.provider_id) for row in office.rows()] == [
        ("ACCEPTED", None),
        ("ACCEPTED", "the same"),
    ]


def test_what_became_of_messages_is_counted(office: Office) -> None:
    office.owe("one")
    office.turn()
    office.owe("two")
    office.turn(always(Unknown("timeout")))
    office.owe("abroad", to="+33612345678")
    office.turn()
    told = {name.decode(): int(times) for name, times in office.desk.redis.hgetall("tallies").items()}
    assert told == {f"{FIGURE}|ACCEPTE": 1, f"{FIGURE}|EN_DOUTE": 1, f"{FIGURE}|HORS_PAYS": 1}
