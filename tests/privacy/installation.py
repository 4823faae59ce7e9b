"""One whole installation as `ramu run` starts it: web, workers, tick, Redis, on SQLite or on PostgreSQL.

Besides it knows every place in which such an installation leaves something behind.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep

import psycopg
from redis import Redis

from config.settings import CHECKOUT
from models.database import Database
from models.keyring import KeyRing
from tests.ports import free_pair
from workers.servers import PostgresServer
from workers.servers.binaries import postgres_folder

Found = tuple[str, bytes]
"""A place of an installation, and what is in it."""

START_SECONDS, STOP_SECONDS = 60.0, 30.0


class Installation:
    """A running `ramu run`, its folder, its register and its Redis."""

    def __init__(self, folder: Path, database_url: str, log_format: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_pair()
        self.database_url = database_url
        self.output = folder / "output.log"
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gateway.command_line", "run"],
                cwd=CHECKOUT,
                env=self._environment(log_format),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _environment(self, log_format: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(CHECKOUT),
            "RAMU_SETTINGS": os.devnull,
            "RAMU_DATA_FOLDER": str(self.folder),
            "RAMU_LOG_FORMAT": log_format,
            "RAMU_WEB_PROCESSES": "2",
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
        }

    @property
    def keys(self) -> KeyRing:
        """The installation's own keys."""
        return KeyRing.open(self.folder / "keys")

    @property
    def redis(self) -> Redis:
        """Its Redis; answers in bytes."""
        settings = (self.folder / "redis" / "redis.conf").read_text().splitlines()
        (socket,) = (line.split('"')[1] for line in settings if line.startswith("unixsocket "))
        return Redis.from_url(f"unix://{socket}?db=0")

    @contextmanager
    def register(self) -> Iterator[Database]:
        """Its database, without a deadline."""
        database = Database.open(self.database_url, deadline_ms=None)
        try:
            yield database
        finally:
            database.dispose()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query returns."""
        with self.register() as database, database.begin() as conn:
            return [tuple(row) for row in conn.exec_driver_sql(query)]

    def order(self, *statements: str) -> None:
        """Statements in one transaction."""
        with self.register() as database, database.begin() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)

    def get(self, path: str) -> bytes:
        """A page."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", path)
            return line.getresponse().read()
        finally:
            line.close()

    def wait_until_ready(self) -> None:
        """Until all parts serve and the screen for the person was shown."""
        until = monotonic() + START_SECONDS
        while b"Ctrl-C" not in self.output.read_bytes():
            assert self.process.poll() is None, self.output.read_text()
            assert monotonic() < until, self.output.read_text()
            sleep(0.05)

    def wait_for(self, done: Callable[[], bool], seconds: float = 30) -> None:
        """Until the processes have done something."""
        until = monotonic() + seconds
        while not done():
            assert monotonic() < until, (self.folder / "gateway.log").read_text()[-3_000:]
            sleep(0.3)

    def stop(self) -> None:
        """As Ctrl-C does, and waits for the end."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()

    def files(self) -> Iterator[Found]:
        """Every file of its folder: database with its log of writes, Redis' files, logs, figures, keys, spool.

        Not the ledger of the simulated provider: it plays the outside world, to which messages are really sent.
        """
        for file in sorted(self.folder.rglob("*")):
            if file.is_file() and file != self.folder / "provider" / "ledger.jsonl":
                yield str(file.relative_to(self.folder)), file.read_bytes()


def in_redis(client: Redis) -> Iterator[Found]:
    """What Redis holds now: every key with its content, its slow log, its clients; then a snapshot, not packed."""
    for key in client.scan_iter(count=1000):
        yield f"redis key {key!r}", key + b"\n" + b"\n".join(_held(client, key))
    yield "redis SLOWLOG", repr(client.slowlog_get(1000)).encode()
    yield "redis CLIENT LIST", repr(client.client_list()).encode()
    client.config_set("rdbcompression", "no")
    client.save()


def _held(client: Redis, key: bytes) -> Iterable[bytes]:
    kind = client.type(key).decode()
    if kind == "string":
        return [client.get(key) or b""]
    if kind == "hash":
        return [part for pair in client.hgetall(key).items() for part in pair]
    if kind == "stream":
        return [part for _, entry in client.xrange(key) for pair in entry.items() for part in pair]
    if kind == "list":
        return list(client.lrange(key, 0, -1))
    members = client.smembers(key) if kind == "set" else client.zrange(key, 0, -1)
    return list(members)


def sqlite_dump(file: Path) -> bytes:
    """Every statement that would make the database again."""
    with sqlite3.connect(file) as connection:
        return "\n".join(connection.iterdump()).encode()


def postgres_dump(url: str) -> bytes:
    """What pg_dump writes, the one beside the server's own program."""
    program = postgres_folder() / "pg_dump"
    made = subprocess.run([program, "--dbname", url], capture_output=True, check=False)
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout


def postgres_files(server: PostgresServer, database: str) -> Iterator[Found]:
    """The server's log, and what a base backup would take: the database's own files and the log of writes."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        (oid,) = connection.execute(
            "SELECT oid FROM pg_database WHERE datname = %s", [database]
        ).fetchone() or (0,)
    yield "postgres.log", server.log.read_bytes()
    for folder in (server.data / "base" / str(oid), server.data / "pg_wal"):
        for file in sorted(folder.iterdir()):
            if file.is_file():
                yield f"{folder.name}/{file.name}", file.read_bytes()
