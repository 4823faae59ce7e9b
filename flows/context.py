"""What a hop may know: the register to read, the keys, the caller's phone, the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Protocol
from zoneinfo import ZoneInfo

from flows.session import Session
from flows.texts import Catalogues
from models.database import Reader
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.lookups import Budgets

BAMAKO = ZoneInfo("Africa/Bamako")

USSD, SMS = "USSD", "SMS"
"""How a person reached us, noted with her consent."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings that the conversation needs. Counts, and whole minutes or hours."""

    misses: int
    lock_minutes: int
    resume_minutes: int
    visit_code_hours: int
    callback_hours: int
    messages_a_day: int
    budgets: Budgets = field(default_factory=Budgets)


class Register(Protocol):
    """Gives the thread's reader; raises models.database.DatabaseAway."""

    def reader(self) -> Reader:
        """A connection for reading."""


@dataclass(slots=True)
class Context:
    """One hop's surroundings. Nobody changes them: a frozen class would only take three times as long to fill.

    `seed` is 16 bytes that depend only on (session, hop); `left` a call left unfinished, `channel` how she reached us,
    `copied_on` the day of the register's copy that is asked while the register is away, `unsettled` visit codes that
    were given meanwhile and that this answer must settle, `today` the day in Bamako, on which validity is judged.
    """

    register: Register
    keys: KeyRing
    catalogues: Catalogues
    limits: Limits
    phone: Msisdn
    now: datetime
    service_code: str
    seed: bytes
    left: Session | None = None
    channel: str = USSD
    copied_on: date | None = None
    unsettled: tuple[str, ...] = ()
    today: date = field(init=False)

    def __post_init__(self) -> None:
        self.today = day_of(self.now)

    @property
    def db(self) -> Reader:
        """The register, for reading. Raises models.database.DatabaseAway."""
        return self.register.reader()

    @property
    def misses_since(self) -> datetime:
        """From when failed look-ups count towards the lock."""
        return self.now - timedelta(minutes=self.limits.lock_minutes)

    def reference(self, purpose: str = "") -> str:
        """Six digits that the person can read to a help desk; the same for the same hop, however often it comes."""
        number = int.from_bytes(blake2b(purpose.encode(), key=self.seed, digest_size=8).digest())
        return str(100_000 + number % 900_000)
