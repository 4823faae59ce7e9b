"""Messages as people type them: slips of the thumb, lost spaces, spelling by ear, predictive text, other scripts.

Each row of misspelt.csv says what is understood. What is noted, cancelled or stopped is never guessed: such slips are
UNKNOWN, with the word that was probably meant.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

from flows.sms.grammar import hint, parse

DAY = date(2026, 11, 22)
ROWS = list(csv.DictReader((Path(__file__).parent / "misspelt.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("row", ROWS, ids=[ascii(row["text"]) for row in ROWS])
def test_a_misspelt_message_is_understood_as_the_table_says(row: dict[str, str]) -> None:
    said = parse(row["text"], DAY)
    understood = (said.word, " ".join(said.args), " ".join(said.numbers), hint(said) or "")
    assert understood == (row["word"], row["args"], row["numbers"], row["hint"])


def test_the_table_is_as_large_as_it_says_and_repeats_nothing() -> None:
    assert len(ROWS) >= 250
    assert len({row["text"] for row in ROWS}) == len(ROWS)
