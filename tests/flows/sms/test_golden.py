"""Whole SMS conversations, kept as people read them; `pytest tests/flows/sms --update` writes them anew."""

from pathlib import Path

import pytest

from tests.flows.sms.conftest import AWA, CHIEF, FANTA, NURSE, SIAKA, STRANGER, WITHOUT_CONVENTION, Texting

GOLDEN = Path(__file__).parent / "golden"

TALKS = {
    "verifier_ramed": (NURSE, ["2600100000017", "{code}", "S {code} CON", "S {code} CON", "A {code}"]),
    "verifier_amo_puis_mutuelle": (NURSE, ["v 0410000024", "S {code} PAL MED 3500", "F"]),
    "verifier_mutuelle": (NURSE, ["54100015", "54100028"]),
    "refus": (NURSE, ["2300100000028", "54100031", "54100044", "2700100000039", "54100053", "483000039"]),
    "suspendu_paye_ici": (NURSE, ["54100154", "COT 54100154 6600", "OK", "54100154"]),
    "chiffre_faux": (NURSE, ["483000062", "1", "483000019", "9999999999999", "482109376", "12345"]),
    "lot": (NURSE, ["2600100000017 2300100000028 483000019 0410000048"]),
    "lot_de_huit": (
        NURSE,
        ["2600100000017 0410000012 54100015 54100028 54100031 2300100000028 483000047 54100111"],
    ),
    "neuf_numeros": (NURSE, [" ".join(str(1111234567890 + more) for more in range(9))]),
    "pas_elle": (NURSE, ["2600100000017", "NON", "{code}", "S {code} CON"]),
    "commande_incomplete": (NURSE, ["54100015", "S {code}", "PAL", "CH TRAORE", "1992", "KATI", "1"]),
    "actes": (
        NURSE,
        ["54100015", "S {code} CON 2", "S {code} XYZ", "S {code} MED 0", "A {code} CON", "F", "STAT"],
    ),
    "aide_agent": (NURSE, ["AIDE", "AIDE S", "?", "LISTE", "1", "RUPT COARTEM"]),
    "chef": (
        CHIEF,
        ["CHEF AJOUTER 70123456", "NON", "CHEF RETIRER 70000102", "CHEF RETIRER 70123456", "CHEF"],
    ),
    "montants": (
        NURSE,
        ["54100015", "S {code} MED 3 500", "S {code} LAB 12 500 CON", "S {code} 1 2 3", "S {code} PAL PAL"],
    ),
    "patient_suivant": (NURSE, ["54100015", "S", "2600100000017", "RUPT", "0410000012", "merci"]),
    "codes_devines": (NURSE, [*(f"S 10000{guess} CON" for guess in range(6)), "2600100000017"]),
    "sans_convention": (WITHOUT_CONVENTION, ["2600100000017", "F"]),
    "droits_du_foyer": (AWA, ["DROITS", "2600100000017", "CODE", "5", "CODE", "5"]),
    "droits_d_un_autre": (
        STRANGER,
        [
            "2600100000017",
            "DROITS 2600100000017 1987",
            "DROITS 2600100000017 AT",
            "DROITS 2600100000017 1990",
        ],
    ),
    "trois_essais": (STRANGER, ["VZ 482109", "blabla", "encore", "1", "1"]),
    "stop": (STRANGER, ["STOP", "OUI", "STOP RAMED", "STOP 123456", "STOP les messages", "1", "arrêt"]),
    "effacer": (STRANGER, ["EFFACER", "OUI", "EFFACER 1234", "EFFACER {erase}"]),
    "plainte": (STRANGER, ["PLAINTE", "on m'a fait payer 5000 F", "PLAINTE 999999"]),
    "inscription_citoyen": (
        STRANGER,
        [
            "INS TRAORE AWA F KATI",
            "1990",
            "OUI",
            "INS TRAORE AWA F 1990 KATI",
            "INS KONE ALI M 0 FARABA",
            "1",
        ],
    ),
    "inscription_guichet": (
        NURSE,
        ["2300100000028", "INS SAMAKE KOROTOUMOU 1965 KATI 3", "F", "INS", "AYD 100008 A F 2015 ENF", "DEC"],
    ),
    "centre": (STRANGER, ["CENTRE", "Kati", "CENTRE zzzz"]),
    "cotiser": (
        FANTA,
        ["COT", "1 375", "OK", "COT 1375", "OK", "NON", "COT 2750", "OK", "OK", "COT 100", "COT abc"],
    ),
    "cotiser_pour_un_autre": (
        STRANGER,
        ["COT 54100122 2750", "OK", "COT 54100122", "1375", "1", "COT 55120938 500", "COT 54100015 500"],
    ),
    "recu_et_solde": (FANTA, ["SOLDE", "RECU", "RECU 123456", "RECUS"]),
    "plan": (SIAKA, ["SOLDE", "RECU", "PLAN", "PLAN COTON", "PLAN MIL", "OK", "PLAN", "PLAN BANANE"]),
    "sans_mutuelle": (STRANGER, ["SOLDE", "RECU", "PLAN", "COT 500", "1"]),
    "mutuelle_du_registre": ("+22370000003", ["SOLDE", "COT 500", "1"]),
    "portes": (STRANGER, ["RECU", "COT 5000", "S 482913 CON", "1", "2", "OK"]),
}
"""Name of the transcript: the phone, and what it sends; {code} is the visit code that it was last given."""


@pytest.mark.parametrize("name", TALKS)
def test_talk(name: str, texter: Texting, update: bool) -> None:
    number, texts = TALKS[name]
    phone = texter(number)
    for text in texts:
        if "{code}" in text:
            text = text.replace("{code}", phone.code)
        if "{erase}" in text:
            text = text.replace("{erase}", phone.erasing)
        phone.sends(text)
    spoken = "\n".join(phone.transcript) + "\n"
    kept = GOLDEN / f"{name}.txt"
    if update:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(spoken, encoding="utf-8")
    assert kept.read_text(encoding="utf-8") == spoken
