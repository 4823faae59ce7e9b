"""Logs: JSON in production, readable in development, and never a number, a secret or a password."""

import json
import logging
import subprocess
import sys

import pytest

from config.settings import CHECKOUT
from gateway.masking import masked, masked_entry

PHONE = "+22370000001"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("call +22370000001 now", "call *** now", id="a phone"),
        pytest.param("0022370000001", "***", id="a phone with zeros"),
        pytest.param("70 00 00 01", "***", id="a phone in pairs"),
        pytest.param("70.00.00.01", "***", id="a phone with dots"),
        pytest.param("70-00-00-01", "***", id="a phone with dashes"),
        pytest.param("phoneNumber=%2B22370000001&text=", "phoneNumber=***&text=", id="a phone, encoded"),
        pytest.param("card 2600100000017.", "card ***.", id="a receipt"),
        pytest.param("x482109376y", "x***y", id="a card within a word"),
        pytest.param("12345", "12345", id="five digits stay"),
        pytest.param("123456", "***", id="six digits go"),
        pytest.param("on 2026-11-22 at 10:42", "on 2026-11-22 at 10:42", id="a day stays"),
        pytest.param("2026-11-22T10:42:11.123456Z", "2026-11-22T10:42:11.123456Z", id="a moment stays"),
        pytest.param("2026-11-2270000001", "***", id="a phone behind a day"),
        pytest.param("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x", id="this machine stays"),
        pytest.param(
            "POST /hooks/africastalking/abc/ussd", "POST /hooks/africastalking/***/ussd", id="a secret"
        ),
        pytest.param("postgresql://ramu:pw@db/x", "postgresql://***@db/x", id="a password"),
    ],
)
def test_what_could_name_somebody_is_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_values_are_masked_however_deep_and_of_any_kind() -> None:
    entry = {"event": PHONE, "deep": {"list": [PHONE, 22370000001, ("70000001",)]}, "bytes": PHONE.encode()}
    told = repr(masked_entry(entry))
    assert "7000000" not in told


SAY = """
import logging, structlog
from config.settings import load
from gateway.logs import configure, hop_line
settings = load(log_format={form!r})
configure(settings)
structlog.get_logger("ours").warning("told +22370000001", number="70000001", n=3)
logging.getLogger("rq.worker").warning("job for %s", "+22370000001")
def fails(phone):
    raise ValueError(f"no such phone {{phone}}")
try:
    fails("+22370000001")
except ValueError:
    structlog.get_logger("ours").exception("failed", phone="+22370000001")
    logging.getLogger("sqlalchemy").exception("failed for 70000001")
hop_line(settings)(screen="home.home", outcome="answered", ms=1.5)
"""


def said(form: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SAY.format(form=form)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_logger_writes_a_number_not_even_in_a_trace(form: str) -> None:
    told = said(form)
    assert "7000000" not in told
    assert "ValueError" in told
    assert "home.home" in told


def test_in_production_each_line_is_json() -> None:
    lines = [json.loads(line) for line in said("json").splitlines()]
    assert [line["event"] for line in lines] == ["told ***", "job for ***", "failed", "failed for ***", "hop"]
    assert all("timestamp" in line for line in lines)


def test_the_standard_library_is_set_up_too() -> None:
    assert logging.getLogger("werkzeug") is not None
    assert '"logger":"rq.worker"' in said("json")
