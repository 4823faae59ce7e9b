"""What is written unasked fits one segment with the longest names of the country, and keeps its last word."""

from datetime import date

import pytest

from config import facts
from flows import gsm7
from flows.reminder_texts import card_waits, ramed_ends, town_hall

HOURS = "lun-ven 7h30-12h 13h30-16h00"


@pytest.mark.parametrize("scheme", ["RAMED", "MUTUELLE", "AMO"])
def test_a_card_waits_in_any_commune(scheme: str) -> None:
    communes = {row["commune"] for row in facts.reference("mali_communes_2023")}
    assert len(communes) > 500
    for commune in communes:
        text = card_waits(
            str, scheme, "Mariam-Fatoumata", "Wêzorawadébo", town_hall(str, "mairie", commune), HOURS
        )
        assert gsm7.segments(text) == 1, (gsm7.septets(text), text)
        assert text.startswith(f"Carte {scheme} de MARIAM-FATOU W*** prete a la mairie de ")
        assert text.endswith("avec le recepisse. Deja prise? OK")


def test_a_right_ends_with_the_longest_service_code() -> None:
    text = ramed_ends(str, date(2027, 12, 31), "*99999#")
    assert gsm7.segments(text) == 1
    assert text == (
        "Votre RAMED finit le 31/12/2027. Demandez tot: *99999*2*4#. Pieces: *99999*2*3#. "
        "Deja fait? OK. STOP RAMED pour arreter"
    )
