"""A campaign begins by itself: not before its hour, not before its rows are made, and once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sending.conftest import Office, open_office
from tests.sending.drive import FAST, OPEN_HOUR, Drive
from workers.campaign_care import begin

LATER, EARLIER = OPEN_HOUR + timedelta(seconds=1), OPEN_HOUR - timedelta(seconds=1)


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    """On SQLite, then on PostgreSQL, on a Thursday at ten."""
    opened = open_office(tmp_path, database_url, redis_url, paces=FAST)
    opened.desk = replace(opened.desk, clock=lambda: OPEN_HOUR)
    yield opened
    opened.desk.close()


@pytest.mark.parametrize(
    ("starts_at", "planned_at", "state"),
    [
        pytest.param(OPEN_HOUR, EARLIER, "SENDING", id="at its hour"),
        pytest.param(EARLIER, EARLIER, "SENDING", id="after its hour"),
        pytest.param(LATER, EARLIER, "SCHEDULED", id="before its hour"),
        pytest.param(EARLIER, None, "SCHEDULED", id="before its rows are made"),
    ],
)
def test_a_campaign_begins_at_its_hour(office: Office, starts_at, planned_at, state: str) -> None:
    drive = Drive(office, range(3))
    drive.set(state="SCHEDULED", starts_at=starts_at, planned_at=planned_at)
    assert begin(office.desk) == (state == "SENDING")
    assert drive.standing()[0] == state
    assert begin(office.desk) == 0
