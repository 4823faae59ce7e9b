"""The commands of the register, as they are called."""

import json
import os

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from gateway.audit_commands import audit
from gateway.database_commands import db
from gateway.demo_commands import demo
from gateway.keys_commands import StillNeeded, keys
from gateway.register import NotMigrated
from models import audit as trail
from models.database import Database
from models.keyring import KeyRing, KeyRingError
from models.people import persons
from models.schema import downgrade
from tests.register.conftest import ASKER, NOW

FICTIONAL = 64
"""People of the demonstration."""


@pytest.fixture
def ramu(database_url, tmp_path):
    """Runs a command on a fresh, migrated database; its result."""
    settings = {"DATABASE_URL": database_url, "RAMU_DATA_FOLDER": str(tmp_path / "var"), "PORT": "8123"}
    settings["RAMU_SETTINGS"] = os.devnull

    def run(command, *arguments, code=0):
        result = CliRunner().invoke(command, arguments, env=settings, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.output

    return run


@pytest.fixture
def opened(database_url):
    database = Database.open(database_url, deadline_ms=None)
    yield database
    database.dispose()


def count(opened):
    with opened.begin(reading=True) as conn:
        return conn.execute(select(func.count()).select_from(persons)).scalar_one()


def test_migrate_and_status(ramu, database_url):
    downgrade(database_url)
    found = json.loads(ramu(db, "status", "--json", code=1))
    assert (found["current"], found["missing"][0]) == (None, "0001_register")
    assert "ramu db migrate" in ramu(db, "status", code=1)
    assert "0003_audit" in ramu(db, "migrate")
    assert "nothing to do" in ramu(db, "migrate")
    assert json.loads(ramu(db, "status", "--json"))["missing"] == []
    assert "up to date" in ramu(db, "status")


def test_commands_ask_for_what_is_missing(ramu, database_url):
    with pytest.raises(KeyRingError, match="no key ring"):
        ramu(keys, "show")
    downgrade(database_url)
    with pytest.raises(NotMigrated, match="ramu db migrate"):
        ramu(audit, "verify")


def test_the_demonstration_is_made_from_nothing_and_twice(ramu, opened, database_url):
    downgrade(database_url)
    assert ramu(demo, "load") == ramu(demo, "load")
    assert count(opened) == FICTIONAL


def test_show_is_for_programs_and_for_people(ramu):
    shown = json.loads(ramu(demo, "show", "--json"))
    assert shown["ussd_url"] == "http://127.0.0.1:8123/hooks/africastalking/demo/ussd"
    assert set(shown["people"][0]) == {"phone", "number", "scheme", "verdict", "why"}
    annex = [person for person in shown["people"] if person["number"] == "1111234567890"]
    assert [(person["scheme"], person["verdict"]) for person in annex] == [("RAMED", "EXPIRE")]
    assert "+22370000001  2600100000017" in ramu(demo, "show")


def test_generate_adds_people(ramu, opened):
    told = json.loads(ramu(demo, "generate", "--people", "300", "--seed", "3", "--json"))
    assert (told["people"], told["seed"], told["people_per_second"] > 0) == (300, 3, True)
    assert "300 people added" in ramu(demo, "generate", "--people", "300")
    assert count(opened) == FICTIONAL + 600


def test_generate_by_several_processes(ramu, opened):
    """More than one part: PostgreSQL takes two writers, a SQLite file one."""
    ramu(demo, "generate", "--people", "10050")
    assert count(opened) == FICTIONAL + 10_050


def test_keys_are_shown_without_themselves(ramu, tmp_path):
    ramu(demo, "load")
    secret = json.loads((tmp_path / "var" / "keys" / "keys.json").read_text())["keys"]["1"]
    shown = ramu(keys, "show", "--json")
    (row,) = json.loads(shown)["keys"]
    assert (row["key"], row["primary"], row["values"] > 50) == (1, True, True)
    assert secret not in shown + ramu(keys, "show")


def test_rotate_then_drop_a_day_later(ramu, tmp_path):
    ramu(demo, "load")
    assert "key 2 seals now" in ramu(keys, "rotate")
    assert "already sealed by key 2" in ramu(keys, "rotate")
    assert "key 1 is forgotten" in ramu(keys, "rotate", "--drop-old")
    assert KeyRing.open(tmp_path / "var" / "keys").key_ids == (2,)
    ramu(demo, "load")


def test_a_rotation_that_was_not_finished_goes_on_under_the_same_key(ramu):
    ramu(demo, "load")
    ramu(keys, "add")
    assert "going on under key 2" in ramu(keys, "rotate")


def test_a_key_that_is_needed_is_not_dropped(ramu, opened, tmp_path):
    ramu(demo, "load")
    ramu(keys, "rotate")
    old = KeyRing.open(tmp_path / "var" / "keys")
    stray = b"\x00\x01" + old.seal("x", "identity")[2:]
    with opened.begin() as conn:
        conn.execute(text("UPDATE persons SET identity_sealed = :stray WHERE id = 1"), {"stray": stray})
    with pytest.raises((StillNeeded, KeyRingError)):
        ramu(keys, "rotate", "--drop-old")
    assert KeyRing.open(tmp_path / "var" / "keys").key_ids == (1, 2)


def test_the_trail_is_verified_against_a_kept_head(ramu, opened, tmp_path):
    ramu(demo, "load")
    ring = KeyRing.open(tmp_path / "var" / "keys")
    for number in range(3):
        trail.record(
            opened.reader(),
            ring,
            actor=ASKER,
            action="own",
            subject="person:1",
            detail="",
            once=bytes([number]),
            now=NOW,
        )
    kept = tmp_path / "head.json"
    kept.write_text(ramu(audit, "head"))
    assert "3 rows, 3 links, 0 not sealed yet: intact" in ramu(audit, "verify", "--head", str(kept))
    cut = json.loads(kept.read_text()) | {"seq": 4}
    kept.write_text(json.dumps(cut))
    told = json.loads(ramu(audit, "verify", "--head", str(kept), "--json", code=1))
    assert (told["ok"], told["faults"]) == (False, ["the chain ends at link 3, but link 4 was kept outside"])
    assert "TAMPERED" in ramu(audit, "verify", "--head", str(kept), code=1)
