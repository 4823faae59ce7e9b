"""The running system while its register is stopped and started again, over HTTP alone, as the provider sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.copies import Copies
from tests.e2e.outside import Mobile, Outside
from tests.e2e.running import Running, start
from tests.ports import free_pair
from tests.standby.outage import AWA, NURSE, RAMED, pec
from workers.servers import PostgresServer


@pytest.fixture
def running(tmp_path: Path, own_postgres: PostgresServer) -> Iterator[tuple[Running, PostgresServer]]:
    """`ramu run` on a PostgreSQL of its own. The job has made a copy without being told to."""
    started = start(tmp_path / "data", free_pair(), DATABASE_URL=own_postgres.url)
    try:
        started.wait_until(lambda: started.get("/health/ready")[0] == 200)
        started.wait_until(lambda: bool(Copies(tmp_path / "data").names()))
        yield started, own_postgres
    finally:
        started.kill()


def test_a_nurse_goes_on_working_while_the_register_is_away(
    running: tuple[Running, PostgresServer],
) -> None:
    system, server = running
    outside = Outside(system.port)
    nurse, awa = Mobile(outside, NURSE), Mobile(outside, AWA)
    server.kill()
    provisional = nurse.writes(RAMED)
    assert provisional.startswith("OK? RAMED valide selon liste du ")
    assert outside.brings(AWA, "DROITS") == (200, "OK\n")
    awa.hears_nothing()
    server.restart()
    confirmed = nurse.reads()
    assert confirmed.startswith("OK RAMED valide au ")
    assert pec(confirmed) == pec(provisional)
    assert awa.reads().startswith("RAMED VALIDE")
    assert nurse.writes(f"S {pec(confirmed)} CON").startswith(f"Note: {pec(confirmed)} CON")
    nurse.hears_nothing()
    awa.hears_nothing(0.1)
