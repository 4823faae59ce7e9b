"""A register made up: plausible, the same for the same seed, and written so that everybody is found."""

from collections import Counter
from datetime import date

import pytest
from sqlalchemy import func, select

from models import coverage, phones, places, sample, sample_writer
from models.coverage import Verdict, coverages, verdict
from models.database import Database
from models.households import households
from models.identifiers import Msisdn, recognise
from models.people import age_on, opened_identity, persons
from tests.register.conftest import ASKER, NOW, SINCE, TODAY

PEOPLE = 20_000


@pytest.fixture(scope="module")
def families():
    return list(sample.families(7, 0, PEOPLE, TODAY))


def share(counted, of):
    return counted / of * 100


def test_there_are_exactly_as_many_people_as_asked(families):
    assert sum(len(family.people) for family in families) == PEOPLE


def test_the_same_seed_makes_the_same_people(families):
    again, other_seed, other_part = (
        list(sample.families(*which, 500, TODAY)) for which in ((7, 0), (8, 0), (7, 1))
    )
    assert again[:-1] == families[: len(again) - 1], "but the last, which may be cut to fit"
    assert again not in (other_seed, other_part)


def test_schemes_have_their_shares(families):
    schemes = Counter(family.covers[0].scheme for family in families)
    for scheme, target in (("AMO", 17), ("RAMED", 5), ("MUTUELLE", 78)):
        assert share(schemes[scheme], len(families)) == pytest.approx(target, abs=2.5)


def test_households_are_plausible(families):
    people = [person for family in families for person in family.people]
    ages = [age_on(person.born.year, person.born, TODAY) for person in people]
    assert 4.5 < PEOPLE / len(families) < 6.5
    assert min(ages) >= 0
    assert max(ages) < 100
    assert 45 < share(sum(age < 18 for age in ages), PEOPLE) < 62, "half of the people are under 18"
    assert share(sum(person.phone for person in people), PEOPLE) == pytest.approx(12, abs=1.5)
    for family in families:
        assert family.people[0].relation == "SOI"
        assert age_on(family.people[0].born.year, family.people[0].born, TODAY) >= 21


def test_everybody_lives_somewhere_and_mutuelles_only_where_they_work(families):
    regions = {}
    for code in {family.commune_code for family in families}:
        (found,) = places.search(code, TODAY)
        regions[code] = found.region
    members = {regions[family.commune_code] for family in families if family.covers[0].scheme == "MUTUELLE"}
    assert not members & {"Tombouctou", "Gao", "Kidal", "Ménaka", "Taoudénit"}


def test_states_agree_with_dates(families):
    expected = {"A_JOUR": Verdict.VALIDE, "EN_RETARD": Verdict.VALIDE, "SUSPENDU": Verdict.SUSPENDU}
    expected |= {"RADIE": Verdict.RADIE}
    for family in families:
        for cover in family.covers:
            found = verdict(
                cover.scheme, cover.status, cover.valid_from, cover.valid_to, cover.covered_from, TODAY
            )
            assert found is expected.get(cover.status, found), cover
            assert (cover.missing_fcfa > 0) == (cover.status in {"EN_RETARD", "SUSPENDU", "RADIE"})


def write(database: Database, keys, people, seed=7):
    with database.begin() as conn:
        plan = sample_writer.plan(conn, people, seed, TODAY, NOW)
        for part in plan.parts:
            sample_writer.write_part(conn, keys, plan, part)
        sample_writer.finish(conn)


def everything_but_seals(register):
    people = (persons.c.id, persons.c.household_id, persons.c.given_key, persons.c.identity_sealed)
    rights = (
        coverages.c.id,
        coverages.c.scheme,
        coverages.c.status,
        coverages.c.valid_to,
        coverages.c.number_index,
    )
    with register.database.begin(reading=True) as conn:
        of_people, of_rights = (
            conn.execute(select(*wanted).order_by(wanted[0])).all() for wanted in (people, rights)
        )
    return [(*row[:-1], opened_identity(register.keys, row[-1])) for row in of_people], of_rights


def test_a_written_register_is_found_by_number_and_by_phone(register):
    write(register.database, register.keys, 1_500)
    with register.database.begin(reading=True) as conn:
        rows = conn.execute(
            select(coverages.c.scheme, coverages.c.number_sealed).where(
                coverages.c.number_sealed.is_not(None)
            )
        ).all()
        phone_ids = conn.execute(select(func.count()).select_from(phones.phones)).scalar_one()
    assert {row.scheme for row in rows} == {"AMO", "RAMED", "MUTUELLE"}
    for row in rows[:: len(rows) // 20]:
        card = recognise(register.keys.unseal(row.number_sealed, coverage.NUMBER), TODAY)
        assert (card.scheme, card.check_ok) == (row.scheme, True)
        found = coverage.by_number(register.reader, register.keys, card, ASKER, SINCE, TODAY)
        assert row.scheme in {right.scheme for right in found.rights}
    first = Msisdn(f"+223{71_000_000 + sample_writer.MOST_PHONES + 1}")
    assert phones.caller(register.reader, register.keys, first, TODAY).rights
    assert phone_ids == pytest.approx(180, abs=60)


def test_two_registers_of_one_seed_are_the_same(register, tmp_path, migrated_file):
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(migrated_file.read_bytes())
    other = Database.open(f"sqlite:///{copy}", deadline_ms=None)
    for database in (register.database, other):
        write(database, register.keys, 300)
    assert everything_but_seals(register) == everything_but_seals(type(register)(other, register.keys))
    other.dispose()


def test_more_people_can_be_added_and_new_rows_still_get_their_numbers(register):
    for _ in range(2):
        write(register.database, register.keys, 100)
    person = register.person(born=date(1990, 1, 1))
    with register.database.begin(reading=True) as conn:
        assert conn.execute(select(func.count()).select_from(persons)).scalar_one() == 201
        assert conn.execute(select(func.max(persons.c.id))).scalar_one() == person
        assert conn.execute(select(func.count()).select_from(households)).scalar_one() > 30
