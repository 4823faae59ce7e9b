"""Languages: what a speaker has read is shown, what nobody has read falls back to French line by line."""

from pathlib import Path
from shutil import copytree

import pytest
from babel.messages.pofile import write_po

from flows import catalogues, gsm7
from flows.texts import Catalogues, catalogue_file, languages, locale_folder, read_catalogue
from flows.world import UNKNOWN, World
from tests.flows.talking import Phone


@pytest.fixture
def read_by_a_speaker(tmp_path: Path) -> Path:
    """A copy of the catalogues in which one Bambara text counts as read, and another as written but unread."""
    folder = tmp_path / "locale"
    copytree(locale_folder(), folder)
    catalogue = read_catalogue("bm", folder)
    for text, translation, read in (("Langue", "kan ɲɛ", True), ("Retour", "segin", False)):
        catalogue[text].string = translation
        catalogue[text].flags.discard("fuzzy")
        if not read:
            catalogue[text].flags.add("fuzzy")
    with catalogue_file("bm", folder).open("wb") as po:
        write_po(po, catalogue, omit_header=True)
    return folder


def test_nothing_is_spoken_that_no_speaker_has_read() -> None:
    shipped = Catalogues.load()
    spoken = [language.code for language in languages() if shipped.speaks(language.code)]
    assert spoken == ["fr"]
    assert shipped.translator("bm")("Retour") == "Retour"


def test_a_text_that_was_read_is_shown_and_the_others_stay_french(
    world: World, read_by_a_speaker: Path
) -> None:
    speaking = world.moved(catalogues=Catalogues.load(read_by_a_speaker))
    phone = Phone(speaking, UNKNOWN).dial().types("2").sees_page("home.home")
    phone.types("6").sees("6 kan nyè", "0 Retour", "1 Trouver un centre")


def test_a_phone_that_asked_for_them_reads_the_official_letters(
    world: World, read_by_a_speaker: Path
) -> None:
    speaking = world.moved(catalogues=Catalogues.load(read_by_a_speaker))
    step = speaking.dial(UNKNOWN, "6")
    assert "Langue" in step.screen.text
    phone = Phone(world, UNKNOWN).dial().types("2", "3", "2")
    assert phone.step is not None
    assert (phone.step.session.charset, phone.step.session.language) == ("UCS2", "bm")
    shown = Phone(speaking, UNKNOWN)
    shown.dial("*212*6#")
    pages = [shown.screen]
    while "9 Suite" in shown.screen:
        pages.append(shown.types("9").screen)
    assert any("kan ɲɛ" in page for page in pages)
    assert all(len(page) <= gsm7.SCREEN_UCS2 for page in pages if not gsm7.ALPHABET.issuperset(page))


def test_every_catalogue_has_every_text_and_no_other() -> None:
    assert list(catalogues.missing()) == []


def test_a_missing_text_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    said = catalogues.spoken()
    monkeypatch.setattr(catalogues, "spoken", lambda: {**said, "Un texte nouveau": ["flows/x.py"]})
    assert [fault for fault in catalogues.missing() if "Un texte nouveau" in fault]


def test_texts_of_rule_tables_are_among_what_is_said() -> None:
    said = catalogues.spoken()
    assert {"Césarienne", "mairie de votre commune", "acte de mariage"} <= set(said)


@pytest.mark.parametrize(
    ("translation", "faults"),
    [
        pytest.param("Laban : {day}", 0, id="the value is kept"),
        pytest.param("Laban", 1, id="the value is lost"),
        pytest.param("Laban : {don}", 1, id="the value is misspelt"),
        pytest.param("Laban : {day", 1, id="the brace does not close"),
    ],
)
def test_a_translation_keeps_the_values_of_its_text(
    monkeypatch: pytest.MonkeyPatch, translation: str, faults: int
) -> None:
    catalogue = read_catalogue("bm")
    catalogue["Fin : {day}"].string = translation
    monkeypatch.setattr(catalogues, "read_catalogue", lambda code: catalogue)
    languages_but_french = len(languages()) - 1
    assert len(list(catalogues.broken())) == faults * languages_but_french
