"""Free care: who it fires for, on both sides of each age, and what the phone's list offers."""

from datetime import date

import pytest

from config.facts import NotInForce
from models import gratuites
from models.eligibility import Situation

DAY = date(2026, 11, 22)


def codes(day: date = DAY, **answers: object) -> list[str]:
    return [gratuite.code for gratuite in gratuites.firing(Situation(**answers), day)]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({"age": 4, "service": "PALUDISME"}, ["G01", "G13"], id="malaria at 4"),
        pytest.param({"age": 5, "service": "PALUDISME"}, [], id="malaria at 5"),
        pytest.param({"service": "PALUDISME"}, [], id="malaria, age not said"),
        pytest.param({"enceinte": True, "service": "PALUDISME"}, ["G02", "G14"], id="malaria, pregnant"),
        pytest.param({"age": 4, "service": "CONSULTATION"}, ["G13"], id="any care at 4"),
        pytest.param({"age": 4}, [], id="no care asked for at 4"),
        pytest.param({"age": 70}, [], id="70 is not over 70"),
        pytest.param({"age": 71}, ["G12"], id="71"),
        pytest.param({"enceinte": True}, ["G14"], id="pregnant"),
        pytest.param({"jours_apres_accouchement": 0}, ["G14"], id="day of birth"),
        pytest.param({"jours_apres_accouchement": 42}, ["G14"], id="42 days after"),
        pytest.param({"jours_apres_accouchement": 43}, [], id="43 days after"),
        pytest.param({"eleve": True}, ["G11"], id="pupil"),
        pytest.param({"etudes": True}, [], id="student"),
        pytest.param({"service": "ARV"}, ["G03"], id="HIV"),
        pytest.param({"service": "CESARIENNE", "enceinte": True}, ["G04", "G14"], id="caesarean"),
        pytest.param({"service": "VACCINATION"}, ["G05"], id="vaccination"),
        pytest.param({"service": "TUBERCULOSE"}, ["G06"], id="tuberculosis"),
        pytest.param({"service": "LEPRE"}, ["G07"], id="leprosy"),
        pytest.param({"service": "MALNUTRITION", "age": 2}, ["G08", "G13"], id="malnutrition"),
        pytest.param({"service": "CANCER_FEMME"}, ["G09"], id="cancer"),
        pytest.param({"service": "FISTULE"}, ["G10"], id="fistula"),
        pytest.param({"service": "PF"}, ["G15"], id="family planning"),
        pytest.param({"service": "URGENCE"}, ["G16"], id="emergency"),
        pytest.param({"service": "DIALYSE"}, ["G17"], id="dialysis"),
        pytest.param({"service": "CPN"}, [], id="antenatal care, pregnancy not said"),
        pytest.param({"service": "CONSULTATION", "age": 30}, [], id="a visit"),
    ],
)
def test_what_is_free_for_whom(answers, expected):
    assert codes(**answers) == expected


def test_nothing_is_free_before_its_day():
    assert codes(date(2003, 12, 31), service="ARV") == []
    assert codes(date(2004, 1, 1), service="ARV") == ["G03"]


def test_what_is_only_announced_is_to_be_confirmed():
    confirmed = {gratuite.code for gratuite in gratuites.all_on(DAY) if not gratuite.to_confirm}
    assert confirmed == {f"G{number:02}" for number in range(1, 13)}
    assert len(gratuites.all_on(DAY)) == 19


def test_sensitive_care_is_marked():
    sensitive = {gratuite.code for gratuite in gratuites.all_on(DAY) if gratuite.sensitive}
    assert {"G03", "G06", "G07", "G09", "G10", "G15"} <= sensitive
    assert {"G02", "G04", "G14"} <= sensitive


def test_ages_are_said_from_the_rules():
    assert (gratuites.child_age(DAY), gratuites.old_age(DAY)) == (5, 70)
    with pytest.raises(NotInForce):
        gratuites.child_age(date(2000, 1, 1))


def test_one_gratuite_by_its_code():
    assert gratuites.one("G17", DAY).short == "dialyse"
    with pytest.raises(NotInForce):
        gratuites.one("G99", DAY)


def test_the_list_of_the_phone_offers_every_gratuite_once_it_is_in_force():
    offered = {code for item in gratuites.menu(DAY) for code in item.codes}
    assert offered == {gratuite.code for gratuite in gratuites.all_on(DAY)}
