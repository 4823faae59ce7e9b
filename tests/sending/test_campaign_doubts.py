"""Doubts of campaigns: what reports prove, what silence proves, and what is tried again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.providers import Answered, Recipient, Unknown
from models import reports
from models.campaign_tables import recipients
from models.chunks import chunks
from models.identifiers import Msisdn
from models.phones import phone_index
from models.reports import Told
from tests.sending.conftest import Office, open_office
from tests.sending.drive import FAST, OPEN_HOUR, Drive, number
from tests.sending.outside import always
from workers.campaign_care import end, retry_all, send_again, settle_doubts

SILENCE = timedelta(hours=24)


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    """On SQLite, then on PostgreSQL, on a Thursday at ten; fifty numbers speak for the feed of reports."""
    opened = open_office(tmp_path, database_url, redis_url, paces=FAST, evidence_recipients=50)
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield opened
    opened.desk.close()


def at(office: Office, moment: datetime) -> None:
    office.desk = replace(office.desk, clock=lambda: moment)


def asked_at(drive: Drive, moment: datetime) -> None:
    """As if the campaign's requests had been made then."""
    with drive.office.desk.database.begin() as conn:
        conn.execute(update(chunks).where(chunks.c.campaign_id == drive.id).values(intent_at=moment))


def told(drive: Drive, place: int, name: str, moment: datetime, status: str = "Success") -> None:
    """A report about a person's message, as the provider's callback brings it."""
    desk = drive.office.desk
    with desk.database.begin() as conn:
        reports.take_all(conn, desk.keys, [Told(name, status, None, Msisdn(number(place)), moment)])


def apply(office: Office) -> None:
    """What the job of reports does with those of known ids."""
    desk, now = office.desk, office.desk.clock()
    with desk.database.begin() as conn:
        waiting = [row.provider_id for row in conn.execute(reports.reports.select())]
        known = reports.known(conn, waiting)
        reports.apply(conn, known, reports.words_on(now.date()), now)


def in_doubt(office: Office, people: range, minutes: float, **more: str) -> Drive:
    """A campaign of which every request was ambiguous, made so many minutes after ten."""
    drive = Drive(office, people, policy="evidence", **more)  # type: ignore[arg-type]
    drive.send(always(Unknown("time is up after writing")))
    asked_at(drive, OPEN_HOUR + timedelta(minutes=minutes))
    return drive


def spoken_for(
    office: Office, people: range, minutes: float, share: float = 1.0, operator: str = "ORANGE"
) -> Drive:
    """A campaign that was taken, and of which this share was reported about."""
    drive = Drive(office, people, policy="evidence", operator=operator)
    drive.send()
    asked_at(drive, OPEN_HOUR + timedelta(minutes=minutes))
    for place in people[: round(len(people) * share)]:
        told(drive, place, f"id-{number(place)}-Bonjour", OPEN_HOUR + timedelta(minutes=minutes + 1))
    apply(office)
    return drive


def test_a_report_about_nobody_settles_its_whole_request(office: Office) -> None:
    drive = in_doubt(office, range(50), 0)
    told(drive, 7, "a-stranger", OPEN_HOUR + timedelta(minutes=1))
    assert settle_doubts(office.desk) == 1
    rows = drive.rows()
    assert (rows[7].state, rows[7].provider_id, rows[7].code) == ("DELIVERED", "a-stranger", None)
    assert {(row.state, row.code) for row in rows[:7]} == {("ACCEPTED", "PAR_PREUVE")}
    assert drive.chunk_states() == {"DONE": 1}
    # The reports of the others come later, and find their message.
    told(drive, 8, "another", OPEN_HOUR + timedelta(minutes=2))
    assert settle_doubts(office.desk) == 1
    assert (drive.rows()[8].state, drive.rows()[8].provider_id) == ("DELIVERED", "another")


@pytest.mark.parametrize(
    ("minutes", "known_before"),
    [
        pytest.param(-1, False, id="it came before the request"),
        pytest.param(1, True, id="its id was somebody's before"),
    ],
)
def test_a_report_that_proves_nothing_settles_nothing(
    office: Office, minutes: float, known_before: bool
) -> None:
    drive = in_doubt(office, range(3), 0)
    moment = OPEN_HOUR + timedelta(minutes=minutes)
    told(drive, 1, "a-stranger", moment)
    if known_before:
        with office.desk.database.begin() as conn:
            conn.execute(update(reports.reports).values(matched=True))
        told(drive, 1, "a-stranger", moment, "Sent")
    assert settle_doubts(office.desk) == 0
    assert drive.states() == {"UNKNOWN": 3}


def test_of_a_number_with_a_message_under_way_a_report_proves_nothing(office: Office) -> None:
    drive = in_doubt(office, range(3), 0)
    office.owe("Votre code", to=number(1))
    office.turn(always(Unknown("time is up after writing")))
    told(drive, 1, "a-stranger", OPEN_HOUR + timedelta(minutes=1))
    assert settle_doubts(office.desk) == 0
    assert drive.states() == {"UNKNOWN": 3}


def test_silence_is_proof_when_later_requests_are_reported_about(office: Office) -> None:
    spoken_for(office, range(1_000, 1_100), -120)
    drive = in_doubt(office, range(40), 0)
    spoken_for(office, range(2_000, 2_100), 5)
    at(office, OPEN_HOUR + SILENCE - timedelta(seconds=1))
    assert send_again(office.desk) == 0
    at(office, OPEN_HOUR + SILENCE)
    assert send_again(office.desk) == 1
    assert {(row.state, row.attempt, row.dup_risk) for row in drive.rows()} == {("PENDING", 2, True)}
    assert drive.chunk_states() == {"READY": 1}
    drive.send()
    assert drive.states() == {"ACCEPTED": 40}
    assert send_again(office.desk) == 0


def test_personal_messages_in_between_do_not_hide_what_is_usual(office: Office) -> None:
    spoken_for(office, range(1_000, 1_100), -120)
    drive = in_doubt(office, range(40), 0)
    spoken_for(office, range(2_000, 2_100), 5)
    personal = Drive(office, range(3_000, 3_400), size=1)
    personal.send()
    asked_at(personal, OPEN_HOUR - timedelta(minutes=1))
    at(office, OPEN_HOUR + SILENCE)
    assert send_again(office.desk) == 1
    assert drive.states() == {"PENDING": 40}


def a_report(drive: Drive) -> None:
    told(drive, 3, "a-stranger", OPEN_HOUR + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("people", "later_share", "operator", "before", "more"),
    [
        pytest.param(19, 1.0, "ORANGE", None, {}, id="too few numbers"),
        pytest.param(40, 0.7, "ORANGE", None, {}, id="the feed was not well"),
        pytest.param(40, 1.0, "MOOV", None, {}, id="only another operator spoke"),
        pytest.param(40, 1.0, "ORANGE", a_report, {}, id="somebody was reported about"),
        pytest.param(40, 1.0, "ORANGE", None, {"policy": "at_most_once"}, id="another policy"),
        pytest.param(40, 1.0, "ORANGE", None, {"campaign": "PAUSED"}, id="the campaign is paused"),
    ],
)
def test_silence_proves_nothing(
    office: Office,
    people: int,
    later_share: float,
    operator: str,
    before: Callable[[Drive], None] | None,
    more: dict[str, str],
) -> None:
    spoken_for(office, range(1_000, 1_100), -120)
    spoken_for(office, range(3_000, 3_100), -120, operator="MOOV")
    drive = in_doubt(office, range(people), 0)
    spoken_for(office, range(2_000, 2_100), 5, share=later_share, operator=operator)
    if before:
        before(drive)
    with office.desk.database.begin() as conn:
        conn.execute(update(chunks).values(policy=more.get("policy", "evidence")))
    drive.set(state=more.get("campaign", "SENDING"))
    at(office, OPEN_HOUR + SILENCE)
    assert send_again(office.desk) == 0
    assert drive.states() == {"UNKNOWN": people}


def test_a_request_is_made_again_twice_at_most(office: Office) -> None:
    spoken_for(office, range(1_000, 1_100), -120)
    drive = in_doubt(office, range(40), 0)
    spoken_for(office, range(2_000, 2_100), 5)
    at(office, OPEN_HOUR + SILENCE)
    for again in (1, 1, 0):
        assert send_again(office.desk) == again
        drive.send(always(Unknown("HTTP 502")))
        asked_at(drive, OPEN_HOUR)
    assert {(row.state, row.attempt) for row in drive.rows()} == {("UNKNOWN", 3)}


def test_the_last_request_of_a_campaign_is_judged_by_those_around_it_and_later(office: Office) -> None:
    spoken_for(office, range(1_000, 1_100), -120)
    before = spoken_for(office, range(2_000, 2_100), -1)
    drive = in_doubt(office, range(40), 0)
    with office.desk.database.begin() as conn:
        conn.execute(update(reports.reports).values(at=OPEN_HOUR + timedelta(minutes=1)))
    at(office, OPEN_HOUR + SILENCE)
    assert send_again(office.desk) == 0
    at(office, OPEN_HOUR + 2 * SILENCE)
    assert send_again(office.desk) == 1
    assert before.states() == {"DELIVERED": 100}
    assert drive.states() == {"PENDING": 40}


def failing(code: str) -> Callable[[str, Sequence[Msisdn]], Answered]:
    return lambda _text, to: Answered(tuple(Recipient(one, False, None, code, "") for one in to))


@pytest.mark.parametrize(
    ("code", "state", "minutes"),
    [
        pytest.param("PANNE_OPERATEUR", "PENDING", 30, id="the operator failed"),
        pytest.param("NUMERO_INVALIDE", "REJECTED", None, id="no such number: never"),
        pytest.param("LISTE_NOIRE", "REJECTED", None, id="she barred us: never"),
        pytest.param("SOLDE", "PENDING", 0, id="paid, and let go on"),
    ],
)
def test_a_refusal_that_passes_is_tried_again(
    office: Office, code: str, state: str, minutes: int | None
) -> None:
    drive = Drive(office, range(5), size=2)
    while drive.states()["PENDING"]:
        drive.set(state="SENDING")
        drive.send(failing(code))
    drive.set(state="SENDING")
    again = retry_all(office.desk)
    rows = drive.rows()
    assert {row.state for row in rows} == {state}
    assert again == (5 if minutes is not None else 0)
    if minutes is not None:
        due = OPEN_HOUR + timedelta(minutes=minutes) if minutes else None
        assert {(row.attempt, row.dup_risk, row.not_before) for row in rows} == {(2, False, due)}
        assert drive.chunk_states()["READY"] == 3
        assert end(office.desk) == 0


def test_a_phone_that_was_off_is_tried_again_although_the_campaign_was_done(office: Office) -> None:
    drive = Drive(office, range(4))
    drive.send()
    assert end(office.desk) == 1
    assert drive.standing() == ("DONE", None)
    told(drive, 2, f"id-{number(2)}-Bonjour", OPEN_HOUR, "AbsentSubscriber")
    apply(office)
    assert retry_all(office.desk) == 1
    assert drive.standing() == ("SENDING", None)
    row = drive.rows()[2]
    assert (row.state, row.attempt, row.dup_risk, row.provider_id) == ("PENDING", 2, True, None)
    assert row.not_before == OPEN_HOUR + timedelta(hours=6)
    assert retry_all(office.desk) == 0


def test_who_failed_three_times_is_left(office: Office) -> None:
    drive = Drive(office, range(2))
    for again in (2, 2, 0):
        drive.send(failing("PANNE_OPERATEUR"))
        assert retry_all(office.desk) == again
        office.end_pauses()
    assert {(row.state, row.attempt) for row in drive.rows()} == {("REJECTED", 3)}


@pytest.mark.parametrize(
    ("policy", "days", "state"),
    [
        pytest.param("at_most_once", 0.0, "DONE", id="nothing will be sent again"),
        pytest.param("evidence", 2.9, "SENDING", id="silence may yet prove something"),
        pytest.param("evidence", 3.1, "DONE", id="nothing proved anything in three days"),
    ],
)
def test_a_campaign_ends_when_nothing_is_left_to_be_sent(
    office: Office, policy: str, days: float, state: str
) -> None:
    drive = in_doubt(office, range(30), 0)
    with office.desk.database.begin() as conn:
        conn.execute(update(chunks).values(policy=policy))
    at(office, OPEN_HOUR + timedelta(days=days))
    end(office.desk)
    assert drive.standing()[0] == state


def test_a_campaign_whose_last_moment_is_over_claims_nothing_and_ends(office: Office) -> None:
    drive = Drive(office, range(30))
    drive.set(ends_at=datetime(2026, 1, 1, tzinfo=OPEN_HOUR.tzinfo))
    drive.send()
    assert drive.states() == {"PENDING": 30}
    assert end(office.desk) == 1
    assert drive.standing() == ("DONE", "its last moment is over")


def test_one_number_has_one_message_in_doubt_at_most(office: Office) -> None:
    in_doubt(office, range(3), 0)
    other = Drive(office, range(3))
    other.send()
    assert {(row.state, row.code) for row in other.rows()} == {("SKIPPED", "EN_DOUTE")}
    assert set(office.outside.sent.values()) == {1}
    with office.desk.database.begin(reading=True) as conn:
        mine = recipients.c.phone_index == phone_index(office.desk.keys, Msisdn(number(1)))
        states = [row.state for row in conn.execute(recipients.select().where(mine))]
    assert states.count("UNKNOWN") == 1
