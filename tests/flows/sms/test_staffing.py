"""A phone becomes staff only by its centre's chief; what staff sees ends with the tie."""

import pytest
from sqlalchemy import select

from flows.world import World
from models import staff
from models.facilities import activation_code, facilities
from models.identifiers import Msisdn
from tests.flows.sms.conftest import CHIEF, NURSE, STRANGER, WITHOUT_CONVENTION, Texting
from tests.flows.sms.texting import Texter

RAMED = "2600100000017"
STATE, WHOLE = "RAMED VALIDE", "AWA TRAORE"


@pytest.fixture
def code(world: World) -> str:
    """The activation code of the contracted CSCom."""
    with world.register.begin(reading=True) as conn:
        facility_id = conn.execute(
            select(facilities.c.id).where(facilities.c.name == "Kati Koko (démo)")
        ).scalar_one()
        found = activation_code(conn, world.keys, facility_id)
    assert found
    return found


def test_a_phone_is_tied_when_the_chief_says_yes(texter: Texting, code: str) -> None:
    asker, chief = texter(STRANGER), texter(CHIEF)
    asker.sends(f"ACT {code} {code}").reads("Demande envoyee au chef")
    assert "demande a verifier" in chief.received()[-1]
    assert "70999999" in chief.received()[-1]
    texter(STRANGER).sends(RAMED).reads(STATE).reads_not(WHOLE)
    chief.sends(f"oui {yes_code(chief)}").reads("C'est fait: le 70999999 verifie")
    assert "est lie a CSCom" in asker.received()[-1]
    texter(STRANGER).sends(RAMED).reads("OK RAMED", WHOLE)


def yes_code(chief: Texter) -> str:
    """The code in the question that the chief received last."""
    return chief.received()[-1].split("OUI ")[1][:6]


@pytest.mark.parametrize("forged", ["OUI", "OUI 000000", "OUI 1234", "OK", "1"])
def test_a_forged_yes_ties_no_phone(texter: Texting, code: str, forged: str) -> None:
    texter(STRANGER).sends(f"ACT {code} {code}")
    texter(CHIEF).sends(forged).reads_not("C'est fait")
    texter(STRANGER).sends(RAMED).reads_not(WHOLE)


def test_a_forged_addition_ties_no_phone(texter: Texting) -> None:
    texter(CHIEF).sends("CHEF AJOUTER 70999999", "OUI").reads("E22")
    texter(STRANGER).sends(RAMED).reads_not(WHOLE)


def test_a_guessed_code_ends_the_request(texter: Texting, code: str) -> None:
    texter(STRANGER).sends(f"ACT {code} {code}")
    chief = texter(CHIEF)
    for guess in range(5):
        chief.sends(f"OUI 00000{guess}").reads("E22")
    chief.sends(f"OUI {yes_code(chief)}").reads_not("C'est fait: le 70999999")
    texter(STRANGER).sends(RAMED).reads_not(WHOLE)


def test_a_request_outlives_what_the_chief_does_meanwhile(texter: Texting, code: str) -> None:
    first, second, chief = texter(STRANGER), texter("+22376000001"), texter(CHIEF)
    first.sends(f"ACT {code} {code}")
    first_code = yes_code(chief)
    second.sends(f"ACT {code} {code}")
    chief.sends("F", "AIDE", f"OUI {first_code}").reads("C'est fait: le 70999999")
    chief.sends(f"OUI {yes_code_of(chief, '76000001')}").reads("C'est fait: le 76000001")


def yes_code_of(chief: Texter, number: str) -> str:
    """The code in the question about one phone."""
    told = next(text for text in chief.received() if number in text and "OUI" in text)
    return told.split("OUI ")[1][:6]


def test_a_phone_of_another_centre_is_not_taken_over(texter: Texting, code: str) -> None:
    texter(WITHOUT_CONVENTION).sends(f"ACT {code} {code}").reads("E02", "autre centre")
    texter(CHIEF).sends("CHEF AJOUTER 70000103").reads("E02", "autre centre")


def test_a_chief_who_only_manages_does_not_fall_idle(texter: Texting, code: str) -> None:
    chief = texter(CHIEF).sends("CHEF AJOUTER 76543210").waits(days=80)
    chief.sends("CHEF AJOUTER 76543211").waits(days=80).sends("F").reads("CSCom")


def test_no_from_the_chief_ends_it(texter: Texting, code: str) -> None:
    asker, chief = texter(STRANGER), texter(CHIEF)
    asker.sends(f"ACT {code} {code}")
    chief.sends("NON").reads("n'est pas accepte")
    assert "n'a pas accepte" in asker.received()[-1]
    texter(STRANGER).sends(RAMED).reads_not(WHOLE)


def test_the_asker_cannot_say_yes_to_itself(texter: Texting, code: str) -> None:
    asker = texter(STRANGER).sends(f"ACT {code} {code}", "OUI")
    asker.sends(RAMED).reads_not(WHOLE, "PEC")


def test_a_nurse_cannot_say_yes_for_the_chief(texter: Texting, code: str) -> None:
    texter(STRANGER).sends(f"ACT {code} {code}")
    texter(NURSE).sends("OUI")
    texter(STRANGER).sends(RAMED).reads_not(WHOLE)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("ACT", "E21 lu: ACT", id="nothing"),
        pytest.param("ACT {code}", "E21 lu: ACT {code}", id="once"),
        pytest.param("ACT {code} 123456", "E22 Les deux codes different", id="two different"),
        pytest.param("ACT 111111 111111", "E12 Code de centre inconnu", id="nobody's"),
    ],
)
def test_a_code_is_sent_twice(texter: Texting, code: str, sent: str, read: str) -> None:
    phone = texter(STRANGER).sends(sent.replace("{code}", code))
    phone.reads(read.replace("{code}", code))


def test_guessing_centre_codes_is_locked(texter: Texting) -> None:
    phone = texter(STRANGER)
    for guess in range(5):
        phone.sends(f"ACT 11111{guess} 11111{guess}").reads("E12")
    phone.sends("ACT 222222 222222").reads("E71")


def test_a_phone_unused_for_ninety_days_asks_again(texter: Texting) -> None:
    used = texter(NURSE).sends(RAMED).reads(WHOLE)
    used.waits(days=89).sends(RAMED).reads(WHOLE)
    used.waits(days=91).sends(RAMED).reads_not(WHOLE)


def test_a_phone_flagged_for_a_sim_swap_sees_nothing_more(world: World, texter: Texting) -> None:
    with world.register.begin() as conn:
        assert staff.flag(conn, world.keys, Msisdn.parse(NURSE), world.now)
    texter(NURSE).sends(RAMED).reads_not(WHOLE, "PEC")
    texter(NURSE).sends("F").reads("E01")


def test_the_chief_adds_and_removes(texter: Texting) -> None:
    chief, new = texter(CHIEF), texter("+22376543210")
    chief.sends("CHEF AJOUTER 76 54 32 10").reads("Lier le 76543210")
    chief.sends(f"OUI {chief.answer.split('OUI ')[1][:6]}").reads("C'est fait: le 76543210")
    assert "est lie a CSCom" in new.received()[-1]
    new.sends(RAMED).reads(WHOLE)
    chief.sends("CHEF RETIRER 76543210").reads("Retirer le 76543210")
    new.sends(RAMED).reads(WHOLE)
    chief.sends(f"OUI {chief.answer.split('OUI ')[1][:6]}").reads("est retire")
    new.sends(RAMED).reads_not(WHOLE)
    assert "n'est plus lie" in new.received()[-1]


@pytest.mark.parametrize("text", ["CHEF AJOUTER 76543210", "CHEF RETIRER 70000101"])
def test_a_nurse_is_no_chief(texter: Texting, text: str) -> None:
    texter(NURSE).sends(text).reads("E02")


def test_a_chief_does_not_remove_herself(texter: Texting) -> None:
    texter(CHIEF).sends("CHEF RETIRER 70000101").reads("E02")


def test_codes_belong_to_their_centre(world: World, texter: Texting) -> None:
    elsewhere = Msisdn.parse("+22376000188")
    with world.register.begin() as conn:
        other = conn.execute(
            select(facilities.c.id).where(facilities.c.name == "Kati Sananfara (démo)")
        ).scalar_one()
        staff.add(conn, world.keys, elsewhere, other, staff.STAFF, world.now)
    here = texter(NURSE).sends(RAMED)
    Texter(world, elsewhere).sends(f"S {here.code} CON").reads("E32")
    Texter(world, elsewhere).sends(f"NON {here.code}").reads("E32")
    here.sends(f"S {here.code} CON").reads("Note:")


def test_a_holders_own_code_works_at_the_first_centre_that_sees_it(texter: Texting) -> None:
    holder = texter("+22370000001").sends("CODE", "1").reads("Code de visite")
    code = holder.answer.split()[3]
    texter(NURSE).sends(code).reads(f"PEC {code}: {WHOLE}")
    texter(NURSE).sends(f"S {code} CON").reads("Note:")
