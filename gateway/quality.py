"""`ramu test` and `ramu lock`: whether the house is in order, and what it is built with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import click

from config.faults import Fault
from config.settings import CHECKOUT

FLOORS = ("config", "models", "flows", "gateway", "workers")
IMPORT_LINTER = "from importlinter.cli import lint_imports_command; lint_imports_command()"


class Stage(NamedTuple):
    """One check: what it looks at, and the arguments of Python that run it."""

    name: str
    arguments: tuple[str, ...]


CHECKS = (
    Stage("style (ruff)", ("-m", "ruff", "check", "--quiet", "--output-format", "concise", ".")),
    Stage("format (ruff)", ("-m", "ruff", "format", "--check", "--output-format", "concise", ".")),
    Stage("floors (import-linter)", ("-c", IMPORT_LINTER)),
    Stage("types (mypy)", ("-m", "mypy")),
    Stage("security (bandit)", ("-m", "bandit", "--quiet", "-ll", "-c", "pyproject.toml", "-r", *FLOORS)),
    Stage("screens (ramu flows check)", ("-m", "gateway.command_line", "flows", "check")),
)
"""Before the suite, the quick ones first."""

SUITE = ("-m", "pytest", "-n", "3", "--dist", "worksteal")
"""Three on two cores, as tests often wait for a server. Each third stays together, so that what a file shares is made
once; who is done first takes from another's end."""

CALM = ("-m", "not storm")
"""The suite without what takes long: that is for a night, or for who changed how messages are sent."""

COMPILE = (
    *("pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--only-binary", ":all:", "--no-header", "--no-annotate", "--quiet"),
)
"""The lock names no registry: whoever installs brings its own index, and the hashes prove the files."""

LOCKS = (
    ("--output-file", "requirements.lock"),
    ("--group", "test", "--constraint", "requirements.lock", "--output-file", "requirements-test.lock"),
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--no-checks", is_flag=True, help="The suite alone, without linters, types and screens.")
@click.option("--storms", is_flag=True, help="Also the tests that kill processes again and again.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(no_checks: bool, storms: bool, arguments: tuple[str, ...]) -> None:
    """Linters, types, floors, screens, then the suite, on real servers of its own.

    ARGUMENTS go to pytest: folders and files as seen from the checkout, -k, -x, --update ...

    Example: ramu test --no-checks tests/flows -k menu
    """
    for stage in () if no_checks else CHECKS:
        started = time.monotonic()
        if code := run(stage.arguments):
            click.echo(f"ramu test: stopped at {stage.name}; its words are above", err=True)
            sys.exit(code)
        click.echo(f"ok  {stage.name}, {time.monotonic() - started:.1f} s", err=True)
    sys.exit(run((*SUITE, *(() if storms else CALM), *arguments)))


@click.command()
@click.option("--upgrade", is_flag=True, help="Take the newest versions that pyproject.toml allows.")
def lock(upgrade: bool) -> None:
    """Write both lock files anew from pyproject.toml (needs uv).

    Example: ramu lock --upgrade
    """
    uv = shutil.which("uv")
    if uv is None:
        raise Fault("uv is missing. Remedy: pipx install uv")
    for output in LOCKS:
        command = [uv, *COMPILE, *output, *(["--upgrade"] if upgrade else [])]
        if subprocess.run(command, cwd=CHECKOUT).returncode:
            raise Fault("the lock was not written; uv says why above")
        click.echo(f"written: {output[-1]}")


def run(arguments: Sequence[str]) -> int:
    """Run Python with these arguments in the checkout; its exit code.

    Nothing of this installation goes along (database, secrets): the tests bring their own servers.
    """
    foreign = ("RAMU_", "DATABASE_URL", "REDIS_URL", "PORT")
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, env=surroundings).returncode
