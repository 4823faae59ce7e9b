"""The simulated provider's own truth: what it has accepted, one JSON line a number, on the disk before it answers.

It plays the outside world, so numbers and texts stand there whole: the folder is for its owner alone and belongs to
no real installation. Nothing is ever changed in it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

NAME = "ledger.jsonl"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message to one number: the id that reports name, and when its request came (ISO 8601, UTC)."""

    id: str
    to: str
    text: str
    sender: str
    at: str
    request: str


class Ledger:
    """The file and, by number, what stands in it. Several threads may write."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.file = folder / NAME
        self._descriptor = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._lock = Lock()
        self._by_number: defaultdict[str, list[Accepted]] = defaultdict(list)
        self.count = 0
        for line in self._whole_lines():
            self._remember(Accepted(**json.loads(line)))

    def _whole_lines(self) -> list[bytes]:
        """What was written to its end. The rest of a crash was never answered and goes."""
        whole, _, torn = self.file.read_bytes().rpartition(b"\n")
        if torn:
            os.ftruncate(self._descriptor, len(whole) + 1 if whole else 0)
        return whole.splitlines()

    def accept(self, messages: Iterable[Accepted]) -> None:
        """Writes messages down; they are on the disk when this returns."""
        some = list(messages)
        lines = "".join(json.dumps(asdict(one)) + "\n" for one in some)
        with self._lock:
            os.write(self._descriptor, lines.encode())
            os.fsync(self._descriptor)
            for one in some:
                self._remember(one)

    def to(self, number: str) -> list[Accepted]:
        """What a number was sent, the oldest first."""
        with self._lock:
            return list(self._by_number.get(number, ()))

    def close(self) -> None:
        """Closes the file."""
        os.close(self._descriptor)

    def _remember(self, one: Accepted) -> None:
        self._by_number[one.to].append(one)
        self.count += 1
