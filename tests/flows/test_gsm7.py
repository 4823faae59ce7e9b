"""Septets, segments and rewriting, on both sides of every limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import gsm7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("Santé", 5, id="é is one septet"),
        pytest.param("€", 2, id="the euro is an escape and a letter"),
        pytest.param("[a]{b}~|^\\", 18, id="every extension letter counts twice"),
        pytest.param("a\nb", 3, id="a new line is one septet"),
        pytest.param("ÉÇàèéùìòÄÖÑÜäöñü", 16, id="accents of the basic table"),
    ],
)
def test_septets(text: str, expected: int) -> None:
    assert gsm7.septets(text) == expected


@pytest.mark.parametrize("letter", list("çêîôûâëïœÀÈ«»’ɛɔɲŋ—…😀\t`"))
def test_letters_outside_the_alphabet_are_refused(letter: str) -> None:
    with pytest.raises(gsm7.OutsideAlphabet):
        gsm7.septets(f"a{letter}b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a" * 160, 1, id="160 septets are one message"),
        pytest.param("a" * 161, 2, id="161 septets are two"),
        pytest.param("a" * 306, 2, id="306 are two"),
        pytest.param("a" * 307, 3, id="307 are three"),
        pytest.param("a" * 158 + "€", 1, id="160 with an extension letter"),
        pytest.param("a" * 159 + "€", 2, id="161 with an extension letter"),
        pytest.param("a" * 152 + "€" + "a" * 152, 3, id="a letter is never cut: 306 septets in three parts"),
        pytest.param("a" * 151 + "€" + "a" * 153, 2, id="306 septets that pack in two"),
    ],
)
def test_segments_pack(text: str, expected: int) -> None:
    assert gsm7.segments(text) == expected
    assert "".join(gsm7.parts(text)) == text
    assert len(gsm7.parts(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("ɛ" * 70, 1, id="70"),
        pytest.param("ɛ" * 71, 2, id="71"),
        pytest.param("ɛ" * 134, 2, id="134"),
        pytest.param("ɛ" * 135, 3, id="135"),
        pytest.param("😀" * 35, 1, id="35 pairs"),
        pytest.param("😀" * 67, 3, id="a pair is never cut"),
    ],
)
def test_segments_in_ucs2(text: str, expected: int) -> None:
    assert gsm7.segments_ucs2(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Français, reçu, prête", "Francais, recu, prete", id="French"),
        pytest.param("À l’hôpital « œuvre » …", 'A l\'hopital " oeuvre " ...', id="typography"),
        pytest.param("kɛnɛya tɔn", "kènèya tòn", id="Bambara in the older spelling"),
        pytest.param("ɲɛ ŋɔ", "nyè ngò", id="Bambara letters that become two"),
        pytest.param("ok 😀", "ok ?", id="what the table does not know"),
    ],
)
def test_fold(text: str, expected: str) -> None:
    assert gsm7.fold(text) == expected


def test_the_table_rewrites_what_is_outside_of_the_alphabet_into_it() -> None:
    table = gsm7.replacements()
    assert gsm7.ALPHABET.isdisjoint(table)
    assert gsm7.ALPHABET.issuperset("".join(table.values()))


@given(st.text(max_size=300))
def test_folded_text_can_always_be_sent(text: str) -> None:
    assert gsm7.segments(gsm7.fold(text)) >= 1


@given(st.text(alphabet=sorted(gsm7.ALPHABET), min_size=1, max_size=700))
def test_parts_lose_nothing_and_fit(text: str) -> None:
    parts = gsm7.parts(text)
    assert "".join(parts) == text
    assert all(gsm7.septets(part) <= (160 if len(parts) == 1 else 153) for part in parts)


def test_only_a_phone_that_asked_gets_the_long_way() -> None:
    assert gsm7.prefers_ucs2("kɛnɛya", "UCS2")
    assert not gsm7.prefers_ucs2("kɛnɛya", "GSM7")
    assert not gsm7.prefers_ucs2("keneya", "UCS2")
