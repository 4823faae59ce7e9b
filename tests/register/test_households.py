"""The members of a household, and what a child's right will lack."""

from datetime import date

import pytest

from models import households
from models.coverage import Verdict
from models.people import IDENTITY, opened_identity, seal_identity
from tests.register.conftest import TODAY


def members(register, household):
    return households.members(register.reader, register.keys, household, TODAY)


def test_members_come_opener_first_and_the_dead_not_at_all(register):
    household = register.household()
    for given, relation, born, died in (
        ("Fanta", "ENFANT", date(2018, 1, 1), None),
        ("Sira", "ASCENDANT", date(1950, 1, 1), None),
        ("Ali", "ENFANT", date(2010, 1, 1), None),
        ("Awa", "SOI", date(1987, 1, 1), None),
        ("Moussa", "CONJOINT", date(1980, 1, 1), None),
        ("Zan", "ENFANT", date(2020, 1, 1), date(2021, 1, 1)),
    ):
        person = register.person(household=household, given=given, relation=relation, born=born, died=died)
        register.right(person)
    assert [member.given for member in members(register, household)] == [
        "Awa",
        "Moussa",
        "Ali",
        "Fanta",
        "Sira",
    ]


def test_a_member_is_worth_her_best_right_or_nothing(register):
    household = register.household()
    covered = register.person(household=household)
    register.right(covered, scheme="RAMED", end=date(2026, 3, 14))
    register.right(covered, scheme="MUTUELLE", status="A_JOUR")
    register.person(household=household, relation="CONJOINT")
    assert [member.verdict for member in members(register, household)] == [Verdict.VALIDE, Verdict.INCONNU]


@pytest.mark.parametrize(
    ("born", "pupil", "needs", "due"),
    [
        pytest.param(date(2012, 5, 15), False, None, None, id="14 in 61 days"),
        pytest.param(date(2012, 5, 14), False, "CERTIFICAT_SCOLAIRE", date(2026, 5, 14), id="14 in 60 days"),
        pytest.param(date(2012, 3, 15), False, "CERTIFICAT_SCOLAIRE", date(2026, 3, 15), id="14 today"),
        pytest.param(
            date(2010, 3, 15), False, "CERTIFICAT_SCOLAIRE", date(2024, 3, 15), id="16, never shown"
        ),
        pytest.param(date(2012, 3, 15), True, None, None, id="14 today, a pupil"),
        pytest.param(date(2004, 5, 15), True, None, None, id="22 in 61 days"),
        pytest.param(date(2004, 5, 14), True, "FIN_DE_DROIT", date(2026, 5, 13), id="22 in 60 days"),
        pytest.param(date(2004, 5, 14), False, "FIN_DE_DROIT", date(2026, 5, 13), id="22 soon, no pupil"),
        pytest.param(date(2012, 2, 29), False, "CERTIFICAT_SCOLAIRE", date(2026, 3, 1), id="29 February"),
        pytest.param(date(2020, 1, 1), False, None, None, id="a small child"),
    ],
)
def test_a_child_nears_an_age_limit(register, born, pupil, needs, due):
    household = register.household()
    register.right(register.person(household=household, relation="ENFANT", born=born, pupil=pupil))
    (child,) = members(register, household)
    assert (child.needs, child.due) == (needs, due)


@pytest.mark.parametrize(
    ("change", "scheme"),
    [
        pytest.param({"disabled": True}, "RAMED", id="disabled: any age"),
        pytest.param({"exact": False}, "RAMED", id="only the year is known"),
        pytest.param({"relation": "CONJOINT"}, "RAMED", id="no child"),
        pytest.param({}, "MUTUELLE", id="a mutuelle has no age limit"),
    ],
)
def test_nothing_is_asked_of(register, change, scheme):
    household = register.household()
    values = {"relation": "ENFANT", "born": date(2012, 3, 20), **change}
    person = register.person(household=household, **values)
    register.right(person, scheme=scheme, status="A_JOUR" if scheme == "MUTUELLE" else "ACTIF")
    (member,) = members(register, household)
    assert member.needs is None


@pytest.mark.parametrize(
    ("exact", "born"),
    [pytest.param(True, date(2012, 2, 29), id="the day"), pytest.param(False, None, id="only the year")],
)
def test_the_day_of_birth_comes_out_of_the_sealed_identity(register, exact, born):
    household = register.household()
    register.person(household=household, born=date(2012, 2, 29), exact=exact)
    (member,) = members(register, household)
    assert (member.birth_year, member.birth_date) == (2012, born)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        pytest.param("Awa\tTraoré\t1987-05-17", ("Awa", "Traoré", date(1987, 5, 17)), id="whole"),
        pytest.param("Awa\tTraoré\t", ("Awa", "Traoré", None), id="no day"),
        pytest.param("Awa\tTraoré", ("Awa", "Traoré", None), id="no place for a day"),
        pytest.param("Awa", ("Awa", "", None), id="one name"),
    ],
)
def test_an_identity_without_a_day_is_read_too(keys, text, identity):
    assert opened_identity(keys, keys.seal(text, IDENTITY)) == identity


def test_who_was_erased_has_no_identity(keys):
    assert opened_identity(keys, None) == ("", "", None)


@pytest.mark.parametrize("name", [("A\twa", "Traoré"), ("Awa", "Tra\toré")], ids=["given", "family"])
def test_a_name_with_a_tab_is_not_sealed(keys, name):
    with pytest.raises(ValueError, match="no tab"):
        seal_identity(keys, *name, None)
