"""Pages: what fits stays whole, what does not is cut between lines, and the navigation lines are counted."""

import pytest

from flows import gsm7
from flows.layout import pages, written
from flows.screens import Choice, End, Menu, Notice

NAVIGATION = ("Retour", "Suite")


def test_a_screen_that_fits_is_one_page_with_the_way_back() -> None:
    menu = Menu("RAMED", (Choice("1", "Où aller", "ramed.where"),))
    assert pages(menu, "GSM7", *NAVIGATION) == ("RAMED\n1 Où aller\n0 Retour",)


def test_the_home_screen_shows_no_way_back() -> None:
    menu = Menu("Santé Mali", (Choice("1", "Mes droits", "rights.number"),))
    assert pages(menu, "GSM7", "", "Suite") == ("Santé Mali\n1 Mes droits",)


def test_a_fault_takes_the_place_of_the_title() -> None:
    menu = Menu("RAMED", (Choice("1", "Où aller", "ramed.where"),))
    assert pages(menu, "GSM7", *NAVIGATION, "8 ?") == ("8 ?\n1 Où aller\n0 Retour",)


def test_an_end_has_no_navigation() -> None:
    assert pages(End("C'est noté.", ("Ref 713482",)), "GSM7", *NAVIGATION) == ("C'est noté.\nRef 713482",)


@pytest.mark.parametrize(
    ("letters", "expected"), [pytest.param(151, 1, id="160 septets"), pytest.param(152, 2, id="161 septets")]
)
def test_160_septets_are_one_page_and_161_are_two(letters: int, expected: int) -> None:
    line = "a" * 70
    notice = Notice("b" * (letters - 142), (line, line))
    shown = pages(notice, "GSM7", *NAVIGATION)
    assert len(shown) == expected
    assert all(gsm7.septets(page) <= 160 for page in shown)


def test_every_page_carries_its_number_the_pinned_choice_and_the_way_back() -> None:
    papers = tuple(f"- pièce numéro {number} du dossier" for number in range(8))
    shown = pages(
        Menu("Pièces", (Choice("1", "Tout par SMS", "papers.sent", pinned=True),), papers),
        "GSM7",
        *NAVIGATION,
    )
    assert len(shown) > 1
    assert all("1 Tout par SMS" in page and page.endswith("0 Retour") for page in shown)
    assert [page.split("\n")[0] for page in shown] == [
        f"Pièces {n}/{len(shown)}" for n in range(1, len(shown) + 1)
    ]
    assert ["9 Suite" in page for page in shown] == [True] * (len(shown) - 1) + [False]
    read = [line for page in shown for line in page.split("\n") if line.startswith("- ")]
    assert read == list(papers)


def test_a_line_longer_than_a_screen_is_broken_between_words() -> None:
    shown = pages(Notice("Aide", (("mot " * 100).strip(),)), "GSM7", *NAVIGATION)
    assert all(gsm7.septets(page) <= 160 for page in shown)
    assert sum(page.count("mot") for page in shown) == 100


def test_a_phone_that_reads_special_letters_gets_smaller_pages() -> None:
    notice = Notice("kɛnɛya", ("ɛ" * 30, "ɔ" * 30))
    assert len(pages(notice, "GSM7", *NAVIGATION)) == 1
    shown = pages(notice, "UCS2", *NAVIGATION)
    assert len(shown) > 1
    assert all(len(page) <= 70 for page in shown)
    assert written(shown[0], "UCS2").startswith("kɛnɛya")
    assert written(shown[0], "GSM7").startswith("kènèya")
