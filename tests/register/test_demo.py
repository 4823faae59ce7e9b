"""The demonstration: loading it again doubles nothing, and each promised verdict is the domain's."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from config import facts
from models import coverage, demo, households, phones, places
from models.coverage import Verdict, coverages
from models.demo_world import BadDemo, expected, on_day, table
from models.demo_world import households as told_households
from models.facilities import facilities
from models.identifiers import Msisdn, is_example, recognise
from models.mutuelles import mutuelles
from models.people import RELATIONS, persons
from models.phones import phone_links
from tests.register.conftest import ASKER, NOW, SINCE, TODAY

LATER = date(2028, 2, 29)
"""A day years after, and one that most years do not have."""


def load(register, day):
    with register.database.begin() as conn:
        return demo.load(conn, register.keys, day, datetime(day.year, day.month, day.day, tzinfo=UTC))


def counts(register):
    with register.database.begin(reading=True) as conn:
        return {
            table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (persons, coverages, facilities, mutuelles, phone_links)
        }


def worth(register, promised, day):
    """What the domain says of a promised number or phone."""
    if promised.number is None:
        known = phones.caller(register.reader, register.keys, Msisdn(promised.phone), day)
        return known.rights[0].verdict if known.rights else Verdict.INCONNU
    card = recognise(promised.number, day)
    if card is None or not card.check_ok:
        return Verdict.FORMAT_INVALIDE
    found = coverage.by_number(register.reader, register.keys, card, ASKER, SINCE, day)
    of_scheme = [right.verdict for right in found.rights if right.scheme == promised.scheme]
    return of_scheme[0] if of_scheme else Verdict.INCONNU


@pytest.mark.parametrize("day", [TODAY, LATER, date(2025, 1, 1)], ids=str)
def test_each_promise_is_kept_on_the_day_of_loading(register, day):
    load(register, day)
    said = [(promised, worth(register, promised, day)) for promised in expected()]
    assert [(promised, str(verdict)) for promised, verdict in said] == [
        (promised, promised.verdict) for promised, _ in said
    ]


def test_loading_again_doubles_nothing_and_moves_the_days(register):
    people = load(register, TODAY)
    before = counts(register)
    assert load(register, LATER) == people == before["persons"]
    assert counts(register) == before
    assert worth(register, expected()[0], LATER) == Verdict.VALIDE


def test_what_a_person_chose_survives_loading_again(register):
    load(register, TODAY)
    with register.database.begin() as conn:
        phones.remember_language(conn, register.keys, Msisdn("+22370000001"), "bm", NOW)
    load(register, TODAY)
    assert phones.caller(register.reader, register.keys, Msisdn("+22370000001"), TODAY).language == "bm"


@pytest.mark.parametrize("real", [mutuelles, facilities])
def test_fictional_people_are_not_mixed_with_real_ones(register, real):
    load(register, TODAY)
    with register.database.begin() as conn:
        conn.execute(real.update().where(real.c.id == 1).values(demo=False))
    with pytest.raises(demo.RealRegister):
        load(register, TODAY)


def test_the_annex_is_worth_what_its_dates_say(register):
    load(register, TODAY)
    annex = next(promised for promised in expected() if promised.number == "1111234567890")
    days = {date(2021, 12, 31): "PAS_ENCORE_VALIDE", date(2022, 1, 1): "VALIDE"}
    days |= {date(2024, 12, 31): "VALIDE", date(2025, 1, 1): "EXPIRE"}
    assert {day: str(worth(register, annex, day)) for day in days} == days


def test_every_screen_has_somebody():
    told = expected()
    assert {row.verdict for row in told} == set(map(str, Verdict))
    assert {row.scheme for row in told if row.number} == {"AMO", "RAMED", "MUTUELLE"}
    schemes_of_phone = {
        phone: {row.scheme for row in told if row.phone == phone} for phone in ("+22370000008",)
    }
    assert schemes_of_phone["+22370000008"] == {"AMO", "MUTUELLE"}, "two rights at once"
    assert any(row.number and row.phone is None for row in told), "a number tied to no phone"
    missing = [
        right.get("missing_fcfa", 0) for household in told_households() for right in household["right"]
    ]
    assert max(missing) > 1_000_000


def test_a_household_has_children_near_both_limits(register):
    load(register, TODAY)
    caller = phones.caller(register.reader, register.keys, Msisdn("+22370000001"), TODAY)
    members = households.members(register.reader, register.keys, caller.rights[0].household_id, TODAY)
    assert len(members) == caller.rights[0].size == 5
    assert {member.needs for member in members} == {None, "CERTIFICAT_SCOLAIRE", "FIN_DE_DROIT"}


def test_one_phone_leads_to_two_households(register):
    load(register, TODAY)
    caller = phones.caller(register.reader, register.keys, Msisdn("+22370000011"), TODAY)
    assert len({right.household_id for right in caller.rights}) == 2


def test_the_files_say_what_the_register_can_hold():
    known_mutuelles = {row["code"] for row in table("mutuelles")}
    numbers = [row.number for row in expected() if row.number]
    for household in told_households():
        assert places.search(household["commune"], TODAY), household["code"]
        assert household.get("mutuelle", "DEMO-KATI") in known_mutuelles
        assert {member["relation"] for member in household["members"]} <= set(RELATIONS)
        assert household["members"][0]["relation"] == "SOI"
    for row in table("facilities"):
        assert places.search(row["commune_code"], TODAY), row["name"]
        assert "démo" in row["name"]
    assert not any(is_example(number) for number in numbers)
    pcodes = {row["pcode"] for row in facts.reference("mali_admin_2021")}
    assert {row["cercle_pcode"] for row in table("mutuelles")} <= pcodes


def test_phones_are_malian_and_numbers_have_the_shape_of_their_scheme():
    for row in expected():
        assert row.phone is None or Msisdn.parse(row.phone).is_malian
        card = recognise(row.number, TODAY) if row.number else None
        assert card is None or card.scheme == row.scheme
        assert row.why


@pytest.mark.parametrize(
    ("told", "day"),
    [
        pytest.param("+0d", TODAY, id="today"),
        pytest.param("-14y+30d", date(2012, 4, 14), id="years and days"),
        pytest.param("-39y", date(1987, 3, 15), id="years"),
        pytest.param(date(2024, 12, 31), date(2024, 12, 31), id="fixed"),
        pytest.param(None, None, id="none"),
    ],
)
def test_days_of_the_files(told, day):
    assert on_day(told, TODAY) == day


@pytest.mark.parametrize("told", ["", "tomorrow", "14y", "2024-12-31"])
def test_a_day_that_cannot_be_read_is_said(told):
    with pytest.raises(BadDemo):
        on_day(told, TODAY)


def test_29_february_has_a_day_in_every_year():
    assert on_day("-1y", LATER) == date(2027, 2, 28)
    assert on_day("+0d", LATER) == LATER
    assert on_day("+1d", LATER) == LATER + timedelta(days=1)
