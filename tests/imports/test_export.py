"""Registers written to files: safe to open in a spreadsheet, and read back without a change."""

import csv
import io

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.register_commands import register
from gateway.spreadsheet import plain_cell, safe_cell, write_csv
from models.audit import audit
from models.database import Database
from models.safe_cells import TRIGGERS
from tests.imports.conftest import AWA, FANTA, GOOD, MOUSSA, changed, written
from tests.imports.test_import import counts, only
from tests.imports.test_small import CENTRE, CHIEF, HEADER, KOKO, STAFF_HEADER

CELL = st.one_of(
    st.text(),
    st.builds(str.__add__, st.sampled_from([*TRIGGERS, "'", " =", "\ufeff+", "'="]), st.text()),
)


@given(CELL)
def test_no_cell_begins_with_what_runs_and_the_way_back_is_exact(text):
    safe = safe_cell(text)
    assert not safe.lstrip(" \0\ufeff").startswith(TRIGGERS)
    assert plain_cell(safe) == text


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=5))
def test_a_whole_file_is_safe_and_comes_back(rows):
    file = io.StringIO(newline="")
    assert write_csv(file, ["a", "=b"], rows) == len(rows)
    header, *back = csv.reader(io.StringIO(file.getvalue().removeprefix("\ufeff"), newline=""), delimiter=";")
    cells = [cell for row in (header, *back) for cell in row]
    assert not [cell for cell in cells if cell.startswith(TRIGGERS)]
    assert [[plain_cell(cell) for cell in row] for row in back] == rows


@pytest.fixture
def export(surroundings, tmp_path):
    def run(kind, *options, code=0):
        file = tmp_path / f"{kind}-out.csv"
        arguments = ["export", kind, "--out", str(file), *options]
        result = CliRunner().invoke(register, arguments, env=surroundings, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return file

    return run


def test_people_that_are_written_out_come_back_unchanged(bring, export, held, tmp_path):
    formula = changed(MOUSSA, ref="=1+1", nina="20198702030001A", fin="décembre 2027")
    bring("ramed", written(tmp_path / "r.csv", [AWA, formula, FANTA]), "--apply")
    before = held()
    file = export("ramed", "--all")
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"'=1+1" in file.read_bytes()
    assert counts(bring("ramed", file, "--apply")[0]) == only(unchanged=3)
    assert held() == before


def test_members_that_are_written_out_come_back_unchanged(bring, export, tmp_path):
    header = ["Matricule", "Nom", "Prénom", "Sexe", "Né vers", "Commune", "Début", "Organisme", "Statut"]
    line = ["0410000012", "Keïta", "Ba", "M", "1970", "Kati", "03/2019", "INPS", "suspendu"]
    bring("amo", written(tmp_path / "a.csv", [line], header=header), "--apply")
    assert counts(bring("amo", export("amo", "--commune", "Kati"))[0]) == only(unchanged=1)


def test_only_the_commune_that_is_asked_for(bring, export, tmp_path):
    bring("ramed", written(tmp_path / "r.csv", [AWA, changed(MOUSSA, commune="Kambila")]), "--apply")
    lines = export("ramed", "--commune", "Kambila").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(";")[3:5] for line in lines[1:]] == [["Keïta", "Moussa"]]


def test_facilities_and_staff_come_back_unchanged(bring, export, tmp_path):
    bring("facilities", written(tmp_path / "f.csv", [KOKO, CENTRE], header=HEADER), "--apply")
    bring("staff", written(tmp_path / "s.csv", [CHIEF], header=STAFF_HEADER), "--apply")
    assert counts(bring("facilities", export("facilities", "--all"))[0]) == only(unchanged=2)
    staff = export("staff", "--facility", "koko")
    assert b"'+22370009901" in staff.read_bytes()
    assert counts(bring("staff", staff)[0]) == only(unchanged=1)


def test_the_trail_notes_who_asked(bring, export, database_url, tmp_path):
    bring("ramed", written(tmp_path / "r.csv", GOOD), "--apply")
    export("ramed", "--all")
    opened = Database.open(database_url, deadline_ms=None)
    with opened.begin(reading=True) as conn:
        rows = conn.execute(select(audit.c.detail).where(audit.c.action == "register.export")).scalars().all()
    opened.dispose()
    assert rows == ["begun, all communes", "3 rows"]
