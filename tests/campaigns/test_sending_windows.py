"""Decent hours, on both sides of each limit. Bamako's clock is UTC's."""

from datetime import UTC, date, datetime

import pytest

from models.sending_windows import CAMPAIGN, Open, minutes_open, open_at

THURSDAY, FRIDAY, SUNDAY = "2026-11-26", "2026-11-27", "2026-11-29"


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        pytest.param(THURSDAY, "07:59:59", False, id="before eight"),
        pytest.param(THURSDAY, "08:00:00", True, id="at eight"),
        pytest.param(THURSDAY, "13:00:00", True, id="at noon of a Thursday"),
        pytest.param(THURSDAY, "18:59:59", True, id="before seven in the evening"),
        pytest.param(THURSDAY, "19:00:00", False, id="at seven in the evening"),
        pytest.param(FRIDAY, "12:29:59", True, id="before the prayer"),
        pytest.param(FRIDAY, "12:30:00", False, id="when the prayer begins"),
        pytest.param(FRIDAY, "14:29:59", False, id="before the prayer ends"),
        pytest.param(FRIDAY, "14:30:00", True, id="after the prayer"),
        pytest.param(SUNDAY, "10:00:00", True, id="on a Sunday"),
    ],
)
def test_messages_go_in_decent_hours_only(day: str, hour: str, expected: bool) -> None:
    found = open_at(CAMPAIGN, datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=UTC))
    assert (found.at("KAYES"), found.at(""), found.nowhere) == (expected, expected, not expected)


@pytest.mark.parametrize(
    ("day", "minutes"),
    [pytest.param(THURSDAY, 660, id="a Thursday"), pytest.param(FRIDAY, 540, id="a Friday")],
)
def test_the_hours_of_a_day(day: str, minutes: int) -> None:
    assert minutes_open(CAMPAIGN, "SEGOU", date.fromisoformat(day)) == minutes


def test_what_is_not_in_the_table_is_never_sent() -> None:
    assert open_at("unknown", datetime(2026, 11, 26, 10, tzinfo=UTC)).nowhere


@pytest.mark.parametrize(
    ("found", "kayes", "gao"),
    [
        pytest.param(Open(True, frozenset({"GAO"})), True, False, id="everywhere but there"),
        pytest.param(Open(False, frozenset({"GAO"})), False, True, id="only there"),
    ],
)
def test_a_region_can_have_hours_of_its_own(found: Open, kayes: bool, gao: bool) -> None:
    assert (found.at("KAYES"), found.at("GAO"), found.listed) == (kayes, gao, "|GAO|")
