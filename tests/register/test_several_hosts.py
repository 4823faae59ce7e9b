"""Several PostgreSQL hosts in one address: who cannot write, or is not there, is passed over (libpq's own doing)."""

from urllib.parse import quote

import pytest

from models.database import Database, DatabaseAway
from workers.servers import PostgresServer


def address(server: PostgresServer, *hosts: str, more: str = "") -> str:
    """The server's address with other hosts before its own."""
    before, _, own = server.url.partition("host=")
    return f"{before}host={','.join(quote(host, safe='') for host in hosts)},{own}{more}"


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param(("/nowhere",), id="one is not there"),
        pytest.param(("/nowhere", "/nor-here"), id="two are not there"),
    ],
)
@pytest.mark.parametrize("deadline_ms", [pytest.param(2_000, id="a hop"), pytest.param(None, id="a worker")])
def test_the_first_host_that_answers_is_used(
    postgres_server: PostgresServer, hosts: tuple[str, ...], deadline_ms: int | None
) -> None:
    url = address(postgres_server, *hosts, more="&target_session_attrs=read-write")
    database = Database.open(url, deadline_ms=deadline_ms)
    assert database.alive()
    with database.begin() as conn:
        assert conn.exec_driver_sql("SELECT 1").scalar() == 1
    database.dispose()


def test_one_that_may_only_be_read_is_no_register_to_write_to(postgres_server: PostgresServer) -> None:
    own = postgres_server.url
    reading = f"{own}&options=-c%20default_transaction_read_only%3Don&target_session_attrs=read-write"
    database = Database.open(reading, deadline_ms=2_000)
    with pytest.raises(DatabaseAway):
        database.reader()
    database.dispose()
