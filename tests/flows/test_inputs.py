"""What is new in the provider's text: prefix difference, stars that the person typed, late hops."""

import pytest

from flows.inputs import Dial, Stale, newest, seen
from flows.session import Place, Session


def after(text: str) -> Session:
    return Session(Place("home.home"), seen=seen(text))


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        pytest.param("", (), id="a plain dial"),
        pytest.param("#", (), id="a lone hash"),
        pytest.param("1", ("1",), id="one key"),
        pytest.param("1*482109377", ("1", "482109377"), id="a shortcut"),
        pytest.param("1*482109377#", ("1", "482109377"), id="the closing hash is no input"),
    ],
)
def test_a_first_hop_is_a_dial(text: str, tail: tuple[str, ...]) -> None:
    assert newest(None, text) == Dial(tail)


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [
        pytest.param("", "1", "1", id="first key"),
        pytest.param("1", "1*2", "2", id="second key"),
        pytest.param("1", "1*2*3", "2*3", id="a star that the person typed"),
        pytest.param("1", "1*2#", "2#", id="a hash that the person typed"),
        pytest.param("1", "1*", "", id="nothing typed"),
        pytest.param("", "*", "*", id="a star alone"),
        pytest.param("1", "1*é²", "é²", id="any letters"),
        pytest.param("1*482109377", "1*482109377*1", "1", id="after a shortcut"),
    ],
)
def test_the_newest_input_is_the_difference(before: str, text: str, expected: str) -> None:
    assert newest(after(before), text) == expected


@pytest.mark.parametrize(
    ("before", "text"),
    [
        pytest.param("1*2", "1*2", id="the same again"),
        pytest.param("1*2", "1", id="an older hop"),
        pytest.param("1*2", "", id="the dial again"),
        pytest.param("1*2", "1*3", id="another history"),
        pytest.param("1*2", "1*23", id="a history that does not continue with a star"),
        pytest.param("1*2", "9*9*9", id="a foreign history"),
    ],
)
def test_a_late_hop_is_stale(before: str, text: str) -> None:
    assert newest(after(before), text) == Stale()


def test_the_dial_again_is_stale() -> None:
    assert newest(after(""), "") == Stale()
