"""`ramu doctor` about mobile money: each setting that would lose or invent money is named with its remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.settings import BadSettings, load
from gateway.doctor_money import Said, money
from tests.payments.contracts import KEY, contract


def said(**settings: Any) -> Said:
    """The worst thing that is said."""
    found = list(money(load(**{"demo": False, "webhook_secrets": "s" * 32, **settings})))
    return max(found, key=lambda one: ("ok", "doubt", "BAD").index(one.state))


@pytest.mark.parametrize(
    ("settings", "state", "found"),
    [
        pytest.param({}, "doubt", "no operator", id="none"),
        pytest.param({"money": "simulated"}, "BAD", "no money moves", id="simulated in a service"),
        pytest.param(
            {"money": "simulated", "demo": True}, "doubt", "no money moves", id="simulated in a demonstration"
        ),
        pytest.param({"money": "operators"}, "BAD", "none is described", id="none described"),
        pytest.param(
            {"money": "operators", "money_operators": {"OM": contract()}}, "ok", "OM, configured", id="sound"
        ),
        pytest.param(
            {"money": "operators", "money_operators": {"WAVE": contract()}}, "BAD", "WAVE", id="not in force"
        ),
        pytest.param(
            {"money": "operators", "money_operators": {"OM": contract(url="http://192.0.2.1/pay")}},
            "BAD",
            "in clear",
            id="a key in clear",
        ),
        pytest.param(
            {"money": "operators", "money_operators": {"OM": contract(signature={"keys": ["short"]})}},
            "BAD",
            "fewer than 32",
            id="a short key",
        ),
        pytest.param(
            {"money": "operators", "money_operators": {"OM": contract()}, "webhook_secrets": ""},
            "BAD",
            "no address to call",
            id="no secret",
        ),
    ],
)
def test_a_setting_is_judged(settings: dict[str, Any], state: str, found: str) -> None:
    one = said(**settings)
    assert one.state == state
    assert found in one.found
    assert bool(one.remedy) == (state != "ok")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"body": {"order": "{order}", "payer": "{payer}"}}, "{amount}", id="no amount"),
        pytest.param({"body": {"a": "{order}{amount}{payer}{pin}"}}, "no such place", id="an unknown place"),
        pytest.param({"meanings": {"OK": "PAID"}}, "PAID", id="a meaning that is none of ours"),
        pytest.param({"meanings": {"NO": "AUTRE"}}, "nothing would ever be paid", id="no word for paid"),
        pytest.param({"query_url": "https://om.example/ask"}, "{order}", id="a question about nothing"),
        pytest.param({"callback": {"status": "s"}}, "callback.order", id="a callback about nothing"),
        pytest.param({"key": ""}, "there is none", id="no key"),
        pytest.param({"signature": {"keys": []}}, "keys", id="no signature"),
        pytest.param({"headers": {"A b": "x"}}, "one line", id="a header that is none"),
    ],
)
def test_a_contract_that_cannot_work_is_refused_when_it_is_read(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load(money="operators", money_operators=json.dumps({"OM": contract(**changed)}))
    assert told in str(refused.value)
    assert KEY not in str(refused.value)
