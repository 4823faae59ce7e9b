"""Schemes and papers as the phone tells them."""

from dataclasses import dataclass
from datetime import date

import pytest

from config import facts
from config import vocabulary as words
from config.facts import NotInForce
from models import papers, schemes

DAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Right:
    scheme: str


@pytest.mark.parametrize(
    ("held", "first"),
    [
        pytest.param(["MUTUELLE", "AMO"], "AMO", id="AMO before the mutual"),
        pytest.param(["MUTUELLE", "RAMED"], "RAMED", id="RAMED before the mutual"),
        pytest.param(["MUTUELLE"], "MUTUELLE", id="the only one"),
    ],
)
def test_who_pays_first(held, first):
    assert schemes.payer_first([Right(scheme) for scheme in held], DAY).scheme == first


@pytest.mark.parametrize(
    ("scheme", "percent"),
    [
        pytest.param("AMO", 30, id="AMO: outpatient"),
        pytest.param("RAMED", 0, id="RAMED"),
        pytest.param("MUTUELLE", 25, id="mutuelle: CSCom"),
    ],
)
def test_what_the_patient_pays_where_care_begins(scheme, percent):
    assert schemes.patient_share(scheme, DAY) == percent


def test_a_month_of_the_mutual():
    assert schemes.monthly_share(DAY) == 275


def test_a_card_is_valid_three_years():
    assert schemes.validity_years(DAY) == 3


def test_how_a_scheme_is_offered():
    offer = schemes.registration("MUTUELLE", DAY)
    assert (offer.scheme, offer.where) == ("Mutuelle", "section de la mutuelle")
    with pytest.raises(NotInForce):
        schemes.registration("AMO", date(2011, 4, 30))


def test_every_answer_and_office_has_its_words():
    assert all(schemes.scheme_label(answer, DAY) for answer in words.ANSWERS)
    assert all(schemes.place_label(office, DAY) for office in words.OFFICES)


HEAD = (
    "certificat_indigence_valide",
    "rapport_enquete_sociale",
    "acte_naissance_ou_jugement_suppletif",
    "certificat_residence",
)


@pytest.mark.parametrize(
    ("household", "added"),
    [
        pytest.param({}, (), id="alone"),
        pytest.param(
            {"spouse": True}, ("acte_mariage",), id="spouse: the birth certificate is already asked"
        ),
        pytest.param({"child_under": True}, ("acte_naissance", "certificat_vie_collectif"), id="young child"),
        pytest.param({"pupil": True}, ("acte_naissance", "certificat_scolarite"), id="pupil"),
        pytest.param(
            {"spouse": True, "child_under": True, "pupil": True, "disabled": True},
            (
                "acte_mariage",
                "acte_naissance",
                "certificat_vie_collectif",
                "certificat_scolarite",
                "certificat_medical_handicap",
            ),
            id="all, each paper once",
        ),
    ],
)
def test_the_papers_of_a_household(household, added):
    nobody = dict.fromkeys(("spouse", "child_under", "pupil", "disabled", "admis"), False)
    assert papers.papers("RAMED", **{**nobody, **household}, day=DAY) == (*HEAD, *added)


def test_an_admis_de_droit_brings_the_mayor_s_decision_alone():
    others = dict.fromkeys(("spouse", "child_under", "pupil", "disabled"), True)
    assert papers.papers("RAMED", **others, admis=True, day=DAY) == ("decision_du_maire",)


def test_a_mutual_asks_for_the_same_papers_whoever_is_there():
    others = dict.fromkeys(("spouse", "child_under", "pupil", "disabled"), True)
    assert papers.papers("MUTUELLE", **others, admis=False, day=DAY) == (
        "piece_identite_adherent",
        "liste_personnes_a_charge",
    )


def test_every_paper_has_its_words():
    for row in facts.rows("documents"):
        assert papers.label(row["code"], DAY)
        assert papers.short_label(row["code"], DAY)
    with pytest.raises(NotInForce):
        papers.label("carte_de_fidelite", DAY)


@pytest.mark.parametrize("scheme", [pytest.param("RAMED", id="RAMED"), pytest.param("AMO", id="AMO")])
def test_from_fourteen_a_child_must_study(scheme):
    assert papers.child_age(DAY, scheme) == 14


@pytest.mark.parametrize(
    ("scheme", "kind", "percent"),
    [
        pytest.param("RAMED", "CSCOM", 0, id="free"),
        pytest.param("AMO", "CSREF", 30, id="by care, not by place"),
        pytest.param("MUTUELLE", "CSCOM", 25, id="the first level"),
        pytest.param("MUTUELLE", "HOPITAL", 50, id="the last"),
    ],
)
def test_the_share_at_a_kind_of_facility(scheme: str, kind: str, percent: int) -> None:
    assert schemes.share_at(scheme, kind, DAY) == percent
