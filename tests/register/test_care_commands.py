"""`ramu staff`, `ramu control` and the demonstration's staff, as they are called."""

import csv
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, insert, select

from gateway.control_commands import control
from gateway.demo_commands import demo
from gateway.staff_commands import Unclear, staff_phones
from models import audit as trail
from models import demo as world
from models import facilities, staff, visit_codes
from models.coverage import coverages
from models.database import Database
from models.demo_world import staff as told_staff
from models.demo_world import table
from models.facilities import facilities as facility_table
from models.identifiers import Msisdn, check_digit_ok
from models.keyring import FILE_NAME, KeyRing
from models.messages import TEXT, messages
from models.staff import ACTIVE, FLAGGED
from models.staff import staff_phones as ties
from tests.gateway.kept_people import give_keys, settle

CHIEF, NURSE, FAR_NURSE = (Msisdn(f"+2237000010{last}") for last in (1, 2, 3))
NEW = Msisdn("+22376543210")


@pytest.fixture
def ramu(database_url, tmp_path):
    """Runs a command on the demonstration; its result."""
    settings = {"DATABASE_URL": database_url, "RAMU_DATA_FOLDER": str(tmp_path / "var"), "PORT": "8123"}
    settings["RAMU_SETTINGS"] = os.devnull

    def run(command, *arguments, code=0):
        result = CliRunner().invoke(command, arguments, env=settings, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    return run


@pytest.fixture
def keys(tmp_path):
    give_keys(tmp_path / "var" / "keys")
    return KeyRing.open(tmp_path / "var" / "keys")


@pytest.fixture(autouse=True)
def opened(database_url, keys, tmp_path):
    """The register with the demonstration in it."""
    database = Database.open(database_url, deadline_ms=None)
    with database.begin() as conn:
        settle(conn, keys, tmp_path / "var" / "keys" / FILE_NAME, datetime.now(UTC))
    yield database
    database.dispose()


def actions(opened):
    with opened.begin(reading=True) as conn:
        return list(conn.execute(select(trail.audit.c.action).order_by(trail.audit.c.id)).scalars())


def sent(opened, keys):
    with opened.begin(reading=True) as conn:
        return [
            keys.unseal(row, TEXT)
            for row in conn.execute(select(messages.c.text_sealed).order_by(messages.c.id)).scalars()
        ]


def tie(opened, keys, phone):
    return staff.of_phone(opened.reader(), keys, phone, datetime.now(UTC))


def test_the_demonstration_has_a_chief_a_nurse_and_one_of_a_centre_without_agreement(ramu, opened, keys):
    found = [tie(opened, keys, phone) for phone in (CHIEF, NURSE, FAR_NURSE)]
    assert [(one.role, one.active, one.facility.contracted) for one in found] == [
        ("CHIEF", True, True),
        ("STAFF", True, True),
        ("STAFF", True, False),
    ]
    assert found[0].facility == found[1].facility
    assert staff.chief(opened.reader(), keys, found[0].facility.facility_id) == CHIEF


def test_loading_again_doubles_no_staff_and_keeps_a_flag(ramu, opened, keys):
    ramu(staff_phones, "flag", "70000102")
    ramu(demo, "load")
    with opened.begin(reading=True) as conn:
        assert conn.execute(select(func.count()).select_from(ties)).scalar_one() == len(told_staff())
    assert tie(opened, keys, NURSE).state == FLAGGED


def test_staff_of_the_demonstration_does_not_fall_idle(ramu, opened, keys):
    later = datetime.now(UTC) + timedelta(days=200)
    with opened.begin() as conn:
        world.load(conn, keys, later.date(), later)
    assert staff.of_phone(opened.reader(), keys, NURSE, later).active


def test_every_facility_of_the_demonstration_has_its_code(ramu, opened, keys):
    codes = [row["activation_code"] for row in table("facilities")]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 6 and check_digit_ok(code) for code in codes)
    for row in table("facilities"):
        found = facilities.by_activation_code(opened.reader(), keys, row["activation_code"])
        assert found.name == row["name"]


def test_show_tells_the_staff(ramu):
    shown = json.loads(ramu(demo, "show", "--json"))["staff"]
    assert [row["phone"] for row in shown] == [CHIEF.e164, NURSE.e164, FAR_NURSE.e164]
    assert set(shown[0]) == {"phone", "facility", "role", "activation_code"}
    assert f"{CHIEF.e164}  CHIEF   {shown[0]['activation_code']}" in ramu(demo, "show")


def test_list_masks_unless_asked_and_notes_who_asked(ramu, opened):
    masked = ramu(staff_phones, "list")
    assert "70***101" in masked
    assert CHIEF.e164 not in masked
    assert "staff.list" not in actions(opened)
    rows = json.loads(ramu(staff_phones, "list", "--facility", "koko", "--whole", "--json"))["staff"]
    assert [(row["phone"], row["role"], row["active"]) for row in rows] == [
        (CHIEF.e164, "CHIEF", True),
        (NURSE.e164, "STAFF", True),
    ]
    assert actions(opened)[-1] == "staff.list"


def test_a_phone_is_added_told_and_removed(ramu, opened, keys):
    assert "76***210 is tied to CSCom Diago" in ramu(
        staff_phones, "add", "76 54 32 10", "--facility", "diago"
    )
    assert (tie(opened, keys, NEW).state, tie(opened, keys, NEW).role) == (ACTIVE, "STAFF")
    assert "no longer tied" in ramu(staff_phones, "remove", "76543210")
    assert tie(opened, keys, NEW) is None
    assert actions(opened)[-2:] == ["staff.added", "staff.removed"]
    told = sent(opened, keys)[-2:]
    assert told[0].startswith("Sante Mali: votre telephone est lie a CSCom Diago")
    assert told[1].startswith("Sante Mali: votre telephone n'est plus lie a CSCom Diago")


def test_a_chief_is_made_and_a_flagged_phone_is_told_nothing(ramu, opened, keys):
    ramu(staff_phones, "add", "76543210", "--facility", "Sananfara", "--chief")
    assert tie(opened, keys, NEW).is_chief
    before = sent(opened, keys)
    ramu(staff_phones, "flag", "76543210")
    assert tie(opened, keys, NEW).state == FLAGGED
    assert sent(opened, keys) == before
    assert "SIM may be in other hands" in ramu(staff_phones, "list")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("add", "70000102", "--facility", "diago"), "active elsewhere", id="active elsewhere"),
        pytest.param(
            ("add", "76543210", "--facility", "kati"), "facilities are called so: ", id="which Kati"
        ),
        pytest.param(("add", "76543210", "--facility", "nowhere"), "0 facilities", id="no such facility"),
        pytest.param(("remove", "76543210"), "tied to no facility", id="not staff"),
        pytest.param(("flag", "76543210"), "not active", id="nothing to stop"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(ramu, opened, keys, arguments, said):
    with pytest.raises(Unclear, match=said) as told:
        ramu(staff_phones, *arguments)
    assert arguments[1] not in str(told.value)
    assert actions(opened) == []
    assert sent(opened, keys) == []


@pytest.mark.parametrize("phone", ["12", "+33612345678", "seven"])
def test_a_phone_that_is_none_ends_the_command(ramu, phone):
    said = ramu(staff_phones, "add", phone, "--facility", "diago", code=2)
    assert phone not in said.split("Error", 1)[1]


def test_a_code_is_shown_and_drawn_anew(ramu, opened, keys):
    known = next(row["activation_code"] for row in table("facilities") if "Koko" in row["name"])
    assert ramu(staff_phones, "code", "--facility", "koko").split()[-1] == known
    fresh = ramu(staff_phones, "code", "--facility", "koko", "--new").split()[-1]
    assert fresh != known
    assert facilities.by_activation_code(opened.reader(), keys, known) is None
    assert facilities.by_activation_code(opened.reader(), keys, fresh).name == "Kati Koko (démo)"
    assert actions(opened) == ["staff.code", "staff.code"]


@pytest.fixture
def suspicious(opened, keys):
    """A code without an act at a facility whose name is a formula; its visit."""
    since = datetime.now(UTC) - timedelta(days=2)
    values = {"kind": "CSCOM", "name": '=HYPERLINK("x")', "commune_code": "ML-C02040101"}
    values |= {"cercle_code": "ML-C0204", "contracted": True, "hours": "8h-16h", "demo": True}
    with opened.begin() as conn:
        facility = conn.execute(
            insert(facility_table).values(values).returning(facility_table.c.id)
        ).scalar_one()
        right = conn.execute(select(coverages.c.id, coverages.c.person_id).limit(1)).one()
        visit_codes.issue(conn, "123455", right.person_id, right.id, since, 24, facility)
    return visit_codes.at_facility(opened.reader(), "123455", facility, since)


def test_control_lists_for_programs_and_for_people(ramu, opened, suspicious):
    told = json.loads(ramu(control, "list", "--json"))
    assert told["at_risk_fcfa"] == 1000
    assert [(case["visit"], case["code"], case["signs"]) for case in told["cases"]] == [
        (suspicious.visit_id, "123455", ["NO_ACT"])
    ]
    assert "code sans acte" in ramu(control, "list")
    assert actions(opened) == ["control.list", "control.list"]


def test_control_writes_a_sheet_that_runs_nothing(ramu, suspicious, tmp_path):
    file = tmp_path / "control.csv"
    assert "1 visits" in ramu(control, "list", "--csv", str(file))
    with file.open(encoding="utf-8-sig", newline="") as sheet:
        header, line = csv.reader(sheet, delimiter=";")
    assert header[:4] == ["rang", "montant_fcfa", "signes", "centre"]
    assert line[:4] == ["1", "1000", "code sans acte", '\'=HYPERLINK("x")']
    assert file.stat().st_mode & 0o077 == 0


def test_control_of_other_days_is_empty_and_of_no_days_is_refused(ramu, suspicious):
    first = ("--from", "2020-01-01")
    assert json.loads(ramu(control, "list", *first, "--to", "2020-01-31", "--json"))["cases"] == []
    assert "--from is after --to" in ramu(control, "list", *first, "--to", "2019-12-31", code=2)
