"""What people do while campaigns are sent: one is paused and goes on, one is cancelled in its middle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

from models import campaigns
from models.campaigns import CANCEL, PAUSE, RESUME
from models.database import Database, DatabaseAway
from tests.storm.campaign_cast import APPEAL, DROPPED, Made

CANCEL_AT, PAUSE_AT = 0.12, 0.25
"""Shares of the work."""

PAUSED_SECONDS = 8.0


class Steering:
    """Pauses, resumes, cancels when it is time, and remembers when it took effect."""

    def __init__(self, database: Database, made: Sequence[Made]) -> None:
        self._database = database
        ids = {one.name: one.campaign_id for one in made}
        self._acts = [(CANCEL_AT, ids[DROPPED], CANCEL), (PAUSE_AT, ids[APPEAL], PAUSE)]
        self._resume_at = 0.0
        self._paused = ids[APPEAL]
        self.silences: dict[int, list[tuple[datetime, datetime | None]]] = {}

    @property
    def waits(self) -> bool:
        """Whether something is still to be done."""
        return bool(self._acts or self._resume_at)

    def look(self, share: float) -> None:
        """Does what is due at this share of the work."""
        if self._acts and share >= self._acts[0][0]:
            _, campaign_id, step = self._acts[0]
            if self._moved(campaign_id, step):
                self._acts.pop(0)
                self.silences[campaign_id] = [(datetime.now(UTC), None)]
                self._resume_at = monotonic() + PAUSED_SECONDS if step == PAUSE else self._resume_at
        if self._resume_at and monotonic() >= self._resume_at:
            now = datetime.now(UTC)
            if self._moved(self._paused, RESUME):
                self._resume_at = 0.0
                self.silences[self._paused] = [(self.silences[self._paused][0][0], now)]

    def _moved(self, campaign_id: int, step: str) -> bool:
        """False when the database is away: it is tried again."""
        try:
            with self._database.begin() as conn:
                campaigns.move(conn, campaign_id, step, datetime.now(UTC))
        except DatabaseAway:
            return False
        return True
