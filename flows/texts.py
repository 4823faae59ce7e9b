"""The texts: French is written in the screens, other languages are gettext catalogues in config/locale.

A translation that no speaker has read carries gettext's `fuzzy` flag: it is kept, shown to translators, and never shown
to a citizen. Her screen then falls back to French, line by line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
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


class Catalogues:
    """The translators of every language, built once when a process starts."""

    def __init__(self, translations: dict[str, NullTranslations]) -> None:
        self._translations = translations

    @classmethod
    def load(cls, folder: Path | None = None) -> Catalogues:
        """Reads every catalogue; only validated strings take part. Raises OSError when a language has no file."""
        return cls({language.code: _translations(language.code, folder) for language in languages()})

    def translator(self, language: str) -> Callable[[str], str]:
        """What turns a French text into `language`; an unknown language reads French."""
        return self._translations.get(language, self._translations[SOURCE]).gettext

    def speaks(self, language: str) -> bool:
        """Whether at least one validated text exists in `language`."""
        if language == SOURCE:
            return True
        translations = self._translations.get(language)
        return isinstance(translations, GNUTranslations) and bool(set(translations._catalog) - {""})  # type: ignore[attr-defined]


def _translations(language: str, folder: Path | None) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    return _compiled(catalogue_file(language, folder).read_bytes())


@lru_cache(maxsize=16)
def _compiled(po: bytes) -> GNUTranslations:
    # Reading takes as long as thirty hops, and a process that makes several runtimes would do it for each.
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(po), locale=None, domain=DOMAIN), use_fuzzy=False)
    compiled.seek(0)
    return GNUTranslations(compiled)
