"""The tables as they are shipped, and what is said of a table that somebody broke."""

from datetime import date

import pytest

from config import facts, reference_tables, tables
from config.facts import BadTable, Facts, NotInForce
from tests.rules import rulebook


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in tables.RULES])
def test_a_shipped_rule_table_can_be_used(name):
    assert facts.SHIPPED.rows(name)


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in reference_tables.REFERENCE])
def test_a_shipped_reference_table_can_be_used(name):
    assert facts.REFERENCE.rows(name)


def test_every_file_of_rules_is_a_known_table():
    assert {path.stem for path in facts.SHIPPED.folder.glob("*.csv")} == set(tables.RULES)
    assert {path.stem for path in facts.REFERENCE.folder.glob("*.csv")} == set(reference_tables.REFERENCE)


@pytest.mark.parametrize(
    ("table", "column", "known"),
    [
        pytest.param("papers", "documents", {row["code"] for row in facts.rows("documents")}, id="papers"),
        pytest.param("gratuite_rules", "code", {row["code"] for row in facts.rows("gratuites")}, id="rules"),
        pytest.param("free_care_menu", "codes", {row["code"] for row in facts.rows("gratuites")}, id="menu"),
    ],
)
def test_a_code_of_another_table_is_there(table, column, known):
    codes = {code for row in facts.rows(table) for code in row[column].split("|")}
    assert codes <= known


CHANGES = "from,to,name,value,unit,source\n"
GOOD = "2020-01-01,,resume_minutes,60,minutes,assumption\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "line 1: the columns must be from,to,name", id="empty file"),
        pytest.param("from,to,value,name,unit,source\n" + GOOD, "line 1: the columns", id="columns changed"),
        pytest.param(CHANGES, "line 2: there is no row", id="no row"),
        pytest.param(
            CHANGES + GOOD + "2020-01-01,,x,1\n", "line 3: 4 cells in 6 columns", id="cells missing"
        ),
        pytest.param(
            CHANGES + GOOD.replace("60", "sixty"), "line 2, column value: 'sixty' is not a number", id="word"
        ),
        pytest.param(CHANGES + GOOD.replace("60", "６０"), "line 2, column value", id="wide digits"),
        pytest.param(CHANGES + GOOD.replace("60", "-1"), "line 2, column value", id="negative"),
        pytest.param(
            CHANGES + GOOD.replace("2020-01-01", "2020-02-30"), "line 2, column from", id="no such day"
        ),
        pytest.param(
            CHANGES + GOOD.replace("2020-01-01", "01/01/2020"), "line 2, column from", id="day of a letter"
        ),
        pytest.param(
            CHANGES + GOOD.replace("2020-01-01", "20200101"), "line 2, column from", id="day run together"
        ),
        pytest.param(
            CHANGES + GOOD.replace(",,", ",2019-12-31,"), "line 2, column to: 2019-12-31 is before", id="ends"
        ),
        pytest.param(
            CHANGES + GOOD.replace("assumption", ""), "line 2, column source: is empty", id="no source"
        ),
        pytest.param(
            CHANGES + GOOD + GOOD, "line 3, column name: resume_minutes is also on line 2", id="twice"
        ),
        pytest.param(
            CHANGES + GOOD.replace(",,", ",2024-12-31,") + GOOD.replace("2020-01-01", "2024-12-31"),
            "line 3, column name: resume_minutes is also on line 2",
            id="both on one day",
        ),
        pytest.param(CHANGES + '"2020-01-01', "cannot be read", id="quote left open"),
    ],
)
def test_a_broken_table_is_named_by_file_line_and_column(tmp_path, text, said):
    (tmp_path / "parameters.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadTable) as refused:
        Facts(tmp_path).rows("parameters")
    assert str(refused.value).startswith("parameters.csv ")
    assert said in str(refused.value)


def test_a_table_that_is_not_there_or_not_utf8_is_named(tmp_path):
    with pytest.raises(BadTable, match=r"parameters.csv cannot be read"):
        Facts(tmp_path).rows("parameters")
    (tmp_path / "parameters.csv").write_bytes(b"from,to\xe9")
    with pytest.raises(BadTable, match=r"parameters.csv cannot be read"):
        Facts(tmp_path).rows("parameters")


@pytest.mark.parametrize(
    ("table", "where", "cells", "said"),
    [
        pytest.param(
            "documents", {"code": "certificat_vie"}, {"short": "x" * 29}, "takes 29 septets of 28", id="long"
        ),
        pytest.param(
            "documents", {"code": "certificat_vie"}, {"short": "kɛnɛya"}, "basic phone", id="foreign letter"
        ),
        pytest.param(
            "documents", {"code": "certificat_vie"}, {"short": "a|b"}, "basic phone", id="two septets"
        ),
        pytest.param(
            "eligibility", {"row": "2"}, {"scheme": "CMU"}, "'CMU' is none of AMO", id="unknown scheme"
        ),
        pytest.param(
            "eligibility", {"row": "1"}, {"emploi": "PATRON"}, "'PATRON' is none of", id="unknown work"
        ),
        pytest.param(
            "eligibility", {"row": "1"}, {"emploi": "DEPUTE|DEPUTE"}, "a word twice", id="said twice"
        ),
        pytest.param(
            "cost_shares", {"care": "CSCOM"}, {"patient_percent": "101"}, "from 0 to 100", id="percent"
        ),
    ],
)
def test_a_cell_of_a_rule_is_checked(tmp_path, table, where, cells, said):
    folder = rulebook.copied(tmp_path)
    with pytest.raises(BadTable, match=f"{table}.csv line") as refused:
        rulebook.changed(folder, table, where, **cells).check()
    assert said in str(refused.value)


def test_a_parameter_changes_on_its_day(tmp_path):
    first = GOOD.replace(",,", ",2024-12-31,")
    second = GOOD.replace("2020-01-01", "2025-01-01").replace("60", "12.5")
    (tmp_path / "parameters.csv").write_text(CHANGES + first + second, encoding="utf-8")
    rules = Facts(tmp_path)
    assert rules.parameter("resume_minutes", date(2020, 1, 1)) == 60
    assert rules.parameter("resume_minutes", date(2024, 12, 31)) == 60
    assert str(rules.parameter("resume_minutes", date(2025, 1, 1))) == "12.5"
    with pytest.raises(NotInForce):
        rules.parameter("resume_minutes", date(2019, 12, 31))


def test_a_row_cannot_be_written_to():
    with pytest.raises(TypeError):
        facts.rows("parameters")[0]["value"] = "0"  # type: ignore[index]
