"""One worker process: one queue, JSON jobs, and a life longer than that of the Redis server it listens to."""

from __future__ import annotations

from time import sleep
from typing import Any

import click
import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from config.faults import Fault
from config.jobs import BULK, LANES
from config.settings import Settings, load
from gateway.logs import configure
from gateway.masking import masked, trace
from gateway.runtime import REFUSALS
from workers import paying, sending
from workers.answers import store_promised
from workers.desk import queue_client, runtime
from workers.inbox import store_spooled

log = structlog.get_logger(__name__)

TTL_SECONDS = 60
"""A worker that was killed is known to be gone after this long (its jobs then fail and are asked for again)."""

LOCK_SECONDS = 30
"""Nobody looks after abandoned jobs for longer than this because another was killed while she did."""

PAUSE_SECONDS = 1.0


class MaskedWorker(SimpleWorker):
    """Of a job that failed it logs, and leaves in Redis, a trace that names nobody. RQ would keep every word.

    What another worker left that was killed, it looks after soon.
    """

    _trace = ""

    def clean_registries(self) -> None:
        """RQ's lock would outlive its holder's death by a quarter of an hour, in which no abandoned job comes back."""
        for queue in self.queues:
            left = self.connection.ttl(queue.registry_cleaning_key)
            if isinstance(left, int) and left > LOCK_SECONDS:
                self.connection.expire(queue.registry_cleaning_key, LOCK_SECONDS)
        super().clean_registries()

    def handle_exception(self, job: Any, *exc_info: Any) -> None:
        """Called first, with the exception."""
        self._trace = trace(exc_info[1])
        log.error("job failed", job=job.id, exc_info=exc_info)

    def handle_job_failure(
        self,
        job: Any,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Any = None,
    ) -> None:
        """Called second, with the exception as RQ would write it down."""
        told = self._trace or masked(exc_string)
        self._trace = ""
        super().handle_job_failure(job, queue, started_job_registry, told, execution)


@click.command()
@click.option("--lane", type=click.Choice(LANES), required=True, help="The queue to work on.")
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
def worker(lane: str, burst: bool) -> None:
    """Work on one queue until SIGTERM or Ctrl-C.

    Example: ramu worker --lane transactional
    """
    settings = load()
    configure(settings)
    desk = runtime()  # a key ring that is missing is told now, not by the first job
    store_spooled(desk)
    store_promised(desk)
    try:
        if lane == BULK:
            sending.go_on()
        serve(settings, lane, burst=burst)
    finally:
        paying.finish(everything=burst)
        sending.finish(everything=burst)


def serve(settings: Settings, lane: str, *, burst: bool = False) -> None:
    """Works until it is told to stop; begins again after Redis was away. Raises Fault when Redis refuses it."""
    while True:
        try:
            _work(settings, lane, burst=burst)
            return
        except REFUSALS as fault:
            raise Fault(f"Redis refuses us ({type(fault).__name__}). Remedy: correct REDIS_URL") from None
        except RedisError as fault:
            log.warning("worker waits for redis", lane=lane, reason=type(fault).__name__)
            if _told_to_stop():
                return


def _told_to_stop() -> bool:
    """Waits before the next attempt; RQ's handler of SIGTERM raises here when it comes meanwhile."""
    try:
        sleep(PAUSE_SECONDS)
    except StopRequested:
        return True
    return False


def _work(settings: Settings, lane: str, *, burst: bool) -> None:
    client = queue_client(settings)
    try:
        queue = Queue(lane, connection=client, serializer=JSONSerializer)
        horse = MaskedWorker(
            [queue],
            connection=client,
            serializer=JSONSerializer,
            worker_ttl=TTL_SECONDS,
            maintenance_interval=TTL_SECONDS,
            log_job_description=False,
        )
        horse.work(burst=burst, logging_level="WARNING", with_scheduler=False)
    finally:
        client.close()
