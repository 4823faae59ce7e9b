"""The running system, spoken to as the provider does and read in the provider's own ledger: HTTP on both sides."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows import gsm7
from tests.e2e.outside import Mobile, Outside

AWA, RECEIPT = "+22370000001", "2600100000017"
CHIEF, ACTIVATION = "+22370000101", "898515"


def test_a_citizen_asks_for_her_rights_and_gets_one_sms(outside: Outside) -> None:
    awa = Mobile(outside, AWA)
    answer = awa.writes("bonjour, DROITS svp")
    assert answer.startswith("RAMED VALIDE")
    assert gsm7.segments(answer) == 1
    awa.hears_nothing()


def test_a_message_that_is_delivered_again_and_again_is_answered_once(outside: Outside) -> None:
    stranger = Mobile(outside, "+22370000201")
    with ThreadPoolExecutor(8) as pool:
        told = list(
            pool.map(lambda _: outside.brings(stranger.number, f"V {RECEIPT}", "e2e-again"), range(24))
        )
    assert set(told) == {(200, "OK\n")}
    assert "RAMED VALIDE" in (answer := stranger.reads())
    assert "AWA" not in answer
    assert outside.brings(stranger.number, f"V {RECEIPT}", "e2e-again") == (200, "OK\n")
    stranger.hears_nothing()


def test_stop_is_taken_and_confirmed_and_so_is_coming_back(outside: Outside) -> None:
    somebody = Mobile(outside, "+22370000202")
    assert "plus de campagnes ni rappels" in somebody.writes("Stop.")
    assert "vous recevez a nouveau" in somebody.writes("OUI")
    assert "123456" in somebody.writes("STOP 123456")


def test_an_objection_at_the_operator_is_taken(outside: Outside) -> None:
    before = outside.figure("ramu_callbacks", 'kept="taken",kind="OptOut"')
    for _ in range(2):
        told = outside.calls_back("opt-out", senderId="RAMU", phoneNumber="+22370000203")
        assert told == (200, "OK\n")
    assert outside.figure("ramu_callbacks", 'kept="taken",kind="OptOut"') == before + 1


def test_a_report_is_taken_once_in_any_order(outside: Outside) -> None:
    somebody = Mobile(outside, "+22370000204")
    somebody.writes("AIDE")
    (sent,) = outside.received(somebody.number)
    label = 'kept="taken",kind="Report"'
    before = outside.figure("ramu_callbacks", label)
    for status in ("Buffered", "Sent", "Buffered", "Exploded"):
        told = outside.calls_back(
            "delivery", id=sent["id"], status=status, phoneNumber=somebody.number, networkCode="99999"
        )
        assert told == (200, "OK\n")
    assert outside.figure("ramu_callbacks", label) >= before + 3
    assert outside.figure("ramu_callbacks", 'kept="repeated",kind="Report"') >= 1
    somebody.hears_nothing()


@pytest.mark.parametrize("path", ["sms", "delivery", "opt-out"])
def test_a_stranger_finds_nothing(outside: Outside, path: str) -> None:
    told = outside.calls_back(path, secret="wrong", **{"from": AWA, "id": "forged", "text": "STOP"})
    assert told == outside.calls_back("nowhere", secret="wrong") == (404, "Not Found\n")


def test_robots_are_not_answered(outside: Outside) -> None:
    for sender, why in (("OrangeMali", "ALPHANUMERIQUE"), ("36555", "NUMERO_COURT")):
        before = outside.figure("ramu_held", f'why="{why}"')
        assert outside.brings(sender, "Votre solde est de 0 F") == (200, "OK\n")
        assert outside.figure("ramu_held", f'why="{why}"') == before + 1


def test_a_number_that_writes_without_end_is_answered_five_times(outside: Outside) -> None:
    robot = Mobile(outside, "+22370000205")
    answers = [robot.writes("AIDE") for _ in range(5)]
    assert len(set(answers)) == 1
    assert outside.brings(robot.number, answers[-1]) == (200, "OK\n")
    robot.hears_nothing()
    assert outside.figure("ramu_held", 'why="BOUCLE"') == 1


def test_a_nurse_is_tied_verifies_notes_the_act_once_and_reads_her_day(outside: Outside) -> None:
    nurse, chief = Mobile(outside, "+22370000206"), Mobile(outside, CHIEF)
    assert "ACT" in nurse.writes("S 123456 CON")  # E01: she is told how
    assert "E01" not in nurse.writes(f"act {ACTIVATION} {ACTIVATION}")
    asked = re.search(r"OUI \d{6}", chief.reads())
    assert asked is not None
    assert chief.writes("oui").startswith("E22")  # whoever only claims her number does not know the code
    assert chief.writes(asked[0].lower())
    assert "Kati" in nurse.reads()
    answer = nurse.writes("260 010 000 0017")
    code = re.search(r"PEC (\d{6})", answer)
    assert answer.startswith("OK RAMED valide")
    assert "AWA TRAORE F" in answer
    assert code is not None
    assert nurse.writes(f"s {code[1]} con").startswith(f"Note: {code[1]} CON")
    assert nurse.writes(f"S {code[1]} CON").startswith("E31")
    assert chief.writes("F").startswith("CSCom Kati Koko")
