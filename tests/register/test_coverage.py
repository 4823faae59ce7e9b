"""Look-ups of rights: by number, NINA, name and person, each with the asker's misses."""

from datetime import date, timedelta

import pytest

from models import coverage, lookups
from models.coverage import Verdict
from models.identifiers import CardNumber, NinaNumber
from tests.register.conftest import ASKER, COMMUNE, NOW, PHONE, SINCE, TODAY


def by_number(register, number, scheme="RAMED"):
    card = CardNumber(number, scheme, "RECEPISSE", True)
    return coverage.by_number(register.reader, register.keys, card, ASKER, SINCE, TODAY)


def by_name(register, name, year=1987, communes=(COMMUNE,)):
    return coverage.by_name(register.reader, register.keys, name, year, communes, ASKER, SINCE, TODAY)


def test_a_number_leads_to_the_whole_right(register):
    mutuelle = register.mutuelle(name="Benkadi")
    household = register.household()
    person = register.person(household=household, given="Awa", family="Traoré")
    register.person(household=household, given="Ali", relation="ENFANT", born=date(2015, 1, 1))
    register.person(household=household, given="Sira", relation="ASCENDANT", died=date(2025, 1, 1))
    right_id = register.right(
        person,
        scheme="MUTUELLE",
        number="54109999",
        role="ADHERENT",
        status="SUSPENDU",
        end=date(2025, 12, 31),
        mutuelle=mutuelle,
        missing=6600,
        late_since=date(2026, 1, 1),
    )
    (right,) = by_number(register, "54109999", "MUTUELLE").rights
    assert (right.coverage_id, right.person_id, right.household_id) == (right_id, person, household)
    assert (right.given, right.family, right.sex, right.birth_year) == ("Awa", "Traoré", "F", 1987)
    assert (right.mutuelle, right.missing_fcfa, right.late_since) == ("Benkadi", 6600, date(2026, 1, 1))
    assert (right.valid_to, right.size, right.verdict) == (date(2025, 12, 31), 2, Verdict.SUSPENDU)


def test_both_rights_of_a_person_come_in_the_order_of_paying(register):
    person = register.person()
    register.right(person, scheme="MUTUELLE", number="54109999", status="A_JOUR")
    register.right(person, scheme="AMO", number="0410009999", end=None, organism="INPS")
    found = by_number(register, "54109999", "MUTUELLE").rights
    assert [right.scheme for right in found] == ["AMO", "MUTUELLE"]


def test_the_right_that_gives_care_comes_first(register):
    person = register.person()
    register.right(person, scheme="AMO", number="0410009999", end=date(2026, 3, 14))
    register.right(person, scheme="MUTUELLE", number="54109999", status="A_JOUR")
    found = by_number(register, "0410009999", "AMO").rights
    assert [right.verdict for right in found] == [Verdict.VALIDE, Verdict.EXPIRE]


def test_equal_digits_of_two_schemes_do_not_meet(register):
    register.right(register.person(), scheme="RAMED", number="1234567890123")
    assert by_number(register, "1234567890123", "RAMED").rights
    assert not by_number(register, "1234567890123", "AMO").rights


@pytest.mark.parametrize("gone", [{"died": date(2026, 1, 1)}], ids=["died"])
def test_who_died_has_no_right(register, gone):
    person = register.person(nina="12345678901234A", **gone)
    register.right(person, number="2600109999999")
    assert by_number(register, "2600109999999").rights == ()
    assert coverage.by_person(register.reader, register.keys, person, TODAY) == ()


@pytest.mark.parametrize(("counted", "size"), [(True, 2), (False, 0)])
def test_the_household_is_counted_for_who_needs_it(register, counted, size):
    household = register.household()
    person = register.person(household=household)
    register.person(household=household, relation="ENFANT", born=date(2015, 1, 1))
    register.right(person, number="123456789")
    (right,) = coverage.by_person(register.reader, register.keys, person, TODAY, counted=counted)
    assert (right.size, right.scheme) == (size, "RAMED")


def test_misses_of_the_last_minutes_come_with_every_look_up(register):
    with register.database.begin() as conn:
        for minutes in (1, 29, 31):
            lookups.record_miss(conn, register.keys, ASKER, NOW - timedelta(minutes=minutes))
        lookups.record_miss(conn, register.keys, PHONE, NOW)
    register.right(register.person(), number="2600109999999")
    assert by_number(register, "9999999999999").misses == 2
    assert by_number(register, "2600109999999").misses == 2
    assert by_name(register, "Nobody Known").misses == 2
    assert by_name(register, "Single").misses == 2
    assert lookups.misses_since(register.reader, register.keys, ASKER, SINCE) == 2


def test_a_nina_leads_to_its_person_alone(register):
    person = register.person(nina="12345678901234A")
    register.right(person, number="2600109999999")
    register.right(register.person(given="Ali"), number="2600109999998")
    nina = NinaNumber.parse("12345678901234A")
    found = coverage.by_nina(register.reader, register.keys, nina, ASKER, SINCE, TODAY)
    assert [right.person_id for right in found.rights] == [person]


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("Fatoumata Traoré", id="as stored"),
        pytest.param("TARAWORE  fatimata", id="other order, spelling, case, spaces"),
        pytest.param("Traore Fatoumata Bintou", id="a further given name"),
    ],
)
def test_a_name_forgives(register, typed):
    person = register.person(given="Fatoumata", family="Traoré")
    register.right(person)
    assert [right.person_id for right in by_name(register, typed).rights] == [person]


@pytest.mark.parametrize(
    ("typed", "year", "communes"),
    [
        pytest.param("Fatoumata Touré", 1987, (COMMUNE,), id="another family"),
        pytest.param("Fatoumata Traoré", 1988, (COMMUNE,), id="another year"),
        pytest.param("Fatoumata Traoré", 1987, ("ML-C01010101",), id="another commune"),
        pytest.param("Fatoumata", 1987, (COMMUNE,), id="half a name"),
    ],
)
def test_a_name_alone_is_not_enough(register, typed, year, communes):
    register.right(register.person(given="Fatoumata", family="Traoré"))
    assert by_name(register, typed, year, communes).rights == ()


def test_a_name_shows_three_people_at_most_with_all_their_rights(register):
    for _ in range(5):
        person = register.person()
        register.right(person, scheme="AMO", end=None)
        register.right(person, scheme="MUTUELLE", status="A_JOUR")
    found = by_name(register, "Awa Traore", communes=("ML-C01010101", COMMUNE)).rights
    assert len({right.person_id for right in found}) == 3
    assert len(found) == 6


@pytest.mark.parametrize("communes", [(), ("ML-C01010101",) * 5], ids=["none", "too many"])
def test_a_name_is_searched_in_one_to_four_communes(register, communes):
    with pytest.raises(ValueError, match="communes"):
        by_name(register, "Awa Traore", communes=communes)
