"""Real servers for the tests, found in the same order as everywhere, started when first asked for.

Each xdist worker has its own. `database_url` (and `database`) runs a test on both databases, each time on a
fresh copy of a migrated one. Tests that stop, kill or hang a server take `own_redis` or `own_postgres`.
"""

import base64
import hashlib
import hmac
import secrets
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from models.database import Database
from models.schema import migrate
from workers.servers import PostgresServer, RedisServer

NUMBERS = count(1)
COPIES_FILES = 150_000
"""Since this version a copy goes through the log, page by page, unless files are asked for: three times the work."""


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
        greet_quickly(server)
        migrate(server.create_database("migrated"))
        yield server


def greet_quickly(server: PostgresServer) -> None:
    """Proves the same password in one round instead of 4,096 (RFC 7677), which were half of a connection's cost."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", server.password.encode(), salt, 1)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    words = (
        base64.b64encode(part).decode()
        for part in (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))
    )
    server.order("ALTER ROLE {{}} PASSWORD 'SCRAM-SHA-256$1:{}${}:{}'".format(*words), "ramu")


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server for this test alone, migrated (database `postgres`), to be stopped, killed, hung."""
    with PostgresServer.start(forgetful=True) as server:
        migrate(server.url)
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
def postgresql_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database."""
    name = f"test_{next(NUMBERS)}"
    copy_migrated(postgres_server, name)
    yield postgres_server.url_of(name)
    postgres_server.drop_database(name)


def copy_migrated(server: PostgresServer, name: str) -> None:
    """A database that is a copy of the migrated one, file by file."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        how = " STRATEGY FILE_COPY" if connection.info.server_version >= COPIES_FILES else ""
        connection.execute(f"CREATE DATABASE {name} TEMPLATE migrated{how}")


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
