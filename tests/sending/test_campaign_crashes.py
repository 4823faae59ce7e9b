"""A sender of campaigns is killed (SIGKILL) at each numbered place: nobody is written to twice, nobody lost unsaid."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.crash_points import POINTS
from gateway.providers import Unknown
from models.chunks import chunks
from tests.sending.conftest import Office, open_office
from tests.sending.drive import OPEN_HOUR, Drive, number
from tests.sending.outside import always
from tests.sending.test_campaign_doubts import apply, failing, told
from tests.sending.test_crash_points import process
from workers.campaign_care import look_after_all, retry_all
from workers.sending import reap_all, replay

AFTERWARDS = {
    21: ("ACCEPTED", 0),
    22: ("UNKNOWN", 0),
    23: ("UNKNOWN", 1),
    24: ("ACCEPTED", 1),
    25: ("ACCEPTED", 1),
    26: ("ACCEPTED", 1),
    27: ("ACCEPTED", 1),
    28: ("ACCEPTED", 1),
}
"""What the first chunk's people are in the end, and how many requests had been made when the process was killed."""


@pytest.fixture
def office(
    tmp_path: Path, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """On SQLite, then on PostgreSQL; one request at a time, so that it is known which was under way."""
    monkeypatch.setenv("RAMU_CAMPAIGN_SENDS_AT_ONCE", "1")
    monkeypatch.setenv("RAMU_PACES", "ORANGE=100000/100000")
    opened = open_office(tmp_path, database_url, redis_url)
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield opened
    opened.desk.close()


def recover(drive: Drive) -> None:
    """What the other processes do in the minute after."""
    replay(drive.office.desk, 0)
    drive.office.end_leases()
    reap_all(drive.office.desk)
    drive.send()


@pytest.mark.parametrize("point", AFTERWARDS)
def test_a_sender_that_is_killed_doubles_nobody_and_loses_nobody_unsaid(office: Office, point: int) -> None:
    state, requests = AFTERWARDS[point]
    drive = Drive(office, range(6), size=3)
    assert process(office, "campaigns", point) == -signal.SIGKILL
    assert office.outside.sent.total() == 3 * requests
    recover(drive)
    rows = drive.rows()
    assert {row.state for row in rows[:3]} == {state}
    assert {row.state for row in rows[3:]} == {"ACCEPTED"}
    assert set(office.outside.sent.values()) == {1}
    assert office.outside.sent.total() == 6 or state == "UNKNOWN"
    assert not list((office.desk.settings.data_folder / "journal").glob("*.log"))


@pytest.mark.parametrize("point", [23, 24, 25, 26, 27])
def test_of_personalised_messages_what_was_answered_is_known(office: Office, point: int) -> None:
    text = "Bonjour {prenom|cher assuré}"
    drive = Drive(office, range(4), size=1, personalised=True, text=text)
    assert process(office, "campaigns", point) == -signal.SIGKILL
    sent = office.outside.sent.total()
    recover(drive)
    states = drive.states()
    # One claim took all four; what had not been asked is in doubt as well, since only its owner could say so.
    answered = {23: 0, 24: 1}.get(point, 4)
    assert states == {key: n for key, n in {"ACCEPTED": answered, "UNKNOWN": 4 - answered}.items() if n}
    assert sent == {23: 1, 24: 1}.get(point, 4)
    assert set(office.outside.sent.values()) == {1}


@pytest.mark.parametrize("point", [32, 33])
def test_a_journal_of_campaigns_outlives_a_reaper_that_is_killed(office: Office, point: int) -> None:
    drive = Drive(office, range(3))
    assert process(office, "campaigns", 25) == -signal.SIGKILL
    journal = next((office.desk.settings.data_folder / "journal").glob("*.log"))
    os.utime(journal, (0, 0))
    assert process(office, "reap", point) == -signal.SIGKILL
    assert drive.states() == {"PENDING" if point == 33 else "ACCEPTED": 3}
    assert journal.exists()
    replay(office.desk, 0)
    assert drive.states() == {"ACCEPTED": 3}
    assert not journal.exists()


def test_a_doubt_is_settled_by_who_comes_after_one_that_was_killed(office: Office) -> None:
    drive = Drive(office, range(3))
    drive.send(always(Unknown("HTTP 502")))
    with office.desk.database.begin() as conn:
        conn.execute(update(chunks).values(intent_at=OPEN_HOUR))
    told(drive, 1, "a-stranger", OPEN_HOUR)
    assert process(office, "care", 34) == -signal.SIGKILL
    assert drive.states() == {"UNKNOWN": 3}
    look_after_all(office.desk)
    assert drive.states() == {"ACCEPTED": 2, "DELIVERED": 1}


def test_who_failed_has_one_more_chunk_although_the_first_try_was_killed(office: Office) -> None:
    drive = Drive(office, range(3))
    drive.send(failing("PANNE_OPERATEUR"))
    assert process(office, "retry", 36) == -signal.SIGKILL
    assert drive.states() == {"REJECTED": 3}
    assert retry_all(office.desk) == 3
    assert {row.attempt for row in drive.rows()} == {2}


def test_a_report_that_came_before_its_answer_was_written_down_finds_its_message(office: Office) -> None:
    drive = Drive(office, range(2))
    told(drive, 1, f"id-{number(1)}-Bonjour", OPEN_HOUR)
    drive.send()
    apply(office)
    assert [row.state for row in drive.rows()] == ["ACCEPTED", "DELIVERED"]


def test_each_place_of_sending_is_killed_at() -> None:
    assert set(AFTERWARDS) == {point for point, what in POINTS.items() if what.startswith("sending:")}
