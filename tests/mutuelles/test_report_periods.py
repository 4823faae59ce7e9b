"""Periods as people write them: every form, and what is said of what is none."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.periods import BadPeriod, Period, period


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        pytest.param("2026", date(2026, 1, 1), date(2026, 12, 31), id="year"),
        pytest.param("2026-S1", date(2026, 1, 1), date(2026, 6, 30), id="first half"),
        pytest.param("2026-s2", date(2026, 7, 1), date(2026, 12, 31), id="small letter"),
        pytest.param("2026-T1", date(2026, 1, 1), date(2026, 3, 31), id="first quarter"),
        pytest.param("2026-T4", date(2026, 10, 1), date(2026, 12, 31), id="last quarter"),
        pytest.param("2028-02", date(2028, 2, 1), date(2028, 2, 29), id="leap month"),
        pytest.param("2026-11-22", date(2026, 11, 22), date(2026, 11, 22), id="day"),
        pytest.param("2025-10..2026-09", date(2025, 10, 1), date(2026, 9, 30), id="season"),
        pytest.param("2025-11-15 .. 2026", date(2025, 11, 15), date(2026, 12, 31), id="mixed"),
    ],
)
def test_what_is_written(written, first, last):
    assert period(written) == Period(first, last)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param("", "n'est pas une période -> 2026, 2026-S2", id="nothing"),
        pytest.param("novembre", "n'est pas une période", id="word"),
        pytest.param("2026-T5", "n'est pas une période", id="no digit of any part"),
        pytest.param("2026-S3", "2026-S3 n'existe pas", id="third half"),
        pytest.param("2026-13", "2026-13 n'existe pas", id="thirteenth month"),
        pytest.param("2026-00", "2026-00 n'existe pas", id="month 0"),
        pytest.param("2026-02-29", "2026-02-29 n'existe pas", id="no leap year"),
        pytest.param("2026-11..", "n'est pas une période", id="open end"),
        pytest.param("2026-11..2026-10", "la fin est avant le début", id="backwards"),
        pytest.param("٢٠٢٦", "n'est pas une période", id="other digits"),
    ],
)
def test_what_is_no_period_is_told_in_french(written, said):
    with pytest.raises(BadPeriod) as wrong:
        period(written)
    assert said in str(wrong.value)


@given(st.text(max_size=24))
def test_whatever_is_written_is_a_period_or_refused(written):
    try:
        found = period(written)
    except BadPeriod:
        return
    assert found.first <= found.last
