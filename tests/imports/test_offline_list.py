"""The list for a day without network: what it tells, to whom, and that nobody can change it."""

import json
import os
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import select

from gateway.offline_commands import offline_list_command, valid_until
from models.audit import audit
from models.database import Database
from models.keyring import FILE_NAME
from models.offline_list import BadList, Holder, Person, line_of
from tests.imports.conftest import AWA, FANTA, MOUSSA, changed, written
from tests.imports.test_small import HEADER, KOKO

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OTHER = "2600100007777"
HOLDERS = [
    AWA,
    FANTA,
    changed(MOUSSA, fin="30/06/2026"),
    changed(MOUSSA, numero=OTHER, prenom="Salif", commune="Kambila"),
]


@pytest.fixture
def listed(bring, surroundings, tmp_path):
    """A list of Koko's holders, and a way to run the commands."""
    bring("facilities", written(tmp_path / "f.csv", [KOKO], header=HEADER), "--apply")
    bring("ramed", written(tmp_path / "r.csv", HOLDERS), "--apply")
    file = tmp_path / "list.txt"

    def run(*arguments, code=0, at=NOW, **told):
        with time_machine.travel(at, tick=False):
            result = CliRunner().invoke(
                offline_list_command,
                list(map(str, arguments)),
                env={**surroundings, **told},
                catch_exceptions=False,
            )
        assert result.exit_code == code, result.output
        return result.output

    run("--facility", "koko", "--out", file)
    return file, run


def test_a_holder_is_found_with_who_depends_on_her(listed):
    file, run = listed
    assert run("check", file) == "CSCom Koko: 1 titulaires, bonne jusqu'au 23/11/2026 06:00\n"
    told = run("check", file, "--number", "26001 00000 999")
    assert told.startswith("OK selon la liste du 22/11/2026 09:00 : RAMED jusqu'au 31/12/2027")
    assert "Awa T. F 39 ans, Fanta T. F 11 ans" in told


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(MOUSSA[0], id="right that ended"),
        pytest.param(OTHER, id="another commune"),
        pytest.param("2600100009999", id="nobody"),
    ],
)
def test_a_number_that_is_not_on_the_list_is_told(listed, number):
    file, run = listed
    assert "n'est pas sur la liste" in run("check", file, "--number", number, code=3)


def test_the_list_names_nobody(listed):
    file, _ = listed
    text = file.read_text()
    for telling in ("Awa", "Traor", "Fanta", AWA[0], AWA[0][-6:], "1987"):
        assert telling not in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_list_calls_the_same_holder_otherwise(listed, tmp_path):
    file, run = listed
    again = tmp_path / "again.txt"
    run("--facility", "koko", "--out", again)
    first, second = (path.read_text().splitlines()[1].split()[0] for path in (file, again))
    assert first != second


def test_lines_are_as_long_whoever_they_are_about():
    salt = bytes(16)
    holders = [
        Holder("RAMED", date(2027, 1, 1), (Person(name, "F", 1987),))
        for name in ("A B.", "Ramatoulaye-Aminata T.")
    ]
    assert len({len(line_of(AWA[0], holder, salt)) for holder in holders}) == 1


CHANGES = {
    "a line is taken out": lambda text: re.sub(r"\n[^{\n]+ [^\n]+(?=\nsignature)", "", text),
    "a letter of a line": lambda text: text.replace("\n", "\nA", 1),
    "the date": lambda text: text.replace("2026-11-23", "2027-11-23"),
    "the facility": lambda text: text.replace("Koko", "Kolo"),
    "the signature": lambda text: text[:-9] + ("AAAA" if text[-9:-5] != "AAAA" else "BBBB") + text[-5:],
    "the end is cut off": lambda text: text[: text.index("signature")],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_is_changed_is_found(listed, change):
    file, run = listed
    before = file.read_text()
    file.write_text(change(before))
    assert file.read_text() != before
    with pytest.raises(BadList, match=r"signature|signée"):
        run("check", file, "--number", AWA[0])


def test_a_list_is_good_until_the_end_of_the_next_night(listed):
    file, run = listed
    last = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert "OK" in run("check", file, "--number", AWA[0], at=last)
    said = run("check", file, "--number", AWA[0], at=last + timedelta(seconds=1), code=4)
    assert said == "Liste du 22/11/2026 09:00 : périmée depuis le 23/11/2026 06:00\n"
    assert (
        json.loads(run("check", file, "--json", at=last + timedelta(days=1), code=4))["verdict"] == "EXPIREE"
    )


@pytest.mark.parametrize(
    ("made", "until"),
    [(3, 22), (17, 23), (18, 23), (19, 24)],
    ids=["night", "day", "at the limit", "evening"],
)
def test_the_end_of_a_list(made, until):
    found = valid_until(datetime(2026, 11, 22, made, tzinfo=UTC))
    expected = {22: 23, 23: 23, 24: 24}[until]
    assert found == datetime(2026, 11, expected, 6, tzinfo=UTC)


def test_a_list_is_checked_without_database_and_keys(listed, keys, tmp_path, surroundings):
    file, run = listed
    public = run("key").strip()
    (tmp_path / "var" / "keys" / FILE_NAME).unlink()
    away = {
        "DATABASE_URL": "postgresql://nobody@nowhere.invalid/none",
        "RAMU_KEY_FOLDER": str(tmp_path / "empty"),
    }
    assert "OK" in run("check", file, "--number", AWA[0], "--key", public, **away)
    (tmp_path / "public").write_text(public)
    assert "OK" in run("check", file, "--number", AWA[0], "--key", tmp_path / "public", **away)
    with pytest.raises(Exception, match="no public key"):
        run("check", file, **away)
    assert os.stat(tmp_path / "var" / "keys" / "offline-list.key").st_mode & 0o777 == 0o600


def test_another_installation_s_list_is_refused(listed):
    file, run = listed
    with pytest.raises(BadList, match="elle vient d'ailleurs"):
        run("check", file, "--key", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")


def test_the_trail_notes_who_made_it(listed, database_url):
    opened = Database.open(database_url, deadline_ms=None)
    with opened.begin(reading=True) as conn:
        rows = (
            conn.execute(select(audit.c.detail).where(audit.c.action == "offline-list.made")).scalars().all()
        )
    opened.dispose()
    assert rows == ["1 holders"]
