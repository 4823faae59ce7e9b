"""A copy of the register: what is in it, that it names nobody, that it is whole or not there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.faults import Fault
from config.sms_codes import ACCEPTED
from gateway.copies import BEGUN, REGISTER, Copies, opened
from gateway.copy_command import register_copy
from gateway.doctor import doctor
from gateway.providers import Answered, Recipient
from models import copies
from models.copies import Part
from models.database import Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.schema import downgrade, standing
from tests.gateway.handset import Gateway
from tests.sending.outside import always
from tests.standby.outage import NURSE, RAMED, Outage, pec
from workers.copying import copy_if_due, last_due

LEFT_EMPTY = ("audit", "messages", "complaints", "threads", "callbacks", "consents", "inbound", "phone_links")


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    database = Database.open(f"sqlite:///{folder / REGISTER}")
    with database.begin(reading=True) as conn:
        found = [tuple(row) for row in conn.exec_driver_sql(sql)]
    database.dispose()
    return found


def test_it_holds_what_a_verification_needs_and_no_more(outage: Outage) -> None:
    outage.writes(NURSE, RAMED).turn()
    made = outage.copy()
    for table in ("households", "coverages", "mutuelles", "facilities"):
        assert rows(made.folder, f"SELECT count(*) FROM {table}") == [(outage.gateway.count(table),)]
    assert made.people == outage.gateway.count("persons WHERE died_on IS NULL AND erased_at IS NULL")
    assert rows(made.folder, "SELECT code FROM visit_codes") == [(pec(outage.reads(NURSE)[0]),)]
    assert {table: rows(made.folder, f"SELECT count(*) FROM {table}") for table in LEFT_EMPTY} == {
        key: [(0,)] for key in LEFT_EMPTY
    }
    assert rows(made.folder, "SELECT DISTINCT state FROM staff_phones") == [("ACTIVE",)]
    empty = {
        f"{part.table.name}.{name}": rows(
            made.folder, f"SELECT count(*) FROM {part.table.name} WHERE length({name}) > 0"
        )
        for part in copies.parts(datetime.now(UTC))
        for name in part.without
    }
    assert empty == {key: [(0,)] for key in empty}
    assert len(empty) >= 10


def test_it_names_nobody_without_the_keys(outage: Outage) -> None:
    made = outage.copy()
    taken = Recipient(Msisdn(NURSE), True, "opaque", ACCEPTED, "")
    outage.begins().writes(NURSE, RAMED).turn(always(Answered((taken,))))
    assert len(outage.reads(NURSE)) == 1
    content = b"".join(path.read_bytes() for path in made.folder.rglob("*") if path.is_file())
    for canary in (NURSE, NURSE[1:], NURSE[4:], RAMED, "TRAORE", "Traoré", "Awa", "AWA ", "OK? RAMED"):
        assert canary.encode() not in content, canary
    assert made.folder.stat().st_mode & 0o077 == 0
    assert made.folder.parent.stat().st_mode & 0o077 == 0
    assert (made.folder / REGISTER).stat().st_mode & 0o077 == 0


def test_a_copy_of_an_earlier_version_is_brought_up_to_date(outage: Outage) -> None:
    made = outage.copy()
    url = f"sqlite:///{made.folder / REGISTER}"
    downgrade(url, "0008_standby")
    outage.begins().writes(NURSE, RAMED).turn()
    assert standing(url).missing == ()
    assert outage.reads(NURSE)[0].startswith("OK? RAMED")


def test_other_keys_do_not_open_it(outage: Outage, tmp_path: Path) -> None:
    made = outage.copy()
    other = KeyRing.create(tmp_path / "other")
    database = Database.open(f"sqlite:///{made.folder / REGISTER}")
    with database.begin(reading=True) as conn:
        assert copies.made_at(conn, other) is None
        assert copies.made_at(conn, outage.gateway.runtime.keys) is not None
    database.dispose()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\x00" * 4096])
def test_a_file_that_is_no_copy_stands_in_for_nothing(outage: Outage, content: bytes) -> None:
    made = outage.copy()
    (made.folder / REGISTER).write_bytes(content)
    assert opened(outage.gateway.runtime, made.folder) is None
    assert outage.stand_in.current() is None


def test_a_copy_that_fails_leaves_the_one_before(outage: Outage) -> None:
    before = outage.copy().folder

    def breaks(stage: str, total: int | None, more: int) -> None:
        if stage == "coverages":
            raise OSError("the disk is full")

    runtime = outage.gateway.runtime
    with pytest.raises(OSError, match="full"):
        outage.copies.make(runtime.database, runtime.keys, runtime.clock(), breaks)
    assert outage.copies.names() == [before]
    assert list(outage.copies.folder.glob(f"*{BEGUN}")) == []
    assert outage.gateway.count("audit") == 1


def test_one_process_copies_at_a_time(outage: Outage) -> None:
    runtime = outage.gateway.runtime

    def again(stage: str, total: int | None, more: int) -> None:
        with pytest.raises(Fault, match="another process"):
            outage.copy()

    made = outage.copies.make(runtime.database, runtime.keys, runtime.clock(), again)
    assert outage.copies.names() == [made.folder]


def test_the_register_of_one_moment_is_copied(outage: Outage) -> None:
    """A change that is committed meanwhile is in none of the tables."""

    def meanwhile(stage: str, total: int | None, more: int) -> None:
        if stage == "persons" and not more:
            outage.ends_right(RAMED, "RAMED", status="RADIE")

    runtime = outage.gateway.runtime
    made = outage.copies.make(runtime.database, runtime.keys, runtime.clock(), meanwhile)
    assert ("RADIE",) not in rows(made.folder, "SELECT DISTINCT status FROM coverages WHERE scheme = 'RAMED'")


def test_a_register_of_one_file_needs_no_copy(gateway: Gateway) -> None:
    runtime = gateway.runtime
    place = Copies(runtime.settings.data_folder)
    with pytest.raises(Fault, match="could not stand in"):
        place.make(runtime.database, runtime.keys, runtime.clock(), lambda *_: None)
    assert not copy_if_due(runtime, lambda: pytest.fail("it began"))
    assert (place.names(), place.newest_at()) == ([], None)


def test_every_part_is_a_table_with_the_columns_that_are_left_out() -> None:
    for part in copies.parts(datetime.now(UTC)):
        assert isinstance(part, Part)
        assert set(part.without) <= set(part.table.columns.keys())


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param("2026-11-22T01:59:59", "2026-11-21T02:00:00", id="just before"),
        pytest.param("2026-11-22T02:00:00", "2026-11-22T02:00:00", id="at the hour"),
        pytest.param("2026-11-22T23:59:00", "2026-11-22T02:00:00", id="late in the evening"),
    ],
)
def test_the_hour_of_the_night(now: str, due: str) -> None:
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, due))
    assert last_due(moment, 2) == expected


def test_the_job_begins_one_copy_a_night(outage: Outage) -> None:
    runtime, begun = outage.gateway.runtime, []
    assert copy_if_due(runtime, lambda: begun.append(1))
    outage.copy(timedelta(days=1, hours=1))
    assert copy_if_due(runtime, lambda: begun.append(2))
    outage.copy()
    assert not copy_if_due(runtime, lambda: begun.append(3))
    assert begun == [1, 2]


@pytest.fixture
def environment(outage: Outage, monkeypatch: pytest.MonkeyPatch) -> Outage:
    settings = outage.gateway.runtime.settings
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("REDIS_URL", settings.redis_url.get_secret_value())
    monkeypatch.setenv("RAMU_DATA_FOLDER", str(settings.data_folder))
    return outage


def test_the_command_makes_one_and_the_doctor_says_how_old_it_is(environment: Outage) -> None:
    def found() -> tuple[str, str]:
        told = json.loads(CliRunner().invoke(doctor, ["--json"]).output)["findings"]
        return next((one["state"], one["found"]) for one in told if one["part"] == "copy")

    assert found() == ("doubt", "none: while the database is away, staff waits")
    environment.copy(timedelta(days=4))
    assert found() == ("BAD", "4 days old: it is not asked any more")
    done = CliRunner().invoke(register_copy, ["--json"])
    told = json.loads(done.output.strip().splitlines()[-1])
    assert (done.exit_code, told["people"]) == (
        0,
        environment.gateway.count("persons WHERE died_on IS NULL AND erased_at IS NULL"),
    )
    assert found() == ("ok", "0 hours old")
    assert environment.gateway.count("audit WHERE action = 'register.copy'") == 2
    assert "people copied in" in CliRunner().invoke(register_copy, []).output


def test_the_command_says_why_there_is_none(environment: Outage) -> None:
    environment.begins()
    done = CliRunner().invoke(register_copy, [])
    assert done.exit_code != 0
    assert environment.copies.names() == []
    environment.ends()
