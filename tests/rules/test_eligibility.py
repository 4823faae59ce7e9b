"""The decision table: the cases agreed with the health cover's people, and both sides of every limit."""

import json
from datetime import date
from pathlib import Path

import pytest

from models.eligibility import BadCase, Decision, Situation, decide

DAY = date(2025, 11, 1)
CASES = json.loads(
    (Path(__file__).parent.parent / "data" / "eligibility_cases.json").read_text(encoding="utf-8")
)["cases"]
SITUATIONS = [case for case in CASES if "numero" not in case["input"]]
AGREED_LATER = {"privacy"}
"""The agreed cases say it once and mean it for each sensitive service."""


def decided(**answers: object) -> Decision:
    return decide(Situation(**answers), DAY)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in SITUATIONS])
def test_an_agreed_case_is_decided_as_agreed(case):
    answer = decide(Situation.from_json(case["input"]), DAY).as_json()
    beyond = set(answer) - set(case["expected"]) - {"reason", "row", "path"}
    assert {name: answer.get(name) for name in case["expected"]} == case["expected"]
    assert beyond <= AGREED_LATER


def child(age: int | None, **answers: object) -> dict[str, object]:
    return {"relation": "ENFANT", "age": age, **answers}


OF_AMO = {"ouvrant_emploi": "FONCTIONNAIRE"}
OF_INDIGENT = {"ouvrant_emploi": "SANS_RESSOURCES", "ouvrant_indigence": "RECONNU"}
OF_POOR = {"ouvrant_emploi": "SANS_RESSOURCES", "ouvrant_indigence": "NON"}
OF_FARMER = {"ouvrant_emploi": "AGRICOLE"}


@pytest.mark.parametrize(
    ("answers", "scheme", "role", "papers"),
    [
        pytest.param(child(13, **OF_AMO), "AMO", "AYANT_DROIT", "certificat_vie", id="13, AMO"),
        pytest.param(child(14, **OF_AMO), "AUCUN_AUTOMATIQUE", "AUCUN", None, id="14 without studies, AMO"),
        pytest.param(
            child(14, eleve=True, **OF_AMO), "AMO", "AYANT_DROIT", "certificat_scolarite", id="14 pupil, AMO"
        ),
        pytest.param(
            child(21, etudes=True, **OF_AMO),
            "AMO",
            "AYANT_DROIT",
            "certificat_scolarite",
            id="21 student, AMO",
        ),
        pytest.param(
            child(22, etudes=True, **OF_AMO), "AUCUN_AUTOMATIQUE", "AUCUN", None, id="22 student, AMO"
        ),
        pytest.param(
            child(13, **OF_INDIGENT), "RAMED", "AYANT_DROIT", "certificat_vie_collectif", id="13, RAMED"
        ),
        pytest.param(child(14, **OF_INDIGENT), "AUCUN_AUTOMATIQUE", "AUCUN", None, id="14, RAMED"),
        pytest.param(
            child(21, etudes=True, **OF_INDIGENT),
            "RAMED",
            "AYANT_DROIT",
            "certificat_scolarite",
            id="21, RAMED",
        ),
        pytest.param(
            child(22, etudes=True, **OF_INDIGENT), "AUCUN_AUTOMATIQUE", "AUCUN", None, id="22, RAMED"
        ),
        pytest.param(
            child(13, handicap_total=True, **OF_INDIGENT),
            "RAMED",
            "AYANT_DROIT",
            "certificat_vie_collectif",
            id="13 disabled: age is enough",
        ),
        pytest.param(
            child(17, handicap_total=True, eleve=True, **OF_INDIGENT),
            "RAMED",
            "AYANT_DROIT",
            "certificat_medical_handicap",
            id="17 disabled pupil: disability wins over studies",
        ),
        pytest.param(
            child(60, handicap_total=True, **OF_AMO),
            "AMO",
            "AYANT_DROIT",
            "certificat_medical_handicap",
            id="60 disabled",
        ),
        pytest.param(
            child(None, handicap_total=True, **OF_AMO),
            "AMO",
            "AYANT_DROIT",
            "certificat_medical_handicap",
            id="disabled of unknown age",
        ),
        pytest.param(child(None, eleve=True, **OF_AMO), "AUCUN_AUTOMATIQUE", "AUCUN", None, id="unknown age"),
        pytest.param(
            child(13, **OF_POOR), "RAMED_A_DEMANDER", "AUCUN", "certificat_residence", id="13, not recognised"
        ),
        pytest.param(child(14, **OF_POOR), "AUCUN_AUTOMATIQUE", "AUCUN", None, id="14, not recognised"),
        pytest.param(
            child(14, **OF_FARMER), "MUTUELLE", "BENEFICIAIRE", "liste_personnes_a_charge", id="14, mutuelle"
        ),
        pytest.param(
            child(40, **OF_FARMER), "MUTUELLE", "BENEFICIAIRE", "liste_personnes_a_charge", id="40, mutuelle"
        ),
        pytest.param(
            child(None, **OF_FARMER),
            "MUTUELLE",
            "BENEFICIAIRE",
            "liste_personnes_a_charge",
            id="unknown, mutuelle",
        ),
    ],
)
def test_a_child_is_judged_by_age_studies_and_disability(answers, scheme, role, papers):
    decision = decided(**answers)
    assert (decision.scheme, decision.role) == (scheme, role)
    assert decision.documents[-1:] == ((papers,) if papers else ())


@pytest.mark.parametrize(
    ("answers", "register_at"),
    [
        pytest.param({"emploi": "FONCTIONNAIRE"}, "CMSS", id="civil servant"),
        pytest.param({"emploi": "DEPUTE"}, "CMSS", id="member of parliament"),
        pytest.param({"emploi": "SALARIE_CT"}, "INPS", id="salaried"),
        pytest.param({"emploi": "PENSIONNE", "caisse": "CMSS"}, "CMSS", id="pension of the CMSS"),
        pytest.param({"emploi": "PENSIONNE", "caisse": "INPS"}, "INPS", id="pension of the INPS"),
        pytest.param({"emploi": "INFORMEL", "assurance_volontaire_inps": True}, "INPS", id="voluntary"),
        pytest.param({"relation": "CONJOINT", "ouvrant_emploi": "DEPUTE"}, "CMSS", id="spouse of a DEPUTE"),
        pytest.param(
            {"relation": "CONJOINT", "ouvrant_emploi": "SALARIE_CT"}, "INPS", id="spouse of a salaried"
        ),
        pytest.param(
            {"relation": "CONJOINT", "ouvrant_emploi": "PENSIONNE", "ouvrant_caisse": "INPS"},
            "INPS",
            id="spouse of a pensioner",
        ),
        pytest.param(
            {"relation": "CONJOINT", "ouvrant_emploi": "PENSIONNE", "caisse": "INPS"},
            "INPS",
            id="spouse of a pensioner, whose fund is said as hers",
        ),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "INFORMEL", "ouvrant_assurance_volontaire_inps": True},
            "INPS",
            id="spouse of a voluntarily insured",
        ),
        pytest.param(
            {"relation": "ASCENDANT", "ouvrant_emploi": "SALARIE_CT"}, "INPS", id="mother of a salaried"
        ),
    ],
)
def test_the_amo_is_joined_at_the_fund_of_the_one_who_opens_it(answers, register_at):
    decision = decided(**answers)
    assert (decision.scheme, decision.register_at, decision.note) == ("AMO", register_at, None)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"emploi": "PENSIONNE"}, id="pensioner"),
        pytest.param({"relation": "CONJOINT", "ouvrant_emploi": "PENSIONNE"}, id="her husband"),
    ],
)
def test_a_pension_whose_payer_is_not_said_is_noted(answers):
    decision = decided(**answers)
    assert decision.register_at == "CMSS"
    assert decision.note is not None
    assert "CMSS ou INPS" in decision.note


@pytest.mark.parametrize(
    ("answers", "row", "scheme", "role"),
    [
        pytest.param(
            {"residence": "SDF", "emploi": "SALARIE_CT"}, "1", "AMO", "OUVRANT_DROIT", id="AMO before art. 6"
        ),
        pytest.param(
            {"residence": "ETABLISSEMENT", "relation": "ENFANT", "age": 9, **OF_AMO},
            "3",
            "AMO",
            "AYANT_DROIT",
            id="an insured father before the home",
        ),
        pytest.param(
            {"residence": "SDF", "emploi": "INFORMEL"},
            "4",
            "RAMED",
            "ADMIS_DE_DROIT",
            id="art. 6 before the mutual",
        ),
        pytest.param(
            {"residence": "PRISON", "emploi": "SANS_RESSOURCES", "indigence": "RECONNU"},
            "4",
            "RAMED",
            "ADMIS_DE_DROIT",
            id="art. 6 before art. 5",
        ),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "FONCTIONNAIRE", **OF_INDIGENT},
            "1",
            "AMO",
            "OUVRANT_DROIT",
            id="covered otherwise: her own AMO",
        ),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "INFORMEL", **OF_INDIGENT},
            "5",
            "RAMED",
            "AYANT_DROIT",
            id="spouse of an indigent who sells",
        ),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "SANS_RESSOURCES", "indigence": "RECONNU", **OF_POOR},
            "7",
            "RAMED",
            "OUVRANT_DROIT",
            id="recognised in her own name",
        ),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "SANS_RESSOURCES", **OF_FARMER},
            "8",
            "RAMED_A_DEMANDER",
            "AUCUN",
            id="without resources before the mutual",
        ),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "INFORMEL", **OF_FARMER},
            "9",
            "MUTUELLE",
            "BENEFICIAIRE",
            id="dependant before member",
        ),
        pytest.param(
            {"relation": "ASCENDANT", "emploi": "AUCUN", **OF_INDIGENT},
            "11b",
            "AUCUN_AUTOMATIQUE",
            "AUCUN",
            id="art. 5 names no ascendant",
        ),
        pytest.param(
            {"relation": "ASCENDANT", "emploi": "SANS_RESSOURCES", **OF_INDIGENT},
            "8",
            "RAMED_A_DEMANDER",
            "AUCUN",
            id="ascendant asks for himself",
        ),
        pytest.param(
            {"emploi": "SANS_RESSOURCES", "indigence": "EN_COURS"},
            "8",
            "RAMED_A_DEMANDER",
            "AUCUN",
            id="request under way",
        ),
        pytest.param(
            {"emploi": "AUCUN", "indigence": "EN_COURS"},
            "10c",
            "RAMED_A_DEMANDER",
            "AUCUN",
            id="no job, under way",
        ),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "AUCUN", "indigence": "EN_COURS", **OF_FARMER},
            "9",
            "MUTUELLE",
            "BENEFICIAIRE",
            id="under way, but a farmer's wife",
        ),
        pytest.param(
            {"emploi": "AUCUN"}, "11b", "AUCUN_AUTOMATIQUE", "AUCUN", id="no job is not without resources"
        ),
        pytest.param(
            {"emploi": "AUCUN", **OF_AMO}, "11b", "AUCUN_AUTOMATIQUE", "AUCUN", id="nobody's dependant"
        ),
        pytest.param({}, "11b", "AUCUN_AUTOMATIQUE", "AUCUN", id="nothing said"),
    ],
)
def test_the_first_row_that_holds_decides(answers, row, scheme, role):
    decision = decided(**answers)
    assert (decision.row, decision.scheme, decision.role) == (row, scheme, role)


@pytest.mark.parametrize(
    ("answers", "scheme", "action"),
    [
        pytest.param({}, "INDETERMINE", "ALLER_MAINTENANT", id="nothing known"),
        pytest.param(child(3), "INDETERMINE", "ALLER_MAINTENANT", id="a child, nothing known of the parents"),
        pytest.param({"emploi": "AUCUN"}, "AUCUN_AUTOMATIQUE", "ALLER_MAINTENANT", id="no scheme"),
        pytest.param(
            {"indigence": "EN_COURS"}, "INDETERMINE", "ALLER_MAINTENANT", id="only a request under way"
        ),
        pytest.param(
            {"emploi": "SANS_RESSOURCES"}, "RAMED_A_DEMANDER", "ALLER_MAINTENANT", id="not recognised"
        ),
        pytest.param({"emploi": "FONCTIONNAIRE"}, "AMO", None, id="known: AMO"),
        pytest.param({"residence": "SDF"}, "RAMED", None, id="known: art. 6"),
        pytest.param({"indigence": "RECONNU"}, "RAMED", None, id="known: recognised"),
        pytest.param({"relation": "CONJOINT", **OF_FARMER}, "MUTUELLE", None, id="known: the opener"),
    ],
)
def test_an_emergency_without_a_scheme_goes_now(answers, scheme, action):
    decision = decided(service="URGENCE", **answers)
    assert (decision.scheme, decision.action) == (scheme, action)
    assert "G16" in decision.gratuites


@pytest.mark.parametrize(
    ("answers", "action", "complement"),
    [
        pytest.param(
            {"emploi": "SALARIE_CT", "indigence": "RECONNU"}, "SIGNALER_FIN_RAMED", None, id="hired"
        ),
        pytest.param(
            {"emploi": "INFORMEL", "assurance_volontaire_inps": True, "indigence": "RECONNU"},
            "SIGNALER_FIN_RAMED",
            None,
            id="insured voluntarily",
        ),
        pytest.param({"emploi": "SALARIE_CT", "indigence": "EN_COURS"}, None, None, id="was only asking"),
        pytest.param({"emploi": "DEPUTE", "souhait": "MUTUELLE"}, None, "MUTUELLE", id="wishes a mutual"),
        pytest.param(
            {"relation": "CONJOINT", "emploi": "INFORMEL", **OF_AMO}, None, "MUTUELLE", id="insured, sells"
        ),
        pytest.param({"relation": "CONJOINT", "emploi": "AUCUN", **OF_AMO}, None, None, id="insured, no job"),
        pytest.param(
            {"emploi": "SANS_RESSOURCES", "indigence": "RECONNU", "souhait": "MUTUELLE"},
            None,
            None,
            id="an indigent is never sent to a mutual",
        ),
    ],
)
def test_what_goes_with_the_answer(answers, action, complement):
    decision = decided(**answers)
    assert (decision.action, decision.complement) == (action, complement)


@pytest.mark.parametrize(
    ("service", "private"),
    [
        pytest.param(service, private, id=service)
        for service, private in {
            "ARV": True,
            "TUBERCULOSE": True,
            "LEPRE": True,
            "FISTULE": True,
            "CANCER_FEMME": True,
            "PF": True,
            "PALUDISME": False,
            "CONSULTATION": False,
        }.items()
    ],
)
def test_sensitive_care_is_never_repeated_and_stands_alone(service, private):
    decision = decided(emploi="AGRICOLE", service=service)
    assert (decision.privacy is not None) == private
    assert (decision.collect_hint is None) == private


@pytest.mark.parametrize(
    ("service", "path"),
    [
        pytest.param("URGENCE", None, id="an emergency goes anywhere"),
        pytest.param(
            "DIALYSE", "CSCom d'abord, puis CSRéf, puis hôpital", id="all other care climbs the pyramid"
        ),
        pytest.param(None, "CSCom d'abord, puis CSRéf, puis hôpital", id="nothing asked for"),
    ],
)
def test_care_begins_at_the_health_centre_of_the_commune(service, path):
    assert decided(emploi="AGRICOLE", service=service).path == path


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"age": -1}, "age", id="before birth"),
        pytest.param({"age": 131}, "age", id="older than anybody"),
        pytest.param({"age": 3.5}, "age", id="half a year"),
        pytest.param({"age": "38"}, "age", id="an age in letters"),
        pytest.param({"age": True}, "age", id="true is no age"),
        pytest.param({"emploi": "PATRON"}, "FONCTIONNAIRE", id="unknown work: the list is named"),
        pytest.param({"emploi": ["AGRICOLE"]}, "emploi", id="a list"),
        pytest.param({"eleve": "oui"}, "true", id="yes in French"),
        pytest.param({"eleve": 1}, "true", id="one for true"),
        pytest.param({"service": "VIH"}, "ARV", id="unknown service"),
        pytest.param({"ouvrant_emplois": "AGRICOLE"}, "ouvrant_emploi", id="misspelt field"),
    ],
)
def test_a_wrong_answer_is_named_with_what_may_be_said(given, said):
    with pytest.raises(BadCase) as refused:
        Situation.from_json(given)
    assert said in str(refused.value)


def test_every_wrong_answer_is_named_at_once():
    with pytest.raises(BadCase) as refused:
        Situation.from_json({"age": -1, "emploi": "PATRON", "enceinte": "oui"})
    assert len(refused.value.faults) == 3


def test_null_is_not_said():
    assert Situation.from_json({"age": None, "emploi": None, "enceinte": None}) == Situation()


def test_a_situation_cannot_be_built_wrong():
    with pytest.raises(BadCase, match="relation"):
        Situation(relation="COUSIN")
