"""Phone, card and person numbers: every way in which they are typed, and what must never be taken for one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.identifiers import (
    BadMsisdn,
    BadNina,
    Msisdn,
    NinaNumber,
    digits,
    is_example,
    recognise,
    with_check_digit,
)

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("+22370000001", id="international"),
        pytest.param("0022370000001", id="two zeros"),
        pytest.param("22370000001", id="country without plus"),
        pytest.param("70000001", id="national"),
        pytest.param("70 00 00 01", id="spaced"),
        pytest.param(" +223-70.00(00)01 ", id="punctuation"),
        pytest.param("٧٠٠٠٠٠٠١", id="Arabic-Indic"),
        pytest.param("+۲۲۳۷۰۰۰۰۰۰۱", id="Eastern Arabic-Indic"),
        pytest.param("߇߀߀߀߀߀߀߁", id="N'Ko"),
        pytest.param("\u202a+223 70\u00a000\u00a000\u00a001\u202c", id="copied from a contact"),
    ],
)
def test_one_number_in_many_spellings(typed):
    assert Msisdn.parse(typed).e164 == "+22370000001"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("+", id="plus alone"),
        pytest.param("7000000", id="seven digits"),
        pytest.param("700000011", id="nine digits"),
        pytest.param("+22354000001", id="no operator has 54"),
        pytest.param("+22310000001", id="no operator has 10"),
        pytest.param("7000000²", id="superscript"),
        pytest.param("７００００００１", id="wide digits"),
        pytest.param("7000OOO1", id="letters"),
        pytest.param("1-800-FLOWERS", id="a word on the keys"),
        pytest.param("+22370000001;ext=5", id="extension"),
        pytest.param("70000001\x00", id="NUL"),
        pytest.param("+22370000001\n+22370000002", id="two lines"),
        pytest.param("7" * 5000, id="5,000 digits"),
        pytest.param("+999123456789", id="no such country"),
        pytest.param("📞", id="emoji"),
    ],
)
def test_what_is_no_phone_number(typed):
    with pytest.raises(BadMsisdn) as refused:
        Msisdn.parse(typed)
    assert "70" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "masked", "malian"),
    [
        pytest.param("+22370000001", "70***001", True, id="mobile"),
        pytest.param("20 22 33 44", "20***344", True, id="fixed"),
        pytest.param("80 00 00 00", "80***000", True, id="toll free"),
        pytest.param("+254711082999", "+25***99", False, id="Kenya"),
        pytest.param("0033612345678", "+33***78", False, id="France"),
    ],
)
def test_a_phone_number_prints_masked(typed, masked, malian):
    number = Msisdn.parse(typed)
    assert (number.masked, str(number), f"{number}", number.is_malian) == (masked, masked, masked, malian)
    assert number.e164[4:] not in repr(number)


def test_a_phone_number_cannot_be_built_wrong():
    with pytest.raises(BadMsisdn):
        Msisdn("70000001")


@given(st.text(max_size=60))
def test_parsing_a_phone_gives_a_number_or_says_no(text):
    try:
        number = Msisdn.parse(text)
    except BadMsisdn:
        return
    assert Msisdn.parse(number.e164) == number


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("482 109-376", "482109376", id="spaced"),
        pytest.param("٤٨٢", "482", id="Arabic-Indic"),
        pytest.param("۴۸۲", "482", id="Eastern Arabic-Indic"),
        pytest.param("߄߈߂", "482", id="N'Ko"),
        pytest.param("4²8³2", "482", id="superscript left out"),
        pytest.param("४८२", "", id="Devanagari is not typed in Mali"),
        pytest.param("½Ⅷ", "", id="fractions and Roman figures"),
        pytest.param("4\x008\n2", "482", id="control characters"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_digits_are_found_in_every_script_of_mali(typed, expected):
    assert digits(typed) == expected


@given(st.text())
def test_digits_are_ascii(text):
    assert set(digits(text)) <= set("0123456789")


def test_five_thousand_digits_are_no_card():
    assert recognise(digits("9" * 5000), DAY) is None


@pytest.mark.parametrize(
    ("number", "scheme", "kind"),
    [
        pytest.param("1111234567890", "RAMED", "RECEPISSE", id="13: receipt"),
        pytest.param("0000000000000", "RAMED", "RECEPISSE", id="13 with leading zeros"),
        pytest.param("123456789", "RAMED", "CARTE", id="9: card"),
        pytest.param("54000000", "MUTUELLE", "ADHERENT", id="8 from 54: member"),
        pytest.param("59999999", "MUTUELLE", "ADHERENT", id="8 up to 59: member"),
        pytest.param("0123456789", "AMO", "MATRICULE", id="10: matricule"),
    ],
)
def test_a_card_is_recognised_by_its_shape(number, scheme, kind):
    card = recognise(number, DAY)
    assert card is not None
    assert (card.scheme, card.kind, card.value) == (scheme, kind, number)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("53999999", id="8 below 54: a mobile"),
        pytest.param("60000000", id="8 above 59: a mobile"),
        pytest.param("1234567", id="7"),
        pytest.param("12345678901", id="11"),
        pytest.param("123456789012", id="12"),
        pytest.param("12345678901234", id="14"),
        pytest.param("²" * 13, id="superscripts"),
        pytest.param("111123456789A", id="a letter"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_no_scheme_issues(number):
    assert recognise(number, DAY) is None


def test_no_scheme_has_numbers_before_it_exists():
    assert recognise("1111234567890", date(2009, 7, 26)) is None
    assert recognise("1111234567890", date(2009, 7, 27)) is not None


@given(st.integers(0, 99_999_999), st.integers(0, 8))
def test_one_wrong_digit_of_a_card_is_noticed(body, place):
    good = with_check_digit(f"{body:08}")
    wrong = good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :]
    assert [recognise(number, DAY).check_ok for number in (good, wrong)] == [True, False]


def test_a_receipt_has_no_check_digit():
    assert recognise("1111234567890", DAY).check_ok
    assert recognise("1111234567891", DAY).check_ok


@pytest.mark.parametrize(
    ("number", "example"),
    [
        pytest.param("482109376", True, id="card on the poster"),
        pytest.param("55120938", True, id="member number on the poster"),
        pytest.param("482109377", False, id="its neighbour"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_printed_examples_belong_to_nobody(number, example):
    assert is_example(number) is example


def test_a_card_prints_masked():
    card = recognise("1111234567890", DAY)
    assert f"{card} {card!r}" == "***890 CardNumber(RAMED ***890)"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        pytest.param("12345678901234a", "12345678901234A", id="14 digits and a letter"),
        pytest.param("1 23-45 67890123", "1234567890123", id="13, spaced"),
        pytest.param("1234567890123456", "1234567890123456", id="16"),
        pytest.param("߁߂߃߄߅߆߇߈߉߀߁߂߃", "1234567890123", id="N'Ko"),
    ],
)
def test_a_nina_is_taken_as_it_is_typed(typed, value):
    nina = NinaNumber.parse(typed)
    assert nina.value == value
    assert value not in f"{nina} {nina!r}"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("123456789012", id="12"),
        pytest.param("12345678901234567", id="17"),
        pytest.param("1234567890123é", id="accent"),
        pytest.param("1234567890123²", id="superscript"),
        pytest.param("1" * 5000, id="5,000"),
        pytest.param("1234567890123" + " " * 5000, id="5,000 spaces"),
    ],
)
def test_what_is_no_nina(typed):
    with pytest.raises(BadNina):
        NinaNumber.parse(typed)
