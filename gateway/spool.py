"""What the database could not take, on disk: sealed files that wait, in the order of their coming, until it answers.

A file is written beside, synced, renamed, and its folder synced, before anybody is told that it is kept. It is let go
only after the database has it, so that a crash stores it twice and never not at all; storing knows what it has.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import monotonic, time

import structlog

from gateway.crash_points import reached
from models.connections import MISFITS, DatabaseAway
from models.keyring import KeyRing, KeyRingError
from models.nonces import Nonces

log = structlog.get_logger(__name__)

_tails = Nonces(8)

FOLDER, PROMISES = "spool", "promises"
"""Below the data folder: callbacks that wait, answers that were promised. Every process of the machine shares them."""

SPOOLED = "spool"
"""Purpose of a sealed record."""

KEPT, ASIDE, BEGUN = ".kept", ".aside", ".begun"
"""Endings of a file: it waits; it could not be stored and waits for a person; it is being written."""

BATCH = 100
"""Records in one transaction."""

LOOK = 10 * BATCH
"""After a long outage there are so many that the folder is not to be read for every batch."""

ABANDONED_SECONDS = 3_600
"""A file begun so long ago was left by a crash; nobody was told that it is kept."""

Store = Callable[[Sequence[bytes]], None]
"""Commits records, oldest first. Raises DatabaseAway to let them wait."""

REFUSALS = (DatabaseAway, *MISFITS)
"""What a database raises that would refuse any record, this one and the next."""


class Spool:
    """The folder of the records that wait. Safe to use from many threads and processes."""

    def __init__(self, folder: Path, keys: KeyRing) -> None:
        self._folder = folder
        self._keys = keys

    def put(self, record: bytes, at: datetime) -> None:
        """Keeps a record that came `at` (aware). Raises OSError: the disk does not take it, and nothing is kept."""
        self._make_folder()
        name = f"{int(at.timestamp() * 1e6):017d}-{_tails.next().hex()}"
        begun, kept = self._folder / (name + BEGUN), self._folder / (name + KEPT)
        try:
            _write(begun, self._keys.seal_bytes(record, SPOOLED))
            reached(13)
            begun.rename(kept)
            _sync(self._folder)
        except OSError:
            begun.unlink(missing_ok=True)
            raise

    def waiting(self) -> int:
        """How many records wait."""
        return len(self._names())

    @staticmethod
    def standing(folder: Path) -> tuple[int, int]:
        """(how many records wait, how many were set aside) in a folder: for who has no keys."""
        return len(_named(folder, KEPT)), len(_named(folder, ASIDE))

    def look(self, passed: Container[str]) -> Iterator[tuple[str, bytes]]:
        """(name, record) of each that waits and was not passed by, oldest first. They stay."""
        for name in self._names():
            if name in passed:
                continue
            try:
                yield name, self._read(name)
            except (FileNotFoundError, KeyRingError):
                # It was stored meanwhile; or it cannot be read, which is for who stores it to tell.
                continue

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Nobody drains meanwhile; whether the record still waits."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            yield (self._folder / name).exists()

    def drain(
        self, store: Store, first: Callable[[], object] = lambda: None, seconds: float = float("inf")
    ) -> int:
        """Has every record stored, oldest first, batch by batch; how many. Raises REFUSALS: the rest waits.

        One process drains at a time and the others wait for it: what came before is stored before they look. `first`
        is done before anything is stored. After about `seconds` the rest waits for the next turn.
        """
        if not self._names():
            return 0
        drained = 0
        with self._alone():
            first()
            until = monotonic() + seconds
            while monotonic() < until and (names := self._names()[:LOOK]):
                for start in range(0, len(names), BATCH):
                    self._store(names[start : start + BATCH], store)
                drained += len(names)
            self._sweep()
        return drained

    def _store(self, names: list[str], store: Store) -> None:
        try:
            store([self._read(name) for name in names])
        except REFUSALS:
            raise
        except Exception:
            if len(names) == 1:
                # It must not stand in the way of the others; a person looks at it.
                log.exception("a spooled record cannot be stored")
                path = self._folder / names[0]
                path.rename(path.with_suffix(ASIDE))
                return
            for name in names:
                self._store([name], store)
            return
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def _read(self, name: str) -> bytes:
        return self._keys.unseal_bytes((self._folder / name).read_bytes(), SPOOLED)

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(self._folder.parent)

    def _names(self) -> list[str]:
        return _named(self._folder, KEPT)

    def _sweep(self) -> None:
        for path in islice(self._folder.glob(f"*{BEGUN}"), BATCH):
            if path.stat().st_mtime < time() - ABANDONED_SECONDS:
                path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _named(folder: Path, ending: str) -> list[str]:
    """The files with this ending, the oldest first."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(ending))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
