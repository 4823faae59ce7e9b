"""The normaliser, rule by rule and on both sides of each; then anything at all, ten thousand times."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sms import words
from flows.sms.grammar import parse
from flows.sms.normal import normalise
from tests.flows.sms.test_misspelt import DAY, ROWS


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("Arrêter", "ARRETER", id="an accent"),
        pytest.param("re\u0301c\u0327u", "RECU", id="accents that stand apart"),
        pytest.param("SŒUR ß", "SOEUR SS", id="two letters in one"),
        pytest.param("dɛmɛli ɲ ŋ", "DEMELI NY NG", id="Bambara letters"),
        pytest.param("V:482109379;", "V 482109379", id="marks are spaces"),
        pytest.param("S\n482918\tCES", "S 482918 CES", id="lines and tabs are spaces"),
        pytest.param("S\u00a0482918\u202fCES", "S 482918 CES", id="spaces that do not break"),
        pytest.param("\u200e482109379\u202c", "482109379", id="marks of direction go"),
        pytest.param("482\u200b109\u00ad379", "482109379", id="marks nobody sees do not part a number"),
        pytest.param("V\x00482109379", "V 482109379", id="NUL"),
        pytest.param("V \ud83d482109379\udc4d", "V 482109379", id="half characters"),
        pytest.param("1\ufe0f\u20e3", "1", id="a keycap"),
        pytest.param("٤٨٢١٠٩٣٧٩", "482109379", id="Arabic-Indic digits"),
        pytest.param("۴۸۲۱۰۹۳۷۹", "482109379", id="Eastern Arabic digits"),
        pytest.param("߄߈߂߁߀߉߃߇߉", "482109379", id="N'Ko digits"),
        pytest.param("٤٨٢109߃߇߉", "482109379", id="digits of three scripts"),
        pytest.param("تحقق ٤٨٢١٠٩٣٧٩", "482109379", id="words of another script say nothing"),
        pytest.param("?", "?", id="a question mark alone"),
        pytest.param("؟", "?", id="an Arabic question mark"),
        pytest.param("bonjour ???", "?", id="a greeting and a question mark"),
        pytest.param("? 482109379", "482109379", id="a question about a number is the number"),
        pytest.param("AIDE ?", "AIDE", id="a question mark behind a word"),
        pytest.param("", "", id="nothing"),
        pytest.param(" .,;!\n", "", id="marks alone"),
        pytest.param("🙏🏽👨‍👩‍👧", "", id="pictures alone"),
    ],
)
def test_letters_and_marks(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("bonjour 482109379", "482109379", id="in front"),
        pytest.param("482109379 merci beaucoup", "482109379", id="behind"),
        pytest.param("DROITS svp 482109379", "DROITS 482109379", id="between"),
        pytest.param("s'il vous plaît S 482918 CES", "S 482918 CES", id="its S is no command"),
        pytest.param("I ni ce! 482109379", "482109379", id="Bambara"),
        pytest.param("salam aleykoum madame 482109379", "482109379", id="several"),
        pytest.param("bonjour482109379", "482109379", id="stuck to a number"),
        pytest.param("mercistop", "STOP", id="stuck to a word"),
        pytest.param("CH Salam Diallo", "CH SALAM DIALLO", id="a name behind a command stays"),
        pytest.param("Madame Salam", "", id="before anything is said"),
        pytest.param("MERCIER 1990", "MERCIER 1990", id="a name that begins like politeness"),
        pytest.param("S il svp vous plait 1", "1", id="politeness inside politeness"),
        pytest.param("bonjour merci", "", id="nothing else"),
    ],
)
def test_politeness_goes(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("V482109379", "V 482109379", id="verify"),
        pytest.param("S482918", "S 482918", id="S in front is a command, not a five"),
        pytest.param("A482918", "A 482918", id="undo"),
        pytest.param("F0306", "F 0306", id="a day"),
        pytest.param("S482918CES2", "S 482918 CES 2", id="act and number"),
        pytest.param("S482918CESMED3500", "S 482918 CES MED 3500", id="acts stuck together"),
        pytest.param("482918CES", "482918 CES", id="without command"),
        pytest.param("NON482918", "NON 482918", id="not the holder"),
        pytest.param("STOPRAMED", "STOP RAMED", id="two words"),
        pytest.param("STOPPEZ", "STOPPEZ", id="not two words"),
        pytest.param("VO82109379", "V 082109379", id="a command, then a letter for a digit"),
        pytest.param("V S82109379", "V 582109379", id="S is a five where no command can stand"),
        pytest.param("bonjour S482918", "S 482918", id="a command behind a greeting"),
        pytest.param("X482109379", "X 482109379", id="a letter that is no command"),
    ],
)
def test_what_is_stuck_is_parted(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("O82l09I7B", "082109178", id="O, l, I, B"),
        pytest.param("V 4B2IO9379", "V 482109379", id="three letters among six digits"),
        pytest.param("V 10O", "V 100", id="two digits to one letter: mostly digits"),
        pytest.param("V 1O", "V 1 O", id="one to one: not mostly"),
        pytest.param("V 1OO", "V 1 OO", id="one to two: not"),
        pytest.param("V SOS", "V SOS", id="no digit at all"),
        pytest.param("482l09Z79", "482109 Z 79", id="a letter that looks like none"),
        pytest.param("CH OBIS 1990", "CH OBIS 1990", id="a name of such letters"),
    ],
)
def test_letters_that_look_like_digits(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("482 109 379", "482109379", id="a card"),
        pytest.param("48 21 09 37 9", "482109379", id="a card in pairs"),
        pytest.param("4 8 2 1 0 9 3 7 9", "482109379", id="a card digit by digit"),
        pytest.param("55 12 09 33", "55120933", id="a member's number"),
        pytest.param("55 12 09 34", "55120934", id="a member's number with a slip"),
        pytest.param("12345 67890", "1234567890", id="a matricule"),
        pytest.param("1111 2345 67890", "1111234567890", id="a receipt"),
        pytest.param("482 918", "482918", id="a code"),
        pytest.param("482 919", "482919", id="a code with a slip"),
        pytest.param("76 00 00 01", "76000001", id="a phone"),
        pytest.param("48 21", "48 21", id="too few digits"),
        pytest.param("482 109 3", "482109 3", id="no known length"),
        pytest.param("482109379 55120933", "482109379 55120933", id="two whole numbers stay two"),
        pytest.param("482918 482947", "482918 482947", id="two codes stay two"),
        pytest.param("482109379 1234", "482109379 1234", id="a receipt's length, but a card in front"),
        pytest.param("55120933 12", "55120933 12", id="a matricule's length, but a member's number in front"),
        pytest.param("482918 379", "482918 379", id="a card's length, but a code in front"),
        pytest.param("482 109 379 482 109 387", "482109379 482109387", id="two cards in groups"),
        pytest.param("482 109 379 551 209 33", "482109379 55120933", id="a card and a member in groups"),
        pytest.param("482 918 482 947", "482918 482947", id="two codes in groups"),
        pytest.param("DROITS 482 109 379 1987", "DROITS 482109379 1987", id="a year of birth stays"),
        pytest.param("S 482 918 CES 12 3500", "S 482918 CES 12 3500", id="a code, not the amount"),
        pytest.param("S 482 919 12", "S 482919 12", id="only six digits are a code"),
        pytest.param("ACT 482 918 482 918", "ACT 482918 482918", id="a code twice"),
        pytest.param("COT 5512 0933 6600", "COT 55120933 6600", id="a member's number, not the amount"),
        pytest.param("CH AWA 1990 2 482", "CH AWA 1990 2 482", id="nothing is joined in a search"),
        pytest.param("F 3/6/2026", "F 03062026", id="a date"),
        pytest.param("STAT 06 2026", "STAT 06 2026", id="a month"),
    ],
)
def test_groups_of_digits(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("+22376000001", "76000001", id="plus"),
        pytest.param("0022376000001", "76000001", id="two noughts"),
        pytest.param("22376000001", "76000001", id="country only"),
        pytest.param("+223 76 00 00 01", "76000001", id="in groups"),
        pytest.param("00223 76000001", "76000001", id="a whole phone behind 00223"),
        pytest.param("+223 76000001 482109379", "76000001 482109379", id="and a card"),
        pytest.param("0022312345678", "0022312345678", id="no phone begins so: a receipt"),
    ],
)
def test_phones(typed: str, plain: str) -> None:

    assert normalise(typed) == plain


PIECES = [
    *"0123456789 \n?.,+-OILSBV",
    *(alias + end for alias in sorted(words.ever().commands) for end in ("", " ", "4")),
    *(alias + " " for alias in sorted(words.ever().polite | words.ever().opening | words.ever().topics)),
    *(
        "482",
        "109",
        "379",
        "482109379",
        "55120933",
        "482918",
        "+223",
        "00223",
        "76000001",
        "1987",
        "CES",
        "é",
        "ɛ",
    ),
    *("\x00", "\ud800", "\u202e", "\u0301", "🙏", "٤", "߄", "½", "№", "ﬁ", "İ", "ǆ"),
]


def test_ten_thousand_texts_are_plain_after_one_pass() -> None:
    dice = random.Random(3)
    for _ in range(10_000):
        typed = "".join(dice.choices(PIECES, k=dice.randint(0, 12)))
        once = normalise(typed)
        assert normalise(once) == once, ascii(typed)
        assert once == "?" or not set(once) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "), ascii(typed)
        assert parse(typed, DAY).word, ascii(typed)


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(st.text(), st.text(alphabet=st.characters(codec=None)), st.text(alphabet="0123456789 OISVAF?"))
)
def test_any_text_is_plain_after_one_pass(typed: str) -> None:
    once = normalise(typed)
    assert normalise(once) == once
    assert parse(typed, DAY).word


@pytest.mark.parametrize("row", ROWS[::5], ids=[ascii(row["text"]) for row in ROWS[::5]])
def test_what_was_misspelt_is_plain_after_one_pass(row: dict[str, str]) -> None:
    once = normalise(row["text"])
    assert normalise(once) == once


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("1 ", id="digits apart"),
        pytest.param("482 ", id="groups"),
        pytest.param("482109379 ", id="cards"),
        pytest.param("s il vous ", id="half a politeness"),
        pytest.param("svp ", id="politeness"),
        pytest.param("O1", id="letters and digits"),
        pytest.param("S", id="one letter"),
        pytest.param("plainte", id="a command"),
        pytest.param("🙏é", id="pictures and accents"),
        pytest.param("\ud800\x00", id="what no phone types"),
    ],
)
def test_five_thousand_characters_take_no_time(piece: str) -> None:
    typed = (piece * 5000)[:5000]
    assert min(_seconds([typed]) for _ in range(3)) < 0.15


def test_a_message_is_understood_in_less_than_a_hundred_microseconds() -> None:
    typed = [row["text"] for row in ROWS]
    assert min(_seconds(typed) for _ in range(7)) / len(typed) < 100e-6


def _seconds(messages: list[str]) -> float:
    start = time.perf_counter()
    for typed in messages:
        parse(typed, DAY)
    return time.perf_counter() - start
