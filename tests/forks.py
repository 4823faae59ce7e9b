"""Processes that a test kills, forked from one that has imported their modules: a new Python costs a second each."""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

from config.settings import Settings
from gateway.crash_points import CRASH_AT

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "tests.payments.one_turn",
        "tests.sending.one_turn",
        "tests.standby.outage",
        "tests.workers.one_message",
    ]
)

LONGEST = 60.0
"""Seconds that such a process may take."""


def ended(
    settings: Settings, turn: Callable[..., None], *told: Any, crash_at: int, **environment: str
) -> int:
    """Runs `turn` in a process of its own to its end: 0, or the signal that killed it, negative.

    `settings` say which servers and files are its own, `crash_at` at which numbered place it kills itself.
    """
    surroundings = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        **{name: value for name, value in os.environ.items() if name.startswith("RAMU_")},
        **environment,
        CRASH_AT: str(crash_at),
    }
    words = settings.data_folder / "process.err"
    process = FORKS.Process(target=_begin, args=(turn, told, surroundings, str(words)))
    process.start()
    process.join(LONGEST)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise AssertionError(f"exit {process.exitcode}: {words.read_text()}")
    return process.exitcode


def _begin(
    turn: Callable[..., None], told: tuple[Any, ...], surroundings: dict[str, str], words: str
) -> None:
    os.environ.update(surroundings)
    with open(words, "w") as file:
        os.dup2(file.fileno(), 2)
    turn(*told)
