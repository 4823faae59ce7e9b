"""`ramu`: help by subject, quick, a hint for a misspelt name, and one line for a fault."""

import subprocess
import sys
from importlib import import_module

import click
import pytest

from config.faults import Fault
from config.settings import CHECKOUT
from gateway.command_line import COMMANDS, Command, main


@pytest.mark.parametrize("name", COMMANDS)
def test_each_row_leads_to_a_command_with_help(name: str) -> None:
    module, attribute = COMMANDS[name].where.split(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.help
    assert COMMANDS[name].help.endswith(".")


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["bare", "--help"])
def test_help_is_by_subject_with_an_example(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "Example: ramu run" in told
    for name, row in COMMANDS.items():
        assert f"  {name}" in told
        assert f"{row.subject}:" in told


def test_help_loads_nothing_but_itself() -> None:
    code = (
        "import sys, gateway.command_line as c; c.main(['--help']);"
        "heavy = {'sqlalchemy', 'flask', 'redis', 'rq', 'pydantic', 'rich'} & set(sys.modules);"
        "sys.exit(' '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        pytest.param("doctr", "Did you mean doctor", id="a slip"),
        pytest.param("eligibilty", "Did you mean eligibility?", id="a letter missing"),
        pytest.param("zzzz", "See ramu --help.", id="nothing near"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str], typed: str, hint: str
) -> None:
    assert main([typed]) == 2
    assert hint in capsys.readouterr().err


@click.command()
def faulty() -> None:
    """Meets a fault."""
    raise Fault("the database is away. Remedy: start it")


def test_a_fault_is_one_line_and_no_trace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "faulty", Command(f"{__name__}:faulty", "Meets a fault.", "Try it"))
    assert main(["faulty"]) == 1
    assert capsys.readouterr().err == "ramu: the database is away. Remedy: start it\n"
