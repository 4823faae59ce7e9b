"""Small counts are hidden, and who subtracts learns no more of them; intervals are those of the literature."""

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.intervals import difference, wilson
from models.small_counts import FEW, HIDDEN, LEAST, protected


@pytest.mark.parametrize(
    ("cells", "shown", "total"),
    [
        pytest.param({"a": 5, "b": 9}, {"a": 5, "b": 9}, 14, id="none is small"),
        pytest.param({"a": 0, "b": 9}, {"a": 0, "b": 9}, 9, id="nobody at all may be said"),
        pytest.param({"a": 4, "b": 9, "c": 30}, {"a": FEW, "b": HIDDEN, "c": 30}, 43, id="4 is small"),
        pytest.param(
            {"a": 2, "b": 2, "c": 30}, {"a": FEW, "b": FEW, "c": HIDDEN}, 34, id="two that sum to 4"
        ),
        pytest.param({"a": 2, "b": 3, "c": 30}, {"a": FEW, "b": FEW, "c": 30}, 35, id="two that sum to 5"),
        pytest.param(
            {"a": 1, "b": 5, "c": 30}, {"a": FEW, "b": HIDDEN, "c": HIDDEN}, 36, id="1 and 5 give 6"
        ),
        pytest.param({"a": 1, "b": 5}, {"a": HIDDEN, "b": HIDDEN}, 6, id="nothing is left to hide behind"),
        pytest.param({"a": 3, "b": 0}, {"a": HIDDEN, "b": HIDDEN}, FEW, id="a small total"),
        pytest.param({"a": 0}, {"a": 0}, 0, id="nobody"),
        pytest.param({}, {}, 0, id="no cells"),
    ],
)
def test_what_is_shown(cells: dict[str, int], shown: dict[str, int | str], total: int | str) -> None:
    found = protected(cells)
    assert (found.cells, found.total) == (shown, total)


COUNTS = st.lists(st.one_of(st.integers(0, 6), st.integers(0, 14)), min_size=1, max_size=4)


@given(COUNTS)
@settings(max_examples=300)
def test_whoever_subtracts_finds_small_cells_as_open_as_before(counts: list[int]) -> None:
    cells = {str(place): count for place, count in enumerate(counts)}
    found = protected(cells)
    if found.total == FEW:
        assert set(found.cells.values()) <= {HIDDEN}
        return
    assert found.total == sum(counts)
    heads = product(range(sum(counts) + 1), repeat=len(counts) - 1)
    worlds = ((*head, sum(counts) - sum(head)) for head in heads if sum(head) <= sum(counts))
    possible = [world for world in worlds if _fits(world, list(found.cells.values()))]
    for place, count in enumerate(counts):
        shown = found.cells[str(place)]
        assert shown == count or not isinstance(shown, int)
        assert not (isinstance(shown, int) and 0 < shown < LEAST)
        if shown == FEW:
            assert {world[place] for world in possible} == {1, 2, 3, 4}
        elif shown == HIDDEN and len(counts) > 1 and sum(counts) > 0:
            assert len({world[place] for world in possible}) > 1


def _fits(world: tuple[int, ...], marks: list[int | str]) -> bool:
    """Whether a reader who knows the rules could think that this is what lies behind the marks."""
    some_few = FEW in marks
    for count, mark in zip(world, marks, strict=True):
        if isinstance(mark, int) and count != mark:
            return False
        if mark == FEW and not 0 < count < LEAST:
            return False
        if mark == HIDDEN and some_few and count < LEAST:
            return False
    return True


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param((56, 70, 48, 80), (0.2000, 0.0524, 0.3339), id="56 of 70, 48 of 80"),
        pytest.param((9, 10, 3, 10), (0.6000, 0.1705, 0.8090), id="9 of 10, 3 of 10"),
        pytest.param((5, 56, 0, 29), (0.0893, -0.0381, 0.1926), id="5 of 56, 0 of 29"),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    groups: tuple[int, int, int, int], expected: tuple[float, float, float]
) -> None:
    found = difference(*groups)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 400), st.integers(1, 400))
@example(34, 34, 0, 1)  # its end was above 1 by the last digit
@example(0, 1, 34, 34)
def test_an_interval_holds_the_difference_and_turns_round_with_it(
    found: int, among: int, other: int, other_among: int
) -> None:
    found, other = min(found, among), min(other, other_among)
    one, back = difference(found, among, other, other_among), difference(other, other_among, found, among)
    assert -1 <= one.low <= one.value + 1e-12
    assert one.value - 1e-12 <= one.high <= 1
    assert (-one.high, -one.low) == pytest.approx((back.low, back.high))
    assert one.is_sure == (one.low > 0 or one.high < 0)


@pytest.mark.parametrize("bad", [(1, 0), (-1, 5), (6, 5)])
def test_no_share_of_nobody(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="of"):
        wilson(*bad)
