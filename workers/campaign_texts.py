"""The texts of campaigns as a sender needs them: taken apart once, written for each recipient as she was approved."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from gateway.campaign_writing import Writer, writer_of
from models.campaign_refusals import Waiting
from models.campaign_turns import Turn
from models.campaigns import load
from models.database import Database, Db
from models.keyring import KeyRing, KeyRingError

log = structlog.get_logger(__name__)

KEPT = 64
"""Campaigns whose texts are kept taken apart."""


class CampaignTexts:
    """Writes for one process. What is approved does not change: a campaign's texts are read once for each version."""

    def __init__(self, database: Database, keys: KeyRing, service_code: str) -> None:
        self._database = database
        self._keys = keys
        self._service_code = service_code
        self._writers: dict[tuple[int, bytes], Writer] = {}

    def write(self, conn: Db, turn: Turn, rows: Sequence[Waiting]) -> list[str | None]:
        """The text of each recipient, None when a value is missing or cannot be read. Raises DatabaseAway, BadText."""
        writer = self._writer(turn)
        if not writer.personal:
            first = {row.language: row for row in rows}
            same = dict(zip(first, writer.texts(conn, self._keys, list(first.values())), strict=True))
            return [same[row.language] for row in rows]
        try:
            return writer.texts(conn, self._keys, rows)
        except KeyRingError:
            return [self._alone(conn, writer, row) for row in rows]

    def _alone(self, conn: Db, writer: Writer, row: Waiting) -> str | None:
        """One damaged row stops nobody else's message."""
        try:
            return writer.texts(conn, self._keys, [row])[0]
        except KeyRingError:
            log.error("the values of a recipient cannot be read", chunk=row.chunk_id)
            return None

    def _writer(self, turn: Turn) -> Writer:
        key = turn.campaign_id, turn.version
        if key not in self._writers:
            while len(self._writers) >= KEPT:
                self._writers.pop(next(iter(self._writers)), None)
            with self._database.begin(reading=True) as conn:
                self._writers[key] = writer_of(conn, load(conn, turn.campaign_id), self._service_code)
        return self._writers[key]
