"""A gateway with the demonstration's people, on real servers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gateway.handset import Gateway, Handset, open_gateway, people


@pytest.fixture
def gateway(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Gateway]:
    """On SQLite: for what does not depend on the database."""
    opened = people(open_gateway(tmp_path, sqlite_url, redis_url))
    yield opened
    opened.runtime.close()


@pytest.fixture
def each_gateway(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Gateway]:
    """On SQLite, then on PostgreSQL."""
    opened = people(open_gateway(tmp_path, database_url, redis_url))
    yield opened
    opened.runtime.close()


@pytest.fixture
def handset(gateway: Gateway) -> Callable[..., Handset]:
    """A handset of this gateway, by its number."""

    def of(*number: str) -> Handset:
        return Handset(gateway, *number)

    return of
