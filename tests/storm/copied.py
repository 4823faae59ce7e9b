"""`ramu worker` in a copy of a process that has loaded the gateway; it ends when that one does."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.settings import CHECKOUT
from workers import aftermath, campaign_care, copying, deliveries, erasures, funnel, retention, seals, worker
from workers.servers.process import dies_with

JOBS = (aftermath, campaign_care, copying, deliveries, erasures, funnel, retention, seals, worker)
"""What a worker would load with its first jobs."""


def main(arguments: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    """Becomes the worker, with this environment and its output in a file."""
    dies_with(signal.SIGKILL, os.getppid())()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(CHECKOUT)
    os.setsid()
    with Path(log).open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    worker.worker.main(list(arguments), prog_name="ramu worker")
