"""Published figures tell nothing of fewer than five people, whoever subtracts; forecasts lie within their interval."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.mutuelle_figures import Figures, Season, forecast, total
from models.mutuelle_publish import published, whole
from models.mutuelle_report import CERCLE, COUNTRY, LEVELS, ONE, REGION, Place
from models.small_counts import FEW, HIDDEN, LEAST

KATI, KITA = Place("Koulikoro", "Kati", "K1", "Benkadi"), Place("Kayes", "Kita", "K2", "Jigi")
KAYES = Place("Kayes", "Kayes", "K3", "Nyeleni")


def rows(own):
    """The figures of mutuelles at every level."""
    found = {}
    for level in LEVELS:
        parts = {}
        for place, figures in own.items():
            parts.setdefault(place.above(level), []).append(figures)
        found[level] = {place: total(some) for place, some in parts.items()}
    return found


def some(members, **more):
    told = {
        "members": members,
        "accounts": members,
        "beneficiaries": 4 * members,
        "paid_up": members,
        "due": 3_300 * members,
    }
    return Figures(mutuelles=1, known=1, **{**told, "treated": 0, "acts": 0, **more})


def test_nothing_small_is_shown_as_it_is():
    own = {KATI: some(100), KITA: some(20), KAYES: some(300)}
    assert published(rows(own)) == whole(rows(own))


@pytest.mark.parametrize(
    ("members", "shown"),
    [pytest.param(4, FEW, id="four"), pytest.param(5, 5, id="five"), pytest.param(0, 0, id="none")],
)
def test_fewer_than_five_households_are_not_told(members, shown):
    found = published(rows({KATI: some(100), KITA: some(members), KAYES: some(300)}))
    assert found[ONE][KITA]["members"] == shown


def test_the_rest_of_a_hidden_row_is_hidden_and_so_is_another_row():
    found = published(rows({KATI: some(100), KITA: some(3), KAYES: some(30)}))
    assert found[ONE][KITA]["due"] == HIDDEN
    assert found[ONE][KITA]["mutuelles"] == 1
    assert found[ONE][KAYES]["members"] == HIDDEN, "or Kayes less its other mutuelle would tell"
    assert found[REGION][Place("Kayes")]["members"] == 33
    assert found[ONE][KATI]["members"] == 100


def test_a_small_region_hides_another_one_and_all_that_is_in_it():
    found = published(rows({KATI: some(100), KITA: some(3)}))
    for level in (REGION, CERCLE, ONE):
        assert {row["members"] for row in found[level].values()} <= {FEW, HIDDEN}
    assert found[COUNTRY][Place()]["members"] == 103


def test_a_small_country_tells_nothing_of_its_parts():
    found = published(rows({KATI: some(2)}))
    assert found[COUNTRY][Place()]["members"] == FEW
    assert found[COUNTRY][Place()]["due"] == HIDDEN


@pytest.mark.parametrize(
    ("paid_up", "shown"),
    [
        pytest.param(96, HIDDEN, id="four are late"),
        pytest.param(3, FEW, id="few are up to date"),
        pytest.param(100, 100, id="nobody is late"),
    ],
)
def test_few_who_are_up_to_date_or_late_are_not_told(paid_up, shown):
    found = published(rows({KATI: some(100, paid_up=paid_up), KITA: some(50, paid_up=10)}))
    assert found[ONE][KATI]["paid_up"] == shown
    assert found[ONE][KATI]["members"] == 100


def test_few_accounts_in_a_large_register_hide_their_money():
    found = published(rows({KATI: some(900, accounts=2), KITA: some(50), KAYES: some(40)}))
    assert (found[ONE][KATI]["accounts"], found[ONE][KATI]["due"]) == (FEW, HIDDEN)
    assert found[ONE][KATI]["members"] == 900


def test_few_who_were_treated_hide_what_is_told_of_care():
    own = {KATI: some(100, treated=2, acts=9, care_fcfa=40_000), KITA: some(50, treated=30, acts=60)}
    found = published(rows(own))
    assert (found[ONE][KATI]["treated"], found[ONE][KATI]["acts"], found[ONE][KATI]["care_fcfa"]) == (
        FEW,
        HIDDEN,
        HIDDEN,
    )
    assert found[ONE][KITA]["treated"] == HIDDEN
    assert found[ONE][KATI]["members"] == 100


def test_what_nobody_knows_stays_nd():
    found = published(rows({KATI: some(2, care_fcfa=None), KITA: Figures(mutuelles=1, known=0)}))
    assert found[ONE][KATI]["care_fcfa"] is None
    assert found[ONE][KITA]["members"] is None


PLACES = [
    Place(f"R{region}", f"C{region}{cercle}", f"{region}{cercle}{one}")
    for region in "12"
    for cercle in "12"
    for one in "12"
]


@given(st.lists(st.one_of(st.none(), st.integers(0, 12), st.just(200)), min_size=8, max_size=8))
def test_no_sum_of_shown_rows_leaves_one_hidden_row_alone(counts):
    own = {place: some(count) for place, count in zip(PLACES, counts, strict=True) if count is not None}
    if not own:
        return
    found = published(rows(own))
    for above, level in pairwise(LEVELS):
        for parent, row in found[above].items():
            children = [one["members"] for place, one in found[level].items() if place.above(above) == parent]
            hidden = [shown for shown in children if isinstance(shown, str)]
            assert not any(isinstance(shown, int) and 0 < shown < LEAST for shown in children)
            if isinstance(row["members"], str):
                assert hidden == children
            else:
                assert len(hidden) != 1


def test_figures_add_up_to_what_is_known():
    found = total([Figures(members=3), Figures(members=None, due=5), Figures()])
    assert (found.members, found.due, found.received) == (3, 5, None)
    assert total([]) == Figures()


USUAL = Decimal("65.92")


@pytest.mark.parametrize(
    ("season", "told"),
    [
        pytest.param(Season(1_000, 500, 10_000, 1_000, 0), (1_000, 904, 1_096), id="half so far"),
        pytest.param(Season(1_000, 500, 10_000, 0, 0), (500, 500, 500), id="nothing is still to come"),
        pytest.param(Season(1_000, 0, 10_000, 1_000, 300), (300, 300, 300), id="what was paid ahead stays"),
        pytest.param(
            Season(0, 0, 0, 1_000, 0), (659, 0, 1_000), id="nothing fell due: the baseline's rate, unsure"
        ),
        pytest.param(
            Season(3_300, 3_300, 3_300**2, 3_300, 0), (6_600, 3_982, 6_600), id="one household is no proof"
        ),
    ],
)
def test_a_forecast_and_its_interval(season, told):
    found = forecast(season, USUAL)
    assert (found["season_forecast"], found["season_low"], found["season_high"]) == told


AMOUNTS = st.integers(0, 10**9)


@given(AMOUNTS, st.floats(0, 1), st.integers(1, 5_000), AMOUNTS, st.floats(0, 1))
def test_a_forecast_lies_in_its_interval_and_within_what_is_called(due, share, households, coming, ahead):
    squares = max(1, due * due // households)
    found = forecast(Season(due, int(due * share), squares, coming, int(coming * ahead)), USUAL)
    assert found["season_paid"] <= found["season_low"] <= found["season_forecast"] <= found["season_high"]
    assert found["season_high"] <= found["season_due"]
