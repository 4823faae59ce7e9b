"""Texts of campaigns: variables, letters, segments, on both sides of each limit."""

import pytest

from flows.campaign_text import GSM7, UCS2, BadText, MissingValue, parse, price, replaced
from gateway.campaign_desk import refuse_bad
from gateway.campaign_writing import Measured

VALUES = {"prenom": "Awa", "jour_fin": "31/12/2026", "mutuelle": "Benkadi", "code_service": "*212#"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("Bonjour", "Bonjour", id="no variable"),
        pytest.param("{prenom}, {jour_fin}", "Awa, 31/12/2026", id="variables"),
        pytest.param("{ Prenom }", "Awa", id="spaces and capitals"),
        pytest.param("{prenom|cher assuré}", "Awa", id="a default that is not needed"),
        pytest.param("{village|chez vous}", "chez vous", id="a default that is needed"),
        pytest.param("{village|}", "", id="nothing in its place"),
        pytest.param("fête à {mutuelle}", "fete à Benkadi", id="letters that GSM-7 lacks"),
    ],
)
def test_a_text_is_written(text: str, written: str) -> None:
    assert parse(text, GSM7, ("village",)).render(VALUES) == written


@pytest.mark.parametrize("text", ["", "  ", "{nom}", "{prenom", "prenom}", "{}", "{{prenom}}", "{village}"])
def test_a_text_that_cannot_be_sent_says_what_to_do(text: str) -> None:
    with pytest.raises(BadText, match="->"):
        parse(text, GSM7)


def test_a_value_that_is_missing_is_not_sent_as_nothing() -> None:
    with pytest.raises(MissingValue):
        parse("{prenom}", GSM7).render({"prenom": "  "})


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("Bonjour", False),
        ("Tapez {code_service}", False),
        ("{prenom}", True),
        ("{code_service} {jour_fin}", True),
    ],
)
def test_a_text_is_personal_when_people_differ(text: str, personal: bool) -> None:
    assert parse(text, GSM7).personal is personal


@pytest.mark.parametrize(
    ("text", "charset", "used", "segments"),
    [
        pytest.param("a" * 160, GSM7, 160, 1, id="the longest single"),
        pytest.param("a" * 161, GSM7, 161, 2, id="one too many"),
        pytest.param("a" * 306, GSM7, 306, 2, id="two parts"),
        pytest.param("a" * 307, GSM7, 307, 3, id="three parts"),
        pytest.param("ɛ" * 70, UCS2, 70, 1, id="the longest single in UCS-2"),
        pytest.param("ɛ" * 71, UCS2, 71, 2, id="one too many in UCS-2"),
        pytest.param("€" * 80, GSM7, 160, 1, id="letters of two septets"),
    ],
)
def test_the_price_of_a_text(text: str, charset: str, used: int, segments: int) -> None:
    found = price(text, charset)
    assert (found.used, found.segments) == (used, segments)


def test_letters_that_are_replaced_are_shown() -> None:
    assert replaced("fête, kɛnɛya à 5") == {"ê": "e", "ɛ": "è"}


@pytest.mark.parametrize(("length", "refused"), [(160, False), (161, True)])
def test_a_message_beyond_its_segments_is_refused(length: int, refused: bool) -> None:
    found = Measured()
    found.add("ORANGE", "court", GSM7)
    found.add("ORANGE", "a" * length, GSM7, times=3)
    assert found.longest is not None
    assert found.shortest is not None
    assert (found.longest[1], found.shortest[1]) == (length, 5)
    if refused:
        with pytest.raises(BadText, match="3 messages"):
            refuse_bad(found, 1)
    else:
        refuse_bad(found, 1)


def test_a_person_without_a_value_is_refused() -> None:
    found = Measured()
    found.add("ORANGE", None, GSM7)
    with pytest.raises(BadText, match="1 personnes"):
        refuse_bad(found, 1)
