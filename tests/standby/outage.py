"""A gateway on a PostgreSQL that can be stopped, the copy of its register, and the provider that carries SMS."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Float, bindparam, select, update

from config.jobs import TRANSACTIONAL
from config.settings import load
from gateway.copies import Copies, Made
from gateway.runtime import Runtime
from models import copied_answers
from models.chunks import chunks
from models.coverage import coverages, number_index
from models.database_clock import SecondsFromNow
from models.visit_codes import visit_codes
from tests.forks import ended
from tests.gateway.correspondent import Correspondent
from tests.gateway.handset import Gateway
from tests.sending.outside import Outside, Say
from workers.inbox import answer_inbox
from workers.sender import Sender
from workers.sending import reap_all, replay
from workers.servers import PostgresServer
from workers.standby import Standby

NURSE, OTHER_NURSE, AWA = "+22370000102", "+22370000101", "+22370000001"
RAMED, AMO, MUTUELLE, EXPIRED, NOBODY = (
    "2600100000017",
    "0410000012",
    "54100015",
    "2300100000028",
    "2600199999986",
)

PATIENCE = 20.0
"""Seconds in which a register that was started again must answer."""


@dataclass
class Outage:
    """What a test does and sees."""

    gateway: Gateway
    server: PostgresServer
    outside: Outside
    stand_in: Standby = field(init=False)

    def __post_init__(self) -> None:
        self.stand_in = Standby(self.gateway.runtime)

    @property
    def copies(self) -> Copies:
        """Where the copies are."""
        return Copies(self.gateway.runtime.settings.data_folder)

    @property
    def ledger(self) -> Path:
        """What the provider wrote down."""
        return self.outside.ledger

    def copy(self, ago: timedelta = timedelta()) -> Made:
        """Makes a copy of the register as it is, dated so long ago."""
        runtime = self.gateway.runtime
        return self.copies.make(runtime.database, runtime.keys, runtime.clock() - ago, lambda *_: None)

    def begins(self) -> Outage:
        """The register goes away."""
        self.server.kill()
        return self

    def ends(self) -> Outage:
        """The register is back, and asked again."""
        self.server.restart()
        until = monotonic() + PATIENCE
        while not self.gateway.runtime.database.alive():
            assert monotonic() < until
            sleep(0.1)
        return self

    def writes(self, phone: str, text: str, **told: str) -> Outage:
        """An SMS comes in."""
        assert Correspondent(self.gateway, phone).writes(text, **told).data == b"OK\n"
        return self

    def turn(self, say: Say | None = None) -> Outage:
        """Each job once: what waits is answered, and sent."""
        self.outside.say = say
        work(self.gateway.runtime, self.stand_in, self.outside)
        return self

    def tidies(self) -> Outage:
        """The job that looks after what was left, when every lease is over."""
        look_after(self.stand_in)
        return self

    def dies(self, point: int, what: str = "work") -> Outage:
        """A worker's process does the same (`work` or `tidy`), and is killed at a numbered place."""
        settings = self.gateway.runtime.settings
        assert ended(settings, turn, what, self.ledger, crash_at=point) == -signal.SIGKILL
        return self

    def reads(self, phone: str) -> list[str]:
        """The SMS that a phone got, in the order in which they were sent."""
        lines = self.ledger.read_text().splitlines() if self.ledger.exists() else []
        return [text for number, _, text in (line.partition(" ") for line in lines) if number == phone]

    def ends_right(self, number: str, scheme: str, **changed: Any) -> None:
        """The register learns something about a card, after the copy."""
        index = number_index(self.gateway.runtime.keys, scheme, number)
        with self.gateway.runtime.database.begin() as conn:
            conn.execute(update(coverages).where(coverages.c.number_index == index).values(**changed))

    def codes(self) -> list[tuple[str, str, bool]]:
        """(code, state, provisional) of each visit code of the register, the oldest first."""
        with self.gateway.runtime.database.begin(reading=True) as conn:
            columns = visit_codes.c.code, visit_codes.c.state, visit_codes.c.provisional
            return [tuple(row) for row in conn.execute(select(*columns).order_by(visit_codes.c.id))]

    def untold(self) -> int:
        """How many answers of the copies the register was not told."""
        return sum(len(copied_answers.owed(copy.desk.database.reader())) for copy in self.stand_in.copies())


def work(runtime: Runtime, stand_in: Standby, outside: Outside) -> None:
    """What a worker's jobs do, once and to their end."""
    answer_inbox(runtime, stand_in=stand_in)
    sender = Sender(runtime, outside)
    stand_in.send(sender, TRANSACTIONAL)
    stand_in.drain()
    sender.turn(TRANSACTIONAL)
    sender.drain()
    sender.close()


def look_after(stand_in: Standby) -> None:
    """What the reaping job does, a minute later."""
    past = {"lease_until": SecondsFromNow(bindparam("ago", -1.0, Float))}
    for copy in stand_in.copies():
        replay(copy.desk, 0)
        with copy.desk.database.begin() as conn:
            conn.execute(update(chunks).where(chunks.c.state == "INTENT").values(past))
        reap_all(copy.desk)
    stand_in.tidy()


def turn(what: str, ledger: Path) -> None:
    """What a worker's process does that is to be killed: `work` into the ledger, or `tidy`."""
    desk = Runtime.open(load(demo=True))
    if what == "tidy":
        look_after(Standby(desk))
    else:
        work(desk, Standby(desk), Outside(ledger))


def pec(text: str) -> str:
    """The visit code in an answer."""
    return text.partition("PEC ")[2][:6]
