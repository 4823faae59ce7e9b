"""Settings: defaults, then the file, then the environment; a wrong one is named without its value."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import BadSettings, load, weak


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No environment of this machine, and a file of our own."""
    file = tmp_path / "ramu.toml"
    for name in (
        "DATABASE_URL",
        "REDIS_URL",
        "PORT",
        "RAMU_DEMO",
        "RAMU_DATA_FOLDER",
        "RAMU_WEBHOOK_SECRETS",
    ):
        monkeypatch.delenv(name, raising=False)
    file.touch()
    monkeypatch.setenv("RAMU_SETTINGS", str(file))
    return file


def test_defaults_then_the_file_then_the_environment(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load().port, load().misses) == (8000, 5)
    bare.write_text(
        'port = 9000\nmisses = 7\nwebhook_secrets = ["a", "b"]\ndatabase_url = "postgresql://h/d"\n'
    )
    assert (load().port, load().misses, load().secrets) == (9000, 7, ("a", "b"))
    assert load().database_url.get_secret_value() == "postgresql://h/d"
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("RAMU_MISSES", "8")
    assert (load().port, load().misses) == (9001, 8)
    assert load(port=9002).port == 9002


def test_an_embedded_installation_keeps_everything_in_one_folder(tmp_path: Path) -> None:
    settings = load(data_folder=tmp_path)
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/ramu.sqlite"
    assert settings.redis_url.get_secret_value() == f"unix://{tmp_path}/redis/redis.sock"
    assert settings.key_folder == tmp_path / "keys"


def test_settings_are_frozen_and_print_no_secret() -> None:
    settings = load(webhook_secrets="topsecret", database_url="postgresql://u:hunter2@h/d")
    assert "topsecret" not in repr(settings)
    assert "hunter2" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"port": 0}, "port", id="port 0"),
        pytest.param({"port": 65_536}, "port", id="port 65536"),
        pytest.param({"service_code": "212"}, "service_code", id="a code without star"),
        pytest.param({"webhook_secrets": "a,b,c"}, "webhook_secrets", id="three secrets"),
        pytest.param({"allowed_networks": "10.0.0.0/33"}, "allowed_networks", id="no network"),
        pytest.param({"log_format": "xml"}, "log_format", id="an unknown format"),
        pytest.param({"misses": "many"}, "misses", id="a word for a number"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, object], named: str) -> None:
    with pytest.raises(BadSettings, match=f"^{named}"):
        load(**given)


def test_a_file_that_is_no_toml_is_named(bare: Path) -> None:
    bare.write_text("port = = 1")
    with pytest.raises(BadSettings, match=r"ramu\.toml"):
        load()


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        pytest.param({"webhook_secrets": "s" * 32}, 0, id="32 characters"),
        pytest.param({"webhook_secrets": "s" * 31}, 1, id="31 characters"),
        pytest.param({"webhook_secrets": f"{'s' * 31},{'t' * 31}"}, 2, id="two short ones"),
        pytest.param({}, 1, id="none"),
        pytest.param({"demo": True, "webhook_secrets": "s" * 32}, 1, id="the demonstration"),
    ],
)
def test_weak_secrets_are_told(given: dict[str, object], reasons: int) -> None:
    assert len(weak(load(**given))) == reasons


def test_the_demos_secret_is_accepted_in_the_demonstration_only() -> None:
    assert load(demo=True).secrets == ("demo",)
    assert load().secrets == ()


def test_a_word_for_a_number_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "abc")
    with pytest.raises(BadSettings) as told:
        load()
    assert str(told.value) == "port: a whole number, written in digits"
