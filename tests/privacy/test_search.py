"""The search finds every canary in every form, and nothing where there is nothing."""

import json
import os
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date
from unicodedata import combining, normalize
from urllib.parse import quote, quote_plus

import pytest

from models.identifiers import Msisdn, NinaNumber, recognise
from tests.privacy.canaries import CANARIES, CARDS, PHONES, Canary
from tests.privacy.search import search

NOISE = "2026-11-22 05:43:16.763941 hop 1795239796763-0 caller=58394a1b \x00\x01é "


def names(one: Canary) -> Iterator[str]:
    for name in (one.given, one.family, one.name, one.relatives[0]):
        plain = "".join(letter for letter in normalize("NFD", name) if not combining(letter))
        yield from (
            name,
            name.upper(),
            name.lower(),
            plain,
            plain.upper(),
            plain.lower(),
            normalize("NFD", name),
        )


def numbers(one: Canary) -> Iterator[str]:
    for phone in (one.phone, one.second):
        eight = phone[4:]
        pairs = [eight[at : at + 2] for at in range(0, 8, 2)]
        yield from (phone, f"00{phone[1:]}", phone[1:], eight, f"+223 {' '.join(pairs)}", *grouped(pairs))
    for number in (one.number, one.nina):
        yield from (number, *grouped([number[at : at + 3] for at in range(0, len(number), 3)]))


def grouped(parts: list[str]) -> Iterator[str]:
    yield from (mark.join(parts) for mark in (" ", "-", ".", "\u00a0", "\u202f", "/", "_"))


def spellings(one: Canary) -> list[str]:
    return [*names(one), *numbers(one)]


def base64_after(count: int) -> Callable[[str], bytes]:
    return lambda text: b64encode(b"x" * count + text.encode() + b"z")


FORMS = {
    "as typed": lambda text: text.encode(),
    "URL-encoded": lambda text: quote(text, safe="").encode(),
    "a form's field": lambda text: quote_plus(text).encode(),
    "JSON": lambda text: json.dumps(text).encode(),
    "bytes shown": lambda text: repr(text.encode()).encode(),
    "latin-1": lambda text: text.encode("latin-1", "replace"),
    "UTF-16, small end first": lambda text: text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
}
PACKED = {
    "UTF-16 in hexadecimal": lambda text: b"X'" + f" {text} ".encode("utf-16-le").hex().encode() + b"'",
    "zlib": lambda text: zlib.compress(b"a job " + text.encode()),
    "zlib in base64": lambda text: b64encode(zlib.compress(b"Traceback: KeyError " + text.encode())),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper().encode(),
    "base64": base64_after(0),
    "base64, one byte later": base64_after(1),
    "base64, two bytes later": base64_after(2),
}


def written(form: Callable[[str], bytes], text: str) -> bytes:
    return NOISE.encode() + b"<" + form(text) + b">" + NOISE.encode()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_canary_is_found_in_every_form(form: Callable[[str], bytes]) -> None:
    for one in CANARIES:
        for text in one.words:
            assert search(written(form, text)), f"{text!r} was not found"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_spelling_is_found_in_every_form(form: Callable[[str], bytes]) -> None:
    for one in CANARIES[::23]:
        for text in spellings(one):
            assert search(written(form, text)), f"{text!r} was not found"


@pytest.mark.parametrize("form", PACKED.values(), ids=PACKED)
def test_what_is_packed_is_found_too(form: Callable[[str], bytes]) -> None:
    for one in CANARIES:
        for text in (*one.words, one.given.upper(), one.family.lower(), one.phone[4:], f"00{one.phone[1:]}"):
            assert search(written(form, text)), f"{text!r} was not found"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("٧٦٣٩٤٠٠١", id="Arabic-Indic digits"),
        pytest.param("۷۶۳۹۴۰۰۱", id="Eastern Arabic-Indic digits"),
        pytest.param("߇߆߃߉߄߀߀߁", id="N'Ko digits"),
        pytest.param("1*76394001*2", id="within a text of the provider"),
        pytest.param("text=1%2A76394001", id="behind an encoded star"),
        pytest.param("phoneNumber=%2B22376394001&", id="an encoded plus sign"),
        pytest.param("Tchiken", id="a name that was cut"),
    ],
)
def test_other_ways_to_write_one_are_found(typed: str) -> None:
    assert search(written(FORMS["as typed"], typed))


@pytest.mark.parametrize(
    "clean",
    [
        pytest.param(NOISE.encode() * 50, id="a log"),
        pytest.param(f"{PHONES}999 {CARDS}9".encode(), id="numbers of nobody"),
        pytest.param(b"17952397976394001-0", id="an accident within a longer number"),
        pytest.param(b"2026-11-22 14:45:10.763940\x8601\xc3", id="an accident of microseconds and a hash"),
        pytest.param(b"a1b2c376394001d4e5f60718293a4b5c6d", id="an accident within a keyed hash"),
        pytest.param(b"9A5ACB3BC5319E12277B964F48F78B7639418130732C", id="an accident within a sealed value"),
        pytest.param(os.urandom(500_000), id="random bytes"),
        pytest.param(os.urandom(200_000).hex().encode(), id="random bytes in hexadecimal"),
    ],
)
def test_nothing_is_found_where_nobody_is(clean: bytes) -> None:
    assert search(clean) == []


def test_the_canaries_have_numbers_that_could_exist() -> None:
    today = date(2026, 11, 22)
    for one in CANARIES:
        card = recognise(one.number, today)
        assert card is not None
        assert card.check_ok
        assert card.scheme == one.scheme
        assert Msisdn.parse(one.phone).e164 == one.phone
        assert NinaNumber.parse(one.nina).value == one.nina
    for told in zip(*(one.words for one in CANARIES), strict=True):
        assert len(set(told)) >= 196
    assert len({one.name + str(one.born) for one in CANARIES}) == len(CANARIES)
