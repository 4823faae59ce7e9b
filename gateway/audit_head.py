"""The newest link of the audit chain, kept in a file: who cuts the end off the tables cannot cut it off here too."""

from __future__ import annotations

import json
import os
from pathlib import Path

from config.faults import Fault
from models.audit import Head

FILE_NAME = "audit.head"


class BadHead(Fault):
    """The file with the kept head cannot be read."""


def written(head: Head) -> str:
    """A head as `ramu audit head` prints it: one line of JSON."""
    return json.dumps({"seq": head.seq, "digest": head.digest.hex()})


def keep(folder: Path, head: Head) -> None:
    """Replaces the file in `folder` as one step, so that a crash leaves the old head or the new one."""
    fresh = folder / f"{FILE_NAME}.new"
    fresh.write_text(written(head) + "\n", encoding="utf-8")
    os.replace(fresh, folder / FILE_NAME)


def read(file: Path) -> Head:
    """The head in a file. Raises BadHead."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Head(int(told["seq"]), bytes.fromhex(told["digest"]))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BadHead(f"{file} is not what `ramu audit head` printed") from fault
