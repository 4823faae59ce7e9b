"""`ramu test` and `ramu lock`: whether the house is in order, and what it is built with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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


class Found(NamedTuple):
    """How a check ended: its exit code, what it said, how many seconds it took."""

    code: int
    words: str
    seconds: float


CHECKS = (
    Stage("style (ruff)", ("-m", "ruff", "check", "--quiet", "--output-format", "concise", ".")),
    Stage("format (ruff)", ("-m", "ruff", "format", "--check", "--output-format", "concise", ".")),
    Stage("floors (import-linter)", ("-c", IMPORT_LINTER)),
    Stage("types (mypy)", ("-m", "mypy")),
    Stage("security (bandit)", ("-m", "bandit", "--quiet", "-ll", "-c", "pyproject.toml", "-r", *FLOORS)),
)
"""Before the suite, two at a time, the quick ones first. Every screen is walked once, by the suite."""

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
    """Linters, types, floors, then the suite, which walks every screen, on real servers of its own.

    ARGUMENTS go to pytest: folders and files as seen from the checkout, -k, -x, --update ...

    Example: ramu test --no-checks tests/flows -k menu
    """
    if not no_checks:
        check()
    sys.exit(run((*SUITE, *(() if storms else CALM), *arguments)))


def check() -> None:
    """Runs the checks; the first that finds something ends the process with its words and its code."""
    with ThreadPoolExecutor(2) as pool:
        for stage, found in zip(CHECKS, pool.map(checked, CHECKS), strict=True):
            if found.code:
                pool.shutdown(wait=False, cancel_futures=True)
                click.echo(found.words, nl=False, err=True)
                click.echo(f"ramu test: stopped at {stage.name}; its words are above", err=True)
                sys.exit(found.code)
            click.echo(f"ok  {stage.name}, {found.seconds:.1f} s", err=True)


def checked(stage: Stage) -> Found:
    """What one check says."""
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, *stage.arguments],
        cwd=CHECKOUT,
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Found(ended.returncode, ended.stdout, time.monotonic() - started)


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
    """Run Python with these arguments in the checkout; its exit code."""
    return subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, env=surroundings()).returncode


def surroundings() -> dict[str, str]:
    """The environment without what is this installation's (database, secrets): the tests bring their own servers.

    What is compiled is kept, whatever the shell says: the suite starts Python more than a hundred times.
    """
    foreign = ("RAMU_", "DATABASE_URL", "REDIS_URL", "PORT", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
