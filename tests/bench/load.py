"""The load: a process of its own that posts forms over kept connections and times the answers.

It reads jobs from standard input and answers on standard output, one JSON line each, so that its CPU is never
the server's. A job is prepared first (connections open, requests packed) and runs at the word "go".
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, time
from types import TracebackType
from typing import Any, Self

SCREEN_HEADER = b"at-ussd-hop-metadata: "


@dataclass(frozen=True, slots=True)
class Job:
    """Forms to post to one path. Without a `rate` each connection sends when it has been answered (closed loop);
    with one, a form is due every 1/rate seconds whatever the server does, and its time counts from then on.
    """

    port: int
    path: str
    forms: list[str]
    connections: int
    rate: float | None = None


@dataclass(slots=True)
class Outcome:
    """How a job went: the time of each answer, and what was answered (screen, else the first word).

    `began_at` is the moment (Unix time) from which the forms of a job with a rate were due, one every 1/rate seconds.
    """

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    began_at: float = 0.0


class LoadFailed(Exception):
    """The server closed a connection or answered what is no answer."""


class Generator:
    """The load's process, seen from the benchmark."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def prepare(self, job: Job) -> None:
        """Opens the connections and packs the requests."""
        self._say(json.dumps(asdict(job)))
        self._hear()

    def go(self) -> Outcome:
        """Runs the job that was prepared. Raises LoadFailed."""
        self._say("go")
        heard = self._hear()
        if "failed" in heard:
            raise LoadFailed(heard["failed"])
        return Outcome(**heard)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise LoadFailed("the load's process ended")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


class Line(asyncio.Protocol):
    """One kept connection with at most one question under way."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._heard = bytearray()
        self._due = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Keeps the way out."""
        self._transport = transport

    def ask(self, request: bytes, due: float) -> None:
        """Sends a request whose time counts from `due`."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Tells the run when an answer is whole."""
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if not found:
            return
        fields = head.lower()
        place = fields.find(b"content-length: ")
        if place < 0:
            self._run.fail("an answer without a length")
            return
        if len(body) >= int(fields[place + 16 :].split(b"\r\n", 1)[0]):
            latency = perf_counter() - self._due
            self._heard.clear()
            self._run.answered(self, latency, bytes(head), bytes(body))

    def connection_lost(self, exc: Exception | None) -> None:
        """A server that hangs up in the middle of a question ends the run."""
        self._run.lost(self)

    def hang_up(self) -> None:
        """Closes the connection."""
        self._transport.abort()


class Run:
    """One job on its connections."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._waiting = deque(packed(job.path, form) for form in job.forms)
        self._overdue: deque[float] = deque()
        self._idle: deque[Line] = deque()
        self._answers: Counter[str] = Counter()
        self._latencies: list[float] = []
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        """Opens every connection."""
        loop = asyncio.get_running_loop()
        for _ in range(self._job.connections):
            _, line = await loop.create_connection(lambda: Line(self), "127.0.0.1", self._job.port)
            self._idle.append(line)

    async def go(self) -> Outcome:
        """Sends everything and waits for every answer."""
        began, began_at = perf_counter(), time()
        lines = list(self._idle)
        if self._job.rate is None:
            self._idle.clear()
            for line in lines:
                self._next(line)
        else:
            await self._by_the_clock(began, self._job.rate)
        await self._done
        seconds = perf_counter() - began
        for line in lines:
            line.hang_up()
        return Outcome(seconds, self._latencies, dict(self._answers), began_at)

    async def _by_the_clock(self, began: float, rate: float) -> None:
        for place in range(len(self._job.forms)):
            due = began + place / rate
            if (pause := due - perf_counter()) > 0:
                await asyncio.sleep(pause)
            if self._idle:
                self._idle.popleft().ask(self._waiting.popleft(), due)
            else:
                self._overdue.append(due)

    def _next(self, line: Line) -> None:
        if self._waiting:
            line.ask(self._waiting.popleft(), perf_counter())

    def answered(self, line: Line, latency: float, head: bytes, body: bytes) -> None:
        """Notes an answer and gives the connection its next work."""
        self._latencies.append(latency * 1000)
        self._answers[kind_of(head, body)] += 1
        if len(self._latencies) == len(self._job.forms):
            self._done.set_result(None)
        elif self._job.rate is None:
            self._next(line)
        elif self._overdue:
            line.ask(self._waiting.popleft(), self._overdue.popleft())
        else:
            self._idle.append(line)

    def lost(self, line: Line) -> None:
        """A connection that nobody needed just now may go; any other is missed."""
        if line in self._idle:
            self._idle.remove(line)
        else:
            self.fail("the server closed a connection")

    def fail(self, why: str) -> None:
        """Ends the run, unless it has ended."""
        if not self._done.done():
            self._done.set_exception(LoadFailed(why))


def packed(path: str, form: str) -> bytes:
    """The request of one form, as the provider sends it."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        f"content-length: {len(form)}\r\n\r\n{form}"
    ).encode()


def kind_of(head: bytes, body: bytes) -> str:
    """What was answered: the status if it is not 200, else the screen's name, else CON or END."""
    status = head[9:12]
    if status != b"200":
        return status.decode()
    place = head.lower().find(SCREEN_HEADER)
    if place < 0:
        return body[:3].decode()
    return head[place + len(SCREEN_HEADER) :].split(b"\r\n", 1)[0].decode()


async def _work(job: Job) -> Outcome:
    run = Run(job)
    await run.connect()
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.readline()
    return await run.go()


def main() -> None:
    """Does the jobs of standard input until it ends."""
    for line in sys.stdin:
        try:
            said: dict[str, Any] = asdict(asyncio.run(_work(Job(**json.loads(line)))))
        except (LoadFailed, OSError) as fault:
            said = {"failed": str(fault)}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
