"""An outage of a real server, with the demonstration's people."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.gateway.conftest import gateway
from tests.gateway.handset import AS_SHIPPED, open_gateway, people
from tests.postgres import copied
from tests.sending.outside import Outside
from tests.standby.outage import Outage
from workers.servers import PostgresServer

__all__ = ["gateway"]

NUMBERS = count(1)


@pytest.fixture(scope="session")
def mortal_postgres(postgres_to_copy: Path) -> Iterator[PostgresServer]:
    """A server to be killed, which each test leaves running."""
    with copied(postgres_to_copy) as server:
        yield server


@pytest.fixture
def outage(tmp_path: Path, mortal_postgres: PostgresServer, redis_url: str) -> Iterator[Outage]:
    """Everything works; there is no copy yet."""
    url = mortal_postgres.create_database(f"outage_{next(NUMBERS)}", template="postgres")
    opened = people(open_gateway(tmp_path / "g", url, redis_url, **AS_SHIPPED))
    yield Outage(opened, mortal_postgres, Outside(tmp_path / "ledger"))
    opened.runtime.close()
    mortal_postgres.kill()
    mortal_postgres.restart()
