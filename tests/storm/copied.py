"""`ramu worker` in a copy of a process that has loaded the gateway; it ends when that one does."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.settings import CHECKOUT
from workers import aftermath, campaign_care, copying, deliveries, erasures, funnel, retention, seals, worker
from workers.servers.process import dies_with

JOBS = (aftermath, campaign_care, copying, deliveries, erasures, funnel, retention, seals, worker)
"""What a worker would load with its first jobs."""

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(namespace: str) -> None:
    """This thread, and those that it starts, see the network of /proc/<pid>/ns/net. Raises OSError."""
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        if LIBC.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no entry into the network")
    finally:
        os.close(descriptor)


def main(arguments: Sequence[str], environment: Mapping[str, str], log: str, network: str) -> None:
    """Becomes the worker, with this environment, its output in a file, in this network (a path; empty: ours)."""
    dies_with(signal.SIGKILL, os.getppid())()
    if network:
        enter(network)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(CHECKOUT)
    os.setsid()
    with Path(log).open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    worker.worker.main(list(arguments), prog_name="ramu worker")
