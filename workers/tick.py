"""Asks for the jobs that are due, again and again. Any number of ticks may run: each turn is claimed in Redis."""

from __future__ import annotations

import signal
from threading import Event

import click
import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from config.faults import Fault
from config.jobs import (
    ANSWER_OWED,
    ANSWER_SMS,
    APPLY_REPORTS,
    ASK_ABOUT_PAYMENTS,
    CARE_FOR_CAMPAIGNS,
    CARE_FOR_CASH,
    CARE_FOR_MEMBERSHIPS,
    COPY_REGISTER,
    DRAIN_HOPS,
    DROP_OLD,
    ERASE,
    LANE_OF,
    NOTE_ACTS,
    REAP,
    REMIND,
    REQUEST_PAYMENTS,
    RETRY_FAILED,
    SEAL_AUDIT,
    SEND_BULK,
    SEND_READY,
    seconds,
)
from config.settings import load
from gateway.logs import configure
from gateway.runtime import REFUSALS, redis_client

log = structlog.get_logger(__name__)

PERIOD_MS = {
    DRAIN_HOPS: 2_000,
    SEAL_AUDIT: 5_000,
    ANSWER_OWED: 5_000,
    ANSWER_SMS: 5_000,
    SEND_READY: 5_000,
    SEND_BULK: 5_000,
    REAP: 5_000,
    REQUEST_PAYMENTS: 5_000,
    ASK_ABOUT_PAYMENTS: 5_000,
    APPLY_REPORTS: 5_000,
    CARE_FOR_CAMPAIGNS: 5_000,
    RETRY_FAILED: 600_000,
    ERASE: 15_000,
    NOTE_ACTS: 600_000,
    CARE_FOR_CASH: 3_600_000,
    CARE_FOR_MEMBERSHIPS: 60_000,
    REMIND: 600_000,
    COPY_REGISTER: 600_000,
    DROP_OLD: 3_600_000,
}
"""How often each job is asked for."""

LOOK_SECONDS = 0.5
FAILURE_SECONDS = 86_400


def ask_for_due(client: Redis) -> list[str]:
    """Enqueues each job whose turn has come and nobody claimed; which. Raises redis.exceptions.RedisError."""
    due = [job for job, period in PERIOD_MS.items() if client.set(f"due:{job}", b"", nx=True, px=period)]
    for job in due:
        _enqueue(client, job)
    return due


def _enqueue(client: Redis, job: str) -> None:
    """Once in the queue at a time; one that failed is tried again."""
    queue = Queue(LANE_OF[job], connection=client, serializer=JSONSerializer)
    job_id = job.replace(".", "_")
    try:
        queue.enqueue(
            job,
            job_id=job_id,
            unique=True,
            description=job,
            job_timeout=seconds(job),
            result_ttl=0,
            failure_ttl=FAILURE_SECONDS,
        )
    except DuplicateJobError:
        waiting = queue.fetch_job(job_id)
        if waiting is not None and waiting.is_failed:
            # What is left of a worker that was killed would make it fail again at its end, for a minute.
            waiting.execution_registry.cleanup(float("inf"))
            waiting.requeue()


@click.command()
def tick() -> None:
    """Ask for the jobs that are due, until SIGTERM or Ctrl-C.

    Example: ramu tick
    """
    settings = load()
    configure(settings)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    client = redis_client(settings)
    while not stop.wait(LOOK_SECONDS):
        try:
            ask_for_due(client)
        except REFUSALS as fault:
            raise Fault(f"Redis refuses us ({type(fault).__name__}). Remedy: correct REDIS_URL") from None
        except RedisError as fault:
            log.warning("tick waits for redis", reason=type(fault).__name__)
