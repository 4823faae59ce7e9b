"""`ramu messages`, and what is dropped when its time is over."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from gateway.messages_command import show
from gateway.providers import Unknown
from models import erasures, inbound
from models.identifiers import Msisdn
from models.messages import latest
from tests.sending.conftest import PHONE, Office
from tests.sending.outside import always
from tests.sending.test_reports import report
from workers.erasures import erase_waiting
from workers.retention import drop_old_of


def told(office: Office, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What the command prints."""
    settings = office.desk.settings
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("RAMU_DATA_FOLDER", str(settings.data_folder))
    found = CliRunner().invoke(show, arguments)
    assert found.exit_code == 0, found.output
    return found.output


def test_messages_are_counted_by_state_lane_and_kind(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No message" in told(office, monkeypatch)
    office.owe("one")
    office.turn()
    office.owe("two", kind="rights")
    assert json.loads(told(office, monkeypatch, "--json")) == [
        {"state": "ACCEPTED", "lane": "transactional", "kind": "sms_answer", "count": 1},
        {"state": "PENDING", "lane": "transactional", "kind": "rights", "count": 1},
    ]
    assert "rights" in told(office, monkeypatch)


def test_what_is_in_doubt_is_listed_with_why_and_without_the_number(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nothing is in doubt" in told(office, monkeypatch, "--unknown")
    office.owe("secret words")
    office.turn(always(Unknown("timeout")))
    (row,) = json.loads(told(office, monkeypatch, "--unknown", "--json"))
    assert (row["to"], row["why"], row["kind"]) == ("70***021", "timeout", "sms_answer")
    for printed in (told(office, monkeypatch, "--unknown"), json.dumps(row)):
        assert PHONE[1:] not in printed
        assert "secret" not in printed


def test_texts_and_reports_go_when_their_time_is_over_and_the_young_stay(office: Office) -> None:
    now = office.desk.clock()
    for days in (89, 91):
        office.owe(f"{days} days", now=now - timedelta(days=days))
        with office.desk.database.begin() as conn:
            told = {"sender": PHONE, "text": "x", "service_code": "1", "now": now - timedelta(days=days)}
            inbound.take(conn, office.desk.keys, once=b"%d" % days, **told)
        report(office, f"{days}", "Sent", seconds=-86_400 * days)
    drop_old_of(office.desk)
    with office.desk.database.begin(reading=True) as conn:
        left = {table: conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in TABLES}
    assert left == dict.fromkeys(TABLES, 1)
    assert [text for _at, text in latest(office.desk.database.reader(), office.desk.keys, Msisdn(PHONE))] == [
        "89 days"
    ]


TABLES = ("messages", "chunks", "inbound", "reports")


def test_an_erasure_waits_for_the_answer_and_leaves_no_word(office: Office) -> None:
    desk = office.desk
    with desk.database.begin() as conn:
        told = {"sender": PHONE, "text": "EFFACER", "service_code": "1", "now": desk.clock()}
        inbound.take(conn, desk.keys, once=b"x", **told)
    (asked,) = inbound.waiting(desk.database.reader())
    with desk.database.begin() as conn:
        inbound.settle(conn, asked.inbound_id, inbound.ANSWERED, None, desk.clock())
        erasures.request(conn, desk.keys, reference="E1", phone=Msisdn(PHONE), now=desk.clock())
    office.owe("Bientôt effacé")
    hour = desk.clock() - timedelta(hours=1)
    assert erasures.waiting(desk.database.reader(), leaving_since=hour) == []
    office.turn()
    assert len(erasures.waiting(desk.database.reader(), leaving_since=hour)) == 1
    assert erase_waiting(desk) == 1
    assert [row.kind for row in office.rows()] == ["erased"]
    with desk.database.begin() as conn:
        assert conn.exec_driver_sql("SELECT from_index, from_sealed, text_sealed FROM inbound").all() == [
            (None, None, None)
        ]
        assert not inbound.take(conn, desk.keys, once=b"x", **told)
