"""One counter a module and database: each test asks for payments of its own."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.payments.counter import Counter, open_counter
from workers.servers import RedisServer


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> Iterator[Counter]:
    """On SQLite, then on PostgreSQL."""
    folder = tmp_path_factory.mktemp("counter")
    with ExitStack() as stack:
        if request.param == "sqlite":
            file: Path = request.getfixturevalue("migrated_file")
            url = f"sqlite:///{shutil.copy(file, folder / 'ramu.sqlite3')}"
        else:
            url = stack.enter_context(request.getfixturevalue("databases").lent())
        opened = open_counter(folder, url, redis_server.url)
        stack.callback(opened.close)
        yield opened


@pytest.fixture
def counter(shop: Counter) -> Counter:
    """The module's counter, with nothing left of the test before but what is settled."""
    shop.begins()
    return shop
