"""The house rules of the menu: wrong keys, navigation, numbers anywhere, shortcuts, doors."""

from collections.abc import Callable

import pytest

from flows.effects import Disclosed, MessageOwed, Missed, TopicsChosen
from flows.explorer import NOBODY
from flows.tree import HOME
from tests.flows.talking import Phone

Dialling = Callable[..., Phone]


def test_a_wrong_key_names_the_fault_on_line_one(phone: Dialling) -> None:
    caller = phone().dial().types("1", "8")
    assert caller.screen.splitlines()[0] == "8 n'est pas dans la liste."
    caller.sees("1 Mes droits").sees_page(HOME)


def test_the_third_wrong_key_in_a_row_sends_help_once(phone: Dialling) -> None:
    caller = phone().dial().types("1")
    helps = []
    for key in ("7", "8", "77", "78", "79"):
        caller.types(key)
        assert caller.step is not None
        helps.append([effect for effect in caller.step.effects if isinstance(effect, MessageOwed)])
    assert [len(sent) for sent in helps] == [0, 0, 1, 0, 0]
    assert helps[2][0].kind == "help"


def test_a_good_key_forgives_the_wrong_ones(phone: Dialling) -> None:
    caller = phone().dial().types("1", "7", "8", "2", "0", "7", "8")
    assert caller.step is not None
    assert not caller.step.effects


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("2", id="a digit"),
        pytest.param(" 2 ", id="spaces around"),
        pytest.param("2.", id="a point behind"),
        pytest.param("٢", id="an Arabic-Indic digit"),
        pytest.param("߂", id="an N'Ko digit"),
        pytest.param("RAMED", id="the label"),
        pytest.param("ramed", id="the label in small letters"),
    ],
)
def test_a_choice_can_be_typed_in_many_ways(phone: Dialling, key: str) -> None:
    phone().dial().types("1", key).sees_page("ramed.menu")


@pytest.mark.parametrize("typed", ["²", "x" * 500, "\x00", "😀", "*", "#", "1e3", "je veux 1"])
def test_nonsense_is_answered_by_the_same_screen(phone: Dialling, typed: str) -> None:
    phone().dial().types("1", typed).sees_page(HOME).sees("1 Mes droits")


def test_navigation_works_on_every_screen(phone: Dialling) -> None:
    caller = phone().dial().types("1", "4").sees_page("free_care.whom")
    caller.types("9").sees("2/").types("9").sees("3/").types("0").sees_page(HOME)
    caller.types("4", "98").sees_page("language.choose").types("0").sees_page("free_care.whom")
    caller.types("99").sees_page("help.keys").types("00").sees_page(HOME)


def test_home_shows_no_way_back_and_survives_one(phone: Dialling) -> None:
    phone().dial().types("1").sees_not("0 Retour").types("0").sees_page(HOME).sees("Santé Mali")


@pytest.mark.parametrize("keys", [(), ("2",), ("4",), ("5",), ("6",), ("3",)], ids=str)
def test_a_number_typed_at_any_menu_is_checked(phone: Dialling, keys: tuple[str, ...]) -> None:
    phone().dial().types("1", *keys, "1111234567890").sees_page("rights.person").sees("RAMED")


@pytest.mark.parametrize(
    ("code", "screen"),
    [
        pytest.param("*212*8#", HOME, id="no such choice at home"),
        pytest.param("*212*2*8#", "ramed.menu", id="no such choice in a branch"),
        pytest.param("*212*6*4*3*0*3#", "messages.done", id="more keys behind what was done"),
        pytest.param("*212*1*1111234567890*0#", "rights.person", id="more keys behind a look-up"),
    ],
)
def test_a_tail_that_is_not_understood_shows_the_nearest_page(
    phone: Dialling, code: str, screen: str
) -> None:
    phone().dial(code).sees_page(screen).sees("E05")


@pytest.mark.parametrize(
    ("code", "screen", "said"),
    [
        pytest.param("*212*4*1*abc#", "free_care.age", "Tapez des mois", id="an age that is none"),
        pytest.param("*212*1*12#", "rights.number", "E22", id="a number that is too short"),
        pytest.param("*212*1*482109376#", "rights.number", "est un exemple", id="the printed example"),
    ],
)
def test_a_tail_that_is_refused_says_why(phone: Dialling, code: str, screen: str, said: str) -> None:
    phone().dial(code).sees_page(screen).sees(said)


def test_an_end_is_shown_whole_whatever_was_dialled_behind_it(phone: Dialling) -> None:
    phone().dial("*212*6*3*1*1#").sees_page("callback.noted").ends().sees("C'est noté. Ref").sees_not("E05")


def test_one_dial_asks_one_question(phone: Dialling) -> None:
    caller = phone().dial(f"*212*{NOBODY}*0*{NOBODY}*0*{NOBODY}#").sees_page("rights.unknown")
    assert caller.step is not None
    assert [type(effect) for effect in caller.step.effects] == [Missed]


def test_one_dial_does_one_thing(phone: Dialling) -> None:
    caller = phone("+22370000001").dial("*212*6*4*3" + "*0*3" * 300 + "#")
    assert caller.step is not None
    assert [type(effect) for effect in caller.step.effects] == [Disclosed, TopicsChosen, MessageOwed]


def test_a_wrong_key_keeps_the_answer_on_the_screen(phone: Dialling) -> None:
    caller = phone().dial().types("1", "1111234567890", "8")
    caller.sees("8 n'est pas dans la liste", "RAMED EXPIRE le 31/12/2024")


def test_a_number_among_words_is_checked(phone: Dialling) -> None:
    phone().dial().types("1", "carte n° 1111234567890 svp").sees_page("rights.person")


def test_a_shortcut_speaks_french_and_the_next_plain_dial_asks_for_the_language(phone: Dialling) -> None:
    caller = phone().dial("*212*2*5#").sees("Demande : mairie").sees("0 Retour")
    caller.types("0").sees_page("ramed.menu")
    caller.dial().sees_page("language.first")


def test_a_door_says_that_it_is_not_open_and_keeps_its_digit(phone: Dialling) -> None:
    caller = phone("+22370000003").dial("*212*3#").types("1").sees_page("mutuelle.menu")
    assert caller.screen.splitlines()[0] == "1 (Payer) : pas encore ouvert ici."


def test_the_language_is_asked_once(phone: Dialling) -> None:
    phone().dial().sees_page("language.first").types("1").sees_page(HOME)
    phone().dial().sees_page(HOME)


def test_a_language_nobody_has_read_is_said_to_be_so_and_remembered(phone: Dialling) -> None:
    caller = phone().dial().types("2").sees_page("language.not_yet").sees("Bamanankan", "francais")
    caller.types("1").sees_page(HOME).sees("Mes droits")
    caller.dial().sees_page(HOME)
    assert caller.step is not None
    assert caller.step.session.language == "bm"


def test_a_printed_string_to_a_door_says_that_it_is_not_open(phone: Dialling) -> None:
    phone().dial("*212*6*2*713482#").sees("pas encore ouvert ici").sees_not("E05")


@pytest.mark.parametrize("code", ["*212*3*1#", "*212*3*1*2750#", "*212*3*2#", "*212*3*3#"])
@pytest.mark.parametrize(
    ("number", "says"),
    [
        pytest.param("", "Pas de mutuelle liée", id="a stranger"),
        pytest.param("+22370000001", "Mutuelles de Kati", id="a household in no mutuelle"),
        pytest.param("+22370000003", "Payer : à la section", id="a member of whom only the register knows"),
    ],
)
def test_a_printed_string_of_members_says_to_others_what_they_can_do(
    phone: Dialling, number: str, says: str, code: str
) -> None:
    phone(number).dial(code).sees_page("mutuelle.menu").sees(says).sees_not("E05", "@")


@pytest.mark.parametrize(
    ("number", "sees"),
    [
        pytest.param("+22370000005", "SUSPENDUE", id="suspended"),
        pytest.param("+22370000006", "attente", id="waiting"),
        pytest.param("+22370000009", "EXPIRE", id="expired"),
        pytest.param("+22370000011", "Quel foyer", id="two households"),
    ],
)
def test_a_visit_code_by_dial_string_shows_the_right_that_does_not_give_one(
    phone: Dialling, number: str, sees: str
) -> None:
    caller = phone(number).dial("*212*1*1#").sees_not("E05", "Gratuit pour qui", "Pièces\n").sees(sees)
    assert caller.step is not None
    assert not any(isinstance(effect, MessageOwed) for effect in caller.step.effects)


@pytest.mark.parametrize("keys", [("1",), ("2", "1"), ("6", "1"), ("4", "1"), ("5", "1", "5", "2")], ids=str)
def test_language_and_help_keys_work_on_questions_too(phone: Dialling, keys: tuple[str, ...]) -> None:
    phone().dial().types("1", *keys, "98").sees_page("language.choose")
    phone().dial().types(*keys, "99").sees_page("help.keys")
