"""`ramu run` as people start it: a real process with all of its own, to be asked and to be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

from config.settings import CHECKOUT
from tests.gateway.handset import fields
from tests.ports import free_pair
from workers.servers.process import children_of

START_SECONDS = 60.0


@dataclass
class Running:
    """One `ramu run`."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        return self._ask("GET", path, "")

    def hop(self, **told: str) -> tuple[int, str]:
        """One hop of the provider."""
        return self._ask("POST", "/hooks/africastalking/demo/ussd", urlencode(fields(**told)))

    def family(self) -> list[int]:
        """Every process that it started."""
        return children_of(self.process.pid)

    def shows(self, path: str, text: str) -> bool:
        """Whether this is on a page now."""
        return text in self.get(path)[1]

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Waits, and fails with what was written when the process ended or time is up."""
        until = monotonic() + START_SECONDS
        while not ready():
            assert self.process.poll() is None, self.process.communicate()
            assert monotonic() < until, (self.folder / "gateway.log").read_text()[-2_000:]
            sleep(0.05)

    def kill(self) -> None:
        """Ends it and all that it started."""
        for pid in (self.process.pid, *self.family()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.communicate()

    def _ask(self, method: str, path: str, body: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException):
            return 0, ""
        finally:
            connection.close()


def environment_of(folder: Path, port: int, **environment: str) -> dict[str, str]:
    """What `ramu run` on a folder and a port is told, and nothing of this machine."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("RAMU_", "PROMETHEUS_"))
    }
    told = {"PYTHONPATH": str(CHECKOUT), "RAMU_DATA_FOLDER": str(folder), "PORT": str(port)}
    return {**kept, **told, **environment}


def start(folder: Path, port: int, **environment: str) -> Running:
    """A run that has just begun."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gateway.command_line", "run"],
        cwd=CHECKOUT,
        env=environment_of(folder, port, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return Running(process, port, folder)


@contextmanager
def run_in(folder: Path) -> Iterator[Running]:
    """A run that is ready with all its processes: Redis, provider, web and two of its own, three workers, tick."""
    started = start(folder, free_pair(), RAMU_PROVIDER="africastalking", RAMU_PROVIDER_KEY="real")
    try:
        started.wait_until(lambda: started.get("/health/ready")[0] == 200)
        started.wait_until(lambda: len(started.family()) >= 9)
        yield started
    finally:
        started.kill()
