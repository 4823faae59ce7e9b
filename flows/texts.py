"""The texts: French is written in the screens, other languages are gettext catalogues in config/locale.

A translation that no speaker has read carries gettext's `fuzzy` flag: it is kept, shown to translators, and never shown
to a citizen. Her screen then falls back to French, line by line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

SOURCE = "fr"
"""The language in which the screens are written."""

DOMAIN = "ramu"


def N_(text: str) -> str:
    """Marks a text for the catalogues where it is not translated yet."""
    return text


@dataclass(frozen=True, slots=True)
class Language:
    """A language that a citizen can choose: ISO 639 code, its own name, its digit, gettext's plural rule."""

    code: str
    name: str
    digit: str
    plural: str


@cache
def languages() -> tuple[Language, ...]:
    """The languages of config/locale/languages.csv, in the order of their digits."""
    table = locale_folder().joinpath("languages.csv").read_text(encoding="utf-8")
    return tuple(Language(**row) for row in csv.DictReader(table.splitlines()))


def locale_folder() -> Path:
    """Where the catalogues lie."""
    return Path(str(files("config").joinpath("locale")))


def catalogue_file(language: str, folder: Path | None = None) -> Path:
    """The gettext file of a language, in the checkout or in another folder."""
    return (folder or locale_folder()) / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalogue(language: str, folder: Path | None = None) -> Catalog:
    """A language's gettext file as Babel reads it. Raises OSError when there is none."""
    with catalogue_file(language, folder).open("rb") as po:
        return read_po(po, locale=None, domain=DOMAIN)


_FRENCH: Mapping[str, str] = {}


class Catalogues:
    """The translators of every language, built once when a process starts."""

    def __init__(self, translations: dict[str, Mapping[str, str]]) -> None:
        self._translations = translations

    @classmethod
    def load(cls, folder: Path | None = None) -> Catalogues:
        """Reads every catalogue; only validated strings take part. Raises OSError when a language has no file."""
        return cls({language.code: _translations(language.code, folder) for language in languages()})

    def texts(self, language: str) -> Mapping[str, str]:
        """French texts to those of `language`; a text that is not there, as in an unknown language, stays French."""
        return self._translations.get(language, _FRENCH)

    def translator(self, language: str) -> Callable[[str], str]:
        """What turns a French text into `language`; an unknown language reads French."""
        texts = self.texts(language)
        return lambda text: texts.get(text, text)

    def speaks(self, language: str) -> bool:
        """Whether at least one validated text exists in `language`."""
        return language == SOURCE or bool(self.texts(language))


def _translations(language: str, folder: Path | None) -> Mapping[str, str]:
    return _FRENCH if language == SOURCE else _validated(catalogue_file(language, folder).read_bytes())


@lru_cache(maxsize=16)
def _validated(po: bytes) -> Mapping[str, str]:
    # Reading takes as long as thirty hops, and a process that makes several runtimes would do it for each.
    catalogue = read_po(BytesIO(po), locale=None, domain=DOMAIN)
    return {
        str(text.id): str(text.string) for text in catalogue if text.id and text.string and not text.fuzzy
    }
