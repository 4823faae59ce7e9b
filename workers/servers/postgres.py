"""A PostgreSQL server of our own, on a unix socket, for tests and benchmarks without an installed service."""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from workers.servers.binaries import postgres_folder
from workers.servers.folders import (
    User,
    fits_socket,
    private,
    reachable,
    scratch,
    unprivileged_user,
    within_reach,
)
from workers.servers.process import Server, ServerFailed, step_down, tail

OWNER = "ramu"
SOCKET = ".s.PGSQL.5432"
"""What the server calls its socket, in a folder of its settings; clients are told the folder."""

# A power cut loses data with these, kill -9 of the server does not (the kernel has every commit). They save
# most of the time of a test that makes and drops databases.
FORGETFUL = ("fsync=off", "full_page_writes=off", "autovacuum=off")


class PostgresServer(Server):
    """A running server on the data of a folder; its databases belong to the role `ramu`."""

    name = "PostgreSQL"
    farewell = signal.SIGINT  # "fast": open sessions are ended, the data is left clean

    def __init__(self, folder: Path, programs: Path, user: User, *, forgetful: bool, keep: bool):
        """Make the data folder when there is none; `start` is the way in."""
        self.folder = folder
        self.keep = keep
        self.data = folder / "data"
        programs = within_reach(programs, folder, user)
        log = folder / "postgres.log"
        self.password = password_in(folder, user)
        if not self.data.exists():
            initialise(programs / "initdb", self.data, user, log)
        self.socket_folder = folder if fits_socket(folder / SOCKET) else scratch(user)
        settings = ["listen_addresses=", "port=5432", f"unix_socket_directories={self.socket_folder}"]
        settings += FORGETFUL if forgetful else ()
        command = [str(programs / "postgres"), "-D", str(self.data)]
        for setting in settings:
            command += ["-c", setting]
        super().__init__(command, log, user)

    @classmethod
    def start(
        cls, folder: Path | None = None, *, forgetful: bool = False, programs: Path | None = None
    ) -> "PostgresServer":
        """Start on the data in `folder`, made if need be and kept; without one, on data that `stop` removes.

        Run as root it steps down to the user postgres, or nobody, who must be able to reach the folder.
        `forgetful` trades safety in a power cut for speed. `programs` is the folder of a certain PostgreSQL.
        Raises ServerMissing, ServerFailed.
        """
        programs = programs or postgres_folder()
        user = unprivileged_user()
        home = private(folder.resolve(), user) if folder else scratch(user)
        if not reachable(home, user):
            raise ServerFailed(f"PostgreSQL's user cannot reach {home}. Remedy: a folder open to others.")
        server = cls(home, programs, user, forgetful=forgetful, keep=folder is not None)
        server.restart()
        return server

    @property
    def url(self) -> str:
        """The address of the database that is there from the start."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The address of one database; it holds the random password of this server."""
        folder = quote(str(self.socket_folder), safe="")
        return f"postgresql://{OWNER}:{self.password}@/{database}?host={folder}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """A new database, a copy of `template` (which nobody may be connected to); its address."""
        self.order("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and end the sessions on it; one that is not there is none to remove."""
        self.order("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def order(self, statement: str, *names: str) -> None:
        """Run one statement outside of a transaction, with its names quoted."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def ready(self) -> bool:
        """Whether the server has written "ready" for this very process into its pid file (line 8)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(self.pid)] and lines[7:8] == ["ready   "]

    def stop(self, patience: float = 30.0) -> None:
        """End cleanly; data that nobody asked to keep goes."""
        super().stop(patience)
        if self.socket_folder != self.folder:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def password_in(folder: Path, user: User) -> str:
    """The server's password, random, kept in its private folder."""
    file = folder / "password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
        if user.steps_down:
            os.chown(file, user.uid, user.gid)
    return file.read_text()


def initialise(initdb: Path, data: Path, user: User, log: Path) -> None:
    """Make a data folder; it gets its name when it is whole. Raises ServerFailed."""
    half_made = data.with_name("half-made")
    shutil.rmtree(half_made, ignore_errors=True)
    command = [
        str(initdb),
        "-D",
        str(half_made),
        "-U",
        OWNER,
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    command += ["--auth=scram-sha-256", f"--pwfile={data.with_name('password')}"]
    with open(log, "ab") as record:
        made = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=record, stderr=record, cwd="/", **step_down(user)
        )
    if made.returncode:
        raise ServerFailed(f"initdb failed (exit {made.returncode}): {tail(log)}")
    half_made.rename(data)
