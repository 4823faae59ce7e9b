"""The tables of the demonstration's world as they are printed; `--update` writes them anew."""

from pathlib import Path

import pytest

from gateway.mutuelle_baseline_command import lines_of as baseline_lines
from gateway.mutuelle_report_pages import lines_of, page
from models import demo
from models.database import Database
from models.mutuelle_baseline import baseline
from models.mutuelle_report import LEVELS, report_of
from models.periods import period
from tests.mutuelles.conftest import DAY, noon

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def found(tmp_path_factory, migrated_file, keys):
    """The demonstration's last quarter, as of DAY."""
    file = tmp_path_factory.mktemp("golden") / "ramu.sqlite3"
    file.write_bytes(migrated_file.read_bytes())
    database = Database.open(f"sqlite:///{file}", deadline_ms=None)
    with database.begin() as conn:
        demo.load(conn, keys, DAY, noon(DAY))
    with database.begin(reading=True) as conn:
        yield report_of(conn, period("2026-T4"), DAY)
    database.dispose()


def kept(name, lines, update):
    """The lines beside those that are kept."""
    text, file = "\n".join(lines) + "\n", GOLDEN / f"{name}.txt"
    if update:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return text, file.read_text(encoding="utf-8")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("publish", [False, True], ids=["whole", "published"])
def test_the_report_of_the_demonstration(found, level, publish, update):
    lines = lines_of(page(found, level, publish=publish))
    said, before = kept(f"report-{level}{'-published' if publish else ''}", lines, update)
    assert said == before


def test_the_baseline(update):
    said, before = kept("baseline", baseline_lines(baseline(2019)), update)
    assert said == before
