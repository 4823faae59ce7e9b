"""The journal keeps an answer while the database is away, and says nothing of anybody."""

from pathlib import Path

import pytest
from redis import Redis

from gateway.journal import Entry, Journal
from models.database import DatabaseAway
from models.sending import Settled
from tests.sending.conftest import PHONE, Office, open_office
from tests.sending.outside import accepted
from workers.sending import replay
from workers.servers import PostgresServer

ENTRY = Entry(
    7, 2**62, (Settled(3, True, "ACCEPTE", "XOF 15.0000", "id-1"), Settled(4, False, "SANS_ROUTE", "", None))
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    path = journal.write(ENTRY)
    assert list(journal.entries(0)) == [(path, ENTRY)]
    assert path.stat().st_mode & 0o077 == 0
    journal.forget(path)
    journal.forget(path)
    assert list(journal.entries(0)) == []


def test_a_young_entry_is_left_to_its_owner(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(ENTRY)
    assert list(journal.entries(30)) == []


@pytest.mark.parametrize("content", [pytest.param(b"", id="empty"), pytest.param(b"{}", id="without fields")])
def test_a_damaged_entry_stops_nobody(tmp_path: Path, content: bytes) -> None:
    journal = Journal(tmp_path)
    (tmp_path / "journal" / "1-1.json").write_bytes(content)
    path = journal.write(ENTRY)
    assert list(journal.entries(0)) == [(path, ENTRY)]


def test_an_answer_outlives_an_outage_of_the_database(
    tmp_path: Path, redis_url: str, own_postgres: PostgresServer
) -> None:
    office = open_office(tmp_path, own_postgres.url, redis_url)
    office.owe("Bonjour")

    def answer_and_cut(text: str, to: object) -> object:
        own_postgres.kill()
        return accepted(text, to)  # type: ignore[arg-type]

    office.turn(answer_and_cut)  # type: ignore[arg-type]
    (entry,) = (tmp_path / "journal").iterdir()
    assert PHONE not in entry.read_text().replace("id-" + PHONE, "")
    with pytest.raises(DatabaseAway):
        replay(office.desk, 0)
    own_postgres.restart()
    office.desk.close()
    office = open_office(tmp_path, own_postgres.url, redis_url)
    assert replay(office.desk, 0) == 1
    assert replay(office.desk, 0) == 0
    assert office.states() == [("ACCEPTED", "DONE")]
    assert office.outside.sent.total() == 1
    office.desk.close()


def test_a_journal_that_cannot_be_written_stops_no_answer(office: Office) -> None:
    office.owe()
    sender = office.sender()
    folder = office.desk.settings.data_folder / "journal"
    folder.rmdir()
    folder.write_text("in the way")
    sender.turn("transactional")
    sender.drain()
    sender.close()
    assert office.states() == [("ACCEPTED", "DONE")]
    folder.unlink()


def test_redis_away_stops_no_sending(tmp_path: Path, sqlite_url: str) -> None:
    office = open_office(tmp_path, sqlite_url, f"unix://{tmp_path}/nobody.sock")
    office.owe()
    office.turn()
    assert office.states() == [("ACCEPTED", "DONE")]
    assert isinstance(office.desk.redis, Redis)
