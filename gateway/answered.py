"""Which SMS the register has answered lately, on this machine's disk: for who stands in while the database is away.

The provider may deliver an SMS again although it was answered; then only the register knows, and perhaps is away. A
file an hour holds the keys of what was answered in it, which name nobody. A key is written before its answer is
committed: should that fail, the SMS waits for the register, and is not answered twice.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

FOLDER = "answered"
"""Below the data folder. Every process of the machine shares it."""

KEPT = timedelta(hours=14)
"""A little longer than the provider delivers again: 12 hours."""

HOUR = "%Y%m%d%H"


class Answered:
    """The keys of one machine. Safe to use from many threads and processes."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder / FOLDER

    def note(self, once: bytes, now: datetime) -> None:
        """The SMS `once` is about to be answered (`now`, aware). A disk that takes nothing keeps nobody waiting."""
        file = self._folder / now.strftime(HOUR)
        try:
            if not file.exists():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._drop(now - KEPT)
            descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, once)
            finally:
                os.close(descriptor)
        except OSError as fault:
            log.error("what was answered cannot be noted", reason=fault.strerror)

    def has(self, once: bytes) -> bool:
        """Whether the SMS `once` was answered, or was about to be. Raises OSError."""
        try:
            files = sorted(self._folder.iterdir(), reverse=True)
        except FileNotFoundError:
            return False
        return any(once in file.read_bytes() for file in files)

    def _drop(self, before: datetime) -> None:
        for file in self._folder.iterdir():
            if file.name < before.strftime(HOUR):
                file.unlink(missing_ok=True)
