"""`ramu eligibility decide`: what it prints, and what it says of a file that it cannot read."""

import json
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from gateway.command_line import ramu
from tests.rules import rulebook

AGREED = Path(__file__).parent.parent / "data" / "eligibility_cases.json"


def run(content: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(ramu, ["eligibility", "decide", "-", *options], input=content)


def run_cases(*inputs: object, **meta: str) -> Result:
    cases = [{"id": f"C{place}", "input": given} for place, given in enumerate(inputs, start=1)]
    return run(json.dumps({"meta": meta, "cases": cases}))


def decisions(result: Result) -> list[dict]:
    return [case.get("decision") for case in json.loads(result.stdout)["cases"]]


def test_every_agreed_case_is_printed_as_agreed():
    result = CliRunner().invoke(ramu, ["eligibility", "decide", str(AGREED)])
    agreed = json.loads(AGREED.read_text(encoding="utf-8"))["cases"]
    printed = json.loads(result.stdout)["cases"]
    assert (result.exit_code, result.stderr) == (0, "")
    assert [case["id"] for case in printed] == [case["id"] for case in agreed]
    for case, answer in zip(agreed, printed, strict=True):
        assert case["expected"].items() <= answer["decision"].items()


def test_a_bare_list_is_enough():
    result = run('\ufeff[{"input": {"emploi": "DEPUTE"}}]')
    assert json.loads(result.stdout)["cases"][0]["id"] == "#1"
    assert decisions(result)[0]["register_at"] == "CMSS"


@pytest.mark.parametrize(
    ("options", "meta", "scheme"),
    [
        pytest.param((), {"reference_date": "2011-04-30"}, "AUCUN_AUTOMATIQUE", id="the file's day"),
        pytest.param(("--date", "2011-05-01"), {"reference_date": "2011-04-30"}, "AMO", id="the option wins"),
        pytest.param((), {}, "AMO", id="today"),
    ],
)
def test_the_rules_are_those_of_the_day(options, meta, scheme):
    with time_machine.travel("2011-05-01T12:00:00Z", tick=False):
        result = run(
            json.dumps({"meta": meta, "cases": [{"id": 1, "input": {"emploi": "DEPUTE"}}]}), *options
        )
    assert decisions(result)[0]["scheme"] == scheme


def test_a_decree_is_rehearsed_on_a_copy(tmp_path):
    folder = rulebook.copied(tmp_path)
    rulebook.changed(folder, "gratuite_rules", {"code": "G01"}, age_below="10")
    case = '[{"input": {"age": 9, "service": "PALUDISME"}}]'
    assert decisions(run(case))[0]["gratuites"] == []
    assert decisions(run(case, "--rules", str(folder)))[0]["gratuites"] == ["G01"]


RECEIPT = {"numero": "1111234567890", "debut": "2022-01-01", "fin": "2024-12-31"}
DATES = ["2021-12-31", "2022-01-01", "2024-12-31", "2025-01-01"]
VERDICTS = ["PAS_ENCORE_VALIDE", "VALIDE", "VALIDE", "EXPIRE"]


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        pytest.param({}, VERDICTS, id="as printed"),
        pytest.param({"numero": "111 123 456 7890"}, VERDICTS, id="spaced"),
        pytest.param({"numero": "١١١١٢٣٤٥٦٧٨٩٠"}, VERDICTS, id="Arabic-Indic"),
        pytest.param({"debut": "2022-01", "fin": "2024-12"}, VERDICTS, id="months: first and last day"),
        pytest.param({"numero": "111123456789"}, ["FORMAT_INVALIDE"] * 4, id="12 digits"),
        pytest.param({"numero": "11112345678901"}, ["FORMAT_INVALIDE"] * 4, id="14 digits"),
        pytest.param({"numero": "1111234567890A"}, ["FORMAT_INVALIDE"] * 4, id="a letter behind"),
        pytest.param({"numero": "111123456789²"}, ["FORMAT_INVALIDE"] * 4, id="superscript"),
        pytest.param({"numero": ""}, ["FORMAT_INVALIDE"] * 4, id="nothing"),
    ],
)
def test_a_receipt_has_a_verdict_for_each_day(changes, verdicts):
    result = run_cases({**RECEIPT, "dates": DATES, **changes})
    assert result.exit_code == 0
    assert decisions(result) == [dict(zip(DATES, verdicts, strict=True))]


def test_a_receipt_without_dates_is_judged_on_the_day_of_the_question():
    assert decisions(run_cases(RECEIPT, reference_date="2025-01-01")) == [{"2025-01-01": "EXPIRE"}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {**RECEIPT, "numero": 1111234567890}, "numero : à écrire entre guillemets", id="a number"
        ),
        pytest.param({**RECEIPT, "debut": "janvier 2022"}, "debut : 'janvier 2022'", id="a month in letters"),
        pytest.param({**RECEIPT, "fin": "2024-02-30"}, "fin : '2024-02-30'", id="no such day"),
        pytest.param({**RECEIPT, "fin": "2021-01-01"}, "avant le début", id="ends before it begins"),
        pytest.param({**RECEIPT, "dates": "2024-12-31"}, "dates : il faut une liste", id="one date"),
        pytest.param({**RECEIPT, "dates": ["demain"]}, "dates : 'demain'", id="tomorrow"),
        pytest.param({"age": -1}, "age : -1", id="age"),
        pytest.param({"service": "VIH"}, "service : 'VIH' n'est pas dans PALUDISME", id="service"),
        pytest.param({"emplois": "DEPUTE"}, "est-ce emploi ?", id="misspelt"),
        pytest.param([], "input : il faut un objet", id="a list"),
        pytest.param(None, "input : il faut un objet", id="null"),
    ],
)
def test_a_wrong_case_is_named_and_the_others_are_answered(given, said):
    result = run_cases(given, {"emploi": "DEPUTE"})
    assert result.exit_code == 2
    assert "cas C1, " in result.stderr
    assert said in result.stderr
    assert [decision and decision["scheme"] for decision in decisions(result)] == [None, "AMO"]


def test_a_field_that_decides_nothing_is_said_to_be_ignored():
    result = run_cases({"emploi": "DEPUTE", "couleur": "vert", "cercle": "ML0305"})
    assert result.exit_code == 0
    assert "'couleur' : champ inconnu, ignoré" in result.stderr
    assert "cercle" not in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "JSON", id="empty"),
        pytest.param("{", "JSON", id="cut"),
        pytest.param(b"\xff\xfe", "UTF-8", id="another encoding"),
        pytest.param("3", "liste de cas", id="a number"),
        pytest.param("{}", "liste de cas", id="no cases"),
        pytest.param('{"cases": {}}', "liste de cas", id="cases not a list"),
        pytest.param('{"meta": 3, "cases": []}', "meta", id="meta is no object"),
        pytest.param('{"meta": {"reference_date": "hier"}, "cases": []}', "'hier'", id="yesterday"),
        pytest.param('[{"input": {"age": 3, "age": 40}}]', "'age' est donné deux fois", id="said twice"),
        pytest.param('[{"input": {"age": NaN}}]', "NaN", id="not a number"),
        pytest.param("[" * 100_000, "JSON", id="very deep"),
        pytest.param('[{"input": {"age": ' + "9" * 5000 + "}}]", "JSON", id="5,000 digits"),
    ],
)
def test_a_file_that_cannot_be_read(content, said):
    result = run(content)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_day_without_rules_is_said():
    result = run_cases({"emploi": "DEPUTE"}, reference_date="1900-01-01")
    assert result.exit_code == 2
    assert "aucune règle" in result.stderr


def test_half_a_letter_does_not_stop_the_others():
    result = run('[{"id": "\\ud800", "input": {"emploi": "\\ud800"}}, {"input": {"emploi": "DEPUTE"}}]')
    assert result.exit_code == 2
    assert decisions(result)[1]["scheme"] == "AMO"
