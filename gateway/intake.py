"""Callbacks about SMS are stored before they are answered: in the database, or on the disk until that answers.

A message that came goes into the inbox, a report into the reports; an objection that the operator took is noted as
consent refused. A worker goes on from there. Storing the same callback twice stores it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from config.jobs import ANSWER_SMS
from flows.context import SMS
from gateway.crash_points import reached
from gateway.loop_guard import LoopGuard
from gateway.outbox import CAMPAIGNS, REMINDERS
from gateway.report_intake import GROUP, Report, ReportIntake, told_of
from gateway.runtime import Runtime
from gateway.spool import FOLDER, Spool
from gateway.tallies import tally
from gateway.wake import wake
from models import consent, inbound, phones, reports
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.locks import hold
from models.phones import phone_index

log = structlog.get_logger(__name__)

INBOUND_ID = "inbound"
"""Purpose of the keyed index of the provider's id of a message."""

AT_THE_OPERATOR = "operateur"
"""In place of a wording's version: who objects at the operator's reads the operator's wording."""

HELD = "ramu_held"
"""The figure of messages that nobody answers, by reason."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that a person sent. `sender` is a number in the international form, or what stood in its place."""

    provider_id: str
    sender: str
    text: str
    service_code: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """A phone, in the international form, that told the operator to let it receive no more from us."""

    phone: str


Callback = Incoming | Report | OptOut

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Incoming, Report, OptOut)}


class Intake:
    """Takes callbacks. Safe to use from many threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._keys = runtime.keys
        self._guard = LoopGuard(runtime.settings)
        self.spool = Spool(runtime.settings.data_folder / FOLDER, runtime.keys)
        self._reports = ReportIntake(runtime, self.spool)

    def take(self, callback: Callback) -> None:
        """Keeps one callback, durably, and wakes its worker. Raises OSError: nothing could keep it."""
        if isinstance(callback, Report):
            kept = self._reports.take(callback)
        else:
            kept = self._kept(callback, self._runtime.clock())
        self._runtime.metrics.callback(type(callback).__name__, kept)
        if isinstance(callback, Incoming):
            wake(self._runtime.redis, ANSWER_SMS)

    def replay(self, first: Callable[[], object] = lambda: None) -> int:
        """Stores what was spooled, oldest first, after `first`; how many. Raises DatabaseAway: the rest waits."""
        stored = self.spool.drain(self._store_records, first)
        if stored:
            self._reports.came_late()
        return stored

    def _kept(self, callback: Callback, now: datetime) -> str:
        """Keeps it; where, as a word for the figures."""
        try:
            with self._runtime.database.begin(durable=True) as conn:
                new = self._store(conn, callback, now)
                reached(11)
            reached(12)
            return "taken" if new else "repeated"
        except DatabaseAway as away:
            log.warning("a callback is spooled", reason=str(away))
        except Exception:
            # The provider has done its part: whatever is wrong here, the callback waits until it is mended.
            log.exception("a callback is spooled")
        record = {"kind": type(callback).__name__, "at": now, "told": asdict(callback)}
        self.spool.put(orjson.dumps(record), now)
        reached(14)
        return "spooled"

    def _store_records(self, records: Sequence[bytes]) -> None:
        told = [orjson.loads(record) for record in records]
        with self._runtime.database.begin(durable=True) as conn:
            for one in told:
                if one["kind"] == GROUP:
                    self._reports.store(conn, one["told"])
                else:
                    self._store(conn, KINDS[one["kind"]](**one["told"]), datetime.fromisoformat(one["at"]))
        reached(17)

    def _store(self, conn: Connection, callback: Callback, now: datetime) -> bool:
        """Whether it is new."""
        if isinstance(callback, Incoming):
            return self._incoming(conn, callback, now)
        if isinstance(callback, Report):
            # One that was spooled before reports were kept in groups.
            return reports.take_all(conn, self._keys, [told_of(callback, now)])[0]
        return self._opt_out(conn, Msisdn(callback.phone), now)

    def _incoming(self, conn: Connection, message: Incoming, now: datetime) -> bool:
        why = self._guard.unanswerable(message.sender)
        new = inbound.take(
            conn,
            self._keys,
            once=self._keys.index(message.provider_id, INBOUND_ID),
            sender=message.sender,
            text=message.text,
            service_code=message.service_code,
            now=now,
            held=why or None,
        )
        if new and why:
            tally(self._runtime.redis, HELD, why)
        return new

    def _opt_out(self, conn: Connection, phone: Msisdn, now: datetime) -> bool:
        hold(conn, "opt-out", phone_index(self._keys, phone))
        phone_id = phones.note(conn, self._keys, phone, now)
        standing = consent.state(conn, phone_id)
        refused = [topic for topic in (REMINDERS, CAMPAIGNS) if standing.get(topic) is not False]
        for topic in refused:
            consent.record(conn, phone_id, topic, False, AT_THE_OPERATOR, SMS, now)
        return bool(refused)
