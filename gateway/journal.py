"""The journal: what the provider answered, on this machine's disk before it is in the database.

One file a request, written whole (beside its place, then renamed); of a campaign one file a claim, a line a request. It
outlives the process, so that an answer is kept although the database is away or the process is killed. It holds opaque
ids, keyed indexes and codes, no number and no text.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time

import orjson
import structlog

from gateway.crash_points import reached
from models.campaign_sending import Answer
from models.sending import Settled

log = structlog.get_logger(__name__)

FOLDER = "journal"
"""Its name in the data folder."""

UNFINISHED, LOG = ".new", ".log"
HALF_AGE_SECONDS = 3_600
"""A file that was never finished is of no use; it is dropped when its writer must be dead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to one request: the claim it belongs to, and what became of each message."""

    chunk_id: int
    token: int
    settled: tuple[Settled, ...]


class Log:
    """The answers to the requests of one claim, a line each, in the order in which they came.

    A line outlives the process as soon as it is written; all of them outlive a power cut after `sync`, which comes
    before the database. The file is locked while its owner lives: nobody else takes it for left.
    """

    def __init__(self, path: Path, sync_folder: Callable[[], None]) -> None:
        self.path = path
        self._sync_folder = sync_folder
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def write(self, answer: Answer) -> None:
        """Add an answer. Raises OSError."""
        line = orjson.dumps(
            [
                answer.campaign_id,
                answer.chunk_id,
                answer.token,
                [tuple(one) for one in answer.settled],
            ],
            option=orjson.OPT_APPEND_NEWLINE,
        )
        os.write(self._descriptor, line)

    def sync(self) -> None:
        """Every answer is on the disk when this returns. Raises OSError."""
        os.fsync(self._descriptor)
        self._sync_folder()

    def close(self) -> None:
        """Leave the file to whoever writes its answers down."""
        os.close(self._descriptor)


def _is_left(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _answers(path: Path) -> Iterator[Answer]:
    """The lines that were written to their end."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.split(b"\n")[:-1]:
        try:
            campaign_id, chunk_id, token, settled = orjson.loads(line)
            yield Answer(campaign_id, chunk_id, token, tuple(Settled(*one) for one in settled))
        except (orjson.JSONDecodeError, ValueError, TypeError):
            log.error("a line of the journal cannot be read", file=path.name)


class Journal:
    """The entries of one machine. Any process of it may replay any entry: who is first writes it down."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder / FOLDER
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, entry: Entry) -> Path:
        """Keep an answer; it is on the disk when this returns. Its file. Raises OSError."""
        path = self._folder / f"{entry.chunk_id}-{entry.token}.json"
        beside = path.with_suffix(UNFINISHED)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            settled = [one._asdict() for one in entry.settled]
            told = {"chunk_id": entry.chunk_id, "token": entry.token, "settled": settled}
            file.write(orjson.dumps(told))
            file.flush()
            os.fsync(file.fileno())
        reached(24)
        beside.replace(path)
        self._sync()
        return path

    def open(self, token: int) -> Log:
        """A file for the answers to the requests of one claim. Raises OSError."""
        return Log(self._folder / f"{token}{LOG}", self._sync)

    def logs(self, older_than_seconds: float) -> Iterator[tuple[Path, tuple[Answer, ...]]]:
        """What was left so long ago in the files of claims whose owner writes no more: she was killed, or gave up."""
        oldest = time() - older_than_seconds
        for path in sorted(self._folder.glob(f"*{LOG}")):
            if self._written_at(path) <= oldest and _is_left(path):
                yield path, tuple(_answers(path))

    def forget(self, path: Path) -> None:
        """Let go of an answer that is in the database."""
        path.unlink(missing_ok=True)

    def entries(self, older_than_seconds: float) -> Iterator[tuple[Path, Entry]]:
        """What was left so long ago, the oldest claim first: its owner was killed, or met the database away."""
        oldest = time() - older_than_seconds
        for path in sorted(self._folder.glob("*.json")):
            if self._written_at(path) <= oldest and (entry := self._read(path)):
                yield path, entry
        for path in self._folder.glob(f"*{UNFINISHED}"):
            if self._written_at(path) <= time() - HALF_AGE_SECONDS:
                path.unlink(missing_ok=True)

    def _written_at(self, path: Path) -> float:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:
            # Another process let go of it meanwhile.
            return float("inf")

    def _read(self, path: Path) -> Entry | None:
        try:
            content = orjson.loads(path.read_bytes())
            settled = tuple(Settled(**one) for one in content["settled"])
            return Entry(content["chunk_id"], content["token"], settled)
        except FileNotFoundError:
            return None
        except (orjson.JSONDecodeError, KeyError, TypeError):
            log.error("a journal entry cannot be read", file=path.name.partition("-")[0])
            return None

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
