"""Fault servers that end with their test, and settings of nobody's machine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.providers.fault_server import Behaviour, FaultServer, self_signed

Serve = Callable[..., FaultServer]


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RAMU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAMU_SETTINGS", os.devnull)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a fault server with a behaviour."""
    started: list[FaultServer] = []

    def of(behave: Behaviour, **how: Any) -> FaultServer:
        started.append(FaultServer(behave, **how))
        return started[-1]

    yield of
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody has signed but itself."""
    return self_signed(tmp_path_factory.mktemp("tls"))
