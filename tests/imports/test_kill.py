"""An import that is killed with -9 in the middle and called again ends where one that was left alone ends."""

import os
import signal
import time

import pytest
from sqlalchemy import func, select

from models.database import Database
from models.imports import import_batches, imports
from models.schema import migrate
from tests.forks import command
from tests.imports.conftest import AWA, FANTA, changed, written
from workers.servers.process import children_of, ended

LINES = 600
COMMAND = ("register", "import", "ramed")


def lines():
    """Openers and dependants in a jumble; one in fifty with a mistake."""
    for place in range(LINES):
        number = str(2_600_100_000_000 + place // 2 * 2)
        if place % 2:
            yield changed(FANTA, ouvrant=number, prenom=f"Fanta{chr(97 + place % 26)}")
        else:
            yield changed(AWA, numero=number, sexe="?" if place % 50 == 0 else "F", ref=f"{place}/A")


def begun(file, *options, surroundings):
    """The command in a process of its own, and of its own session with those that it begins."""
    environment = {**os.environ, **surroundings}
    return command(*COMMAND, str(file), *options, words=file.with_suffix(".said"), environment=environment)


def batches_done(url):
    database = Database.open(url, deadline_ms=None)
    with database.begin(reading=True) as conn:
        done = conn.execute(select(func.count()).select_from(import_batches)).scalar_one()
    database.dispose()
    return done


@pytest.mark.parametrize("after", [1, 3], ids=["after the first batch", "after the third"])
def test_killed_and_called_again(bring, held, surroundings, database_url, tmp_path, after):
    file = written(tmp_path / "r.csv", list(lines()))
    # Many small batches: whatever else the machine does, it is not at its end when it is killed.
    options = ("--apply", "--batch", "3", "--processes", "1")
    killed = begun(file, *options, surroundings=surroundings)
    until = time.monotonic() + 60
    while batches_done(database_url) < after and killed.is_alive() and time.monotonic() < until:
        time.sleep(0.005)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.join()
    assert killed.exitcode == -signal.SIGKILL, "it was killed before it ended"
    told, _ = bring("ramed", file, "--apply", code=3)
    assert told["resumed_batches"] >= after
    assert (told["new"], told["rejected"]) == (588 - 12, 24)
    rejects, after_kill = (tmp_path / "r-refus.csv").read_bytes(), held()
    assert rejects.count(b"\n") == 1 + 24
    assert list(tmp_path.glob(".refus-*")) == []
    assert [row.finished_at is None for row in every_run(database_url)] == [False]

    fresh_start(database_url)
    (tmp_path / "r-refus.csv").unlink()
    told, _ = bring("ramed", file, "--apply", "--batch", "25", code=3)
    assert (told["resumed_batches"], told["new"], told["rejected"]) == (0, 576, 24)
    assert held() == after_kill
    assert (tmp_path / "r-refus.csv").read_bytes() == rejects


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM], ids=lambda blow: blow.name)
def test_the_processes_that_read_end_with_the_command(surroundings, database_url, tmp_path, blow):
    file = written(tmp_path / "r.csv", list(lines()))
    killed = begun(file, "--apply", "--batch", "5", "--processes", "2", surroundings=surroundings)
    assert soon(lambda: batches_done(database_url) and len(children_of(killed.pid)) >= 2)
    below = children_of(killed.pid)
    os.kill(killed.pid, blow)
    killed.join()
    assert killed.exitcode == -blow
    assert soon(lambda: all(map(ended, below)))


def soon(true):
    until = time.monotonic() + 60
    while not true() and time.monotonic() < until:
        time.sleep(0.005)
    return true()


def every_run(url):
    database = Database.open(url, deadline_ms=None)
    with database.begin(reading=True) as conn:
        rows = conn.execute(select(imports)).all()
    database.dispose()
    return rows


def fresh_start(url):
    """The same address, with nothing in it."""
    from_nothing = Database.open(url, deadline_ms=None)
    with from_nothing.begin() as conn:
        for table in ("receipts", "coverages", "persons", "households", "import_batches", "imports"):
            conn.exec_driver_sql(f"DELETE FROM {table}")  # the names are ours
    from_nothing.dispose()
    migrate(url)
