"""SMS that came in: taken once, answered once, each phone's in the order in which they came."""

from datetime import UTC, datetime, timedelta
from threading import Thread

from sqlalchemy import select

from models import inbound
from models.database import Database
from models.keyring import KeyRing
from tests.register.conftest import keys
from tests.sending.conftest import PHONE

__all__ = ["keys"]

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def take(
    database: Database,
    keys: KeyRing,
    once: str,
    text: str = "x",
    sender: str = PHONE,
    minutes: int = 0,
    **more: str,
) -> bool:
    with database.begin(durable=True) as conn:
        told = {
            "sender": sender,
            "text": text,
            "service_code": "36000",
            "now": NOW + timedelta(minutes=minutes),
        }
        return inbound.take(conn, keys, once=once.encode(), **told, **more)


def texts(database: Database, keys: KeyRing) -> list[str]:
    return [one.text(keys) for one in inbound.waiting(database.reader())]


def test_a_redelivery_is_taken_once(database: Database, keys: KeyRing) -> None:
    said: list[bool] = []
    threads = [Thread(target=lambda: said.append(take(database, keys, "a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (said.count(True), said.count(False)) == (1, 7)
    assert len(inbound.waiting(database.reader())) == 1


def test_the_oldest_of_each_phone_waits_first_and_others_do_not_wait_for_it(
    database: Database, keys: KeyRing
) -> None:
    take(database, keys, "a", "second", minutes=2)
    take(database, keys, "b", "first", minutes=1)
    take(database, keys, "c", "another phone", "+22370000022", minutes=3)
    assert texts(database, keys) == ["first", "another phone"]
    first = inbound.waiting(database.reader())[0]
    with database.begin() as conn:
        assert inbound.settle(conn, first.inbound_id, inbound.ANSWERED, None, NOW)
        assert not inbound.settle(conn, first.inbound_id, inbound.ANSWERED, None, NOW)
    assert texts(database, keys) == ["second", "another phone"]
    assert first.sender(keys) == PHONE


def test_what_is_held_at_once_never_waits(database: Database, keys: KeyRing) -> None:
    take(database, keys, "a", sender="Orange", held="ALPHANUMERIQUE")
    assert texts(database, keys) == []
    with database.begin(reading=True) as conn:
        assert conn.execute(select(inbound.inbound.c.state, inbound.inbound.c.why)).all() == [
            ("HELD", "ALPHANUMERIQUE")
        ]


def test_neither_number_nor_text_lies_open(database: Database, keys: KeyRing) -> None:
    take(database, keys, "a", "secret words")
    with database.begin(reading=True) as conn:
        (row,) = conn.execute(select(inbound.inbound)).all()
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert b"secret" not in stored
    assert PHONE[1:].encode() not in stored
    assert "secret" not in repr(inbound.waiting(database.reader()))
