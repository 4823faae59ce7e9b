"""One counter a module and database: each test asks for payments of its own."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.payments.counter import Counter, open_counter
from workers.servers import PostgresServer, RedisServer

NUMBERS = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> Iterator[Counter]:
    """On SQLite, then on PostgreSQL."""
    folder = tmp_path_factory.mktemp("counter")
    with_url = _sqlite if request.param == "sqlite" else _postgresql
    for url in with_url(request, folder):
        opened = open_counter(folder, url, redis_server.url)
        yield opened
        opened.close()


@pytest.fixture
def counter(shop: Counter) -> Counter:
    """The module's counter, with nothing left of the test before but what is settled."""
    shop.begins()
    return shop


def _sqlite(request: Any, folder: Path) -> Iterator[str]:
    file: Path = request.getfixturevalue("migrated_file")
    yield f"sqlite:///{shutil.copy(file, folder / 'ramu.sqlite3')}"


def _postgresql(request: Any, folder: Path) -> Iterator[str]:
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"payments_{next(NUMBERS)}"
    yield server.create_database(name, template="migrated")
    server.drop_database(name)
