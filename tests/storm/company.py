"""The processes of a storm: each is started, killed by its own pid, and started again after a rest.

Whatever runs here ends with this process, however it ends: the kernel is asked for it. It sends its signal when the
thread that started a child ends, so that servers, which take long to start, each have a thread that stays.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from time import monotonic
from types import TracebackType
from typing import Self

from config.settings import CHECKOUT
from tests.storm import copied
from workers.servers.process import Server, children_of, dies_with

COPIES = get_context("forkserver")
"""Each process is a copy of one that has loaded everything and done nothing: it starts in no time."""

AT_ONCE_SECONDS = 0.5
"""What ended by itself is started again after so long, as a service would be."""


class Member(ABC):
    """Something that runs, may be killed, and comes back. `ended` counts ends that nobody here wanted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ended = 0
        self._back_at: float | None = None

    @abstractmethod
    def start(self) -> None:
        """Starts it; it may take a while until it works."""

    @abstractmethod
    def runs(self) -> bool:
        """Whether it is there, as far as is known."""

    @abstractmethod
    def end(self) -> None:
        """Kills what is left of it, at once."""

    @property
    def resting(self) -> bool:
        """Whether it was killed and is not started again yet."""
        return self._back_at is not None

    def kill(self, rest: float) -> bool:
        """Kills it; it comes back after `rest` seconds. False when there was nothing to kill."""
        if self.resting or not self.runs():
            return False
        self.end()
        self._back_at = monotonic() + rest
        return True

    def look(self) -> None:
        """Starts it when its rest is over; notes when it has ended by itself."""
        if self._back_at is not None:
            if monotonic() >= self._back_at:
                self._back_at = None
                self.start()
        elif not self.runs():
            self.ended += 1
            self._back_at = monotonic() + AT_ONCE_SECONDS


class Process(Member):
    """A `ramu` command."""

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(name)
        self._arguments = list(arguments)
        self._environment = dict(environment)
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id, also when it has ended; 0 before the start."""
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Starts it. In the main thread, which outlives it."""
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "gateway.command_line", *self._arguments],
                cwd=CHECKOUT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with(signal.SIGKILL, os.getpid()),
            )

    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._child is not None and self._child.poll() is None

    def end(self) -> None:
        """SIGKILL, and waits for its end."""
        if self._child and self._child.poll() is None:
            self._child.kill()
            self._child.wait()

    def kill_child(self, chance: Random) -> bool:
        """Kills one of the processes that it has started itself."""
        return self.runs() and not self.resting and kill_one(children_of(self.pid), chance)

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        if self._child and self._child.poll() is None:
            self._child.send_signal(number)


class Copy(Process):
    """A `ramu worker` in a copy of a process that has loaded the gateway: killed often, it is soon at work again."""

    _copy: ForkServerProcess | None = None
    network = ""
    """The network that it lives in, if not in ours."""

    @property
    def pid(self) -> int:
        """Its process id, also when it has ended; 0 before the start."""
        return (self._copy and self._copy.pid) or 0

    def start(self) -> None:
        """Starts it; the server of copies starts with the first."""
        COPIES.set_forkserver_preload([copied.__name__])
        told = (self._arguments, self._environment, str(self._log), self.network)
        self._copy = COPIES.Process(target=copied.main, args=told, daemon=True)
        self._copy.start()

    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._copy is not None and self._copy.is_alive()

    def end(self) -> None:
        """SIGKILL, and waits for its end."""
        if self._copy and self._copy.is_alive():
            self._copy.kill()
            self._copy.join()

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        if self.runs():
            os.kill(self.pid, number)


class Service(Member):
    """A server with its data: it comes back on the same data under the same address."""

    def __init__(self, name: str, server: Server) -> None:
        super().__init__(name)
        self.server = server
        self._hands = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._starting: Future[None] | None = None

    @property
    def up(self) -> bool:
        """Whether it has started altogether. Raises what kept it from starting."""
        if self._starting and self._starting.done():
            self._starting.result()
            self._starting = None
        return self._starting is None and not self.resting

    def start(self) -> None:
        """Starts it from a thread that stays."""
        self._starting = self._hands.submit(self.server.restart)

    def runs(self) -> bool:
        """Whether it has not ended; one that is starting does run. Raises ServerFailed when it cannot start."""
        if not self.up:
            return True
        return self.server.child is not None and self.server.child.poll() is None

    def end(self) -> None:
        """SIGKILL to the server and its children."""
        if self.up:
            self.server.kill()

    def kill(self, rest: float) -> bool:
        """Kills it when it has started altogether."""
        return self.up and super().kill(rest)

    def kill_backend(self, chance: Random) -> bool:
        """Kills one of PostgreSQL's processes that serve a client."""
        if not self.up:
            return False
        return kill_one([pid for pid in children_of(self.server.pid) if _serves(pid)], chance)

    def close(self) -> None:
        """Stops it for good."""
        with suppress(Exception):  # whatever kept it from starting is no reason not to stop it
            if self._starting:
                self._starting.result()
        self.server.stop()
        self._hands.shutdown()


class Company:
    """All members; leaving the block ends every one of them."""

    def __init__(self) -> None:
        self.members: list[Member] = []

    def add(self, member: Member) -> None:
        """Takes in a member that runs already, or is started by `look`."""
        self.members.append(member)

    def look(self) -> None:
        """What must come back comes back."""
        for member in self.members:
            member.look()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in reversed(self.members):
            if isinstance(member, Service):
                member.close()
            else:
                member.end()


def kill_one(pids: Sequence[int], chance: Random) -> bool:
    """Kills (SIGKILL) one of these; False when there is none."""
    if not pids:
        return False
    with suppress(ProcessLookupError):
        os.kill(chance.choice(sorted(pids)), signal.SIGKILL)
        return True
    return False


def _serves(pid: int) -> bool:
    try:
        return b"[local]" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
