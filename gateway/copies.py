"""Copies of the register on this machine's disk: one folder each, whole or not there at all, the newest is asked.

What is written while a copy stands in stays in its folder until the register was told; then the folder may go.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

import structlog
from sqlalchemy.exc import DatabaseError

from config.faults import Fault
from flows.context import BAMAKO
from gateway import console_audit
from gateway.runtime import Runtime
from models import copies
from models.database import Database
from models.keyring import KeyRing
from models.schema import migrate, standing

log = structlog.get_logger(__name__)

FOLDER = "copy"
"""Below the data folder."""

REGISTER, BEGUN, NAME = "register.sqlite", ".begun", "%Y%m%dT%H%M%S.%fZ"
"""A copy's file in its folder, the ending of a folder that is not whole, and how a folder is named."""

STATEMENT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Made:
    """A copy that was made: how many people, seconds, bytes."""

    folder: Path
    people: int
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Copy:
    """An open copy: `desk` is this process's, with the copy for its register and a journal of its own."""

    folder: Path
    made_at: datetime
    desk: Runtime

    @property
    def made_on(self) -> date:
        """The day of the register that it shows, in Bamako."""
        return self.made_at.astimezone(BAMAKO).date()

    @property
    def there(self) -> bool:
        """Whether nobody took it away."""
        return (self.folder / REGISTER).exists()


class Copies:
    """The folder of the copies."""

    def __init__(self, data_folder: Path) -> None:
        self.folder = data_folder / FOLDER

    def names(self) -> list[Path]:
        """The folder of each copy, the oldest first."""
        try:
            return sorted(self.folder / name for name in os.listdir(self.folder) if _moment(name) is not None)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def newest_at(self) -> datetime | None:
        """When the newest was made, by its name; None when there is none."""
        found = self.names()
        return _moment(found[-1].name) if found else None

    def make(self, source: Database, keys: KeyRing, now: datetime, told: copies.Told) -> Made:
        """Copies a PostgreSQL register as it is now. Raises Fault, DatabaseAway, OSError: nothing has changed then."""
        if source.dialect == "sqlite":
            raise Fault("the register is a file of this machine: a copy could not stand in for it")
        with self._alone():
            began = monotonic()
            folder = self.folder / now.astimezone(UTC).strftime(NAME)
            begun = folder.with_name(folder.name + BEGUN)
            try:
                begun.mkdir(mode=0o700)
                people = _filled(source, begun / REGISTER, keys, now, told)
                with source.begin() as conn:
                    # Not without its row in the trail: who has the copy and the keys has the register.
                    console_audit.note(conn, keys, "register.copy", "register", f"{people} people", now)
                begun.rename(folder)
                _sync(self.folder)
            finally:
                shutil.rmtree(begun, ignore_errors=True)
            size = (folder / REGISTER).stat().st_size
            return Made(folder, people, monotonic() - began, size)

    def remove(self, folder: Path) -> None:
        """Takes a copy away, whole or not at all."""
        gone = folder.with_name(folder.name + BEGUN)
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Fault("another process is making a copy") from None
            for left in self.folder.glob(f"*{BEGUN}"):
                shutil.rmtree(left, ignore_errors=True)
            yield


def opened(desk: Runtime, folder: Path) -> Copy | None:
    """The copy in a folder, for this desk; None when these keys did not make it, or it cannot be read.

    One that an earlier version made is brought up to date: it may hold what the register was not told.
    """
    url = f"sqlite:///{folder / REGISTER}"
    database = Database.open(url, deadline_ms=STATEMENT_MS)
    try:
        with database.begin(reading=True) as conn:
            made_at = copies.made_at(conn, desk.keys)
        if standing(url).missing:
            migrate(url)
    except (Fault, DatabaseError) as fault:
        log.error("a copy of the register cannot be opened", reason=type(fault).__name__)
        database.dispose()
        return None
    if made_at is None:
        log.error("a copy of the register was made with other keys", copy=folder.name)
        database.dispose()
        return None
    settings = desk.settings.model_copy(update={"data_folder": folder})
    return Copy(folder, made_at, replace(desk, database=database, settings=settings))


def _filled(source: Database, file: Path, keys: KeyRing, now: datetime, told: copies.Told) -> int:
    file.touch(mode=0o600)
    with source.begin(reading=True) as conn:
        # One moment of the whole register, however long the copying takes.
        conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        people = copies.make(conn, file, keys, now, told)
    _sync(file)
    _sync(file.parent)
    return people


def _moment(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
