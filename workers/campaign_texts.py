"""The texts of campaigns as a sender needs them: taken apart once, written for each recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flows.campaign_text import SERVICE_CODE, MissingValue, Template, parse
from models.campaign_content import texts
from models.campaign_refusals import Waiting
from models.campaign_turns import Turn
from models.campaign_values import of_people, opened
from models.campaigns import load
from models.database import Connection
from models.keyring import KeyRing, KeyRingError

KEPT = 64
"""Campaigns whose texts are kept taken apart."""


class CampaignTexts:
    """Writes for one process. What is approved does not change: a campaign's texts are read once for each version."""

    def __init__(self, keys: KeyRing, service_code: str) -> None:
        self._keys = keys
        self._always = {SERVICE_CODE: service_code}
        self._known: dict[tuple[int, bytes], Mapping[str, Template]] = {}

    def write(self, conn: Connection, turn: Turn, rows: Sequence[Waiting]) -> list[str | None]:
        """The text of each recipient, None when a value is missing. Raises DatabaseAway."""
        templates = self._templates(conn, turn)
        if not turn.personalised:
            same = {language: one.render(self._always) for language, one in templates.items()}
            return [same.get(row.language) for row in rows]
        people = of_people(conn, self._keys, [row.person_id for row in rows if row.person_id is not None])
        return [self._written(templates.get(row.language), row, people) for row in rows]

    def _written(
        self, template: Template | None, row: Waiting, people: Mapping[int, Mapping[str, str]]
    ) -> str | None:
        if template is None:
            return None
        known = people.get(row.person_id, {}) if row.person_id is not None else {}
        try:
            return template.render({**self._always, **known, **opened(self._keys, row.values_sealed)})
        except (MissingValue, KeyRingError):
            return None

    def _templates(self, conn: Connection, turn: Turn) -> Mapping[str, Template]:
        key = turn.campaign_id, turn.version
        if key not in self._known:
            while len(self._known) >= KEPT:
                self._known.pop(next(iter(self._known)), None)
            columns = load(conn, turn.campaign_id).columns
            found = texts(conn, turn.campaign_id)
            self._known[key] = {name: parse(one.text, one.charset, columns) for name, one in found.items()}
        return self._known[key]
