"""One key for the spellings of one name, another for another name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.names import MOST_FAMILIES, MOST_WORDS, name_keys, phonetic, search_keys, words


def key(name):
    return "".join(phonetic(word) for word in words(name))


@pytest.mark.parametrize(
    "spellings",
    [
        pytest.param(("Traoré", "TRAORE", "Tarawore", "traore", "Taraoré"), id="traore"),
        pytest.param(("Coulibaly", "Koulibali", "Kulubali"), id="coulibaly"),
        pytest.param(("Diallo", "Dialo", "Jallo", "Djallo"), id="diallo"),
        pytest.param(("Cissé", "Sissé", "Cisse"), id="cisse"),
        pytest.param(("Touré", "Ture"), id="toure"),
        pytest.param(("Ouattara", "Wattara", "Watara"), id="ouattara"),
        pytest.param(("Haïdara", "Aidara"), id="haidara"),
        pytest.param(("Djénéba", "Dieneba", "Jeneba"), id="djeneba"),
        pytest.param(("Fatoumata", "Fatimata", "FATOUMATA"), id="fatoumata"),
        pytest.param(("Awa", "Aoua", "Hawa"), id="awa"),
        pytest.param(("N'Diaye", "Ndiaye", "N’Diaye", "N-Diaye"), id="ndiaye"),
        pytest.param(("Cheick", "Sheikh", "Cheikh"), id="cheick"),
        pytest.param(("Kɔnɛ", "Koné"), id="bambara letters"),
        pytest.param(("Niaré", "Gnaré", "Nyaré"), id="niare"),
        pytest.param(("Dembélé", "Denbele"), id="dembele"),
        pytest.param(("Keïta", "Keyta", "KEITA"), id="keita"),
    ],
)
def test_spellings_of_one_name_meet(spellings):
    assert len({key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Traoré", "Touré", id="traore toure"),
        pytest.param("Keïta", "Kouyaté", id="keita kouyate"),
        pytest.param("Diarra", "Diallo", id="diarra diallo"),
        pytest.param("Awa", "Ali", id="awa ali"),
        pytest.param("Koné", "Konaté", id="kone konate"),
    ],
)
def test_different_names_stay_apart(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("Awa Traore", id="given name first"),
        pytest.param("TRAORE AWA", id="family name first"),
        pytest.param("  traoré   awa ", id="spaces and case"),
        pytest.param("Awa Mariam Traoré", id="a second given name"),
        pytest.param("Awa, TRAORE", id="a comma"),
    ],
)
def test_a_typed_name_holds_the_stored_keys(keys, typed):
    given_key, family_key = name_keys(keys, "Awa Mariam", "Traoré")
    givens, families = search_keys(keys, typed)
    assert given_key in givens
    assert family_key in families


def test_a_family_name_of_two_words_is_found(keys):
    _, family_key = name_keys(keys, "Ibrahim", "Ag Mohamed")
    assert family_key in search_keys(keys, "Ag Mohamed Ibrahim")[1]


@pytest.mark.parametrize("typed", ["", "Awa", "   ", "123 456", "☺ ☺"])
def test_less_than_two_words_search_nobody(keys, typed):
    assert search_keys(keys, typed) == ([], [])


@given(typed=st.text(max_size=80))
def test_any_text_gives_lists_of_fixed_length(keys, typed):
    givens, families = search_keys(keys, typed)
    assert (len(givens), len(families)) in {(0, 0), (MOST_WORDS, MOST_FAMILIES)}


def test_a_key_tells_nothing_without_the_keys(keys):
    given_key, family_key = name_keys(keys, "Awa", "Awa")
    assert given_key != family_key
    assert b"awa" not in given_key + family_key
