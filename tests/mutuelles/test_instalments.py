"""What may be paid now, where it goes, and what is offered after a refusal."""

from datetime import date, timedelta

import pytest

from models.dues import ADHESION, COTISATION, Due
from models.instalments import Offers, Split, less, offers, split

FIRST, SECOND = date(2026, 1, 1), date(2027, 1, 1)


def due(
    amount: int, paid: int = 0, *, kind: str = COTISATION, season: date = FIRST, percent: int = 100
) -> Due:
    day = season + timedelta(days=30)
    percent = percent if kind == COTISATION else 0
    return Due(1, 1, kind, season, season, day, day, 5, amount, paid, None, percent, 3, 0)


@pytest.mark.parametrize(
    ("owed", "offered"),
    [
        pytest.param([], Offers(0, 0, 0, False, 0), id="nothing was called"),
        pytest.param([due(1_375, 1_375)], Offers(0, 0, 0, False, 0), id="all is paid"),
        pytest.param([due(1_375)], Offers(0, 0, 1_375, False, 100), id="one part: all of it"),
        pytest.param([due(1_375)] * 2, Offers(1_375, 0, 2_750, False, 100), id="two parts: one or all"),
        pytest.param([due(1_375)] * 3, Offers(1_375, 2_750, 4_125, False, 100), id="three parts"),
        pytest.param(
            [due(1_375, 275), due(1_375), due(1_375)],
            Offers(1_375, 2_750, 3_850, False, 100),
            id="a part that was begun is offered whole",
        ),
        pytest.param(
            [due(1_000, kind=ADHESION), due(1_375), due(1_375)],
            Offers(1_000, 2_375, 3_750, True, 100),
            id="the fee for joining first",
        ),
        pytest.param(
            [due(1_375), due(1_375, season=SECOND), due(1_375, season=SECOND)],
            Offers(0, 0, 1_375, False, 100),
            id="the next season waits for this one",
        ),
        pytest.param([due(900, percent=50)] * 2, Offers(900, 0, 1_800, False, 50), id="half from the State"),
    ],
)
def test_what_is_offered(owed: list[Due], offered: Offers) -> None:
    assert offers(owed) == offered


@pytest.mark.parametrize(
    ("amount", "goes"),
    [
        pytest.param(500, Split(0, 0), id="the fee first, to which the State adds nothing"),
        pytest.param(1_000, Split(0, 0), id="the whole fee"),
        pytest.param(1_001, Split(0, 0), id="a franc of the part: half a franc is not added"),
        pytest.param(1_002, Split(1, 0), id="two francs of the part"),
        pytest.param(2_374, Split(687, 0), id="all but a franc"),
        pytest.param(2_375, Split(687, 0), id="all"),
        pytest.param(2_500, Split(687, 125), id="beyond all: an advance"),
    ],
)
def test_where_an_amount_goes(amount: int, goes: Split) -> None:
    assert split([due(1_000, kind=ADHESION), due(1_375, percent=50)], amount) == goes


@pytest.mark.parametrize(
    ("amount", "smaller"),
    [
        pytest.param(2_750, 1_375, id="two parts: one"),
        pytest.param(1_376, 1_375, id="a franc more than a part"),
        pytest.param(1_375, 600, id="a part: half of it, in hundreds"),
        pytest.param(400, 200, id="half is the least"),
        pytest.param(399, 0, id="half is below the least"),
    ],
)
def test_what_is_offered_after_a_refusal(amount: int, smaller: int) -> None:
    assert less(offers([due(1_375)] * 3), amount, 200) == smaller
