"""Keeps the gettext files in step with the screens: what the code and the rule tables say, in every language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from config import facts
from flows.texts import SOURCE, catalogue_file, languages, read_catalogue

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"t": None, "N_": None}
SPOKEN_COLUMNS = {
    "free_care_menu": ("label",),
    "gratuites": ("short",),
    "eligibility": ("reason",),
    "contribution_plans": ("label",),
    "documents": ("short",),
    "paper_codes": ("sms",),
    "registration_places": ("label",),
    "answers": ("label", "patient_pays"),
    "schemes": ("who", "where"),
    "payment_reasons": ("text",),
}
"""Columns of config/rules whose French texts people read on a screen."""

SPOKEN_EXTRA = "path"
"""The field of extra_answers that a screen says; the others are for programmes."""


def spoken() -> dict[str, list[str]]:
    """Every text that a screen can say, with where it stands."""
    texts: dict[str, list[str]] = {}
    for file, _, message, _, _ in extract_from_dir(
        str(ROOT / "flows"), [("**.py", "python")], keywords=KEYWORDS
    ):
        texts.setdefault(str(message), []).append(f"flows/{file}")
    for table, text in _in_tables():
        texts.setdefault(text, []).append(f"config/rules/{table}.csv")
    return texts


def missing() -> Iterator[str]:
    """What a language's file lacks or has too much: run `ramu flows texts` after changing a text."""
    said = set(spoken())
    for language in languages():
        if language.code == SOURCE:
            continue
        kept = {message.id for message in read_catalogue(language.code) if message.id}
        yield from (f"{language.code}: missing text {text!r}" for text in sorted(said - kept))
        yield from (
            f"{language.code}: text no screen says {text!r}" for text in sorted(map(str, kept - said))
        )


def broken() -> Iterator[str]:
    """Translations that lost, invented or misspelt a `{value}` of the French text."""
    for language in languages():
        if language.code == SOURCE:
            continue
        for message in read_catalogue(language.code):
            if message.id and message.string and _values(str(message.string)) != _values(str(message.id)):
                yield f"{language.code}: {message.id!r} is translated with other values in braces"


def update() -> dict[str, int]:
    """Brings every language's file up to date, keeping its translations; gives the number of texts by language."""
    template = Catalog(project="RAMU gateway", charset="utf-8")
    for text, places in sorted(spoken().items(), key=lambda item: (item[1][0], item[0])):
        template.add(text, locations=[(place, 0) for place in sorted(set(places))])
    counts = {}
    for language in languages():
        if language.code != SOURCE:
            counts[language.code] = _update_file(catalogue_file(language.code), template, language.code)
    return counts


def _update_file(file: Path, template: Catalog, code: str) -> int:
    catalogue = read_catalogue(code) if file.exists() else Catalog(project="RAMU gateway", charset="utf-8")
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as po:
        write_po(po, catalogue, width=110, include_lineno=False, omit_header=True, sort_by_file=True)
    return sum(1 for message in catalogue if message.id)


def _values(text: str) -> set[str] | None:
    """The names in braces, or None for braces that do not close."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return None


def _in_tables() -> Iterator[tuple[str, str]]:
    for table, columns in SPOKEN_COLUMNS.items():
        for row in facts.rows(table):
            yield from ((table, row[column]) for column in columns if row[column])
    for row in facts.rows("extra_answers"):
        if row["field"] == SPOKEN_EXTRA:
            yield "extra_answers", row["value"]
