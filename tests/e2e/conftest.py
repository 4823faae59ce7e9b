"""One `ramu run` for all that only ask it; leave it running."""

from collections.abc import Iterator

import pytest

from tests.e2e.outside import Outside
from tests.e2e.running import Running, run_in


@pytest.fixture(scope="session")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A run that several tests ask; leave it running."""
    with run_in(tmp_path_factory.mktemp("run") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def outside(lasting: Running) -> Outside:
    """The world outside of it."""
    return Outside(lasting.port)
