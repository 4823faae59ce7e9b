"""Whole conversations, kept as people read them. `pytest tests/flows/test_golden.py --update` writes them anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.talking import Phone

GOLDEN = Path(__file__).parent / "golden"

CALLS = {
    "premier_appel": ("", ["*212#", "1", "0"]),
    "mes_droits_numero": ("", ["*212#", "1", "1", "1111234567890", "0", "00"]),
    "recepisse_par_raccourci": ("", ["*212*2*1*1111234567890#"]),
    "numero_inconnu": ("", ["*212*1*123456784#", "1", "12", "482109376"]),
    "telephone_connu": ("+22370000001", ["*212#", "1", "2", "0", "1"]),
    "code_de_visite": ("+22370000001", ["*212*1*1#"]),
    "pieces_du_foyer": ("", ["*212*2*3#", "124", "9"]),
    "soins_gratuits_enfant": ("", ["*212*4*1*36#", "0", "60"]),
    "soins_gratuits_liste": ("", ["*212*4#", "9", "9", "10", "0", "00"]),
    "quel_regime_cultivatrice": ("", ["*212*5*1#", "3", "2", "4"]),
    "quel_regime_sans_revenu": ("", ["*212*5*1#", "4", "2", "3"]),
    "quel_regime_enfant_quinze_ans": ("", ["*212*5*1#", "5", "2", "15", "2", "1", "1"]),
    "un_agent_m_inscrit": ("", ["*212*5*6#", "1", "Awa Traore", "KAT", "1"]),
    "mutuelle_portes": ("", ["*212*3#", "1", "7"]),
    "mutuelle_du_registre": ("+22370000003", ["*212*3#", "1", "5"]),
    "payer": ("+22370000021", ["*212#", "3", "1", "1", "1"]),
    "payer_deux_fois": ("+22370000021", ["*212*3*1*2750#", "1", "1", "0", "2"]),
    "payer_refuse_puis_moins": ("+22370000023", ["*212#", "3", "1", "1", "1"]),
    "payer_plus_tard": ("+22370000023", ["*212#", "3", "1", "3", "2"]),
    "payer_autrement": (
        "+22370000021",
        ["*212*3*1*2000#", "2", "3", "0", "4", "76123456", "0", "0", "2", "66000009", "1"],
    ),
    "payer_pour_un_autre": ("", ["*212#", "1", "3", "4", "54100122", "1", "1", "1"]),
    "payer_pour_un_autre_raccourci": ("", ["*212*3*4*54100122*2750#", "1", "1"]),
    "payer_pour_qui_demande": ("", ["*212*3*4*713508#", "1", "1"]),
    "plan_de_recolte": ("+22366000022", ["*212*3*2#", "1", "2", "5", "1", "1"]),
    "recus": ("+22370000021", ["*212*3*3#", "2"]),
    "adherer": ("+22370000001", ["*212*3#", "1", "1", "3", "1", "1"]),
    "centre_proche": ("", ["*212*6*1*KAT#", "1", "1"]),
    "stop": ("", ["*212*6*4*3#"]),
    "effacer": ("", ["*212*6*4#", "5", "1"]),
    "mauvaises_touches": ("", ["*212#", "1", "7", "8", "bonjour", "98"]),
    "langue_non_relue": ("", ["*212#", "2", "1"]),
    "raccourci_incomprehensible": ("", ["*212*2*8*8#"]),
}
"""Name of the transcript: the phone ("" for an unknown one), what is dialled, and what is typed."""


@pytest.mark.parametrize("name", CALLS)
def test_conversation(name: str, phone: Callable[[str], Phone], update: bool) -> None:
    number, (code, *typed) = CALLS[name]
    caller = phone(number).dial(code)
    for keys in typed:
        if caller.step and not caller.step.screen.ends:
            caller.types(keys)
    spoken = "\n".join(caller.transcript) + "\n"
    kept = GOLDEN / f"{name}.txt"
    if update:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(spoken, encoding="utf-8")
    assert kept.read_text(encoding="utf-8") == spoken
