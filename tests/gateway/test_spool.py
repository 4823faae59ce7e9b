"""What the database did not take waits on disk, sealed and in order, and is let go only once it is stored."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from config.settings import CHECKOUT
from gateway.spool import ABANDONED_SECONDS, BATCH, LOOK, Spool
from models.database import DatabaseAway
from models.keyring import KeyRing

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", KeyRing.create(tmp_path / "keys"))


class Store:
    """A database that keeps what it is given, and can be away, or choke on a record."""

    def __init__(self, chokes_on: bytes = b"", away_after: int = 10_000) -> None:
        self.kept: list[bytes] = []
        self._chokes_on = chokes_on
        self._away_after = away_after

    def __call__(self, records: Sequence[bytes]) -> None:
        if len(self.kept) + len(records) > self._away_after:
            raise DatabaseAway("stopped")
        if self._chokes_on in records:
            raise ValueError("what is this?")
        self.kept.extend(records)


def fill(spool: Spool, count: int) -> list[bytes]:
    """Records, the newest put first."""
    told = [b"record %d" % number for number in range(count)]
    for number in reversed(range(count)):
        spool.put(told[number], NOW + timedelta(milliseconds=number))
    return told


def test_what_was_put_is_stored_in_the_order_of_its_coming(spool: Spool) -> None:
    told, store = fill(spool, 2 * BATCH + 1), Store()
    assert spool.drain(store) == len(told)
    assert store.kept == told
    assert spool.waiting() == spool.drain(store) == 0


def test_who_has_no_time_left_leaves_the_rest_for_the_next_turn(spool: Spool) -> None:
    told, store = fill(spool, LOOK + 1), Store()
    assert (spool.drain(store, seconds=0), spool.waiting()) == (0, len(told))
    assert spool.drain(store, seconds=3_600) == len(told)
    assert store.kept == told


def test_a_database_that_goes_away_half_way_gets_the_rest_later(spool: Spool) -> None:
    told, store = fill(spool, BATCH + 7), Store(away_after=BATCH)
    with pytest.raises(DatabaseAway):
        spool.drain(store)
    assert (len(store.kept), spool.waiting()) == (BATCH, 7)
    after = Store()
    assert spool.drain(after) == 7
    assert store.kept + after.kept == told


def test_a_record_that_cannot_be_stored_stands_aside_and_holds_up_nobody(
    spool: Spool, tmp_path: Path
) -> None:
    told, store = fill(spool, 5), Store(chokes_on=b"record 2")
    spool.drain(store)
    assert store.kept == [*told[:2], *told[3:]]
    assert [path.suffix for path in (tmp_path / "spool").glob("*-*")] == [".aside"]


def test_a_damaged_file_stands_aside(spool: Spool, tmp_path: Path) -> None:
    told, store = fill(spool, 2), Store()
    first = min((tmp_path / "spool").glob("*.kept"))
    first.write_bytes(first.read_bytes()[:-1])
    spool.drain(store)
    assert store.kept == told[1:]
    assert first.with_suffix(".aside").exists()


def test_nothing_on_disk_can_be_read_by_others_or_without_the_keys(spool: Spool, tmp_path: Path) -> None:
    spool.put(b"+22370000001 wrote", NOW)
    (file,) = (tmp_path / "spool").glob("*.kept")
    assert b"7000" not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_file_that_was_only_begun_is_never_stored_and_is_swept_in_time(
    spool: Spool, tmp_path: Path
) -> None:
    fill(spool, 1)
    for name, age in (("old", ABANDONED_SECONDS + 1), ("young", 1)):
        begun = tmp_path / "spool" / f"{name}.begun"
        begun.write_bytes(b"half")
        moment = begun.stat().st_mtime - age
        os.utime(begun, (moment, moment))
    store = Store()
    spool.drain(store)
    assert len(store.kept) == 1
    assert [path.name for path in (tmp_path / "spool").glob("*.begun")] == ["young.begun"]


def test_several_that_drain_at_once_store_each_record_once(spool: Spool) -> None:
    told, store = fill(spool, 300), Store()
    threads = [Thread(target=spool.drain, args=(store,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.kept == told


def test_a_disk_that_takes_nothing_is_told_and_leaves_nothing(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="exists"):
        spool.put(b"x", NOW)
    assert spool.waiting() == 0


FULL = """
import resource, sys
from pathlib import Path
from tests.gateway.correspondent import Correspondent
from tests.gateway.handset import open_gateway
from gateway.intake import Intake
from gateway.logs import configure

gateway = open_gateway(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
configure(gateway.runtime.settings)
writer, found = Correspondent(gateway), []
found.append(writer.writes("before", id="a").status_code)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
found.append(writer.writes("full", id="b").status_code)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
while gateway.runtime.database.alive() is False:
    pass
found.append(writer.writes("full", id="b").status_code)
Intake(gateway.runtime).replay()
print(*found, gateway.count("inbound"), Intake(gateway.runtime).spool.waiting())
"""


def test_on_a_full_disk_nothing_is_said_to_be_kept(tmp_path: Path, sqlite_url: str, redis_url: str) -> None:
    told = subprocess.run(
        [sys.executable, "-P", "-c", FULL, str(tmp_path), sqlite_url, redis_url],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.stdout.split() == ["200", "503", "200", "2", "0"], told.stderr
    assert "Traceback" not in told.stderr
    assert "7000000" not in told.stderr
