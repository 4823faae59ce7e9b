"""What every test may ask for; the servers themselves are in tests/servers.py."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.servers"]

# Two cores are shared by servers and tests, so no example is held to a wall-clock deadline.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free in memory: a suite never holds a quarter of it."""


def pytest_configure() -> None:
    """Lets whatever tests write lie in memory: a server on a disk spends most of its time with the disk's journal.

    TMPDIR goes before, and a machine without room keeps its disk.
    """
    roomy = os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free > ROOM
    if roomy and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it may have been asked for before


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write kept transcripts anew instead of comparing")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether kept transcripts are to be written anew."""
    return bool(request.config.getoption("--update"))
