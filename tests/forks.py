"""Processes that a test ends, forked from one that has imported their modules: a new Python costs a second each."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from config.settings import CHECKOUT, Settings
from gateway.command_line import main
from gateway.crash_points import CRASH_AT

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "gateway.provider_commands",
        "gateway.register_commands",
        "tests.gateway.reporting",
        "tests.payments.one_turn",
        "tests.sending.one_turn",
        "tests.standby.outage",
        "tests.workers.one_message",
        "workers.run",
        "workers.tick",
        "workers.web",
        "workers.worker",
    ]
)

LONGEST = 60.0
"""Seconds that such a process may take."""


def begun(
    turn: Callable[..., None], *told: Any, words: Path, environment: Mapping[str, str]
) -> ForkServerProcess:
    """A process of its own session that runs `turn`, in this environment; whatever it says is in the file `words`."""
    process = FORKS.Process(target=_begin, args=(turn, told, dict(environment), str(words)))
    process.start()
    return process


def command(*arguments: str, words: Path, environment: Mapping[str, str]) -> ForkServerProcess:
    """`ramu` with these arguments, as it is called in the checkout."""
    return begun(_command, *arguments, words=words, environment=environment)


def told_by(*arguments: str, words: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """What `ramu` with these arguments ended with, and what it said."""
    process = command(*arguments, words=words, environment=environment)
    process.join(LONGEST)
    process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode, words.read_text()


def ended(
    settings: Settings, turn: Callable[..., None], *told: Any, crash_at: int, **environment: str
) -> int:
    """Runs `turn` in a process of its own to its end: 0, or the signal that killed it, negative.

    `settings` say which servers and files are its own, `crash_at` at which numbered place it kills itself.
    """
    surroundings = {
        **os.environ,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        **environment,
        CRASH_AT: str(crash_at),
    }
    words = settings.data_folder / "process.err"
    process = begun(turn, *told, words=words, environment=surroundings)
    process.join(LONGEST)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise AssertionError(f"exit {process.exitcode}: {words.read_text()}")
    return process.exitcode


def _begin(
    turn: Callable[..., None], told: tuple[Any, ...], surroundings: dict[str, str], words: str
) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(surroundings)
    with open(words, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    turn(*told)


def _command(*arguments: str) -> None:
    os.chdir(CHECKOUT)
    sys.argv = ["ramu", *arguments]
    sys.exit(main(arguments))
