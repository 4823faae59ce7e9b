"""The servers that we bring: they keep what they were given, hang and die as told, and end with us."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis, TimeoutError

from workers.servers import PostgresServer, RedisServer, ServerFailed, ServerMissing
from workers.servers.binaries import postgres_folder, redis_program
from workers.servers.folders import User, reachable, scratch, unprivileged_user, within_reach
from workers.servers.process import ended


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach even when the tests run as root."""
    folder = scratch(unprivileged_user())
    yield folder
    shutil.rmtree(folder)


def ends_within(seconds: float, pid: int) -> bool:
    """Wait for a process that is not ours to end."""
    limit = time.monotonic() + seconds
    while not ended(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    return ended(pid)


def test_redis_keeps_what_it_acknowledged_before_it_was_killed(own_redis: RedisServer) -> None:
    with Redis.from_url(own_redis.url) as client:
        client.set("session", "kept")
        time.sleep(1.2)  # appendfsync everysec
        own_redis.kill()
        own_redis.restart()
        assert client.get("session") == b"kept"


def test_redis_never_evicts_and_is_private(own_redis: RedisServer) -> None:
    with Redis.from_url(own_redis.tcp_url) as client:
        settings = client.config_get("append*", "maxmemory-policy")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert own_redis.folder.stat().st_mode & 0o077 == 0
    assert (own_redis.folder / "redis.conf").stat().st_mode & 0o077 == 0


def test_a_hung_redis_answers_nothing_until_it_goes_on(own_redis: RedisServer) -> None:
    with Redis.from_url(own_redis.url, socket_timeout=0.2) as client:
        own_redis.pause()
        with pytest.raises(TimeoutError):
            client.ping()
        own_redis.resume()
        assert client.ping() is True


def test_a_folder_too_deep_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    with RedisServer.start(tmp_path / ("deep" * 30)) as server:
        sockets = server.socket.parent
        with Redis.from_url(server.url) as client:
            assert client.ping() is True
    assert not sockets.exists()


def test_postgresql_comes_back_with_committed_rows_after_a_kill(own_postgres: PostgresServer) -> None:
    with psycopg.connect(own_postgres.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    own_postgres.kill()
    own_postgres.restart()
    with psycopg.connect(own_postgres.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_a_hung_postgresql_takes_connections_and_answers_none(own_postgres: PostgresServer) -> None:
    own_postgres.pause()
    with pytest.raises(psycopg.errors.ConnectionTimeout):
        psycopg.connect(own_postgres.url, connect_timeout=2)
    own_postgres.resume()
    with psycopg.connect(own_postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_postgresql_keeps_a_folder_that_was_given(open_folder: Path) -> None:
    home = open_folder / "home"
    with PostgresServer.start(home, forgetful=True) as first, psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    with PostgresServer.start(home, forgetful=True) as second, psycopg.connect(second.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_postgresql_removes_a_folder_of_its_own(own_postgres: PostgresServer) -> None:
    assert own_postgres.folder.exists()
    own_postgres.stop()
    assert not own_postgres.folder.exists()


def test_databases_are_copies_of_their_template(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.create_database("pattern")) as connection:
        connection.execute("CREATE TABLE shape (n int)")
    url = postgres_server.create_database("copy", template="pattern")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM shape").fetchone() == (0,)
    postgres_server.drop_database("copy")
    postgres_server.drop_database("pattern")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


STARTERS = {
    "redis": "from workers.servers import RedisServer; server = RedisServer.start(Path(sys.argv[1]))",
    "postgresql": "from workers.servers import PostgresServer; server = PostgresServer.start(Path(sys.argv[1]))",
}


@pytest.mark.parametrize("server", STARTERS)
def test_a_server_ends_with_the_process_that_started_it(server: str, open_folder: Path) -> None:
    program = f"import sys, time; from pathlib import Path; {STARTERS[server]}; print(server.pid, flush=True)"
    parent = subprocess.Popen(
        [sys.executable, "-c", f"{program}; time.sleep(60)", str(open_folder / "data")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert not ended(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert ends_within(10, pid)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    data = tmp_path / "data" / "appendonlydir"
    data.parent.mkdir()
    data.write_text("a file where a folder must be")
    with pytest.raises(ServerFailed, match=r"ended at once .*append"):
        RedisServer.start(data.parent)


def program(folder: Path, *names: str) -> Path:
    """A folder with programs of these names."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("on_path", "found"),
    [
        pytest.param(["redis-server"], "redis-server", id="redis"),
        pytest.param(["redis-server", "valkey-server"], "valkey-server", id="valkey before redis"),
    ],
)
def test_a_redis_on_path_comes_before_the_wheel(on_path: list[str], found: str, tmp_path: Path) -> None:
    folder = program(tmp_path / "bin", *on_path)
    assert redis_program(path=str(folder)) == folder / found


def test_postgresql_is_looked_for_on_path_then_at_debian(tmp_path: Path) -> None:
    nowhere, debian = str(tmp_path / "nothing"), tmp_path / "debian"
    for version in ("9", "15", "17"):
        program(debian / version / "bin", "initdb", "postgres")
    program(debian / "18" / "bin", "psql")  # the client alone is no server
    on_path = program(tmp_path / "bin", "initdb", "postgres")
    assert postgres_folder(path=str(on_path), debian=debian) == on_path
    assert postgres_folder(path=nowhere, debian=debian) == debian / "17" / "bin"


def test_without_any_program_the_remedy_is_named(tmp_path: Path) -> None:
    nowhere = str(tmp_path)
    with pytest.raises(ServerMissing, match=r"apt-get install .* or set REDIS_URL"):
        redis_program(path=nowhere, wheel="no_such_wheel")
    with pytest.raises(ServerMissing, match=r"apt-get install .* or set DATABASE_URL"):
        postgres_folder(path=nowhere, debian=tmp_path, wheel="no_such_wheel")


def test_programs_below_a_closed_home_are_copied_with_their_libraries(tmp_path: Path) -> None:
    package = tmp_path / "home" / "package"
    programs = package / "install18" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("program")
    package.with_name("package.libs").mkdir()
    package.with_name("package.libs").joinpath("libpq.so").write_text("library")
    (tmp_path / "home").chmod(0o700)
    stranger = User(uid=54321, gid=54321, steps_down=True)
    assert not reachable(programs / "postgres", stranger)
    copied = within_reach(programs, tmp_path / "server", stranger)
    assert (copied / "postgres").read_text() == "program"
    assert (copied / "../../../package.libs/libpq.so").resolve().read_text() == "library"
