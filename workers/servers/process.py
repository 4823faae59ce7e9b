"""One server process: started so that it dies with us, waited for, stopped, killed, paused."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config.faults import Fault
from workers.servers.folders import User

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
POLL_SECONDS = 0.02
# A start shorter than this needs no word on the terminal.
SILENT_SECONDS = 2.0


class ServerFailed(Fault):
    """A server did not start or stop as it should; the message holds the end of its log."""


class Server(ABC):
    """A child process in its own session, with its log in a file; stopped at the end of a `with` block."""

    name: str
    farewell: signal.Signals  # asks this server for a quick, clean end

    def __init__(self, command: Sequence[str], log: Path, user: User):
        self.command = list(command)
        self.log = log
        self.user = user
        self.child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def ready(self) -> bool:
        """Whether it takes work now."""

    @property
    def pid(self) -> int:
        """The process id of the running server. Raises ServerFailed when it does not run."""
        if self.child is None:
            raise ServerFailed(f"{self.name} is not running")
        return self.child.pid

    def restart(self, patience: float = 60.0) -> None:
        """Start, the first time or after `stop` and `kill`: same data, same address.

        Raises ServerFailed after `patience` seconds or when it ends early.
        """
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is for us: we stop the servers last
                preexec_fn=dies_with(self.farewell, os.getpid()),  # runs after the step down to `user`
                **step_down(self.user),
            )
        try:
            wait_until(self.ready, self.child, self.name, patience)
        except ServerFailed as failure:
            self.kill()
            raise ServerFailed(f"{failure}: {tail(self.log)}") from None

    def stop(self, patience: float = 30.0) -> None:
        """Ask for a clean end, wait for it, and kill what does not end in `patience` seconds."""
        if self.child is None:
            return
        self.resume()
        self.child.send_signal(self.farewell)
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
        self.child = None

    def kill(self, patience: float = 10.0) -> None:
        """SIGKILL to the server and all its children, as a power cut would end them; waits until all are gone.

        A child that is still dying holds the shared memory and would keep a new PostgreSQL from starting.
        """
        if self.child is None:
            return
        self.signal_all(signal.SIGSTOP)  # none of them makes another child while they are counted
        family = [self.pid, *children_of(self.pid)]
        self.signal_all(signal.SIGKILL)
        self.child.wait()
        self.child = None
        limit = time.monotonic() + patience
        while not all(map(ended, family)) and time.monotonic() < limit:
            time.sleep(POLL_SECONDS)

    def pause(self) -> None:
        """SIGSTOP to all its processes: the server hangs, connections are taken and never answered."""
        self.signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT to all its processes."""
        self.signal_all(signal.SIGCONT)

    def signal_all(self, number: signal.Signals) -> None:
        """Signal the server and each of its children; all that are paused make no more of them."""
        family = [self.pid, *children_of(self.pid)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
                os.kill(pid, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def dies_with(farewell: signal.Signals, parent: int) -> Callable[[], None]:
    """What the child runs before its program: ask the kernel for `farewell` when the parent is gone.

    Changing the user clears this wish, so it must come after it; a parent that died before is looked for.
    """

    def ask() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, farewell, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def step_down(user: User) -> dict[str, Any]:
    """The arguments of Popen that give up root for this user; none when we are not root."""
    if not user.steps_down:
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": []}


def children_of(pid: int) -> list[int]:
    """The children of a process, and theirs; those that end meanwhile may be missing."""
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listing.read_text().split()):
                found += [child, *children_of(child)]
    return found


def ended(pid: int) -> bool:
    """Whether a process is gone, or waits only for its parent to read its exit code (a zombie)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


def wait_until(
    ready: Callable[[], bool], child: "subprocess.Popen[bytes]", name: str, patience: float
) -> None:
    """Poll `ready`; after two seconds say on stderr what is waited for."""
    started = time.monotonic()
    told = False
    while not ready():
        waited = time.monotonic() - started
        if child.poll() is not None:
            raise ServerFailed(f"{name} ended at once (exit {child.returncode})")
        if waited > patience:
            raise ServerFailed(f"{name} was not ready after {patience:.0f} s")
        if waited > SILENT_SECONDS and not told:
            sys.stderr.write(f"waiting for {name} to be ready\n")
            told = True
        time.sleep(POLL_SECONDS)


def tail(log: Path) -> str:
    """The last lines of a log, on one line."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return " | ".join(line.strip() for line in lines[-5:]) or "its log is empty"


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
