"""Is the process alive, and can it serve: for a supervisor, a load balancer, and `ramu run`."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from time import monotonic
from typing import Any

import psycopg
from redis.exceptions import RedisError
from sqlalchemy import column, select, table

from gateway.runtime import Runtime
from models.database import DatabaseAway, Prepared

_VERSION = Prepared(select(column("version_num")).select_from(table("alembic_version")))

TOGETHER_SECONDS = 0.9
"""All parts are asked at the same time; one that has not answered by then is down."""


class Health:
    """Asks the parts on threads of its own, so that a hung server cannot hold a request."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._asking = ThreadPoolExecutor(max_workers=4, thread_name_prefix="health")
        self._parts = {"database": self._database, "redis": self._redis}
        self._pending: dict[str, Future[str]] = {}

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """(whether every part answers, {part: "ok" or what is wrong}). Takes less than a second."""
        until = monotonic() + TOGETHER_SECONDS
        asked = {name: self._ask(name) for name in self._parts}
        found = {name: self._outcome(name, answer, until) for name, answer in asked.items()}
        well = all(word == "ok" for word in found.values())
        return well, {"status": "ready" if well else "not ready", "parts": found}

    def _ask(self, name: str) -> Future[str]:
        """A question that still waits for its answer is not asked twice."""
        pending = self._pending.get(name)
        if pending is None or pending.done():
            pending = self._pending[name] = self._asking.submit(self._parts[name])
        return pending

    def _outcome(self, name: str, answer: Future[str], until: float) -> str:
        try:
            return answer.result(timeout=max(0.0, until - monotonic()))
        except TooLate:
            return "does not answer"

    def _database(self) -> str:
        try:
            return "ok" if _VERSION.first(self._runtime.database.reader()) else "not migrated"
        except DatabaseAway:
            return "away"
        except (psycopg.errors.UndefinedTable, sqlite3.OperationalError):
            return "not migrated"

    def _redis(self) -> str:
        try:
            return "ok" if self._runtime.redis.ping() else "away"
        except RedisError:
            return "away"
