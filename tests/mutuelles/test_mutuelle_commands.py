"""`ramu mutuelle`: the structure, the terms, a household from joining to a decision, the check of the books."""

import json
import os

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, insert, select, update

from gateway.mutuelle_commands import mutuelle
from models import membership_changes, mutuelle_map
from models.audit import audit
from models.coverage import coverages
from models.database import Database
from models.households import households
from models.keyring import KeyRing
from models.mutuelle_tables import memberships
from models.mutuelles import mutuelles
from models.people import identity_columns, persons
from models.schema import migrate
from tests.mutuelles.conftest import DAY, noon


@pytest.fixture(scope="module")
def ramu(tmp_path_factory):
    """Runs `ramu mutuelle` over a register with one household, FOYER-1, on the day of these tests."""
    folder = tmp_path_factory.mktemp("mutuelle")
    url = f"sqlite:///{folder / 'ramu.sqlite3'}"
    migrate(url)
    keys = KeyRing.create(folder / "keys")
    database = Database.open(url, deadline_ms=None)
    with database.begin() as conn:
        home = {"code": "FOYER-1", "commune_code": "ML-C02040101"}
        household = conn.execute(insert(households).values(home).returning(households.c.id)).scalar_one()
        who = {"household_id": household, "relation": "SOI", "sex": "F", "birth_year": 1987}
        conn.execute(
            insert(persons).values(
                **who, commune_code="ML-C02040101", **identity_columns(keys, "Awa", "Traore", None)
            )
        )
    told = {
        "DATABASE_URL": url,
        "RAMU_DATA_FOLDER": str(folder),
        "RAMU_KEY_FOLDER": str(folder / "keys"),
        "RAMU_SETTINGS": os.devnull,
    }

    def run(*words, code=0, as_json=True):
        with time_machine.travel(noon(DAY), tick=False):
            found = CliRunner().invoke(mutuelle, [*words, *(["--json"] if as_json else [])], env=told)
        assert found.exit_code == code, (found.output, found.exception)
        return json.loads(found.stdout.splitlines()[-1]) if as_json and code == 0 else found.output

    run.database, run.told = database, told
    yield run
    database.dispose()


def test_a_household_from_joining_to_the_books(ramu):
    assert ramu("map")["there"] == {"FEDERATION": 1, "UNION": 11, "MUTUELLE": 64, "SECTION": 814}
    assert ramu("map")["made"] == {}
    ramu("terms", "MUT-ML0305", "--set", "member_fcfa", "--value", "3600", "--source", "AG du 12/10/2026")
    terms = {row["term"]: row for row in ramu("terms", "MUT-ML0305")["terms"]}
    assert (terms["member_fcfa"]["value"], terms["member_fcfa"]["source"]) == (3_600, "AG du 12/10/2026")
    assert terms["late_days"]["source"].startswith("assumption")
    joined = ramu("join", "FOYER-1", "MUT-ML0305")
    assert (joined["season_due"], joined["status"]) == (4_600, "EN_OBSERVATION")
    number = joined["number"]
    assert ramu("account", number)["number"] == number
    assert "0 households got" in ramu("numbers", as_json=False)
    with ramu.database.begin() as conn:
        conn.execute(update(coverages).values(number_index=None, number_sealed=None))
    assert "1 households got" in ramu("numbers", as_json=False)
    assert ramu("account", "FOYER-1")["number"] not in (number, "")
    paid = ramu("pay", "FOYER-1", "1300", "--reference", "G-1")
    assert ramu("pay", "FOYER-1", "1300", "--reference", "G-1")["fresh"] is False
    assert ramu("account", "FOYER-1")["receipts"][0]["amount"] == 1_300
    assert ramu("plan", "FOYER-1", "CEREALES")["crop"] == "CEREALES"
    ramu("reverse", str(paid["entry_id"]), "--reason", "typed twice", as_json=False)
    assert ramu("account", "FOYER-1")["season_paid"] == 0
    assert ramu("call")["mutuelles"] == 1
    assert ramu("proposals") == {"proposals": []}
    assert ramu("check")["ok"] is True
    with ramu.database.begin(reading=True) as conn:
        actions = set(conn.execute(select(audit.c.action)).scalars())
    assert {"mutuelle.join", "mutuelle.pay", "mutuelle.plan", "mutuelle.reverse", "mutuelle.terms"} <= actions


def test_books_that_were_touched_are_found(ramu):
    with ramu.database.begin() as conn:
        conn.execute(update(memberships).values(advance=memberships.c.advance + 1))
    assert "advance" in ramu("check", code=1, as_json=False)
    with ramu.database.begin() as conn:
        conn.execute(update(memberships).values(advance=memberships.c.advance - 1))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("join", "FOYER-1", "nulle part"), "0 mutuelles are called so", id="no such mutuelle"),
        pytest.param(("account", "FOYER-9"), "no household", id="no such household"),
        pytest.param(("decide", "99", "accept"), "no such proposal", id="nothing to decide"),
        pytest.param(
            ("reverse", "999999", "--reason", "x"), "only a payment or a refund", id="no such payment"
        ),
    ],
)
def test_what_cannot_be_done_is_said(ramu, words, said):
    ramu("map")
    with time_machine.travel(noon(DAY), tick=False):
        found = CliRunner().invoke(mutuelle, list(words), env=ramu.told)
    assert said in str(found.exception)


def test_who_has_left_gets_the_advance_back(ramu):
    ramu("map")
    with ramu.database.begin() as conn:
        other = conn.execute(insert(households).values(code="FOYER-2", commune_code="ML-C02040101"))
        household = other.inserted_primary_key[0]
        who = {"household_id": household, "relation": "SOI", "sex": "M", "birth_year": 1980}
        conn.execute(insert(persons).values(**who, commune_code="ML-C02040101"))
    joined = ramu("join", "FOYER-2", "MUT-ML0306", "--no-fee")
    ramu("pay", "FOYER-2", "3300", "--reference", "G-2")
    assert ramu("refunds") == {"refunds": []}
    with ramu.database.begin() as conn:
        membership_changes.end(conn, joined["membership_id"], "DEMISSIONNAIRE", DAY, now=noon(DAY))
    (one,) = ramu("refunds", "--mutuelle", "MUT-ML0306")["refunds"]
    assert (one["amount"], one["ended_why"]) == (3_300, "DEMISSIONNAIRE")
    words = ("refund", "FOYER-2", "3000", "--reason", "left", "--reference", "R-1")
    assert ramu(*words)["entry_id"] == ramu(*words)["entry_id"]
    assert ramu("refunds")["refunds"][0]["amount"] == 300
    again = ("reverse", str(ramu(*words)["entry_id"]), "--reason", "never fetched")
    assert ramu(*again, as_json=False) == ramu(*again, as_json=False)
    assert ramu("refunds")["refunds"][0]["amount"] == 3_300
    assert ramu("check")["ok"] is True
    with ramu.database.begin(reading=True) as conn:
        asked = select(audit.c.id).where(audit.c.action == "mutuelle.refund")
        assert conn.execute(asked).first()
        undone = select(func.count()).where(audit.c.action == "mutuelle.reverse")
        assert conn.execute(undone).scalar_one() >= 2


def test_the_structure_hangs_together(ramu):
    ramu("map")
    with ramu.database.begin(reading=True) as conn:
        rows = conn.execute(select(mutuelles)).all()
        assert mutuelle_map.count(conn)["MUTUELLE"] == 64
    by_id = {row.id: row for row in rows}
    above = {"SECTION": {"MUTUELLE", "UNION"}, "MUTUELLE": {"UNION"}, "UNION": {"FEDERATION"}}
    for row in rows:
        if row.parent_id:
            assert by_id[row.parent_id].kind in above[row.kind]
    assert [row.code for row in rows if not row.parent_id] == ["FED-MALI"]
