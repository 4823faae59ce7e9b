"""Every message of a campaign before it is sent: who gets which text, how long it is, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from flows import campaign_text
from flows.campaign_text import SERVICE_CODE, BadText, MissingValue, Template
from models import campaign_content, campaign_values
from models.audience_filters import FRENCH, SEPARATOR
from models.audiences import Asked, by_sets, people
from models.campaigns import Campaign
from models.database import Database, Db
from models.keyring import KeyRing

PAGE = 20_000
"""Phones, or lines, whose messages are written at a time."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes a campaign's messages, by the texts that speakers have read."""

    templates: Mapping[str, Template]
    service_code: str
    schemes: tuple[str, ...]

    @property
    def personal(self) -> bool:
        """Whether each person may get a text of her own."""
        return any(template.personal for template in self.templates.values())

    def texts(self, conn: Db, keys: KeyRing, rows: Sequence[Any]) -> list[str | None]:
        """The text of each row (language, person_id, values_sealed); None where a value is missing.

        Raises KeyRingError, DatabaseAway.
        """
        if not self.personal:
            return [self._written(row.language, {}) for row in rows]
        ids = sorted({row.person_id for row in rows if row.person_id is not None})
        known = campaign_values.of_people(conn, keys, ids, self.schemes)
        return [
            self._written(
                row.language,
                known.get(row.person_id, {}) | campaign_values.opened(keys, row.values_sealed),
            )
            for row in rows
        ]

    def example(self, language: str, columns: Sequence[str]) -> str:
        """The text with nobody's values in it."""
        values = {column: column.upper() for column in columns} | campaign_text.EXAMPLES
        return self._of(language).render({**values, SERVICE_CODE: self.service_code})

    def charset(self, language: str) -> str:
        """The letters in which people of this language get it."""
        return self._of(language).charset

    def _of(self, language: str) -> Template:
        return self.templates.get(language) or self.templates[FRENCH]

    def _written(self, language: str, values: Mapping[str, str]) -> str | None:
        try:
            return self._of(language).render({**values, SERVICE_CODE: self.service_code})
        except MissingValue:
            return None


@dataclass(slots=True)
class Measured:
    """What all messages of a campaign are like: by operator the numbers and segments; the longest and shortest text."""

    people: Counter[str] = field(default_factory=Counter)
    segments: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    missing: int = 0
    longest: tuple[int, int, str] | None = None
    shortest: tuple[int, int, str] | None = None

    def add(self, operator: str, text: str | None, charset: str, times: int = 1) -> None:
        """Count so many messages of one text."""
        if text is None:
            self.missing += times
            return
        paid = campaign_text.price(text, charset)
        self.people[operator] += times
        self.segments[operator] += times * paid.segments
        self.lengths[paid.segments] += times
        size = (paid.segments, paid.used, text)
        self.longest = max(self.longest or size, size, key=lambda one: one[:2])
        self.shortest = min(self.shortest or size, size, key=lambda one: one[:2])

    def told(self) -> dict[str, Any]:
        """The figures without a word of a text: they are kept beside the campaign."""
        return {
            "operators": {name: [self.people[name], self.segments[name]] for name in sorted(self.people)},
            "segments": {str(count): times for count, times in sorted(self.lengths.items())},
            "missing": self.missing,
            "longest": self.longest and list(self.longest[:2]),
            "shortest": self.shortest and list(self.shortest[:2]),
        }


def writer_of(conn: Connection, campaign: Campaign, service_code: str) -> Writer:
    """The writer of a campaign as it stands. Raises BadText when its texts cannot be sent."""
    found = campaign_content.texts(conn, campaign.campaign_id)
    if FRENCH not in found:
        raise BadText("il n'y a pas de texte français -> ramu campaign text NUMERO TEXTE")
    templates = {
        text.language: campaign_text.parse(text.text, text.charset, campaign.columns)
        for text in found.values()
        if text.is_sent
    }
    asked_for = (campaign.audience or {}).get("regime", "")
    schemes = tuple(word.strip().upper() for word in asked_for.split(SEPARATOR) if word.strip())
    return Writer(templates, service_code, schemes)


def measure(
    database: Database, keys: KeyRing, asked: Asked, last: int, writer: Writer, done: Callable[[int], object]
) -> Measured:
    """Write every message of an audience and measure it; `done` is told how many positions were looked at."""
    found = Measured()
    if not writer.personal:
        with database.begin(reading=True) as conn:
            by_sets(conn)
            for row in conn.execute(_counted(asked)):
                (text,) = writer.texts(conn, keys, [row])
                found.add(row.operator, text, writer.charset(row.language), row.times)
        done(last)
        return found
    for rows, conn in _pages(database, asked, last, done):
        for row, text in zip(rows, writer.texts(conn, keys, rows), strict=True):
            found.add(row.operator, text, writer.charset(row.language))
    return found


def samples(
    conn: Connection, keys: KeyRing, asked: Asked, writer: Writer, count: int
) -> list[tuple[bytes, str]]:
    """Final messages of people drawn by chance, as (sealed number, text)."""
    by_sets(conn)
    found = people(asked).subquery("people")
    to_write = found.c.excluded.is_(None) & ~found.c.hold_out
    rows = conn.execute(select(found).where(to_write).order_by(func.random()).limit(count)).all()
    texts = writer.texts(conn, keys, rows)
    return [(row.phone_sealed, text) for row, text in zip(rows, texts, strict=True) if text is not None]


def _counted(asked: Asked) -> Any:
    """How many get which language's text, by operator."""
    found = people(asked).subquery("people")
    return (
        select(found.c.operator, found.c.language, func.count().label("times"))
        .where(found.c.excluded.is_(None), ~found.c.hold_out)
        .group_by(found.c.operator, found.c.language)
    )


def _pages(
    database: Database, asked: Asked, last: int, done: Callable[[int], object]
) -> Iterator[tuple[Sequence[Any], Connection]]:
    for low in range(0, last, PAGE):
        high = min(low + PAGE, last)
        part = Asked(
            asked.campaign_id, asked.filters, asked.languages, asked.draw, asked.now, low=low, high=high
        )
        found = people(part).subquery("people")
        with database.begin(reading=True) as conn:
            by_sets(conn)
            to_write = found.c.excluded.is_(None) & ~found.c.hold_out
            yield conn.execute(select(found).where(to_write)).all(), conn
        done(high - low)
