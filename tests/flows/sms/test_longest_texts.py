"""The published texts with the longest names, places and amounts: one segment, and no last word is cut off."""

import pytest

from flows import gsm7
from flows.world import World
from models.identifiers import Msisdn
from tests.flows.sms.conftest import AWA, FANTA, NURSE, STRANGER, Texting
from tests.flows.sms.test_texts import (
    AMO,
    AT_SECTION,
    EXPIRED,
    MUTUELLE,
    RAMED,
    STAFF_TEXTS,
    below_threshold,
    like,
    seen_elsewhere,
    told,
)
from tests.flows.sms.texting import Texter


@pytest.mark.parametrize(("texts", "published"), STAFF_TEXTS)
def test_the_longest_values_leave_the_last_words(world: World, texts: list[str], published: str) -> None:
    world.stretch()
    answer = told(Texter(world, Msisdn.parse(NURSE)), texts)
    assert like(published.rpartition(". ")[2]).fullmatch(answer.rpartition(". ")[2]), answer


def test_a_full_day_names_as_many_kinds_of_acts_as_there_is_room_for(world: World, texter: Texting) -> None:
    world.stretch()
    nurse = texter(NURSE).sends(AMO)
    for four in ("CON PAL ACC CES", "CPN HOS LAB IMG", "DIA VAC MED REF", "PAL 2"):
        nurse.sends(f"S {nurse.code} {four}").reads("Note: ")
    nurse.sends(RAMED, MUTUELLE, "2600100000053", "483000018", EXPIRED, "F")
    published = (
        "CSCom Centre communautai 22/11: 6 verifies, 5 OK, 1 NON; actes 13: PAL 2, ACC 1, CES 1, CON 1, autres 8."
        " A signer: 4 ({}). Ref {}"
    )
    assert like(published).fullmatch(nurse.answer), nurse.answer
    nurse.sends("STAT").reads("actes 13: PAL 2, ACC 1,", "MED 1, autres 2. Ref ")


LONGEST = [
    ["54100089"],
    [f"{RAMED} {AMO} {MUTUELLE} 54100028 {AT_SECTION} {EXPIRED} 483000047 54100111"],
    [MUTUELLE, "S {code} CON MED 9999999 LAB 2500000 HOS 9", "A {code}"],
    [MUTUELLE, "{code}"],
    ["CH TRAORE FATOUMATA 1992 KATI"],
    ["CENTRE KATI"],
    ["LISTE"],
]


@pytest.mark.parametrize("texts", LONGEST, ids=lambda texts: texts[-1][:24])
def test_the_longest_values_fit_one_segment(world: World, texts: list[str]) -> None:
    world.stretch()
    phone = Texter(world, Msisdn.parse(NURSE))
    answer = told(phone, texts)
    assert gsm7.segments(answer) == 1, answer
    assert answer, texts


@pytest.mark.parametrize("texts", [["DROITS"], ["CODE"], ["AIDE"]], ids=lambda texts: texts[0])
def test_the_longest_values_of_a_household_fit_one_segment(world: World, texts: list[str]) -> None:
    world.stretch()
    assert gsm7.segments(told(Texter(world, Msisdn.parse("+22370000012")), texts)) == 1


def test_the_longest_values_leave_room_for_the_warning(world: World, texter: Texting) -> None:
    seen_elsewhere(world)
    world.stretch()
    phone = texter(NURSE).sends(RAMED).reads("ATTENTION: deja vue ce jour 10h42 a ")
    assert phone.answer.endswith(f"PEC {phone.code} (24h). Doute: NON {phone.code}")


@pytest.mark.parametrize("number", [RAMED, MUTUELLE])
def test_the_longest_values_leave_room_for_a_copys_code(world: World, texter: Texting, number: str) -> None:
    world.stretch()
    phone = texter(NURSE)
    phone.copied_on = world.now.date()
    phone.sends(number).reads("(ANAM ne repond pas)")
    assert phone.answer.endswith(f"PEC {phone.code} provisoire, confirme par SMS.")


def test_the_longest_values_leave_room_for_the_three_answers(world: World, texter: Texting) -> None:
    world.stretch()
    nurse = texter(NURSE).sends(RAMED)
    nurse.sends(f"S {nurse.code} PAL")
    (asked,) = texter(AWA).received()
    assert gsm7.segments(asked) == 1
    assert asked.startswith("Sante Mali: MAHAMADOULAM soignee le 22/11 a ")
    assert asked.endswith("1 oui, rien paye. 2 oui, on a paye. 3 non, pas venue. Reponse gratuite.")


def test_the_longest_service_code_leaves_room_for_help(texter: Texting) -> None:
    phone = texter(STRANGER)
    phone.service_code = "*9999999999#"
    phone.sends("AIDE").reads("tapez *9999999999# (gratuit)", "STOP. Un agent: repondez 1")


@pytest.mark.parametrize("threshold", [False, True])
def test_the_longest_values_of_a_receipt_fit_one_segment(
    world: World, texter: Texting, threshold: bool
) -> None:
    world.stretch()
    if threshold:
        below_threshold(world)
    phone = texter(FANTA).sends("COT 500000", "OK").pays()
    receipt = phone.received()[-1]
    assert gsm7.segments(receipt) == 1, receipt
    assert receipt.startswith(f"RECU {receipt[5:11]}: 500000 F le 22/11 par Orange Money")
    assert receipt.endswith(" F." if threshold else "."), receipt
