"""A patient whose mutuelle suspended her: what the nurse reads can be typed as it stands, and makes her covered."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from flows import gsm7
from flows.world import World
from models import collectors, coverage, memberships, proposals, staff
from models.collectors import TREASURER
from models.coverage import coverages
from models.facilities import facilities
from models.identifiers import Msisdn
from models.membership_status import SUSPENDU
from models.memberships import Membership
from models.mutuelle_tables import dues
from tests.flows.sms.conftest import NURSE
from tests.flows.sms.texting import Texter

ROKIA, FILE_NUMBER = "54100140", "54100031"
"""Late in the demo register, with her account; suspended, with her account at her section."""

TREASURER_PHONE, NO_MONEY = "+22370000311", "+22350000188"
HINT = f"Payer ici: COT {ROKIA} {{}} = couvert ce jour."
SECTION = "Payer a la section = couvert ce jour."
Phone = Callable[[str], Texter]


def account(world: World) -> Membership:
    """Her household's membership."""
    with world.register.begin(reading=True) as conn:
        index = coverage.number_index(world.keys, "MUTUELLE", ROKIA)
        person = conn.execute(select(coverages.c.person_id).where(coverages.c.number_index == index))
        found = memberships.of_person(conn, person.scalar_one())
    assert found is not None
    return found


@pytest.fixture
def later(world: World) -> World:
    """Two months on: her household is late for so long that her mutuelle has suspended it."""
    moved = world.moved(now=world.now + timedelta(days=60))
    member, day = account(world), moved.now.date()
    with moved.register.begin() as conn:
        proposals.bring_to_day(conn, member.mutuelle_id, day)
        asked = proposals.undecided(conn, member.mutuelle_id)
        (one,) = [found for found in asked if found.status == SUSPENDU]
        proposals.decide(conn, one.id, True, day, now=moved.now, by="console:1")
    return moved


@pytest.fixture
def phone(later: World) -> Phone:
    """A phone of that day by its number."""
    return lambda number: Texter(replace(later), Msisdn.parse(number))


def owed(world: World) -> int:
    """FCFA that her household is late with."""
    with world.register.begin(reading=True) as conn:
        index = coverage.number_index(world.keys, "MUTUELLE", ROKIA)
        return conn.execute(
            select(coverages.c.missing_fcfa).where(coverages.c.number_index == index)
        ).scalar_one()


def lacking(world: World, missing: int) -> None:
    """Her household is late with so much."""
    member = account(world)
    with world.register.begin() as conn:
        index = coverage.number_index(world.keys, "MUTUELLE", ROKIA)
        conn.execute(update(coverages).where(coverages.c.number_index == index).values(missing_fcfa=missing))
        hers, full = dues.c.membership_id == member.id, dues.c.paid_on.is_not(None)
        conn.execute(update(dues).where(hers, full).values(paid=dues.c.amount))
        open_due = select(dues.c.id).where(hers, ~full).order_by(dues.c.period_from).limit(1)
        first = dues.c.id == conn.execute(open_due).scalar_one()
        late = dues.c.due_on < world.now.date()
        conn.execute(update(dues).where(hers, ~full, ~first, late).values(amount=0, paid=0))
        conn.execute(update(dues).where(first).values(amount=missing, paid=0))


def hint(answer: str) -> str:
    """The SMS that an answer tells to send."""
    return answer.partition("Payer ici: ")[2].partition(" =")[0]


def takes_cash(world: World, number: str, mutuelle_id: int) -> None:
    with world.register.begin() as conn:
        collectors.add(conn, world.keys, Msisdn.parse(number), mutuelle_id, TREASURER, world.now)


def at_the_centre(world: World, number: str) -> None:
    """A phone of the contracted centre's staff, besides what it is already."""
    with world.register.begin() as conn:
        centre = conn.execute(
            select(facilities.c.id).where(facilities.c.name == "Kati Koko (démo)")
        ).scalar_one()
        staff.add(conn, world.keys, Msisdn.parse(number), centre, staff.STAFF, world.now)


def test_the_nurse_pays_as_she_was_told_and_the_patient_is_covered(later: World, phone: Phone) -> None:
    missing = owed(later)
    nurse = phone(NURSE).sends(ROKIA).reads("NON MUTUELLE", f"suspendue, manque {missing} F.")
    nurse.reads(HINT.format(missing), "Ref")
    nurse.sends(hint(nurse.answer)).reads(f"Payer {missing} F par Orange Money", ROKIA)
    nurse.sends("OK").reads("en route").sends(ROKIA).reads("suspendue", HINT.format(missing))
    nurse.pays()
    assert [text for text in nurse.received() if f": {missing} F" in text and "COUVERT au" in text]
    nurse.sends(ROKIA).reads("OK MUTUELLE", "PEC").reads_not("retard")


def test_the_treasurer_receives_the_same_words_in_cash(later: World, phone: Phone) -> None:
    missing = owed(later)
    takes_cash(later, TREASURER_PHONE, account(later).mutuelle_id)
    nurse = phone(NURSE).sends(ROKIA)
    phone(TREASURER_PHONE).sends(hint(nurse.answer)).reads(f"Encaisse {missing} F foyer {ROKIA}")
    nurse.sends(ROKIA).reads("OK MUTUELLE", "PEC")


def test_a_nurse_who_takes_cash_for_that_mutuelle_takes_it_at_once(later: World, phone: Phone) -> None:
    missing = owed(later)
    at_the_centre(later, TREASURER_PHONE)
    takes_cash(later, TREASURER_PHONE, account(later).mutuelle_id)
    nurse = phone(TREASURER_PHONE).sends(ROKIA).reads(HINT.format(missing))
    nurse.sends(hint(nurse.answer)).reads(f"Encaisse {missing} F")
    nurse.sends(ROKIA).reads("OK MUTUELLE", "PEC")


def test_a_nurse_who_takes_cash_for_another_mutuelle_sends_to_the_section(later: World, phone: Phone) -> None:
    at_the_centre(later, TREASURER_PHONE)
    takes_cash(later, TREASURER_PHONE, account(later).mutuelle_id + 1)
    nurse = phone(TREASURER_PHONE).sends(ROKIA).reads(SECTION)
    nurse.sends(f"COT {ROKIA} {owed(later)}").reads("E18")


def test_a_phone_without_mobile_money_sends_to_the_section(later: World, phone: Phone) -> None:
    at_the_centre(later, NO_MONEY)
    nurse = phone(NO_MONEY).sends(ROKIA).reads(SECTION).reads_not("COT")
    nurse.sends(f"COT {ROKIA} {owed(later)}").reads("E41")


def test_a_child_without_a_number_is_paid_for_by_the_household_s(later: World, phone: Phone) -> None:
    nurse = phone(NURSE).sends("CH TANGARA DRISSA 2019 SEGOU", "1").reads("DRISSA TANGARA")
    nurse.reads(HINT.format(owed(later)))


def test_whose_card_is_of_another_scheme_is_paid_for_by_her_member_s_number(
    later: World, phone: Phone
) -> None:
    card = "2600100000105"
    with later.register.begin() as conn:
        index = coverage.number_index(later.keys, "MUTUELLE", ROKIA)
        person = select(coverages.c.person_id).where(coverages.c.number_index == index)
        expired = {
            "person_id": conn.execute(person).scalar_one(),
            "scheme": "RAMED",
            "role": "OUVRANT_DROIT",
            "status": "ACTIF",
            "valid_from": later.now.date() - timedelta(days=900),
            "valid_to": later.now.date() - timedelta(days=1),
            "number_index": coverage.number_index(later.keys, "RAMED", card),
        }
        conn.execute(coverages.insert().values(expired))
    phone(NURSE).sends(card).reads("NON MUTUELLE", HINT.format(owed(later)))


def test_a_household_without_a_number_pays_at_its_section(later: World, phone: Phone) -> None:
    with later.register.begin() as conn:
        index = coverage.number_index(later.keys, "MUTUELLE", ROKIA)
        none = {"number_index": None, "number_sealed": None}
        conn.execute(update(coverages).where(coverages.c.number_index == index).values(none))
    phone(NURSE).sends("CH TANGARA ROKIA 1987 SEGOU", "1").reads("suspendue", SECTION)


def test_what_is_kept_at_the_section_is_paid_there(phone: Phone) -> None:
    phone(NURSE).sends(FILE_NUMBER).reads("manque 6600 F", SECTION)


def test_a_copy_of_the_register_knows_no_account(later: World, phone: Phone) -> None:
    nurse = phone(NURSE)
    nurse.copied_on = later.now.date()
    nurse.sends(ROKIA).reads("suspendue", SECTION, "Selon liste")


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        pytest.param(150, HINT.format(200), id="less than one COT takes"),
        pytest.param(200, HINT.format(200), id="the least"),
        pytest.param(500_000, HINT.format(500_000), id="the most"),
        pytest.param(500_001, SECTION, id="more than one COT takes"),
    ],
)
def test_only_what_one_cot_takes_is_paid_at_the_counter(
    later: World, phone: Phone, missing: int, says: str
) -> None:
    lacking(later, missing)
    phone(NURSE).sends(ROKIA).reads(f"manque {missing} F", says)


def test_care_is_not_promised_before_an_observation_has_ended(later: World, phone: Phone) -> None:
    with later.register.begin() as conn:
        row = dues.c.membership_id == account(later).id
        conn.execute(update(dues).where(row).values(paid=0, paid_on=None))
    begins = later.now.date() + timedelta(days=30)
    phone(NURSE).sends(ROKIA).reads(f"= couvert des le {begins:%d/%m/%y}.").reads_not("ce jour")


def test_the_longest_values_keep_the_hint(later: World, phone: Phone) -> None:
    later.stretch()
    lacking(later, 500_000)
    nurse = phone(NURSE)
    nurse.sends(ROKIA).reads(
        "NON MUTUELLE Mutuelle du cercle suspendue, manque 500000 F.", HINT.format(500_000)
    )
    assert gsm7.segments(nurse.answer) == 1
    assert nurse.answer.split()[-2] == "Ref"
