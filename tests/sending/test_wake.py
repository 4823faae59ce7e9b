"""A wake stands for those that follow it until the job looks; no wake after its look is lost."""

from threading import Thread

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.jobs import SEND_READY, TRANSACTIONAL
from gateway.wake import awake, wake


def waiting(client: Redis) -> int:
    return int(Queue(TRANSACTIONAL, connection=client, serializer=JSONSerializer).count)


def test_many_wakes_are_one_job(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        threads = [Thread(target=wake, args=(client, SEND_READY)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert waiting(client) == 1


def test_what_is_written_after_the_look_wakes_again(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        wake(client, SEND_READY)
        awake(client, SEND_READY)
        wake(client, SEND_READY)
        assert waiting(client) == 2


def test_a_wake_is_forgotten_so_that_a_lost_job_is_asked_for_again(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        wake(client, SEND_READY)
        assert 0 < client.pttl(f"wake:{SEND_READY}") <= 5_000


def test_a_job_carries_no_argument(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        wake(client, SEND_READY)
        (job,) = Queue(TRANSACTIONAL, connection=client, serializer=JSONSerializer).jobs
        assert (job.func_name, job.description, job.args, job.kwargs) == (SEND_READY, SEND_READY, [], {})


def test_redis_away_is_no_fault(redis_url: str) -> None:
    with Redis.from_url("unix:///nobody/listens.sock") as client:
        wake(client, SEND_READY)
        awake(client, SEND_READY)
    with Redis.from_url(redis_url) as client:
        assert waiting(client) == 0
