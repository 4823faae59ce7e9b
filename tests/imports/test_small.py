"""Facilities, and the phones of their staff, brought in from files."""

import pytest
from sqlalchemy import select

from models import staff
from models.database import Database
from models.facilities import activation_code, facilities
from models.identifiers import Msisdn
from models.messages import messages
from tests.imports.conftest import written
from tests.imports.test_import import counts, only

HEADER = ["Type", "Nom de la structure", "Commune", "Conventionnée", "Horaires"]
KOKO = ["CSCom", "Koko", "Kati", "oui", "8h-16h"]
CENTRE = ["csref", "Centre", "Kati", "non", ""]
STAFF_HEADER = ["Tél", "Structure", "Commune", "Rôle"]
CHIEF = ["70 00 99 01", "Koko", "Kati", "Chef"]
NURSE = ["+22370009902", "KOKO", "ML-C02040101", ""]


@pytest.fixture
def database(database_url):
    opened = Database.open(database_url, deadline_ms=None)
    yield opened
    opened.dispose()


@pytest.fixture
def two(bring, tmp_path):
    """A register with two facilities."""
    return bring("facilities", written(tmp_path / "f.csv", [KOKO, CENTRE], header=HEADER), "--apply")[0]


def test_facilities_are_brought_in_with_a_code_each(two, database, keys):
    assert counts(two) == only(new=2)
    with database.begin(reading=True) as conn:
        rows = conn.execute(select(facilities).order_by(facilities.c.name)).all()
        codes = [activation_code(conn, keys, row.id) for row in rows]
    assert [(row.name, row.kind, row.contracted, row.cercle_code, row.demo) for row in rows] == [
        ("Centre", "CSREF", False, "ML-C0204", False),
        ("Koko", "CSCOM", True, "ML-C0204", False),
    ]
    assert [len(code) for code in codes] == [6, 6]
    assert codes[0] != codes[1]


def test_facilities_again_are_unchanged_or_changed(two, bring, tmp_path):
    lines = [[*KOKO[:1], "KOKO", *KOKO[2:]], [*CENTRE[:3], "oui", ""], ["Clinique", "X", "Katii", "oui", ""]]
    file = written(tmp_path / "g.csv", lines, header=HEADER)
    for options in ((), ("--apply",)):
        told, said = bring("facilities", file, *options, code=3)
        assert counts(told) == only(unchanged=1, changed=1, rejected=1)
    assert "commune inconnue" in said
    assert "CSCom, CSRef, Hôpital" in said


def test_staff_is_tied_and_told(two, bring, database, keys, tmp_path):
    file = written(tmp_path / "s.csv", [CHIEF, NURSE], header=STAFF_HEADER)
    assert counts(bring("staff", file)[0]) == only(new=2)
    with database.begin(reading=True) as conn:
        assert conn.execute(select(messages.c.id)).all() == []
    told, _ = bring("staff", file, "--apply")
    assert counts(told) == only(new=2)
    with database.begin(reading=True) as conn:
        assert staff.chief(conn, keys, 1) == Msisdn("+22370009901")
        assert len(conn.execute(select(messages.c.id)).all()) == 2
    assert counts(bring("staff", file, "--apply")[0]) == only(unchanged=2)


def test_staff_that_cannot_be_tied_says_why(two, bring, tmp_path):
    bring("staff", written(tmp_path / "s.csv", [CHIEF], header=STAFF_HEADER), "--apply")
    lines = [
        [CHIEF[0], "Centre", "Kati", ""],
        ["70009903", "Nulle part", "Kati", ""],
        ["12", *NURSE[1:]],
        ["+33 6 12 34 56 78", *NURSE[1:]],
    ]
    told, said = bring("staff", written(tmp_path / "t.csv", lines, header=STAFF_HEADER), "--apply", code=3)
    assert counts(told) == only(rejected=4)
    for words in (
        "déjà lié à une autre structure",
        "aucune structure de ce nom",
        "pas un numéro de téléphone",
        "pas un numéro du Mali",
    ):
        assert words in said
    assert "70009903" not in said
