"""Real servers for the tests, found in the same order as everywhere, started when first asked for.

Each xdist worker has its own. `database_url` (and `database`) runs a test on both databases, each time on a
fresh copy of a migrated one. Tests that stop, kill or hang a server take `own_redis` or `own_postgres`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from models.database import Database
from models.schema import migrate
from tests.postgres import Databases, copied, greet_quickly
from workers.servers import PostgresServer, RedisServer
from workers.servers.folders import scratch, unprivileged_user


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The worker's own Redis-protocol server; leave it running and well."""
    with RedisServer.start(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a server that holds nothing."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        client.function_flush()
    return redis_server.url


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server for this test alone, to be stopped, killed, hung."""
    with RedisServer.start(tmp_path / "own-redis", tcp=True) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The worker's own PostgreSQL; leave it running and well."""
    with PostgresServer.start(forgetful=True) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer) -> Iterator[Databases]:
    """Migrated databases of the worker's own PostgreSQL."""
    lender = Databases(postgres_server)
    yield lender
    lender.close()


@pytest.fixture(scope="session")
def postgres_to_copy() -> Iterator[Path]:
    """The folder of a migrated PostgreSQL that does not run."""
    folder = scratch(unprivileged_user())
    with PostgresServer.start(folder, forgetful=True) as server:
        greet_quickly(server)
        migrate(server.url)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def own_postgres(postgres_to_copy: Path) -> Iterator[PostgresServer]:
    """A server for this test alone, migrated (database `postgres`), to be stopped, killed, hung."""
    with copied(postgres_to_copy) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of a fresh, migrated SQLite database."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'ramu.sqlite3')}"


@pytest.fixture
def postgresql_url(databases: Databases) -> Iterator[str]:
    """The address of an empty, migrated PostgreSQL database."""
    with databases.lent() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database, on SQLite and then on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, empty database, on SQLite and then on PostgreSQL."""
    opened = Database.open(database_url, deadline_ms=None)
    yield opened
    opened.dispose()
