"""`ramu test` and `ramu lock`: what goes along to the suite, and what is said when something is missing."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from config.faults import Fault
from gateway import quality

TELL = "import os, sys; sys.exit(sum(name in os.environ for name in {names!r}))"


def test_nothing_of_the_installation_goes_along_to_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    installation = ["DATABASE_URL", "REDIS_URL", "PORT", "RAMU_WEBHOOK_SECRETS", "PYTHONDONTWRITEBYTECODE"]
    for name in [*installation, "TMPDIR"]:
        monkeypatch.setenv(name, "/var/tmp")
    assert quality.run(("-c", TELL.format(names=installation))) == 0
    assert quality.run(("-c", TELL.format(names=["TMPDIR"]))) == 1


def test_the_first_check_that_finds_something_stops_with_its_words(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "import sys; print('{} was looked at'); sys.exit({})"
    stages = [
        quality.Stage(name, ("-c", said.format(name, code))) for name, code in (("a", 0), ("b", 3), ("c", 4))
    ]
    monkeypatch.setattr(quality, "CHECKS", stages)
    with pytest.raises(SystemExit) as end:
        quality.check()
    told = capfd.readouterr().err
    assert end.value.code == 3
    assert told.startswith("ok  a, ")
    assert told.endswith("b was looked at\nramu test: stopped at b; its words are above\n")


def test_the_suite_gets_the_arguments_and_gives_its_exit_code() -> None:
    ended = CliRunner().invoke(quality.test, ["--no-checks", "-n0", "-q", "no_such_folder"])
    assert ended.exit_code == pytest.ExitCode.USAGE_ERROR


def test_without_uv_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Fault, match="Remedy: pipx install uv"):
        quality.lock.main([], standalone_mode=False)


@pytest.mark.parametrize("command", [quality.test, quality.lock], ids=["test", "lock"])
def test_help_has_an_example(command: click.Command) -> None:
    assert "Example: ramu " in CliRunner().invoke(command, ["--help"]).output
