"""The strategy's tables of 2019: what they print, added up again; ND stays ND."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from click.testing import CliRunner

from config.facts import NotInForce
from gateway.mutuelle_baseline_command import baseline as command
from gateway.mutuelle_baseline_command import lines_of
from models.mutuelle_baseline import Printed, baseline, percent


def test_recovery_and_balance_are_reproduced_exactly():
    found = baseline(2019)
    assert found.recovery == Printed(Decimal("65.92"), Decimal("65.92"))
    assert found.balance == Printed(Decimal(283_826_908), Decimal(283_826_908))
    assert found.before == {2017: 246_982_965, 2018: 363_363_937}


@pytest.mark.parametrize(
    ("name", "total"),
    [
        pytest.param("mutuelles", 205, id="mutuelles"),
        pytest.param("beneficiaries", 303_762, id="beneficiaries"),
        pytest.param("treated", 85_835, id="treated"),
    ],
)
def test_the_rows_add_up_to_the_printed_total(name, total):
    found = baseline(2019).totals[name]
    assert (found.printed, found.computed, found.difference) == (total, total, 0)


def test_nobody_counted_is_not_nobody():
    rows = {row.region: row for row in baseline(2019).regions}
    assert rows["Gao"].beneficiaries is None
    assert rows["Taoudénit"].beneficiaries == 0
    assert sum(row.mutuelles for row in baseline(2019).unknown) == 27


def test_a_year_without_tables_is_not_made_up():
    with pytest.raises(NotInForce, match="2018"):
        baseline(2018)
    told = CliRunner().invoke(command, ["--year", "2020"])
    assert told.exit_code == 2
    assert "aucun tableau pour 2020" in told.output


def test_the_screen_says_what_agrees_and_what_does_not():
    text = CliRunner().invoke(command, []).output.replace("\u00a0", " ")
    assert "Recouvrement : 65,92 %, comme imprimé." in text
    assert "Solde : 283 826 908 FCFA, comme imprimé." in text
    assert "écart 152 210 503" in text
    row = next(line for line in text.splitlines() if "Tombouctou  " in line)
    assert row.split() == ["Tombouctou", "15", "ND", "ND", "ND"]


def test_a_total_that_does_not_add_up_says_by_how_much():
    wrong = replace(baseline(2019), balance=Printed(Decimal(283_826_910), Decimal(283_826_908)))
    text = "\n".join(lines_of(wrong)).replace("\u00a0", " ")
    assert "Solde : 283 826 908 FCFA, imprimé 283 826 910 FCFA : écart 2 FCFA." in text


def test_programs_read_nd_as_null():
    told = json.loads(CliRunner().invoke(command, ["--json"]).output)
    assert told["recovery"] == {"printed": 65.92, "computed": 65.92, "difference": 0}
    assert next(row for row in told["regions"] if row["region"] == "Kidal")["beneficiaries"] is None


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        pytest.param(0, 0, None, id="of nothing"),
        pytest.param(0, 5, Decimal("0.00"), id="nothing of some"),
        pytest.param(1, 800, Decimal("0.13"), id="half a hundredth goes up"),
        pytest.param(5, 5, Decimal("100.00"), id="all"),
    ],
)
def test_a_percent_has_two_digits(part, whole, share):
    assert percent(part, whole) == share
