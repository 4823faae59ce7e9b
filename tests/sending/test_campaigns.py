"""Campaigns as they are sent: whole chunks, by turns, in decent hours, to nobody who may not be written to."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import insert, update

from gateway.providers import Answered, NotSent, Recipient, Unknown
from gateway.redis_lines import RedisLines
from models import consent
from models.campaign_tables import recipients
from models.identifiers import Msisdn
from models.phones import note, phone_index
from tests.sending.conftest import Office, open_office
from tests.sending.drive import FAST, OPEN_HOUR, Drive, number
from tests.sending.outside import accepted, always


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    """On SQLite, then on PostgreSQL, on a Thursday at ten."""
    opened = open_office(tmp_path, database_url, redis_url, paces=FAST, provider_seconds=1, lease_seconds=10)
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield opened
    opened.desk.close()


def at(office: Office, moment: datetime) -> None:
    office.desk = replace(office.desk, clock=lambda: moment)


def test_one_text_goes_to_many_numbers_in_one_request(office: Office) -> None:
    drive = Drive(office, range(120), size=50)
    asked: list[int] = []

    def say(text: str, to: Sequence[Msisdn]) -> Answered:
        asked.append(len(to))
        return accepted(text, to)

    drive.send(say)
    assert sorted(asked) == [20, 50, 50]
    assert drive.states() == {"ACCEPTED": 120}
    assert drive.chunk_states() == {"DONE": 3}
    assert office.outside.sent == Counter(f"{number(place)} Bonjour" for place in range(120))
    row = drive.rows()[7]
    assert (row.code, row.cost, row.provider_id) == ("ACCEPTE", "XOF 15.0000", f"id-{number(7)}-Bonjour")
    assert not list((office.desk.settings.data_folder / "journal").iterdir())


def test_a_personalised_text_goes_to_each_alone(office: Office) -> None:
    drive = Drive(office, range(7), size=1, personalised=True, text="Bonjour {prenom|cher assuré}")
    drive.send()
    assert drive.states() == {"ACCEPTED": 7}
    assert office.outside.sent == Counter(f"{number(place)} Bonjour cher assuré" for place in range(7))


def test_who_has_no_value_for_a_variable_is_passed_over(office: Office) -> None:
    drive = Drive(office, range(3), size=1, personalised=True, text="Bonjour {prenom}")
    drive.send()
    assert [(row.state, row.code) for row in drive.rows()] == [("SKIPPED", "SANS_VALEUR")] * 3
    assert drive.chunk_states() == {"DONE": 3}
    assert not office.outside.sent


def refuse(office: Office, place: int, topic: str = "CAMPAGNES", *, given: bool = False) -> None:
    desk = office.desk
    with desk.database.begin() as conn:
        phone_id = note(conn, desk.keys, Msisdn(number(place)), desk.clock())
        consent.record(conn, phone_id, topic, given, "2026-11", "SMS", desk.clock())


def refuse_and(office: Office, *, given: bool) -> None:
    """She says the one thing and then the other; `given` is what she says last."""
    refuse(office, 1, given=not given)
    refuse(office, 1, given=given)


def contacted(office: Office, place: int, state: str, days: float) -> None:
    """Another campaign's row of this person, settled so many days ago."""
    desk = office.desk
    row = {"campaign_id": 900, "phone_index": phone_index(desk.keys, Msisdn(number(place)))}
    row |= {"language": "fr", "operator": "ORANGE", "hold_out": False, "state": state, "attempt": 1}
    row |= {"dup_risk": False, "settled_at": desk.clock() - timedelta(days=days)}
    with desk.database.begin() as conn:
        conn.execute(insert(recipients).values(row))


@pytest.mark.parametrize(
    ("before", "state", "code"),
    [
        pytest.param(lambda office: refuse(office, 1), "STOPPED", "STOP", id="she said STOP"),
        pytest.param(
            lambda office: refuse(office, 1, "RAPPELS"), "ACCEPTED", "ACCEPTE", id="of another topic"
        ),
        pytest.param(
            lambda office: refuse_and(office, given=True),
            "ACCEPTED",
            "ACCEPTE",
            id="she said STOP and came back",
        ),
        pytest.param(
            lambda office: refuse_and(office, given=False),
            "STOPPED",
            "STOP",
            id="she came and said STOP",
        ),
        pytest.param(
            lambda office: contacted(office, 1, "DELIVERED", 6.9), "SKIPPED", "RECENT", id="within a week"
        ),
        pytest.param(
            lambda office: contacted(office, 1, "DELIVERED", 7.1), "ACCEPTED", "ACCEPTE", id="a week ago"
        ),
        pytest.param(
            lambda office: contacted(office, 1, "UNDELIVERED", 1), "ACCEPTED", "ACCEPTE", id="in vain"
        ),
        pytest.param(
            lambda office: contacted(office, 1, "UNKNOWN", 30),
            "SKIPPED",
            "EN_DOUTE",
            id="another is in doubt",
        ),
    ],
)
def test_who_may_not_be_written_to_is_found_when_her_chunk_is_claimed(
    office: Office, before: Callable[[Office], None], state: str, code: str
) -> None:
    drive = Drive(office, range(3))
    before(office)
    drive.send()
    rows = drive.rows()
    assert (rows[1].state, rows[1].code) == (state, code)
    assert [rows[0].state, rows[2].state] == ["ACCEPTED", "ACCEPTED"]
    assert office.outside.sent[f"{number(1)} Bonjour"] == (state == "ACCEPTED")


def test_a_number_abroad_and_one_that_cannot_be_read_are_passed_over(office: Office) -> None:
    drive = Drive(office, range(3))
    keys = office.desk.keys
    with office.desk.database.begin() as conn:
        for place, sealed in ((0, keys.seal("+33612345678", "phone")), (1, None)):
            mine = recipients.c.phone_index == phone_index(keys, Msisdn(number(place)))
            conn.execute(update(recipients).where(mine).values(phone_sealed=sealed))
    drive.send()
    assert [row.code for row in drive.rows()] == ["HORS_PAYS", "ILLISIBLE", "ACCEPTE"]


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        pytest.param("2026-11-26T07:59:59", 0, id="before eight"),
        pytest.param("2026-11-26T08:00:00", 3, id="at eight"),
        pytest.param("2026-11-26T18:59:59", 3, id="before seven in the evening"),
        pytest.param("2026-11-26T19:00:00", 0, id="at seven in the evening"),
        pytest.param("2026-11-27T12:29:59", 3, id="before the Friday prayer"),
        pytest.param("2026-11-27T12:30:00", 0, id="at the Friday prayer"),
        pytest.param("2026-11-27T14:30:00", 3, id="after it"),
    ],
)
def test_nobody_is_disturbed_outside_of_decent_hours(office: Office, moment: str, sent: int) -> None:
    drive = Drive(office, range(3))
    at(office, datetime.fromisoformat(moment).replace(tzinfo=UTC))
    drive.send()
    assert office.outside.sent.total() == sent


@pytest.mark.parametrize("state", ["APPROVED", "SCHEDULED", "PAUSED", "CANCELLED", "DONE"])
def test_a_campaign_that_is_not_being_sent_sends_nothing(office: Office, state: str) -> None:
    drive = Drive(office, range(3), state=state)
    drive.send()
    assert drive.states() == {"PENDING": 3}
    assert drive.chunk_states() == {"READY": 1}


def test_a_pause_takes_effect_with_the_next_claim_and_what_goes_on_doubles_nobody(office: Office) -> None:
    drive = Drive(office, range(80), size=2)
    paused_at: list[int] = []

    def say(text: str, to: Sequence[Msisdn]) -> Answered:
        if not paused_at and office.outside.sent.total() >= 8:
            paused_at.append(0)
            drive.set(state="PAUSED")
            paused_at[0] = office.outside.sent.total()
        return accepted(text, to)

    drive.send(say)
    under_way = office.desk.settings.campaign_sends_at_once * 2
    sent = office.outside.sent.total()
    assert 8 <= paused_at[0] <= sent <= paused_at[0] + under_way < 80
    assert drive.states()["PENDING"] == 80 - sent
    drive.set(state="SENDING")
    drive.send()
    assert drive.states() == {"ACCEPTED": 80}
    assert set(office.outside.sent.values()) == {1}


def test_many_campaigns_take_turns(office: Office) -> None:
    drives = [Drive(office, range(100 * place, 100 * place + 20), size=5) for place in range(10)]
    asked: list[int] = []

    def say(text: str, to: Sequence[Msisdn]) -> Answered:
        asked.append(int(to[0].e164[-6:]) // 100)
        return accepted(text, to)

    drives[0].send(say)
    assert {drive.states()["ACCEPTED"] for drive in drives} == {20}
    # Of forty requests the first half is shared by all ten; threads may overtake each other by a few.
    first = Counter(asked[: len(asked) // 2])
    assert set(first) == set(range(10))
    assert max(first.values()) <= 4


def test_an_empty_account_pauses_the_campaign_and_says_why(office: Office) -> None:
    drive = Drive(office, range(6), size=2)

    def say(_text: str, to: Sequence[Msisdn]) -> Answered:
        return Answered(tuple(Recipient(one, False, None, "SOLDE", "") for one in to))

    drive.send(say)
    assert drive.standing() == ("PAUSED", "the account at the provider is empty")
    assert drive.states()["PENDING"] > 0 or office.outside.sent.total() == 6
    assert office.desk.redis.hget("tallies", "ramu_alarms|SOLDE")


def test_what_was_not_sent_is_given_back_and_sent_later(office: Office) -> None:
    drive = Drive(office, range(4), size=2)
    drive.send(always(NotSent("HTTP 429", retry_after=30.0)))
    assert drive.states() == {"PENDING": 4}
    assert drive.chunk_states() == {"READY": 2}
    office.end_pauses()
    drive.send()
    assert drive.states() == {"ACCEPTED": 4}


def test_an_ambiguous_answer_is_a_doubt_about_the_whole_request_and_never_repeated(office: Office) -> None:
    drive = Drive(office, range(4), size=2)
    drive.send(always(Unknown("time is up after writing")))
    drive.send()
    assert drive.states() == {"UNKNOWN": 4}
    assert drive.chunk_states() == {"UNKNOWN": 2}
    assert set(office.outside.sent.values()) == {1}


def test_the_days_cap_of_campaigns_holds_and_loses_nobody(office: Office) -> None:
    drive = Drive(office, range(6), size=2)
    office.desk = replace(office.desk, settings=office.desk.settings.model_copy(update={"cap_campaigns": 4}))
    drive.send()
    assert drive.states() == {"ACCEPTED": 4, "PENDING": 2}
    assert drive.chunk_states() == {"DONE": 2, "READY": 1}


def test_without_redis_no_campaign_is_sent(office: Office) -> None:
    drive = Drive(office, range(3))
    nobody = RedisLines("redis://127.0.0.1:1", connect_ms=50, read_ms=50)
    office.desk = replace(office.desk, lines=nobody)
    sender = drive.sender()
    sender.turn("bulk")
    sender.close()
    assert drive.states() == {"PENDING": 3}


def test_an_operators_pace_holds(office: Office) -> None:
    drive = Drive(office, range(8), size=1)
    settings = office.desk.settings.model_copy(update={"paces": {"ORANGE": (10.0, 2)}})
    office.desk = replace(office.desk, settings=settings)
    began = monotonic()
    drive.send()
    # Two at once, then ten a second.
    assert monotonic() - began >= 0.6
    assert drive.states() == {"ACCEPTED": 8}
