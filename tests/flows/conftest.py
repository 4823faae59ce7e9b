"""The demo world on a fixed day, and phones in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from flows.world import UNKNOWN, World
from models.identifiers import Msisdn
from tests.flows.talking import Phone

NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo register, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    World.build(folder, NOW).register.dispose()
    return folder


@pytest.fixture
def world(built: Path, tmp_path: Path) -> Iterator[World]:
    """The demo register, new for each test."""
    copy = World.found(Path(copytree(built, tmp_path / "world")), NOW)
    yield copy
    copy.register.dispose()


@pytest.fixture
def phone(world: World) -> Callable[[str], Phone]:
    """A phone by its number; without one, a phone that no household has."""

    def of(number: str = "") -> Phone:
        return Phone(world, Msisdn.parse(number) if number else UNKNOWN)

    return of
