"""What is written about a payment: one segment of GSM-7 with the longest values, amounts first, no whole name."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from config import facts
from flows import gsm7
from flows.payment_texts import About, confirmed, refused, taken_back
from models.contributions import Paid
from models.money_operators import money_operators, of_network, refusal

DAY = date(2026, 6, 3)
UNTIL = date(2026, 7, 31)
KATI = About("713482", 2_750, DAY, "Orange Money", "Benkadi", "Awa", "Traoré")
LONGEST = About(
    "713482", 9_999_999, DAY, "M" * 14, "Mutuelle de santé de Bafoulabé", "Mariam-Fatoumata", "Wêzorawadébo"
)


def paid(
    amount: int, total: int, due: int, until: date | None, missing: int, start: date | None = None
) -> Paid:
    return Paid(1, "713482", amount, total, due, until, missing, True, start)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        pytest.param(
            paid(2_750, 12_650, 16_500, UNTIL, 0),
            "RECU 713482: 2750 F le 03/06 par Orange Money, Benkadi, foyer AWA T***. "
            "Total 12650 sur 16500. COUVERT au 31/07/26.",
            id="covered",
        ),
        pytest.param(
            paid(2_750, 12_650, 16_500, UNTIL, 0, DAY),
            "RECU 713482: 2750 F le 03/06 par Orange Money, Benkadi, foyer AWA T***. "
            "Total 12650 sur 16500. COUVERT au 31/07/26.",
            id="covered from this day on",
        ),
        pytest.param(
            paid(2_750, 12_650, 16_500, UNTIL, 0, DAY + timedelta(days=1)),
            "RECU 713482: 2750 F le 03/06 par Orange Money, Benkadi, foyer AWA T***. "
            "Total 12650 sur 16500. COUVERT du 04/06/26 au 31/07/26.",
            id="still waiting",
        ),
        pytest.param(
            paid(2_750, 9_900, 16_500, None, 2_475),
            "RECU 713482: 2750 F le 03/06 par Orange Money, foyer AWA T***. "
            "Total 9900 sur 16500. Couvert a partir de 12375: encore 2475 F.",
            id="below the threshold",
        ),
        pytest.param(
            paid(2_750, 2_750, 16_500, date(2026, 6, 2), 0),
            "RECU 713482: 2750 F le 03/06 par Orange Money, Benkadi, foyer AWA T***. Total 2750 sur 16500.",
            id="still late",
        ),
    ],
)
def test_a_receipt(money: Paid, text: str) -> None:
    assert confirmed(str, KATI, money) == text


def test_every_text_is_one_segment_with_the_longest_values() -> None:
    high = 99_999_999
    texts = [
        confirmed(str, LONGEST, paid(LONGEST.amount, high, high, UNTIL, 0)),
        confirmed(str, LONGEST, paid(LONGEST.amount, high, high, UNTIL, 0, UNTIL)),
        confirmed(str, LONGEST, paid(LONGEST.amount, high, high, None, high)),
        taken_back(str, LONGEST, high, high),
        *(refused(str, LONGEST, refusal(row["reason"], DAY)) for row in facts.rows("payment_reasons")),
    ]
    for text in texts:
        assert gsm7.segments(text) == 1, (gsm7.septets(text), text)
        assert "Wêzorawadébo".upper() not in text


def test_operators_have_the_network_of_their_numbers() -> None:
    day = date(2026, 11, 22)
    assert [one.code for one in money_operators(day)] == ["OM", "MOOV"]
    found = of_network("ORANGE", day)
    assert found is not None
    assert found.name == "Orange Money"
    assert of_network("TELECEL", day) is None
    assert refusal("SOLDE", day) == "solde {operator} insuffisant"
    assert refusal("a word of tomorrow", day) == refusal("AUTRE", day)
