"""What a process is made of, built once when it starts: settings, database, Redis, keys, texts, clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.retry import Retry

from config.settings import Settings
from flows.context import USSD, Context, Limits
from flows.session import Session
from flows.texts import Catalogues
from gateway.metrics import Metrics
from gateway.redis_addresses import pool_of
from gateway.redis_lines import RedisLines
from gateway.sessions import Sessions
from models.database import Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.lookups import Budgets

REFUSALS = (AuthenticationError, NoPermissionError)
"""Errors of a Redis that is well and does not want us: waiting would not help."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that the gateway and the workers share. Opening it connects to nothing."""

    settings: Settings
    database: Database
    lines: RedisLines
    redis: Redis
    keys: KeyRing
    catalogues: Catalogues
    sessions: Sessions
    metrics: Metrics
    limits: Limits
    clock: Clock

    @classmethod
    def open(cls, settings: Settings, clock: Clock = utc_now, *, patient: bool = False) -> Self:
        """Builds the parts. A `patient` process (a worker) has no deadline on its statements. Raises Fault."""
        keys = KeyRing.open(settings.key_folder)
        redis_url = settings.redis_url.get_secret_value()
        lines = RedisLines(redis_url, connect_ms=settings.redis_connect_ms, read_ms=settings.redis_read_ms)
        return cls(
            settings=settings,
            database=Database.open(
                settings.database_url.get_secret_value(),
                deadline_ms=None if patient else settings.database_ms,
            ),
            lines=lines,
            redis=redis_client(settings),
            keys=keys,
            catalogues=Catalogues.load(),
            sessions=Sessions(lines, keys, settings),
            metrics=Metrics(),
            limits=Limits(
                misses=settings.misses,
                lock_minutes=settings.lock_minutes,
                resume_minutes=settings.resume_minutes,
                visit_code_hours=settings.visit_code_hours,
                callback_hours=settings.callback_hours,
                messages_a_day=settings.messages_a_day,
                budgets=Budgets(
                    misses_an_hour=settings.misses_an_hour,
                    misses_a_day=settings.misses_a_day,
                    facility_misses_a_day=settings.facility_misses_a_day,
                    country_misses_a_day=settings.country_misses_a_day,
                    public_misses_a_day=settings.public_misses_a_day,
                    hits_an_hour=settings.hits_an_hour,
                ),
            ),
            clock=clock,
        )

    def context(
        self,
        phone: Msisdn,
        service_code: str,
        seed: bytes,
        now: datetime,
        left: Session | None = None,
        channel: str = USSD,
    ) -> Context:
        """The surroundings of one hop, or of one SMS."""
        return Context(
            register=self.database,
            keys=self.keys,
            catalogues=self.catalogues,
            limits=self.limits,
            phone=phone,
            now=now,
            service_code=service_code,
            seed=seed,
            left=left,
            channel=channel,
        )

    def close(self) -> None:
        """Closes every connection."""
        self.lines.close()
        self.redis.close()
        self.database.dispose()


def redis_client(settings: Settings) -> Redis:
    """A client for what is not a hop (health, jobs, pages): the same short limits, no retry, explicit."""
    return Redis.from_pool(
        pool_of(
            settings.redis_url.get_secret_value(),
            socket_connect_timeout=settings.redis_connect_ms / 1000,
            socket_timeout=settings.redis_read_ms / 1000,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
    )
