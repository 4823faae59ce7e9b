"""Cash that is due or kept too long, told once."""

from datetime import datetime

import pytest

from flows.texts import Catalogues
from tests.collecting.conftest import AWA, NOW, Till, later
from workers.cash_care import look_after_cash


class Desk:
    """What the job needs of a desk, at a moment that tests choose."""

    def __init__(self, till: Till) -> None:
        self.database, self.keys, self.catalogues = till.database, till.register.keys, Catalogues.load()
        self.now = NOW

    def clock(self) -> datetime:
        """The moment."""
        return self.now


@pytest.fixture
def desk(till: Till) -> Desk:
    """A desk of the mutuelle, whose collector has 1375 F since TODAY."""
    till.phone("collector").sends(f"COT {AWA} 1375")
    return Desk(till)


@pytest.mark.parametrize(
    ("days", "hour", "said"),
    [
        pytest.param(2, 10, 0, id="the last day to hand over"),
        pytest.param(3, 10, 1, id="the day after"),
        pytest.param(3, 4, 0, id="at night"),
        pytest.param(5, 10, 1, id="the last day before the treasurer is told"),
        pytest.param(6, 10, 2, id="kept too long"),
    ],
)
def test_what_is_due_is_said_in_its_time(till: Till, desk: Desk, days: int, hour: int, said: int) -> None:
    desk.now = later(days=days).replace(hour=hour)
    assert look_after_cash(desk) == said
    assert len(till.phone("collector").received()) == min(said, 1)
    assert len(till.phone("treasurer").received()) == max(said - 1, 0)


def test_it_is_said_once(till: Till, desk: Desk) -> None:
    desk.now = later(days=6)
    assert [look_after_cash(desk) for _ in range(3)] == [2, 0, 0]
    desk.now = later(days=9)
    assert look_after_cash(desk) == 0
    assert till.phone("collector").received() == [
        "Vous avez 1375 F en main depuis le 03/12. A verser maintenant: VERS 1375 ref."
    ]
    assert till.phone("other_treasurer").received() == [
        "Agent 101: 1375 F en main depuis le 03/12, rien de verse. Appelez-la."
    ]


def test_who_waits_for_the_treasurer_is_left_alone(till: Till, desk: Desk) -> None:
    till.phone("collector").sends("VERS 1375 B12")
    desk.now = later(days=3)
    assert look_after_cash(desk) == 0
    desk.now = later(days=6)
    assert look_after_cash(desk) == 1
    assert till.phone("collector").received() == []
