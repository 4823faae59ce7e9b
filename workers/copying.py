"""The nightly copy of the register, made by a process of its own: it takes minutes, and a worker's jobs cannot wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from config.settings import CHECKOUT
from flows.context import BAMAKO
from gateway.copies import Copies
from gateway.runtime import Runtime
from workers.desk import runtime
from workers.servers.process import dies_with

log = structlog.get_logger(__name__)

COMMAND = (sys.executable, "-P", "-m", "gateway.command_line", "register-copy")

PATIENCE = 10
"""Added to a process's niceness: nobody who waits for an answer notices the copying."""


def copy_nightly() -> bool:
    """The job: begins a copy when one is due; whether it did."""
    return copy_if_due(runtime(), begin)


def copy_if_due(desk: Runtime, make: Callable[[], object]) -> bool:
    """Calls `make` when the newest copy is older than the hour of the last night. A SQLite register has none."""
    if desk.database.dialect == "sqlite":
        return False
    newest = Copies(desk.settings.data_folder).newest_at()
    if newest is not None and newest >= last_due(desk.clock(), desk.settings.copy_hour):
        return False
    make()
    return True


def last_due(now: datetime, hour: int) -> datetime:
    """The last moment up to `now` (aware) at which it was `hour` o'clock in Bamako."""
    local = now.astimezone(BAMAKO)
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return due if due <= local else due - timedelta(days=1)


def begin() -> subprocess.Popen[bytes]:
    """Starts the command, and does not wait. It ends with this worker; the next turn begins again."""
    dies = dies_with(signal.SIGKILL, os.getpid())

    def prepare() -> None:
        os.nice(PATIENCE)
        dies()

    log.info("the register is being copied")
    return subprocess.Popen(
        COMMAND, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=prepare
    )
