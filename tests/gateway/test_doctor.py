"""`ramu doctor`: each fault of an installation is named with its remedy."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from redis import Redis

from gateway.doctor import FREQUENT, doctor
from gateway.spool import ASIDE, FOLDER, KEPT, PROMISES
from models import owed_answers
from models.database import Database
from models.keyring import FILE_NAME, KeyRing
from workers.servers import RedisServer
from workers.tick import ask_for_due


@pytest.fixture
def installation(
    tmp_path: Path, sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """A sound one, in the environment; each test breaks one part of it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    KeyRing.create(folder / "keys")
    told = {
        "DATABASE_URL": sqlite_url,
        "REDIS_URL": redis_url,
        "RAMU_DATA_FOLDER": str(folder),
        "RAMU_WEBHOOK_SECRETS": "s" * 32,
        "RAMU_SETTINGS": os.devnull,
        "RAMU_PROVIDER": "africastalking",
        "RAMU_PROVIDER_USERNAME": "ramu",
        "RAMU_PROVIDER_KEY": "k" * 64,
        "RAMU_SENDER": "RAMU",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def findings(part: str) -> list[dict[str, str]]:
    told = json.loads(CliRunner().invoke(doctor, ["--json"]).output)
    assert told["ok"] == all(finding["state"] != "BAD" for finding in told["findings"])
    return [finding for finding in told["findings"] if finding["part"] == part]


def bad(part: str) -> str:
    found = [finding for finding in findings(part) if finding["state"] == "BAD"]
    assert found, findings(part)
    assert found[0]["remedy"]
    return found[0]["found"]


@pytest.mark.parametrize("part", ["settings", "secrets", "keys", "disk", "provider", "redis", "clock"])
def test_a_sound_part_is_ok(installation: pytest.MonkeyPatch, part: str) -> None:
    assert [finding["state"] for finding in findings(part)] == ["ok"]


@pytest.mark.parametrize(
    ("name", "value", "part", "told"),
    [
        pytest.param("PORT", "0", "settings", "port", id="a port that is none"),
        pytest.param("RAMU_WEBHOOK_SECRETS", "", "secrets", "no callback secret", id="no secret"),
        pytest.param("RAMU_WEBHOOK_SECRETS", "s" * 31, "secrets", "fewer than 32", id="a short secret"),
        pytest.param("REDIS_URL", "redis://127.0.0.1:1", "redis", "does not answer", id="no Redis"),
        pytest.param(
            "DATABASE_URL", "postgresql://127.0.0.1:1/x", "database", "does not answer", id="no database"
        ),
        pytest.param("RAMU_PROVIDER_KEY", "", "provider", "provider_key", id="no key of the provider"),
        pytest.param("RAMU_PROVIDER_KEY", "a key\n", "provider", "provider_key", id="a key badly copied"),
        pytest.param("RAMU_PROVIDER_USERNAME", "", "provider", "provider_username", id="no account"),
        pytest.param("RAMU_PROVIDER_URL", "http://192.0.2.1", "provider", "in clear", id="a key in clear"),
        pytest.param(
            "RAMU_PROVIDER_AUTHORITIES", "/nowhere", "provider", "no such file", id="no authorities"
        ),
        pytest.param("RAMU_PROVIDER", "aggregator", "provider", "provider_url", id="no aggregator's address"),
        pytest.param("RAMU_PROVIDER", "pigeon", "settings", "provider", id="an unknown provider"),
        pytest.param("RAMU_KEY_FOLDER", "/nonexistent", "keys", "no key ring", id="no keys"),
    ],
)
def test_a_wrong_setting_is_named(
    installation: pytest.MonkeyPatch, name: str, value: str, part: str, told: str
) -> None:
    installation.setenv(name, value)
    assert told in bad(part)
    assert CliRunner().invoke(doctor).exit_code == 1


def test_a_database_without_tables_is_named(installation: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installation.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/empty.sqlite")
    assert "behind" in bad("database")


def test_keys_that_others_can_read_are_named(installation: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data" / "keys" / FILE_NAME).chmod(0o644)
    assert "read by others" in bad("keys")
    (found,) = findings("keys")
    assert found["remedy"] == f"chmod 600 {tmp_path}/data/keys/{FILE_NAME}"


def test_a_folder_that_others_can_read_is_named(installation: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").chmod(0o755)
    assert "read by others" in bad("disk")


@pytest.mark.parametrize("ended", FREQUENT)
def test_a_tick_between_two_turns_of_a_job_is_well(
    installation: pytest.MonkeyPatch, redis_url: str, ended: str
) -> None:
    with Redis.from_url(redis_url) as client:
        ask_for_due(client)
        client.delete(f"due:{ended}")
    assert findings("tick") == []


def test_a_password_that_redis_refuses_is_named(
    installation: pytest.MonkeyPatch, own_redis: RedisServer
) -> None:
    installation.setenv("REDIS_URL", f"redis://:almost@{own_redis.tcp_url.rpartition('@')[2]}")
    assert "refuses" in bad("redis")


def test_a_queue_without_a_worker_or_a_tick_is_named(
    installation: pytest.MonkeyPatch, redis_url: str
) -> None:
    assert "nobody" in bad("workers")
    assert "nobody" in bad("tick")
    with Redis.from_url(redis_url) as client:
        ask_for_due(client)
    assert findings("tick") == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        pytest.param("RAMU_PROVIDER", "", "SMS wait", id="none"),
        pytest.param("RAMU_PROVIDER", "simulated", "no SMS reaches a phone", id="simulated"),
        pytest.param("RAMU_SENDER", "", "without a sender", id="no sender"),
    ],
)
def test_a_provider_that_reaches_nobody_is_doubted(
    installation: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    installation.setenv(name, value)
    (finding,) = findings("provider")
    assert finding["state"] == "doubt"
    assert told in finding["found"]
    assert finding["remedy"]


def test_no_secret_and_no_password_is_told(installation: pytest.MonkeyPatch) -> None:
    installation.setenv("DATABASE_URL", "postgresql://ramu:hunter22@127.0.0.1:1/x")
    installation.setenv("RAMU_WEBHOOK_SECRETS", "almostgoodenough")
    installation.setenv("RAMU_PROVIDER_KEY", "costly key")
    told = CliRunner().invoke(doctor).output
    assert "hunter22" not in told
    assert "almostgoodenough" not in told
    assert "costly" not in told


def test_answers_that_are_promised_and_not_given_are_told(
    installation: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert findings(PROMISES) == []
    keys = KeyRing.open(tmp_path / "data" / "keys")
    database = Database.open(os.environ["DATABASE_URL"], deadline_ms=None)
    with database.begin() as conn:
        owed_answers.promise(
            conn, keys, once=b"1" * 16, reference="482913", question=b"{}", now=datetime.now(UTC)
        )
    database.dispose()
    (found,) = findings(PROMISES)
    assert (found["state"], found["found"][:2]) == ("doubt", "1 ")


@pytest.mark.parametrize(("ending", "state"), [(KEPT, "doubt"), (ASIDE, "BAD")])
@pytest.mark.parametrize(("name", "what"), [(FOLDER, "callbacks"), (PROMISES, "promised answers")])
def test_what_waits_on_disk_is_told(
    installation: pytest.MonkeyPatch, tmp_path: Path, ending: str, state: str, name: str, what: str
) -> None:
    assert findings(name) == []
    folder = tmp_path / "data" / name
    folder.mkdir(mode=0o700)
    (folder / f"1{ending}").write_bytes(b"")
    (found,) = findings(name)
    assert (found["state"], found["found"].startswith(f"1 {what} ")) == (state, True)
