"""Pre-registration files on both databases: one a person and owner, matched with a card, dropped, erased, exported."""

import csv
import json
import os
import stat
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway.agent_commands import agent
from gateway.dossier_commands import NoSuchFile, dossier
from models import agents, audit, card_matches, deaths, dossier_lists, dossiers, erasures
from models.database import Database
from models.dossier_records import Candidate, Dependant, Owner
from models.dossier_tables import AGENT, CITIZEN, DEAD, OPEN, READY
from models.identifiers import NinaNumber, check_digit_ok
from models.keyring import KeyRing
from models.messages import TEXT, messages
from tests.register.conftest import ASKER, COMMUNE, NOW, PHONE, TODAY

CITIZENS, AGENTS = Owner(CITIZEN, PHONE), Owner(AGENT, agent="F. Kone")
AWA = Candidate("Awa", "Traoré", "F", 1990, COMMUNE, "RAMED", 4)
FATOU = Dependant("Fatou", "Traoré", "F", 2015, "ENF")


def opened(register, owner=CITIZENS, who=AWA, now=NOW):
    """A new file; (its row, its number)."""
    with register.database.begin() as conn:
        code = dossiers.free_code(conn, range(12_000, 12_009))
        return dossiers.open_dossier(conn, register.keys, code, owner, who, "test", now), code


def test_the_same_person_is_the_same_file_for_one_owner(register):
    _, code = opened(register)
    keys = register.keys
    with register.database.begin() as conn:
        turned = replace(AWA, given="TRAORE", family="awa", scheme="AMO", others=None)
        assert dossiers.same(conn, keys, CITIZENS, turned).code == code
        for another in (
            replace(AWA, given="Binta"),
            replace(AWA, birth_year=1991),
            replace(AWA, birth_year=None),
            replace(AWA, sex="M"),
            replace(AWA, commune_code="ML-C02040102"),
        ):
            assert dossiers.same(conn, keys, CITIZENS, another) is None
        assert dossiers.same(conn, keys, AGENTS, AWA) is None
        assert dossiers.same(conn, keys, AGENTS, replace(AWA, phone=PHONE)).code == code


def test_who_comes_second_with_a_number_or_a_person_looks_again(register):
    _, code = opened(register)
    with pytest.raises(dossiers.Twice), register.database.begin() as conn:
        dossiers.open_dossier(conn, register.keys, "482213", CITIZENS, AWA, "test", NOW)
    with pytest.raises(dossiers.Twice), register.database.begin() as conn:
        dossiers.open_dossier(conn, register.keys, code, AGENTS, replace(AWA, given="Binta"), "test", NOW)


def test_numbers_have_a_check_digit_and_are_nobodys(register):
    _, code = opened(register)
    draw = int(code[:-1]) - 10_000
    with register.database.begin() as conn:
        fresh = dossiers.free_code(conn, [draw, draw + 1])
        assert (len(fresh), check_digit_ok(fresh)) == (6, True)
        assert fresh != code
        with pytest.raises(dossiers.Twice):
            dossiers.free_code(conn, [draw])


def test_dependants_and_papers_count_once(register):
    dossier_id, code = opened(register)
    keys = register.keys
    with register.database.begin() as conn:
        assert [dossiers.add_member(conn, keys, dossier_id, FATOU, NOW) for _ in range(2)] == [True, False]
        assert [dossiers.see_papers(conn, dossier_id, ["acte_naissance"], NOW) for _ in range(2)] == [1, 0]
        dossiers.note_nina(conn, keys, dossier_id, NinaNumber("1900115029999A"), NOW)
        found = dossiers.by_code(conn, keys, code)
        assert (found.members, found.has_nina, found.others) == (1, True, 4)
        assert dossiers.members_of(conn, keys, dossier_id) == (FATOU,)
        assert dossiers.made_since(conn, keys, CITIZENS, NOW) == 1
        assert dossiers.made_since(conn, keys, CITIZENS, NOW + timedelta(seconds=1)) == 0


def test_a_file_closes_once_and_the_next_is_a_new_one(register):
    dossier_id, _ = opened(register)
    with register.database.begin() as conn:
        assert dossiers.make_ready(conn, dossier_id, "la mairie", NOW, NOW)
        assert not dossiers.make_ready(conn, dossier_id, "la mairie", NOW, NOW)
        assert [dossiers.hand_over(conn, dossier_id, NOW) for _ in range(2)] == [True, False]
        assert not dossiers.close_as_dead(conn, dossier_id, NOW)
    assert opened(register, now=NOW + timedelta(microseconds=5))[0] != dossier_id


def test_files_that_nobody_touches_are_dropped_whole(register):
    old, _ = opened(register)
    kept, _ = opened(register, who=replace(AWA, given="Binta"), now=NOW + timedelta(days=1))
    with register.database.begin() as conn:
        for dossier_id in (old, kept):
            dossiers.add_member(
                conn, register.keys, dossier_id, FATOU, NOW + timedelta(days=dossier_id == kept)
            )
            dossiers.see_papers(
                conn, dossier_id, ["acte_naissance"], NOW + timedelta(days=dossier_id == kept)
            )
        assert dossiers.forget(conn, NOW) == 0
        assert dossiers.forget(conn, NOW + timedelta(hours=1)) == 1
        assert dossiers.by_id(conn, register.keys, old) is None
        assert dossiers.members_of(conn, register.keys, old) == ()
        assert dossiers.by_id(conn, register.keys, kept) is not None


def test_erasure_takes_the_files_of_a_phone_and_no_others(register):
    mine, _ = opened(register)
    told, _ = opened(register, AGENTS, replace(AWA, given="Binta", phone=PHONE))
    hers, _ = opened(register, Owner(CITIZEN, ASKER))
    with register.database.begin() as conn:
        erasures.request(conn, register.keys, reference="1", phone=PHONE, now=NOW)
        ((erasure_id, _),) = erasures.waiting(conn)
        erasures.carry_out(conn, register.keys, erasure_id, NOW)
        left = {one.dossier_id for one in dossier_lists.every(conn, register.keys, OPEN)}
    assert left == {hers}
    assert {mine, told}.isdisjoint(left)


def test_two_people_of_one_name_are_shown_to_a_person(register):
    opened(register)
    opened(register, AGENTS)
    opened(register, AGENTS, replace(AWA, given="Binta"))
    with register.database.begin(reading=True) as conn:
        doubles = dossier_lists.newest(conn, register.keys, None, doubles=True, limit=10)
    assert [one.given for one in doubles] == ["Awa", "Awa"]


@pytest.mark.parametrize(
    ("person", "right", "found"),
    [
        pytest.param({}, {}, 1, id="name, year, sex and commune"),
        pytest.param({"family": "Tarawore"}, {}, 1, id="spelt otherwise"),
        pytest.param({"given": "Fanta", "nina": "1900115029999A"}, {}, 1, id="the NINA alone"),
        pytest.param({"nina": "1900115020000B"}, {}, 0, id="another NINA"),
        pytest.param({"born": date(1991, 1, 1)}, {}, 0, id="another year"),
        pytest.param({"sex": "M"}, {}, 0, id="another sex"),
        pytest.param({"died": TODAY}, {}, 0, id="dead"),
        pytest.param({}, {"scheme": "AMO"}, 0, id="another scheme"),
        pytest.param({}, {"start": TODAY - timedelta(days=31)}, 1, id="begun a month before the file"),
        pytest.param({}, {"start": TODAY - timedelta(days=32)}, 0, id="an old right"),
        pytest.param({}, {"end": TODAY - timedelta(days=1)}, 0, id="over"),
    ],
)
def test_a_card_that_comes_into_the_register_is_hers(register, person, right, found):
    dossier_id, _ = opened(register, who=replace(AWA, nina=NinaNumber("1900115029999A")))
    hers = register.person(**{"born": date(1990, 5, 1), **person})
    register.right(hers, number="1111234567801", **{"start": TODAY, **right})
    with register.database.begin() as conn:
        matches = card_matches.found(conn, TODAY)
        assert [(one.dossier_id, one.person_id) for one in matches] == [(dossier_id, hers)] * found
        assert [card_matches.note(conn, one) for one in matches for _ in range(2)] == [True, False] * found


def test_of_two_namesakes_with_cards_a_person_decides(register):
    opened(register)
    for number in ("1111234567801", "1111234567802"):
        register.right(register.person(born=date(1990, 5, 1)), number=number, start=TODAY)
    with register.database.begin(reading=True) as conn:
        assert card_matches.found(conn, TODAY) == ()


def test_a_death_is_confirmed_by_another_phone_alone(register):
    with register.database.begin() as conn:
        said = [deaths.say(conn, "person:1", by, NOW) for by in (b"one", b"one", b"two", b"three")]
        assert said == [deaths.SAID, deaths.SAID, deaths.CONFIRMED, deaths.CONFIRMED]
        (one,) = deaths.waiting(conn)
        assert (one.said_by, deaths.settle(conn, one.death_id)) == (b"one", "person:1")
        assert deaths.settle(conn, one.death_id) is None


def test_an_agents_name_and_phone_are_hers_alone(register):
    keys = register.keys
    with register.database.begin() as conn:
        assert agents.add(conn, keys, "F. Kone", PHONE, NOW, agents.RAMED)
        assert not agents.add(conn, keys, "S. Kone", PHONE, NOW, agents.CAMPAIGN)
        assert not agents.add(conn, keys, "F. Kone", ASKER, NOW, agents.CAMPAIGN)
        assert agents.add(conn, keys, "B. Keita", ASKER, NOW)
        assert agents.enroller(conn, keys, PHONE) == ("F. Kone", agents.RAMED)
        assert (agents.enroller(conn, keys, ASKER), agents.name_of(conn, keys, PHONE)) == (None, None)
        assert agents.name_of(conn, keys, ASKER) == "B. Keita"


@pytest.fixture
def ramu(sqlite_url, tmp_path):
    """Runs a command on a database with one file of Awa's; what it says."""
    settings = {
        "DATABASE_URL": sqlite_url,
        "RAMU_DATA_FOLDER": str(tmp_path / "var"),
        "RAMU_SETTINGS": os.devnull,
    }

    def run(*arguments, command=dossier, code=0):
        result = CliRunner().invoke(
            command, [str(one) for one in arguments], env=settings, catch_exceptions=False
        )
        assert result.exit_code == code, result.output
        return result.stdout

    return run


@pytest.fixture
def office(sqlite_url, tmp_path):
    """The same database, from inside, with a file under 482213."""
    keys = KeyRing.create(tmp_path / "var" / "keys")
    database = Database.open(sqlite_url, deadline_ms=None)
    with database.begin() as conn:
        who = replace(AWA, phone=PHONE, given="=Awa", nina=NinaNumber("1900115029999A"))
        made = dossiers.open_dossier(conn, keys, "482213", AGENTS, who, "oral", datetime.now(UTC))
        dossiers.add_member(conn, keys, made, FATOU, datetime.now(UTC))
    yield database, keys
    database.dispose()


def test_lists_are_masked_and_exports_are_safe(ramu, office, tmp_path):
    assert "T***" in ramu("list")
    assert "TRAORE" not in ramu("list") + ramu("show", "482213")
    assert "TRAORE" in ramu("show", "482213", "--whole")
    (row,) = json.loads(ramu("list", "--json"))["dossiers"]
    assert (row["code"], row["members"], row["made_by"]) == ("482213", 1, "F. Kone")
    file = tmp_path / "out.csv"
    for whole, hidden in (((), True), (("--whole",), False)):
        ramu("export", file, *whole)
        text = file.read_text(encoding="utf-8-sig")
        lines = list(csv.DictReader(text.splitlines(), delimiter=";"))
        assert [line["lien"] for line in lines] == ["", "ENF"]
        assert lines[0]["prenoms"] == "'=Awa"
        for private in ("Traoré", "1900115029999A", PHONE.e164):
            assert (private not in text) is hidden
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    database, _ = office
    with database.begin(reading=True) as conn:
        noted = list(conn.execute(select(audit.audit.c.action)).scalars())
    assert noted.count("dossier.export") == 2


def test_a_card_is_said_to_wait_once(ramu, office):
    assert "70***902 is told" in ramu(
        "ready", "482213", "--place", "la mairie de Kati", "--hours", "lun-ven 8h-15h"
    )
    with pytest.raises(NoSuchFile, match="waits already"):
        ramu("ready", "482213")
    with pytest.raises(NoSuchFile, match="no file"):
        ramu("ready", "999999")
    database, keys = office
    with database.begin(reading=True) as conn:
        (sealed,) = conn.execute(select(messages.c.text_sealed)).scalars()
        assert dossiers.by_code(conn, keys, "482213").state == READY
    assert keys.unseal(sealed, TEXT).endswith(
        "prete a la mairie de Kati, lun-ven 8h-15h, avec le recepisse. Deja prise? OK"
    )


def test_deaths_are_settled_by_an_operator(ramu, office):
    database, keys = office
    with database.begin() as conn:
        for subject in ("dossier:1", "person:7"):
            deaths.say(conn, subject, b"one", NOW)
    assert json.loads(ramu("deaths", "--json"))["deaths"][0]["state"] == deaths.SAID
    assert "dossier:1: died" in ramu("deaths", "--confirm", 1)
    assert "person:7: alive" in ramu("deaths", "--refuse", 2)
    with pytest.raises(NoSuchFile):
        ramu("deaths", "--refuse", 2)
    with database.begin(reading=True) as conn:
        assert dossiers.by_code(conn, keys, "482213").state == DEAD


def test_a_role_is_given_by_command(ramu, office):
    ramu("add", "S. Kone", "70000203", "--role", "RAMED", command=agent)
    assert "RAMED     S. Kone" in ramu("list", command=agent)
