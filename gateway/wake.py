"""Wakes a job: what waits in the database is looked at now, not at the next sweep. A wake may be lost without harm.

However many ask, one job waits: a key stands for it, and the job takes the key away before it looks, so that
whatever was written after its look wakes it again.
"""

from __future__ import annotations

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from config.jobs import LANE_OF, seconds

log = structlog.get_logger(__name__)

FORGOTTEN_MS = 5_000
"""So long one wake stands for the next ones: the job may have been lost with the queue."""

FAILURE_SECONDS = 3_600


def wake(redis: Redis, job: str) -> None:
    """Asks for a job (a name of config.jobs) unless it is asked for already. Redis away: the sweep does it."""
    try:
        if redis.set(_key(job), b"", nx=True, px=FORGOTTEN_MS):
            queue = Queue(LANE_OF[job], connection=redis, serializer=JSONSerializer)
            queue.enqueue(
                job, description=job, job_timeout=seconds(job), result_ttl=0, failure_ttl=FAILURE_SECONDS
            )
    except RedisError as fault:
        log.warning("wake lost", job=job, reason=type(fault).__name__)


def awake(redis: Redis, job: str) -> None:
    """The job's first act, before it looks: who writes from now on wakes it again."""
    try:
        redis.delete(_key(job))
    except RedisError as fault:
        log.warning("wake stays", job=job, reason=type(fault).__name__)


def _key(job: str) -> str:
    return f"wake:{job}"
