"""The processes of `ramu run`: each dies with its parent, begins again when it ends, and is stopped in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from time import monotonic
from types import TracebackType
from typing import IO, Self

import click

from config.settings import CHECKOUT
from workers.servers import RedisServer, ServerFailed
from workers.servers.process import dies_with

PATIENCE_SECONDS = 8.0
"""How long a process may take to end by itself."""

LOOK_SECONDS = 0.5

PAUSE_SECONDS = 2.0
"""A process that ends sooner than this after its start waits before it begins again."""


@dataclass(slots=True)
class Child:
    """One process of ours: its name, the `ramu` command it runs, and since when."""

    name: str
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes]
    since: float


class Family:
    """Our processes. They write to `output`, or to the terminal without one; leaving the block stops them all."""

    def __init__(self, environment: Mapping[str, str], output: IO[bytes] | None) -> None:
        self._environment = dict(environment)
        self._output = output
        self._children: list[Child] = []

    def start(self, name: str, *arguments: str) -> Child:
        """Starts `ramu <arguments>`. It is killed when this process ends, however it ends."""
        child = Child(name, arguments, self._launch(arguments), monotonic())
        self._children.append(child)
        return child

    def watch(self, stop: Event, redis: RedisServer | None) -> None:
        """Waits for `stop`; starts again what ends before."""
        while not stop.wait(LOOK_SECONDS):
            if redis and redis.child and redis.child.poll() is not None:
                _say("the queue's server has ended; it begins again")
                _begin_again(redis)
            for child in self._children:
                if child.process.poll() is not None and monotonic() - child.since > PAUSE_SECONDS:
                    _say(f"{child.name} has ended (exit {child.process.returncode}); it begins again")
                    child.process, child.since = self._launch(child.arguments), monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            child.process.terminate()
        until = monotonic() + PATIENCE_SECONDS
        for child in self._children:
            try:
                child.process.wait(max(0.1, until - monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

    def _launch(self, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "gateway.command_line", *arguments],
            cwd=CHECKOUT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,  # a Ctrl-C in the terminal is for us: we stop them in order
            preexec_fn=dies_with(signal.SIGKILL, os.getpid()),
        )


def _begin_again(redis: RedisServer) -> None:
    try:
        redis.restart(patience=10)
    except ServerFailed as failed:
        _say(str(failed))


def _say(what: str) -> None:
    click.echo(f"ramu run: {what}", err=True)
