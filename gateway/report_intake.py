"""Delivery reports are kept in groups: those that arrive together share one commit, and each is answered behind it.

A campaign brings thousands a second, and a commit waits for the disk. Without the database a group goes into the spool
as one record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from redis.exceptions import RedisError
from sqlalchemy import Connection

from config.jobs import APPLY_REPORTS
from gateway.crash_points import reached
from gateway.runtime import Runtime
from gateway.spool import Spool
from gateway.together import Together
from gateway.wake import wake
from models import reports
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.reports import Told

log = structlog.get_logger(__name__)

MOST = 300
"""Reports in one transaction."""

GATHER_SECONDS = 0.005
"""How long the first of a group waits for others: see the measurement in docs/decisions/0015."""

LOOKED = "reports:looked"
"""In Redis: up to which moment of arrival every report was looked at (workers.deliveries)."""

GROUP = "Reports"
"""The kind of a spooled record that holds a group."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message of ours, in the provider's words. `phone` is in the international form, or empty."""

    provider_id: str
    status: str
    reason: str
    phone: str


class ReportIntake:
    """Takes reports. Safe to use from many threads."""

    def __init__(self, runtime: Runtime, spool: Spool) -> None:
        self._runtime = runtime
        self._spool = spool
        self._together = Together(self._kept, MOST, GATHER_SECONDS)

    def take(self, report: Report) -> str:
        """Keeps one, durably; where, as a word for the figures. Raises OSError: nothing could keep it."""
        return self._together.ask(told_of(report, self._runtime.clock()))

    def store(self, conn: Connection, group: Sequence[dict[str, Any]]) -> None:
        """Stores a group that was spooled."""
        told = [told_of(Report(**one["report"]), datetime.fromisoformat(one["at"])) for one in group]
        reports.take_all(conn, self._runtime.keys, told)

    def came_late(self) -> None:
        """Some that came before others are stored after them: the worker looks at all again."""
        try:
            self._runtime.redis.delete(LOOKED)
        except RedisError as fault:
            log.warning("reports that came late wait longer", reason=type(fault).__name__)
        wake(self._runtime.redis, APPLY_REPORTS)

    def _kept(self, told: Sequence[Told]) -> list[str]:
        kept = self._stored(told)
        wake(self._runtime.redis, APPLY_REPORTS)
        return kept

    def _stored(self, told: Sequence[Told]) -> list[str]:
        try:
            with self._runtime.database.begin(durable=True) as conn:
                new = reports.take_all(conn, self._runtime.keys, told)
                reached(11)
            reached(12)
            return ["taken" if one else "repeated" for one in new]
        except DatabaseAway as away:
            log.warning("reports are spooled", reason=str(away), count=len(told))
        except Exception:
            # The provider has done its part: whatever is wrong here, the reports wait until it is mended.
            log.exception("reports are spooled")
        self._spool.put(orjson.dumps({"kind": GROUP, "told": [_spooled(one) for one in told]}), told[0].at)
        reached(14)
        return ["spooled"] * len(told)


def told_of(report: Report, at: datetime) -> Told:
    """A report as the models take it, with the moment at which it came."""
    phone = Msisdn(report.phone) if report.phone else None
    return Told(report.provider_id, report.status, report.reason or None, phone, at)


def _spooled(told: Told) -> dict[str, Any]:
    report = Report(told.provider_id, told.status, told.reason or "", told.phone.e164 if told.phone else "")
    return {"report": report, "at": told.at}
