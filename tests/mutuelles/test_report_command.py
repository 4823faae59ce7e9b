"""`ramu mutuelle report` on the screen, in a spreadsheet and for programs: sums, ND, marks, and who asked."""

import csv
import json
import os

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import select

from gateway.mutuelle_report_command import report as command
from gateway.mutuelle_report_pages import HEADER
from models.audit import audit
from models.database import Database
from models.keyring import KeyRing
from tests.mutuelles.conftest import DAY, Books, noon
from tests.mutuelles.test_report import JOINED, elsewhere
from tests.register.conftest import Register

TIMES = {"monthly": "2026-11", "quarterly": "2026-T4", "half-yearly": "2026-S2", "season": "2025-10..2026-09"}


@pytest.fixture(scope="module")
def world(tmp_path_factory, migrated_file):
    """Six households in Kati and two in Sikasso, most of which paid; the settings that lead there."""
    folder = tmp_path_factory.mktemp("report")
    url = f"sqlite:///{folder / 'ramu.sqlite3'}"
    (folder / "ramu.sqlite3").write_bytes(migrated_file.read_bytes())
    keys = KeyRing.create(folder / "keys")
    database = Database.open(url, deadline_ms=None)
    register = Register(database, keys)
    books = Books(register, register.mutuelle(name="=Benkadi"))
    other = elsewhere(books, "ML0305")
    for place in range(6):
        member = books.join(books.family(2), day=JOINED)
        if place:
            books.pay(member, 1_100, day=JOINED, means="CASH", holder="7")
    books.pay(books.join(books.family(1), mutuelle_id=other, day=JOINED), 275, day=JOINED)
    books.join(books.family(1), mutuelle_id=other, day=JOINED)
    yield database, {"DATABASE_URL": url, "RAMU_DATA_FOLDER": str(folder), "RAMU_SETTINGS": os.devnull}
    database.dispose()


@pytest.fixture
def ask(world):
    """The command, run on DAY; its output with plain spaces."""

    def asked(*arguments, code=0):
        with time_machine.travel(noon(DAY), tick=False):
            found = CliRunner().invoke(command, arguments, env=world[1])
        assert found.exit_code == code, found.output
        return found.output.replace("\u00a0", " ")

    return asked


def lines(text):
    return {words[0]: words[1:] for line in text.splitlines() if (words := line.split())}


def test_the_screen_has_every_region_and_the_country(ask):
    text = ask("--period", "2026")
    assert "La période va jusqu'au 31/12/2026 : elle n'est pas finie." in text
    contributions = lines(text.partition("Cotisations (FCFA)")[2].partition("Prévision")[0])
    assert contributions["Kayes"] == ["ND"] * 8
    assert contributions["Mali"][:4] == ["7", "700", "5", "775"]


@pytest.mark.parametrize("period", TIMES.values(), ids=TIMES)
def test_every_rhythm_of_the_follow_up_is_a_period(ask, period):
    assert "Recouvrement : " in ask("--period", period, "--by", "pays")


def test_recovery_stands_beside_that_of_2019(ask):
    assert "65,92 % en 2019 ; écart" in ask("--period", "2026-T4")


def test_a_spreadsheet_has_all_rows_and_nothing_that_runs(ask, tmp_path):
    file = tmp_path / "report.csv"
    ask("--period", "2026-T4", "--by", "mutuelle", "--csv", str(file))
    with file.open(encoding="utf-8-sig", newline="") as sheet:
        rows = list(csv.DictReader(sheet, delimiter=";"))
    assert tuple(rows[0]) == HEADER
    assert [row["niveau"] for row in rows] == ["pays", "mutuelle", "mutuelle"]
    assert rows[1]["mutuelle"] == "'=Benkadi"
    assert (rows[1]["du"], rows[1]["au"]) == ("2026-10-01", str(DAY))
    assert rows[1]["chez_collecteurs_fcfa"] == "5500"
    assert rows[1]["soignes"] == "ND"
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_programs_read_nd_as_null_and_the_baseline(ask):
    told = json.loads(ask("--period", "2026-T4", "--by", "cercle", "--json"))
    assert told["baseline"] == {"year": 2019, "recovery_percent": 65.92}
    assert len(told["rows"]) == 65
    kati = next(row for row in told["rows"] if row["cercle"] == "Kati")
    assert (kati["members"], kati["beneficiaries"], kati["acts"]) == (6, 12, None)
    assert next(row for row in told["rows"] if row["cercle"] == "Kita")["members"] is None


def test_what_is_published_hides_few_people(ask):
    text = ask("--period", "2026-T4", "--publish")
    members = lines(text)
    assert members["Sikasso"][0] == "…"
    assert "<5 : moins de 5 personnes" in text
    told = json.loads(ask("--period", "2026-T4", "--publish", "--json"))
    assert {row["members"] for row in told["rows"]} == {8, "<5", "…", None}


def test_who_asked_is_in_the_trail(ask, world):
    ask("--period", "2026-11", "--json", "--publish")
    with world[0].begin(reading=True) as conn:
        row = conn.execute(select(audit).order_by(audit.c.id.desc()).limit(1)).one()
    assert (row.action, row.detail) == ("mutuelle.report", "region json published")


@pytest.mark.parametrize(
    ("period", "said"),
    [
        pytest.param("2027", "la période commence le 01/01/2027", id="ahead"),
        pytest.param("hier", "n'est pas une période", id="no period"),
    ],
)
def test_a_period_that_cannot_be_is_told_in_french(ask, period, said):
    assert said in ask("--period", period, code=2)
