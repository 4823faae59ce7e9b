"""What a right is worth, on both sides of each of its days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.coverage import BEST_FIRST, Verdict, verdict
from models.receipts import receipt_verdict

FIRST, LAST, COVERED = date(2022, 1, 1), date(2024, 12, 31), date(2022, 1, 31)
DAYS = st.dates(date(2010, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(date(2021, 12, 31), Verdict.PAS_ENCORE_VALIDE, id="the day before"),
        pytest.param(date(2022, 1, 1), Verdict.VALIDE, id="the first day"),
        pytest.param(date(2024, 12, 31), Verdict.VALIDE, id="the last day"),
        pytest.param(date(2025, 1, 1), Verdict.EXPIRE, id="the day after"),
    ],
)
def test_the_receipt_of_the_annex(day, expected):
    assert receipt_verdict(FIRST, LAST, day) is expected


@pytest.mark.parametrize("dates", [(None, LAST), (FIRST, None), (None, None)])
def test_a_receipt_without_its_dates_is_worth_nothing_known(dates):
    assert receipt_verdict(*dates, date(2023, 1, 1)) is Verdict.INCONNU


@pytest.mark.parametrize(
    ("scheme", "status", "end", "covered_from", "day", "expected"),
    [
        pytest.param("AMO", "ACTIF", None, None, date(2030, 1, 1), Verdict.VALIDE, id="no end"),
        pytest.param("AMO", "ACTIF", None, COVERED, date(2022, 1, 30), Verdict.EN_OBSERVATION, id="waits"),
        pytest.param("AMO", "ACTIF", None, COVERED, date(2022, 1, 31), Verdict.VALIDE, id="waited"),
        pytest.param(
            "RAMED", "SUSPENDU", LAST, None, date(2023, 1, 1), Verdict.SUSPENDU, id="ramed suspended"
        ),
        pytest.param("MUTUELLE", "A_JOUR", LAST, None, LAST, Verdict.VALIDE, id="paid, last day"),
        pytest.param(
            "MUTUELLE", "A_JOUR", LAST, None, date(2025, 1, 1), Verdict.EXPIRE, id="paid, day after"
        ),
        pytest.param("MUTUELLE", "EN_RETARD", LAST, None, date(2025, 1, 20), Verdict.VALIDE, id="late"),
        pytest.param(
            "AMO", "EN_RETARD", LAST, None, date(2025, 1, 20), Verdict.EXPIRE, id="late is a mutuelle's"
        ),
        pytest.param(
            "MUTUELLE", "SUSPENDU", LAST, None, date(2025, 6, 1), Verdict.SUSPENDU, id="not expired"
        ),
        pytest.param("MUTUELLE", "RADIE", LAST, None, date(2023, 6, 1), Verdict.RADIE, id="struck off"),
        pytest.param("MUTUELLE", "DEMISSIONNAIRE", LAST, None, date(2023, 6, 1), Verdict.RADIE, id="left"),
        pytest.param("MUTUELLE", "EXCLU", LAST, None, date(2023, 6, 1), Verdict.RADIE, id="excluded"),
        pytest.param(
            "MUTUELLE",
            "EN_OBSERVATION",
            LAST,
            COVERED,
            date(2022, 1, 30),
            Verdict.EN_OBSERVATION,
            id="observed",
        ),
        pytest.param(
            "MUTUELLE", "EN_OBSERVATION", LAST, COVERED, COVERED, Verdict.VALIDE, id="observation over"
        ),
        pytest.param(
            "MUTUELLE",
            "EN_OBSERVATION",
            LAST,
            None,
            date(2023, 1, 1),
            Verdict.EN_OBSERVATION,
            id="no date told",
        ),
    ],
)
def test_schemes_and_statuses(scheme, status, end, covered_from, day, expected):
    assert verdict(scheme, status, FIRST, end, covered_from, day) is expected


@given(start=DAYS, length=st.integers(0, 2000), day=DAYS)
def test_a_right_is_valid_exactly_from_its_first_to_its_last_day(start, length, day):
    end = start + timedelta(days=length)
    assert (verdict("RAMED", "ACTIF", start, end, None, day) is Verdict.VALIDE) == (start <= day <= end)


def test_every_verdict_of_a_right_has_its_place_in_the_order():
    assert set(BEST_FIRST) == set(Verdict) - {Verdict.FORMAT_INVALIDE}
