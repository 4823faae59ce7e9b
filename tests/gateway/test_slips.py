"""An operator's slips end a command in a line that says what to mend: no trace, no address, no password."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from config.settings import CHECKOUT, load
from gateway.command_line import main
from models.database import Database
from models.keyring import FILE_NAME, KeyRing
from tests.forks import told_by
from workers.servers import PostgresServer, RedisServer
from workers.web import empty_figures

PASSWORD = "hunter22"

REGISTER = [
    pytest.param(("db", "status"), id="db status"),
    pytest.param(("db", "migrate"), id="db migrate"),
    pytest.param(("demo", "load"), id="demo load"),
    pytest.param(("keys", "show"), id="keys show"),
    pytest.param(("audit", "verify"), id="audit verify"),
]
PROCESSES = [
    pytest.param(("run",), id="run"),
    pytest.param(("web",), id="web"),
    pytest.param(("worker", "--lane", "bulk"), id="worker"),
    pytest.param(("tick",), id="tick"),
]
DATABASES = [
    pytest.param("garbage", "begin with", id="no scheme"),
    pytest.param("", "begin with", id="empty"),
    pytest.param(f"mysql://ramu:{PASSWORD}@h/x", "begin with", id="another database"),
    pytest.param(f"postgresql://ramu:{PASSWORD}@127.0.0.1:1/x", "nobody listens", id="nobody there"),
    pytest.param(f"postgresql://ramu:{PASSWORD}@nowhere.invalid/x", "host is not known", id="no such host"),
    pytest.param(f"postgresql://ramu:{PASSWORD}%zz@127.0.0.1:1/x", "nobody listens", id="a lone percent"),
    pytest.param(f"postgresql://ramu:a@{PASSWORD}@127.0.0.1/x", "host is not known", id="an @ too many"),
    pytest.param(f"postgresql://ramu:{PASSWORD}@[::1/x", "cannot be read", id="half an address"),
    pytest.param(
        f"postgresql://ramu:{PASSWORD}@127.0.0.1:port/x", "word for a number", id="a word for a port"
    ),
    pytest.param(f"postgresql://ramu:{PASSWORD}@127.0.0.1/x?colour=red", "cannot be read", id="no option"),
    pytest.param("sqlite:////nonexistent/folder/x.sqlite", "unable to open", id="no folder"),
    pytest.param(f"sqlite:///{__file__}", "no SQLite database", id="another file"),
]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A sound installation of its own; each test breaks one part."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    KeyRing.create(folder / "keys")
    told = {
        "DATABASE_URL": sqlite_url,
        "RAMU_DATA_FOLDER": str(folder),
        "RAMU_WEBHOOK_SECRETS": "s" * 32,
        "RAMU_SETTINGS": os.devnull,
        "PYTHONPATH": str(CHECKOUT),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def told(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> str:
    """What a command that fails says."""
    try:
        code = main(arguments)
    except SystemExit as end:  # a command that reports, such as the doctor, chooses its own code
        code = int(end.code or 0)
    assert code == 1
    said = "".join(capsys.readouterr())
    assert "Traceback" not in said
    assert PASSWORD not in said
    return said


Process = Callable[..., str]


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """What a command that fails says as a process of its own, the way an operator calls it."""

    def told(*arguments: str) -> str:
        code, said = told_by(*arguments, words=tmp_path / "said", environment=os.environ)
        assert code in (1, 2), said
        assert "Traceback" not in said
        assert PASSWORD not in said
        return said

    return told


@pytest.mark.parametrize(("url", "reason"), DATABASES)
def test_a_wrong_database_is_told_by_the_doctor(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, reason: str
) -> None:
    environment.setenv("DATABASE_URL", url)
    lines = told(capsys, ("doctor",)).splitlines()
    (place,) = (place for place, line in enumerate(lines) if reason in line)
    assert lines[place].startswith("BAD")
    assert "->" in lines[place + 1]


@pytest.mark.parametrize("command", REGISTER)
@pytest.mark.parametrize(
    ("url", "reason"),
    [DATABASES[0], DATABASES[2], DATABASES[3], DATABASES[5], DATABASES[7], DATABASES[-1]],
)
def test_a_wrong_database_is_told_by_each_command(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    url: str,
    reason: str,
) -> None:
    environment.setenv("DATABASE_URL", url)
    said = told(capsys, command)
    assert reason in said
    assert said.startswith("ramu: ")


def test_a_wrong_password_and_a_wrong_name_are_told_apart(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_postgres: PostgresServer
) -> None:
    environment.setenv("DATABASE_URL", own_postgres.url.replace(own_postgres.password, PASSWORD))
    assert "password" in told(capsys, ("db", "status"))
    environment.setenv("DATABASE_URL", own_postgres.url.replace("/postgres", "/nowhere", 1))
    assert '"nowhere"' in told(capsys, ("db", "status"))


@pytest.mark.parametrize(
    ("password", "written"),
    [
        pytest.param("50%zz", "50%zz", id="a lone percent"),
        pytest.param("50%", "50%", id="at the end"),
        pytest.param("50%zz", "50%25zz", id="as it should be written"),
        pytest.param("a@b/c", "a%40b%2Fc", id="other signs"),
    ],
)
def test_a_password_with_a_percent_works(own_postgres: PostgresServer, password: str, written: str) -> None:
    own_postgres.order(f"ALTER ROLE {{}} PASSWORD '{password}'", "ramu")
    url = own_postgres.url.replace(own_postgres.password, written)
    database = Database.open(load(database_url=url).database_url.get_secret_value())
    assert database.alive()
    database.dispose()


@pytest.mark.parametrize("command", PROCESSES)
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        pytest.param("REDIS_URL", f"http://:{PASSWORD}@h", "redis_url: must begin with", id="no Redis"),
        pytest.param(
            "DATABASE_URL", f"mysql://u:{PASSWORD}@h/x", "database_url: must begin", id="no database"
        ),
    ],
)
def test_a_process_with_a_wrong_address_does_not_start(
    environment: pytest.MonkeyPatch,
    process: Process,
    command: tuple[str, ...],
    name: str,
    value: str,
    reason: str,
) -> None:
    environment.setenv(name, value)
    assert reason in process(*command)


@pytest.mark.parametrize("command", [PROCESSES[0], PROCESSES[2], PROCESSES[3]])
def test_a_redis_that_refuses_the_password_ends_a_process(
    environment: pytest.MonkeyPatch, process: Process, command: tuple[str, ...], own_redis: RedisServer
) -> None:
    address = own_redis.tcp_url.rpartition("@")[2]
    environment.setenv("REDIS_URL", f"redis://:{PASSWORD}@{address}")
    assert "AuthenticationError" in process(*command)


def test_a_redis_with_a_percent_in_its_password(own_redis: RedisServer) -> None:
    with Redis.from_url(own_redis.tcp_url) as client:
        client.config_set("requirepass", "50%zz")
    address = own_redis.tcp_url.rpartition("@")[2]
    with Redis.from_url(load(redis_url=f"redis://:50%zz@{address}").redis_url.get_secret_value()) as client:
        assert client.ping()


def test_run_says_at_once_that_the_named_redis_is_not_there(
    environment: pytest.MonkeyPatch, process: Process
) -> None:
    environment.setenv("REDIS_URL", "redis://127.0.0.1:1")
    assert "Redis does not answer" in process("run")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "is not a file", id="missing"),
        pytest.param(b"port = = 1", "ramu.toml", id="no TOML"),
        pytest.param(b"port = \xff", "UTF-8", id="not UTF-8"),
    ],
)
@pytest.mark.parametrize("command", [("doctor",), ("db", "status"), ("tick",)], ids=" ".join)
def test_a_settings_file_that_cannot_be_read_is_told(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    command: tuple[str, ...],
    content: bytes | None,
    reason: str,
) -> None:
    file = tmp_path / "ramu.toml"
    if content is not None:
        file.write_bytes(content)
    environment.setenv("RAMU_SETTINGS", str(file))
    assert reason in told(capsys, command)


def test_a_folder_for_a_settings_file_is_told(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    environment.setenv("RAMU_SETTINGS", str(tmp_path))
    assert "is not a file" in told(capsys, ("doctor",))


@pytest.mark.parametrize("command", [("db", "migrate"), ("demo", "load"), ("web",)], ids=" ".join)
def test_a_folder_that_cannot_be_made_is_told(
    environment: pytest.MonkeyPatch, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("RAMU_KEY_FOLDER", os.environ["RAMU_DATA_FOLDER"] + "/keys")
    environment.setenv("RAMU_DATA_FOLDER", "/proc/ramu")
    assert "/proc/ramu" in told(capsys, command)


def test_the_folder_of_the_figures_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    empty_figures(load(data_folder=folder))
    assert [place.stat().st_mode & 0o777 for place in (folder, folder / "figures")] == [0o700, 0o700]


@pytest.mark.parametrize("command", PROCESSES[1:3])
def test_a_process_without_its_keys_does_not_start(
    environment: pytest.MonkeyPatch, process: Process, command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "data" / "keys" / FILE_NAME).unlink()
    assert "no key ring" in process(*command)


def test_a_port_that_is_busy_is_told_and_the_running_server_keeps_its_figures(
    environment: pytest.MonkeyPatch, process: Process, tmp_path: Path
) -> None:
    figures = tmp_path / "data" / "figures"
    figures.mkdir()
    (figures / "counter.db").touch()
    with socket.create_server(("127.0.0.1", 0)) as busy:
        environment.setenv("PORT", str(busy.getsockname()[1]))
        assert "Address already in use" in process("web")
    assert (figures / "counter.db").exists()


def test_a_database_user_without_rights_is_told(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_postgres: PostgresServer
) -> None:
    empty = own_postgres.create_database("empty")
    own_postgres.order(f"CREATE ROLE {{}} LOGIN PASSWORD '{PASSWORD}'", "low")
    environment.setenv("DATABASE_URL", empty.replace(f"ramu:{own_postgres.password}", f"low:{PASSWORD}"))
    with Database.open(empty).begin() as conn:
        conn.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM public")
    assert "GRANT" in told(capsys, ("db", "migrate"))


def test_a_full_disk_is_told(environment: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gateway.command_line", "demo", "show"],
            cwd=CHECKOUT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.stderr == "ramu: No space left on device\n"
    assert done.returncode == 1


def test_a_new_register_gets_its_keys_and_one_that_lost_them_does_not(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "data" / "keys" / FILE_NAME
    file.unlink()
    assert main(("db", "migrate")) == 0
    assert file.exists()
    assert main(("demo", "load")) == 0
    file.unlink()
    assert "no key ring" in told(capsys, ("db", "migrate"))
    assert not file.exists()


def test_a_folder_made_by_a_command_is_closed_to_others(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    environment.setenv("RAMU_DATA_FOLDER", str(folder))
    environment.delenv("DATABASE_URL")
    assert main(("db", "migrate")) == 0
    assert folder.stat().st_mode & 0o777 == 0o700
