"""The parser: every spelling of the table, both sides of each rule, and a command dressed up in every way."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import facts
from config.vocabulary import SMS_COMMANDS
from flows.sms import words
from flows.sms.grammar import CANONICAL, Said, hint, parse, stops
from tests.flows.sms.test_misspelt import DAY

CARD, OTHER, MEMBER, MATRICULE, RECEIPT, CODE = (
    "482109379",
    "482109387",
    "55120933",
    "0410000012",
    "1111234567890",
    "482918",
)
COMMANDS = [(row["alias"], row["word"]) for row in facts.rows("sms_words") if row["word"] in SMS_COMMANDS]


def understood(typed: str) -> tuple[str, str, str]:
    said = parse(typed, DAY)
    return said.word, " ".join(said.args), " ".join(said.numbers)


def test_no_spelling_stands_for_two_commands() -> None:
    spellings = [alias for alias, _ in COMMANDS]
    assert sorted(set(spellings)) == sorted(spellings)


def test_all_spellings_of_a_command_follow_one_rule() -> None:
    rules = {
        (row["word"], row["for"], row["behind"], row["joins"], row["slips"])
        for row in facts.rows("sms_words")
    }
    assert sorted(word for word, *_ in rules) == sorted({word for word, *_ in rules})


def test_every_command_of_the_vocabulary_has_a_word() -> None:
    assert {word for _, word in COMMANDS} == set(SMS_COMMANDS)
    assert {"NOTHING", "UNKNOWN", "TOO_MANY", *SMS_COMMANDS} == CANONICAL


@pytest.mark.parametrize(("alias", "word"), COMMANDS, ids=[alias for alias, _ in COMMANDS])
def test_every_spelling_is_its_command(alias: str, word: str) -> None:
    alone = f"{alias} 1" if word == "CHOICE" else alias
    assert parse(alone, DAY).word == word
    assert parse(f"  {alone.lower()} !", DAY).word == word


@pytest.mark.parametrize(("alias", "word"), COMMANDS, ids=[alias for alias, _ in COMMANDS])
def test_a_word_is_in_force_from_its_day(alias: str, word: str) -> None:
    assert parse(f"{alias} 1" if word == "CHOICE" else alias, date(2026, 10, 31)).word == "UNKNOWN"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(CARD, ("NUMBERS", "", CARD), id="a card"),
        pytest.param(MEMBER, ("NUMBERS", "", MEMBER), id="a member"),
        pytest.param(MATRICULE, ("NUMBERS", "", MATRICULE), id="a matricule"),
        pytest.param(RECEIPT, ("NUMBERS", "", RECEIPT), id="a receipt"),
        pytest.param("12345", ("UNKNOWN", "12345", ""), id="five digits"),
        pytest.param("123456", ("NUMBERS", "", "123456"), id="six digits"),
        pytest.param("1" * 15, ("NUMBERS", "", "1" * 15), id="fifteen digits"),
        pytest.param("1" * 16, ("UNKNOWN", "1" * 16, ""), id="sixteen digits"),
        pytest.param(f"V {CARD}", ("NUMBERS", "", CARD), id="V"),
        pytest.param("V 12345", ("NUMBERS", "", "12345"), id="V and five digits: a digit was lost"),
        pytest.param("V 1234", ("NUMBERS", "1234", ""), id="V and four digits: the number is missing"),
        pytest.param("V", ("NUMBERS", "", ""), id="V alone"),
        pytest.param(f"? {CARD}", ("NUMBERS", "", CARD), id="question mark and a number"),
        pytest.param(f"{CARD} {CARD}", ("NUMBERS", "", CARD), id="the same twice is one"),
        pytest.param(f"{CARD} {MEMBER}", ("NUMBERS", "", f"{CARD} {MEMBER}"), id="two"),
        pytest.param(f"V {CARD} {MEMBER}", ("NUMBERS", "", f"{CARD} {MEMBER}"), id="V and two"),
        pytest.param(f"{CARD} 48210", ("NUMBERS", "", f"{CARD} 48210"), id="one of them too short"),
        pytest.param(f"{CARD} 1987", ("NUMBERS", "1987", CARD), id="a year of birth"),
        pytest.param(f"{CARD} 3500", ("UNKNOWN", f"{CARD} 3500", ""), id="four digits that are no year"),
        pytest.param(f"{CARD} 2", ("NUMBERS", "2", CARD), id="a digit behind"),
        pytest.param(f"{CODE} {CARD}", ("NUMBERS", "", f"{CODE} {CARD}"), id="a code and a card"),
    ],
)
def test_numbers(typed: str, expected: tuple[str, str, str]) -> None:
    assert understood(typed) == expected


@pytest.mark.parametrize(
    ("count", "word"),
    [
        pytest.param(1, "NUMBERS", id="one"),
        pytest.param(8, "NUMBERS", id="eight"),
        pytest.param(9, "TOO_MANY", id="nine"),
        pytest.param(100, "TOO_MANY", id="a hundred"),
    ],
)
@pytest.mark.parametrize("before", ["", "V "])
def test_eight_numbers_are_enough(before: str, count: int, word: str) -> None:
    many = [str(int(RECEIPT) + more) for more in range(count)]
    said = parse(before + " ".join(many), DAY)
    assert (said.word, said.numbers) == (word, tuple(many))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(f"est-ce que {CARD} est valide", "NUMBERS", id="a card in a sentence"),
        pytest.param(f"pour 2 enfants: {CARD}", "NUMBERS", id="with a small count"),
        pytest.param(f"{CARD} c'est ma mere", "NUMBERS", id="a card in front of it"),
        pytest.param("est-ce que 482109 est valide", "UNKNOWN", id="six digits in a sentence"),
        pytest.param("appelez le 76000001", "UNKNOWN", id="a phone in a sentence"),
        pytest.param("il y a 10000000 F", "UNKNOWN", id="an amount in a sentence"),
        pytest.param(f"on a paye 2500 avec {CARD}", "UNKNOWN", id="a card and an amount"),
        pytest.param(f"STOP {CARD}", "UNKNOWN", id="STOP and a card"),
        pytest.param("bonsoir je veux savoir", "UNKNOWN", id="no number"),
    ],
)
def test_a_number_in_a_sentence(typed: str, expected: str) -> None:
    assert parse(typed, DAY).word == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(f"S {CODE} CES", ("ACT_DONE", f"{CODE} CES", CODE), id="S, code, act"),
        pytest.param(f"{CODE} CES", ("ACT_DONE", f"{CODE} CES", CODE), id="code and act"),
        pytest.param(f"CES {CODE}", ("ACT_DONE", f"{CODE} CES", CODE), id="act and code"),
        pytest.param(f"S CES {CODE} 2", ("ACT_DONE", f"{CODE} CES 2", CODE), id="S, act, code"),
        pytest.param(
            f"S {CODE} CES PAL MED 3500", ("ACT_DONE", f"{CODE} CES PAL MED 3500", CODE), id="several acts"
        ),
        pytest.param(f"S {CODE} CES 2", ("ACT_DONE", f"{CODE} CES 2", CODE), id="a second one"),
        pytest.param(f"S {CODE} 4", ("ACT_DONE", f"{CODE} 4", CODE), id="a digit of the menu"),
        pytest.param(f"{CODE} 4", ("ACT_DONE", f"{CODE} 4", CODE), id="code and a digit of the menu"),
        pytest.param("482919 CES", ("ACT_DONE", "482919 CES", "482919"), id="a code with a slip"),
        pytest.param("482919 EST", ("UNKNOWN", "482919 EST", ""), id="three letters that are no act"),
        pytest.param("482919 PALU", ("UNKNOWN", "482919 PALU", ""), id="a slip and no act"),
        pytest.param(f"{CODE} PALU", ("ACT_DONE", f"{CODE} PALU", CODE), id="no act, but a code"),
        pytest.param(f"{CARD} CES", ("NUMBERS", "CES", CARD), id="a card is no code"),
        pytest.param("S", ("ACT_DONE", "", ""), id="S alone"),
        pytest.param(f"S {CODE}", ("ACT_DONE", CODE, CODE), id="the act is missing"),
        pytest.param("S CES", ("UNKNOWN", "S CES", ""), id="the code is missing"),
        pytest.param("S est malade", ("UNKNOWN", "S EST MALADE", ""), id="a sentence"),
        pytest.param(f"NON {CODE}", ("NOT_HOLDER", CODE, CODE), id="not the holder"),
        pytest.param(f"{CODE} NON", ("NOT_HOLDER", CODE, CODE), id="the code first"),
        pytest.param("NON", ("NOT_HOLDER", "", ""), id="NON alone"),
        pytest.param("NON merci", ("NOT_HOLDER", "", ""), id="a polite NON"),
        pytest.param("NON pas encore", ("UNKNOWN", "NON PAS ENCORE", ""), id="NON in a sentence"),
        pytest.param(f"A {CODE} CES", ("UNDO", f"{CODE} CES", CODE), id="undo one act"),
        pytest.param(f"A CES {CODE}", ("UNDO", f"{CODE} CES", CODE), id="undo, act first"),
        pytest.param("A bientot", ("UNKNOWN", "A BIENTOT", ""), id="A in a sentence"),
        pytest.param(f"ACT {CODE} {CODE}", ("ACTIVATE", f"{CODE} {CODE}", f"{CODE} {CODE}"), id="activate"),
        pytest.param("ACT", ("ACTIVATE", "", ""), id="ACT alone"),
        pytest.param("ACT de naissance", ("UNKNOWN", "ACT DE NAISSANCE", ""), id="ACT in a sentence"),
    ],
)
def test_the_visit(typed: str, expected: tuple[str, str, str]) -> None:
    assert understood(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(f"DROITS {CARD}", ("RIGHTS", "", CARD), id="rights"),
        pytest.param(f"DROITS {CARD} 1987", ("RIGHTS", "1987", CARD), id="rights, year of birth"),
        pytest.param(f"DROITS {CARD} A.T.", ("RIGHTS", "A T", CARD), id="rights, initials"),
        pytest.param("CODE", ("CODE", "", ""), id="visit code"),
        pytest.param("RECU 713483", ("RECEIPT", "713483", "713483"), id="receipt"),
        pytest.param("CENTRE Kati Coro", ("CENTRE", "KATI CORO", ""), id="centres"),
        pytest.param("AIDE S", ("HELP", "S", ""), id="help on a word"),
        pytest.param("?", ("HELP", "", ""), id="a question mark"),
        pytest.param("CHEF retirer +22376000001", ("CHIEF", "RETIRER 76000001", "76000001"), id="chief"),
        pytest.param("F 3/6", ("SHEET", "0306", ""), id="day sheet"),
        pytest.param("STAT 6", ("STATS", "6", ""), id="month"),
        pytest.param("RUPT MED", ("STOCK", "MED", ""), id="stock"),
        pytest.param("CH Traoré Awa 1990 Kati", ("SEARCH", "TRAORE AWA 1990 KATI", ""), id="search"),
        pytest.param("COT 2750", ("PAY", "2750", ""), id="pay"),
        pytest.param("PLAN coton", ("PLAN", "COTON", ""), id="plan"),
        pytest.param("EFFACER 4829", ("ERASE", "4829", ""), id="erase with its code"),
        pytest.param("EFFACER mon nom", ("UNKNOWN", "EFFACER MON NOM", ""), id="erase in a sentence"),
        pytest.param("🙏", ("NOTHING", "", ""), id="pictures"),
        pytest.param("", ("NOTHING", "", ""), id="nothing"),
    ],
)
def test_other_commands(typed: str, expected: tuple[str, str, str]) -> None:
    assert understood(typed) == expected


@pytest.mark.parametrize("stop", ["STOP", "ARRET", "ARRETER", "FIN"])
@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        pytest.param("", ("STOP", "", ""), id="alone"),
        pytest.param("!!", ("STOP", "", ""), id="marks"),
        pytest.param(" merci", ("STOP", "", ""), id="polite"),
        pytest.param(" tout", ("STOP", "TOUT", ""), id="everything"),
        pytest.param(" RAMED", ("STOP", "RAMED", ""), id="a topic"),
        pytest.param("RAMED", ("STOP", "RAMED", ""), id="a topic stuck to it"),
        pytest.param(" RAMED AMO", None, id="two topics"),
        pytest.param(" 123456", None, id="a number"),
        pytest.param(" 1", None, id="a digit"),
        pytest.param(" de payer", None, id="a sentence"),
    ],
)
def test_stop_is_an_exact_word(stop: str, behind: str, expected: tuple[str, str, str] | None) -> None:
    found = understood(stop.lower() + behind)
    assert found == expected if expected else found[0] == "UNKNOWN"


def test_words_that_stop() -> None:
    assert all(map(stops, ("STOP", "ARRET", "ARRETER", "FIN")))
    assert not any(map(stops, ("STOPP", "OUI", "RAMED", "")))


@pytest.mark.parametrize(
    ("typed", "word", "args"),
    [
        *(pytest.param(digit, "CHOICE", (digit,), id=digit) for digit in "123456789"),
        pytest.param("0", "UNKNOWN", ("0",), id="nought"),
        pytest.param("12", "UNKNOWN", ("12",), id="two digits"),
        pytest.param("1 2", "UNKNOWN", ("1", "2"), id="two answers"),
        pytest.param("1)", "CHOICE", ("1",), id="as a list numbers it"),
        pytest.param("2 oui, on a paye", "CHOICE", ("2",), id="the answer copied whole"),
        pytest.param("2 enfants malades", "UNKNOWN", ("2", "ENFANTS", "MALADES"), id="a sentence"),
        pytest.param("reponse 3", "CHOICE", ("3",), id="the word and the digit"),
        pytest.param("reponse", "UNKNOWN", ("REPONSE",), id="the word alone"),
        pytest.param("reponse 12", "UNKNOWN", ("REPONSE", "12"), id="the word and two digits"),
        pytest.param("OK", "OK", (), id="OK"),
        pytest.param("ok 1", "OK", ("1",), id="OK and a digit"),
        pytest.param("ok je viens", "UNKNOWN", ("OK", "JE", "VIENS"), id="OK in a sentence"),
        pytest.param("Oui", "YES", (), id="yes"),
        pytest.param("oui oui", "YES", (), id="yes twice"),
        pytest.param("OUI 4829", "YES", ("4829",), id="yes and a code"),
        pytest.param("OUI RAMED", "YES", ("RAMED",), id="yes to a topic"),
        pytest.param("oui mais non", "UNKNOWN", ("OUI", "MAIS", "NON"), id="yes in a sentence"),
    ],
)
def test_answers_to_a_question(typed: str, word: str, args: tuple[str, ...]) -> None:
    said = parse(typed, DAY)
    assert (said.word, said.args) == (word, args)


@pytest.mark.parametrize(
    ("typed", "raw"),
    [
        pytest.param("PLAINTE L'infirmière a crié", "L'infirmière a crié", id="plain"),
        pytest.param(
            "Bonjour, plainte: on m'a fait payer 2 000 F !", "on m'a fait payer 2 000 F !", id="greeting"
        ),
        pytest.param("PLAINTE713483", "713483", id="stuck"),
        pytest.param("PLAÎNTÉ à Kati", "à Kati", id="accents"),
        pytest.param("Plante infirmier absent", "infirmier absent", id="a slip"),
        pytest.param("plainte\nligne 1\nligne 2", "ligne 1 ligne 2", id="lines"),
        pytest.param("plainte 713 483", "713 483", id="a reference"),
        pytest.param("réclamation\u202e\x00 n\ud83dɛ 🙏", "nɛ 🙏", id="what no phone shows is left out"),
        pytest.param("PLAINTE", "", id="nothing behind"),
    ],
)
def test_a_complaint_keeps_the_senders_own_words(typed: str, raw: str) -> None:
    said = parse(typed, DAY)
    assert (said.word, said.raw) == ("COMPLAIN", raw)


def test_other_messages_keep_all_that_was_typed() -> None:
    assert parse(" Où est-ce ? ", DAY).raw == "Où est-ce ?"
    assert parse("12345\x00\ud800", DAY).raw == "12345"


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        pytest.param("VZ 482109", "V", id="two keys at once"),
        pytest.param("NOM 482918", "NON", id="another word of the same keys"),
        pytest.param("EFACER", "EFFACER", id="a letter lost"),
        pytest.param("CENTREKATI", "CENTRE", id="stuck to its place"),
        pytest.param("STOP 123456", "STOP", id="an exact word with a number"),
        pytest.param("wxyz", None, id="nothing near"),
        pytest.param("48210", None, id="digits"),
        pytest.param(CARD, None, id="understood"),
        pytest.param("🙏", None, id="nothing said"),
    ],
)
def test_the_nearest_word(typed: str, near: str | None) -> None:
    assert hint(parse(typed, DAY)) == near


def test_a_citizen_is_shown_no_command_of_the_staff() -> None:
    said = parse("CHEFF ajouter", DAY)
    assert hint(said, staff=True) == "CHEF"
    assert hint(said, staff=False) != "CHEF"


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        pytest.param(f"DROTS {CARD}", "RIGHTS", id="lost"),
        pytest.param(f"DROIITS {CARD}", "RIGHTS", id="doubled"),
        pytest.param(f"DRPITS {CARD}", "RIGHTS", id="changed"),
        pytest.param(f"DRIOTS {CARD}", "RIGHTS", id="swapped"),
        pytest.param("DRTS", "UNKNOWN", id="two lost"),
        pytest.param(f"ANNUKE {CODE}", "UNKNOWN", id="a slip undoes nothing"),
        pytest.param(f"PASLYI {CODE}", "UNKNOWN", id="a slip cancels nothing"),
        pytest.param("EFFACEER", "UNKNOWN", id="a slip erases nothing"),
        pytest.param("ARRRET", "UNKNOWN", id="a slip stops nothing"),
    ],
)
def test_one_slip_is_forgiven_where_nothing_is_written(typed: str, word: str) -> None:
    assert parse(typed, DAY).word == word


def test_what_was_said_does_not_print_numbers() -> None:
    said = Said("ACT_DONE", (CODE, "CES"), (CODE,), f"S {CODE} CES")
    assert CODE not in f"{said} {said!r}"


VALID = [
    *(
        CARD,
        f"V {CARD}",
        f"{CARD} {OTHER} {MEMBER} {RECEIPT}",
        "CH TRAORE AWA 1990 KATI",
        f"NON {CODE}",
        f"S {CODE} CES",
    ),
    *(
        f"S {CODE} CES MED 3500",
        f"{CODE} CES",
        f"A {CODE} CES",
        "F 0306",
        "STAT 6",
        "LISTE",
        "RUPT MED",
        "AIDE S",
    ),
    *(
        f"ACT {CODE} {CODE}",
        "CHEF AJOUTER 76000001",
        f"DROITS {CARD} 1987",
        "CODE",
        "RECU 713483",
        "CENTRE KATI",
    ),
    *(
        "STOP",
        "STOP RAMED",
        "OUI",
        "EFFACER 4829",
        "1",
        "3",
        "OK",
        "COT 2750",
        f"COT {MEMBER} 6600",
        "PLAN COTON",
    ),
]
MANNERS = sorted(words.ever().polite)
BETWEEN = [" ", "  ", "\n", ", ", ". ", " - ", "\u00a0", " : ", "\t", " \u200f"]
ACCENTS = ["", "", "", "\u0300", "\u0301", "\u0302", "\u0308", "\u0327"]


@st.composite
def dressed_up(draw: st.DrawFn) -> tuple[str, str]:
    """A valid command, and the same in another case, with accents, marks, spaces and politeness around it."""
    command = draw(st.sampled_from(VALID))
    dress = draw(st.randoms(use_true_random=False))
    letters = (
        dress.choice(BETWEEN)
        if letter == " "
        else dress.choice((letter.lower(), letter)) + (dress.choice(ACCENTS) if letter.isalpha() else "")
        for letter in command
    )
    said = unicodedata.normalize(dress.choice(("NFC", "NFD")), "".join(letters))
    before = dress.choice(("", "bonjour ", *(f"{one.lower()}, " for one in MANNERS)))
    behind = dress.choice(("", "!", " ?", " 🙏", *(f" {one.lower()}." for one in MANNERS)))
    return command, f"{before}{said}{behind}"


@settings(max_examples=600, deadline=None)
@given(dressed_up())
def test_a_command_survives_what_people_put_around_it(pair: tuple[str, str]) -> None:
    command, typed = pair
    assert understood(typed) == understood(command)
    assert understood(command)[0] not in ("UNKNOWN", "NOTHING")
