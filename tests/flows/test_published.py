"""What is printed on posters and receipts stays dialable for ever: rows may be re-routed, never taken away."""

from datetime import date

import pytest

from flows import shortcuts

PRINTED = {
    "1", "1*{number}", "1*1", "1*1*{member}", "2*1*{number}", "2*2", "2*3", "3*1", "3*1*{amount}", "3*2", "3*3",
    "3*4*{number}", "3*4*{number}*{amount}", "4*1*{months}", "5*6", "6*1*{commune}", "6*2*{number}", "6*3", "6*4*3",
}  # fmt: skip
"""Printed since 1 November 2026."""


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2026, 11, 22), date(2036, 1, 1)], ids=str)
def test_no_printed_string_is_ever_lost(day: date) -> None:
    assert {shortcut.string for shortcut in shortcuts.published(day)} >= PRINTED


@pytest.mark.parametrize(
    ("tail", "keys"),
    [
        pytest.param(
            ("1", "1", "2"), ("1", "@members", "2"), id="the code of a member goes by the list of members"
        ),
        pytest.param(
            ("3", "1", "2750"), ("3", "@pay", "@amount", "2750"), id="an amount is typed, and never confirmed"
        ),
        pytest.param(
            ("3", "4", "55120938", "2750"),
            ("3", "@other", "55120938/2750"),
            id="number and amount are one look-up",
        ),
        pytest.param(("1", "1234567890123"), ("1", "1234567890123"), id="a number"),
        pytest.param(("9", "9"), ("9", "9"), id="a tail that nobody published is walked as it is"),
        pytest.param((), (), id="nothing"),
    ],
)
def test_a_tail_becomes_keys_of_the_present_menu(tail: tuple[str, ...], keys: tuple[str, ...]) -> None:
    assert shortcuts.walk(tail, date(2026, 11, 22)) == keys
