"""What every test may ask for; the servers themselves are in tests/servers.py."""

import pytest
from hypothesis import settings

pytest_plugins = ["tests.servers"]

# Two cores are shared by servers and tests, so no example is held to a wall-clock deadline.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write kept transcripts anew instead of comparing")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether kept transcripts are to be written anew."""
    return bool(request.config.getoption("--update"))
