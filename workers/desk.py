"""What the jobs of one worker process share. RQ calls a job by its name alone, so the job asks here."""

from __future__ import annotations

from functools import cache

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import TimeoutError as Hung
from redis.retry import Retry

from config.settings import Settings, load
from gateway.redis_addresses import pool_of
from gateway.runtime import Runtime

STATEMENT_MS = 10_000
"""A worker waits longer for the database than a hop, but not for ever."""


@cache
def runtime() -> Runtime:
    """This process's parts, opened when the first job needs them. Raises config.faults.Fault."""
    return Runtime.open(load(database_ms=STATEMENT_MS))


def queue_client(settings: Settings) -> Redis:
    """A client for a worker's queue: it outlives a restart of Redis, which a hop's client must not wait for."""
    return Redis.from_pool(
        pool_of(
            settings.redis_url.get_secret_value(),
            socket_connect_timeout=2,
            retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), retries=8),
            retry_on_error=[Broken, Hung],
            health_check_interval=20,
            protocol=2,
        )
    )
