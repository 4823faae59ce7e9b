"""The child's age as people type it, on both sides of the fifth birthday."""

from collections.abc import Callable

import pytest

from tests.flows.talking import Phone

Dialling = Callable[..., Phone]


@pytest.mark.parametrize(
    ("typed", "months"),
    [
        pytest.param("36", 36, id="months"),
        pytest.param("36 mois", 36, id="months, said so"),
        pytest.param("1", 1, id="one month"),
        pytest.param("0 mois", 0, id="a newborn"),
        pytest.param("59", 59, id="the last month"),
        pytest.param("3 ans", 36, id="years"),
        pytest.param("3ANS", 36, id="years without a space"),
        pytest.param("1 an", 12, id="one year"),
        pytest.param("3 ans 2 mois", 38, id="years and months"),
        pytest.param("3 ans et 2 mois", 38, id="years and months with a word"),
        pytest.param("1 an et demi", 18, id="a year and a half"),
        pytest.param("٣٦", 36, id="Arabic-Indic digits"),
        pytest.param("23112021", 59, id="the eve of the fifth birthday"),
        pytest.param("22/11/2026", 0, id="born today"),
        pytest.param("29022024", 32, id="born on 29 February"),
    ],
)
def test_a_young_child_is_treated_free_and_the_age_read_is_shown(
    phone: Dialling, typed: str, months: int
) -> None:
    phone().dial("*212*4*1#").types(typed).sees_page("free_care.child").sees(
        f"{months} mois : OUI, palu gratuit"
    )


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("60", id="sixty months"),
        pytest.param("5 ans", id="five years"),
        pytest.param("22112021", id="the fifth birthday is today"),
        pytest.param("4 ans 12 mois", id="twelve months more"),
        pytest.param("999", id="very old"),
    ],
)
def test_an_older_child_is_told_of_other_help(phone: Dialling, typed: str) -> None:
    phone().dial("*212*4*1#").types(typed).sees_page("free_care.too_old").sees(
        "NON", "1 Quel régime pour moi ?"
    )


@pytest.mark.parametrize(
    "typed", ["2,5 ans", "1 an6mois ou 7", "-3", "trois", "36 ans mois", "3102202", "31022023", "22112027"]
)
def test_an_age_that_cannot_be_read_is_asked_again(phone: Dialling, typed: str) -> None:
    phone().dial("*212*4*1#").types(typed).sees_page("free_care.age").sees("ex :")


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        pytest.param("36", "jusqu'au 10/2028", id="a month when months were told"),
        pytest.param("23112021", "jusqu'au 22/11/2026", id="a day when a date was told"),
        pytest.param("29022024", "jusqu'au 28/02/2029", id="born on 29 February"),
        pytest.param("4 ans", "jusqu'à ses 5 ans", id="no month when whole years were told"),
    ],
)
def test_the_last_day_is_as_exact_as_the_age(phone: Dialling, typed: str, until: str) -> None:
    phone().dial("*212*4*1#").types(typed).sees(until)
