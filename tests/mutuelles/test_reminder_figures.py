"""What reminders did, beside those who were left alone: counted by due date, on the screen and in files."""

import csv
import json
import os
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import insert, select

from gateway.reminder_commands import reminders as command
from models.audit import audit
from models.contribution_reminder_figures import ALL, Counts, figures
from models.database import Database
from models.intervals import difference
from models.keyring import KeyRing
from models.reminders import HELD_OUT, SENT, STOPPED, reminders
from tests.mutuelles.conftest import opened
from tests.register.conftest import Register

FIRST = date(2026, 12, 1)
UNTIL = FIRST + timedelta(14)
"""The last day that counts."""


def remind(books, member, outcome, *, day=FIRST, kind="COT_AVANT", period="2026-12-08", answered=False):
    """A row as the planner and the sender leave it."""
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    drawn = outcome != STOPPED
    row = {
        "kind": kind,
        "subject_id": member,
        "period": period,
        "planned_at": at,
        "outcome": outcome,
        "answered_at": at if answered else None,
        "drawn_on": day if drawn else None,
        "counted_to": day + timedelta(14) if drawn else None,
    }
    with books.database.begin() as conn:
        conn.execute(insert(reminders).values(row))


def scene(books):
    """Six who were reminded (three paid in time), four who were left alone (one did), one who had stopped."""
    paid_on = [FIRST, UNTIL, FIRST, UNTIL + timedelta(1), FIRST - timedelta(1), None]
    members = [books.join(books.family(1)) for _ in range(11)]
    for place, member in enumerate(members[:6]):
        remind(books, member, SENT, answered=place == 5)
        if paid_on[place]:
            books.pay(member, 100, day=paid_on[place])
    remind(books, members[0], SENT, kind="COT_JOUR", day=FIRST + timedelta(7))
    for member in members[6:10]:
        remind(books, member, HELD_OUT)
    books.pay(members[6], 100, day=FIRST)
    books.reverse(books.pay(members[7], 100, day=FIRST).entry_id, day=FIRST)
    remind(books, members[10], STOPPED)


COUNTS = Counts(
    planned=12, sent=7, stopped=1, held_out=4, said_ok=1, told=6, told_paid=3, alone=4, alone_paid=1
)


def test_due_dates_count_once_and_payments_in_their_days(books):
    scene(books)
    with books.database.begin(reading=True) as conn:
        (row, together) = figures(conn, FIRST, date(2026, 12, 31), UNTIL + timedelta(1))
        assert (row.counts, together.code, together.counts) == (COUNTS, ALL, COUNTS)
        assert row.counts.effect == difference(3, 6, 1, 4)
        (_, open_ones) = figures(conn, FIRST, date(2026, 12, 31), UNTIL)
        assert (open_ones.counts.running, open_ones.counts.told, open_ones.counts.effect) == (10, 0, None)
        (none,) = figures(conn, date(2027, 1, 1), date(2027, 1, 31), date(2027, 3, 1))
        assert none.counts == Counts()


@pytest.fixture(scope="module")
def settings(tmp_path_factory, migrated_file):
    """The scene in a file of its own, and the settings that lead there."""
    folder = tmp_path_factory.mktemp("reminders")
    (folder / "ramu.sqlite3").write_bytes(migrated_file.read_bytes())
    url = f"sqlite:///{folder / 'ramu.sqlite3'}"
    database = Database.open(url, deadline_ms=None)
    scene(opened(Register(database, KeyRing.create(folder / "keys"))))
    yield database, {"DATABASE_URL": url, "RAMU_DATA_FOLDER": str(folder), "RAMU_SETTINGS": os.devnull}
    database.dispose()


def ask(settings, *arguments):
    with time_machine.travel(datetime(2026, 12, 31, 12, tzinfo=UTC), tick=False):
        found = CliRunner().invoke(command, arguments, env=settings[1])
    assert found.exit_code == 0, found.output
    return found.output


def test_the_page(settings):
    words = [line.split() for line in ask(settings, "--mutuelle", "Benkadi").splitlines()]
    assert words[1][1:] == ["12", "0", "7", "1", "0", "0", "4", "1"]
    assert words[-1][:6] == [ALL, "6", "3", "4", "1", "0"]
    assert " ".join(words[-1][6:]).startswith("+25.0 points [-")


def test_for_programs_and_in_a_spreadsheet(settings, tmp_path):
    file = tmp_path / "rappels.csv"
    told = json.loads(ask(settings, "--period", "2026-T4", "--json", "--csv", str(file)))
    assert (told["first"], told["rows"][-1]["told"], told["rows"][-1]["effect"]["value"]) == (
        "2026-10-01",
        6,
        0.25,
    )
    with file.open(encoding="utf-8-sig", newline="") as sheet:
        rows = list(csv.DictReader(sheet, delimiter=";"))
    assert (rows[-1]["envoyes"], rows[-1]["effet_points"]) == ("7", "25.00")
    with settings[0].begin(reading=True) as conn:
        assert "mutuelle.reminders" in conn.execute(select(audit.c.action)).scalars().all()


def test_nothing_to_compare_is_not_told_as_nothing(settings):
    assert ask(settings, "--period", "2026-11").splitlines()[-1].endswith("ND")
