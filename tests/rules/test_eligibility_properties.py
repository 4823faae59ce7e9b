"""What holds for every situation that can be said, and for whoever changes one dated row."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import facts
from config import vocabulary as words
from models import gratuites
from models.eligibility import Decision, Situation, decide
from tests.rules import rulebook

DAY = date(2025, 11, 1)
FIRST_RULES = date(2009, 7, 27)

situations = st.builds(
    Situation,
    relation=st.sampled_from(words.RELATIONS),
    age=st.none() | st.integers(0, 130),
    emploi=st.sampled_from(words.WORK),
    eleve=st.booleans(),
    etudes=st.booleans(),
    handicap_total=st.booleans(),
    ouvrant_emploi=st.sampled_from(words.WORK),
    ouvrant_indigence=st.sampled_from(words.INDIGENCE),
    assurance_volontaire_inps=st.booleans(),
    ouvrant_assurance_volontaire_inps=st.booleans(),
    residence=st.sampled_from(words.RESIDENCES),
    indigence=st.sampled_from(words.INDIGENCE),
    enceinte=st.booleans(),
    jours_apres_accouchement=st.none() | st.integers(0, 366),
    service=st.none() | st.sampled_from(words.SERVICES),
    souhait=st.none() | st.sampled_from(words.SCHEMES),
    caisse=st.none() | st.sampled_from(words.FUNDS),
    ouvrant_caisse=st.none() | st.sampled_from(words.FUNDS),
)
days = st.dates(FIRST_RULES, date(2100, 1, 1))


@given(situations, days)
def test_everybody_gets_an_answer_in_known_words(situation, day):
    decision = decide(situation, day)
    assert decision.scheme in words.ANSWERS
    assert decision.role in words.ROLES
    assert decision.register_at in words.OFFICES
    assert set(decision.documents) <= {row["code"] for row in facts.rows("documents")}
    assert "{" not in decision.remaining_to_pay + decision.patient_pays


@given(situations, days)
def test_only_gratuites_in_force_fire(situation, day):
    in_force = [gratuite.code for gratuite in gratuites.all_on(day)]
    fired = list(decide(situation, day).gratuites)
    assert fired == [code for code in in_force if code in fired]


@given(situations)
def test_a_recognised_indigent_is_never_sent_to_a_mutual(situation):
    decision = decide(situation, DAY)
    if situation.indigence == "RECONNU":
        assert decision.scheme in {"AMO", "RAMED"}
    if decision.scheme in {"RAMED", "RAMED_A_DEMANDER"}:
        assert decision.complement is None


@given(situations)
def test_the_amo_comes_before_all(situation):
    if situation.emploi in words.AMO_WORK or situation.assurance_volontaire_inps:
        assert decide(situation, DAY).scheme == "AMO"


@given(situations)
def test_who_is_covered_knows_what_to_bring_and_who_is_not_knows_what_to_do(situation):
    decision = decide(situation, DAY)
    uncovered = decision.scheme in {"AUCUN_AUTOMATIQUE", "INDETERMINE"}
    assert bool(decision.documents) != uncovered
    if uncovered:
        assert decision.action in {"ORIENTER_SERVICE_SOCIAL", "ALLER_MAINTENANT"}


@given(situations)
def test_an_emergency_without_a_right_never_waits_for_an_office(situation):
    decision = decide(situation, DAY)
    if situation.service == "URGENCE" and decision.role == "AUCUN":
        assert decision.action == "ALLER_MAINTENANT"
    else:
        assert decision.action != "ALLER_MAINTENANT"


@given(situations)
def test_the_same_question_gets_the_same_answer(situation):
    assert decide(situation, DAY) == decide(situation, DAY)


def test_before_the_law_there_is_nothing_to_decide():
    with pytest.raises(facts.NotInForce):
        decide(Situation(emploi="FONCTIONNAIRE"), date(1990, 1, 1))


def test_the_amo_begins_with_its_benefits():
    civil_servant = Situation(emploi="FONCTIONNAIRE")
    assert decide(civil_servant, date(2011, 4, 30)).scheme == "AUCUN_AUTOMATIQUE"
    assert decide(civil_servant, date(2011, 5, 1)).scheme == "AMO"


PUPIL = Situation(relation="ENFANT", age=22, etudes=True, ouvrant_emploi="FONCTIONNAIRE")
DECREE = DAY + timedelta(days=100)


def _scheme(decision: Decision) -> str:
    return decision.scheme


@pytest.mark.parametrize(
    ("table", "where", "change", "situation", "seen", "before", "after"),
    [
        pytest.param(
            "dependant_ages",
            {"scheme": "AMO", "needs": "FIN_DE_DROIT"},
            {"age": "26"},
            PUPIL,
            _scheme,
            "AUCUN_AUTOMATIQUE",
            "AMO",
            id="students up to 25",
        ),
        pytest.param(
            "gratuite_rules",
            {"code": "G01"},
            {"age_below": "10"},
            Situation(age=9, service="PALUDISME"),
            lambda decision: decision.gratuites,
            (),
            ("G01",),
            id="malaria free below 10",
        ),
        pytest.param(
            "cost_shares",
            {"scheme": "AMO", "care": "HOSPITALISATION"},
            {"patient_percent": "10"},
            Situation(emploi="DEPUTE"),
            lambda decision: decision.remaining_to_pay.split(", ")[1],
            "20 % hospitalisation (X)",
            "10 % hospitalisation (X)",
            id="hospital at 10 percent",
        ),
        pytest.param(
            "papers",
            {"scheme": "RAMED", "set": "ADMIS"},
            {"documents": "decision_du_maire|certificat_residence"},
            Situation(residence="SDF"),
            lambda decision: decision.documents,
            ("decision_du_maire",),
            ("decision_du_maire", "certificat_residence"),
            id="one paper more",
        ),
        pytest.param(
            "funds",
            {"emploi": "DEPUTE"},
            {"register_at": "INPS"},
            Situation(emploi="DEPUTE"),
            lambda decision: decision.register_at,
            "CMSS",
            "INPS",
            id="another fund",
        ),
    ],
)
def test_changing_one_row_changes_the_answer(tmp_path, table, where, change, situation, seen, before, after):
    folder = rulebook.copied(tmp_path)
    rules = rulebook.changed(folder, table, where, **change)
    assert seen(decide(situation, DAY)) == before
    assert seen(decide(situation, DAY, rules)) == after


def test_a_row_that_ends_holds_on_its_last_day_and_not_on_the_next(tmp_path):
    folder = rulebook.copied(tmp_path)
    rules = rulebook.changed(folder, "eligibility", {"row": "2"}, to_=DECREE.isoformat())
    voluntary = Situation(emploi="INFORMEL", assurance_volontaire_inps=True)
    assert decide(voluntary, DECREE, rules).scheme == "AMO"
    assert decide(voluntary, DECREE + timedelta(days=1), rules).scheme == "MUTUELLE"
