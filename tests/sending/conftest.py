"""A desk of a worker that sends, on each database, without the demonstration's people."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Float, bindparam, select, update

from config.jobs import TRANSACTIONAL
from config.settings import load
from gateway.runtime import Runtime
from models.chunks import chunks
from models.database_clock import SecondsFromNow
from models.identifiers import Msisdn
from models.keyring import FILE_NAME, KeyRing
from models.messages import messages, owe
from tests.sending.outside import Outside, Say
from workers.pauses import Pause
from workers.sender import Sender

PHONE = "+22370000021"
ONCE = count(1)


@dataclass
class Office:
    """A desk, the provider outside, and what a test wants to know of both."""

    desk: Runtime
    outside: Outside

    def owe(self, text: str = "Bonjour", to: str = PHONE, kind: str = "sms_answer", **more: Any) -> None:
        """Owes one SMS."""
        once = b"%d" % next(ONCE)
        told: dict[str, Any] = {"lane": TRANSACTIONAL, "now": self.desk.clock(), "once": once, **more}
        with self.desk.database.begin() as conn:
            owe(conn, self.desk.keys, to=Msisdn(to), text=text, kind=kind, **told)

    def sender(self, say: Say | None = None, pause: Pause | None = None) -> Sender:
        """A process's sender; `say` is what the provider answers from now on."""
        self.outside.say = say
        return Sender(self.desk, self.outside, pause)

    def turn(self, say: Say | None = None, pause: Pause | None = None) -> None:
        """One job, to its end."""
        sender = self.sender(say, pause)
        sender.turn(TRANSACTIONAL)
        sender.drain()
        sender.close()

    def rows(self) -> list[Any]:
        """Messages with their chunks, the oldest first."""
        with self.desk.database.begin(reading=True) as conn:
            joined = messages.join(chunks, messages.c.chunk_id == chunks.c.id)
            asked = select(messages, chunks.c.state.label("chunk"), chunks.c.why, chunks.c.not_before)
            return list(conn.execute(asked.select_from(joined).order_by(messages.c.id)))

    def states(self) -> list[tuple[str, str]]:
        """(message's state, chunk's state), the oldest first."""
        return [(row.state, row.chunk) for row in self.rows()]

    def end_leases(self) -> None:
        """As if their time had passed."""
        past = {"lease_until": SecondsFromNow(bindparam("ago", -1.0, Float))}
        with self.desk.database.begin() as conn:
            conn.execute(update(chunks).where(chunks.c.state == "INTENT").values(past))

    def end_pauses(self) -> None:
        """Whoever was given back may be sent again."""
        with self.desk.database.begin() as conn:
            conn.execute(update(chunks).values(not_before=None))


def open_office(folder: Path, database_url: str, redis_url: str, **settings: Any) -> Office:
    """An office whose files are in `folder`."""
    told = load(data_folder=folder, database_url=database_url, redis_url=redis_url, **settings)
    if not (told.key_folder / FILE_NAME).exists():
        KeyRing.create(told.key_folder)
    return Office(Runtime.open(told), Outside(folder / "ledger"))


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    """On SQLite, then on PostgreSQL."""
    opened = open_office(tmp_path, database_url, redis_url)
    yield opened
    opened.desk.close()
