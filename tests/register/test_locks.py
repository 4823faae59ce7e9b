"""Locks of a transaction: who holds one lets in whoever holds another, and gives it back at the end."""

from threading import Event, Thread

import pytest

from models.database import Database
from models.locks import hold


def held_meanwhile(database: Database, what: str, key: bytes) -> bool:
    """Whether another transaction must wait for (`what`, `key`) while this one holds ("code", b"1")."""
    entered = Event()

    def enter() -> None:
        with database.begin() as conn:
            hold(conn, what, key)
            entered.set()

    other = Thread(target=enter)
    with database.begin() as conn:
        hold(conn, "code", b"1")
        other.start()
        waited = not entered.wait(0.5)
    other.join()
    assert entered.is_set()
    return waited


@pytest.mark.parametrize(
    ("what", "key", "waits"),
    [
        pytest.param("code", b"1", True, id="the same"),
        pytest.param("code", b"2", False, id="another key"),
        pytest.param("person", b"1", False, id="the same key of something else"),
    ],
)
def test_only_the_same_is_waited_for(postgresql_url: str, what: str, key: bytes, waits: bool) -> None:
    database = Database.open(postgresql_url, deadline_ms=None)
    assert held_meanwhile(database, what, key) is waits
    database.dispose()


def test_a_sqlite_file_has_one_writer_anyway(sqlite_url: str) -> None:
    database = Database.open(sqlite_url, deadline_ms=None)
    assert held_meanwhile(database, "person", b"2")
    database.dispose()
