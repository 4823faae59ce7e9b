"""Jobs: each name leads to a function, each is asked for once at a time, each may run twice without harm."""

from datetime import timedelta
from importlib import import_module
from threading import Thread
from time import time

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from config.jobs import ANSWER_OWED, BULK, DRAIN_HOPS, LANE_OF, LANES, SEAL_AUDIT
from gateway.sessions import HOPS
from models import applied, audit
from tests.gateway.handset import AWA, STRANGER, Gateway, Handset
from workers.answers import keep_promises
from workers.erasures import erase_waiting
from workers.funnel import drain_streams
from workers.retention import KEYS, drop_old_of
from workers.seals import seal_all
from workers.tick import PERIOD_MS, ask_for_due
from workers.worker import LOCK_SECONDS, MaskedWorker


@pytest.mark.parametrize("job", LANE_OF)
def test_each_job_is_a_function_in_a_known_lane_with_a_period(job: str) -> None:
    module, function = job.rsplit(".", 1)
    assert callable(getattr(import_module(module), function))
    assert LANE_OF[job] in LANES
    assert PERIOD_MS[job] > 0


def queue(client: Redis, lane: str) -> Queue:
    return Queue(lane, connection=client, serializer=JSONSerializer)


def test_what_is_due_is_asked_for_once_by_any_number_of_ticks(gateway: Gateway) -> None:
    client, asked = gateway.runtime.redis, []
    threads = [Thread(target=lambda: asked.extend(ask_for_due(client))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(asked) == sorted(PERIOD_MS)
    assert sum(queue(client, lane).count for lane in LANES) == len(PERIOD_MS)


def test_a_job_that_waits_is_not_queued_again(gateway: Gateway) -> None:
    client = gateway.runtime.redis
    for _ in range(3):
        ask_for_due(client)
        client.delete(*(f"due:{job}" for job in PERIOD_MS))
    assert sum(queue(client, lane).count for lane in LANES) == len(PERIOD_MS)


def test_a_job_that_failed_is_tried_again(gateway: Gateway) -> None:
    client = gateway.runtime.redis
    bulk = queue(client, BULK)
    bulk.enqueue("no.such.function", job_id=DRAIN_HOPS.replace(".", "_"), failure_ttl=100)
    SimpleWorker([bulk], connection=client, serializer=JSONSerializer).work(burst=True)
    assert bulk.failed_job_registry.count == 1
    ask_for_due(client)
    assert DRAIN_HOPS.replace(".", "_") in bulk.job_ids


def test_what_a_killed_worker_left_of_a_job_does_not_make_it_fail_again(gateway: Gateway) -> None:
    client, name = gateway.runtime.redis, DRAIN_HOPS.replace(".", "_")
    bulk = queue(client, BULK)
    bulk.enqueue("no.such.function", job_id=name, failure_ttl=100)
    SimpleWorker([bulk], connection=client, serializer=JSONSerializer).work(burst=True)
    client.zadd(f"rq:executions:{name}", {"of-somebody-dead": time() + 60})
    ask_for_due(client)
    assert name in bulk.job_ids
    assert client.zcard(f"rq:executions:{name}") == 0


def test_a_job_carries_no_argument_and_its_own_description(gateway: Gateway) -> None:
    client = gateway.runtime.redis
    ask_for_due(client)
    for lane in LANES:
        for job in queue(client, lane).jobs:
            assert not job.args
            assert not job.kwargs
            assert job.description == job.func_name


def test_hops_and_ends_reach_the_database_once(each_gateway: Gateway) -> None:
    Handset(each_gateway, AWA).dial().types("6", "0")
    end = {"sessionId": "x", "status": "Success", "hopsCount": "3", "durationInMillis": "900"}
    for _ in range(2):
        each_gateway.post("/hooks/africastalking/demo/ussd-events", **end)
    assert drain_streams(each_gateway.runtime) == 4
    assert drain_streams(each_gateway.runtime) == 0
    assert (each_gateway.count("hops"), each_gateway.count("session_ends")) == (3, 1)
    assert each_gateway.runtime.redis.xlen(HOPS) == 0


def test_a_drain_that_was_killed_after_its_commit_doubles_nothing(each_gateway: Gateway) -> None:
    Handset(each_gateway, AWA).dial().types("6")
    client = each_gateway.runtime.redis
    kept = client.xrange(HOPS)
    assert drain_streams(each_gateway.runtime) == 2
    # As it was between the commit and the clean-up: the mark and the entries are still there.
    client.delete(HOPS)
    for entry_id, fields in kept:
        client.xadd(HOPS, fields, id=entry_id)
    client.set(f"drain:{HOPS}", kept[-1][0])
    Handset(each_gateway, AWA).dial()
    assert drain_streams(each_gateway.runtime) == 1
    assert each_gateway.count("hops") == 3


def test_two_drains_at_once_double_nothing(each_gateway: Gateway) -> None:
    phone = Handset(each_gateway, AWA).dial()
    for _ in range(10):
        phone.types("6", "0")
    threads = [Thread(target=drain_streams, args=(each_gateway.runtime,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert each_gateway.count("hops") == 21


def test_the_trail_is_sealed(each_gateway: Gateway) -> None:
    Handset(each_gateway, STRANGER).dial("2600100000017")
    assert seal_all(each_gateway.runtime) == 1
    assert seal_all(each_gateway.runtime) == 0
    with each_gateway.runtime.database.begin() as conn:
        assert audit.verify_chain(conn, each_gateway.runtime.keys).ok


def test_keys_of_hops_are_dropped_when_nobody_can_repeat_them(each_gateway: Gateway) -> None:
    now = each_gateway.runtime.clock()
    with each_gateway.runtime.database.begin() as conn:
        applied.first_time(conn, b"old", now - KEYS - timedelta(seconds=1))
        applied.first_time(conn, b"young", now - KEYS + timedelta(minutes=1))
    before = each_gateway.count("applied")
    assert drop_old_of(each_gateway.runtime) == 1
    assert each_gateway.count("applied") == before - 1


def test_an_erasure_is_carried_out_and_confirmed_once(each_gateway: Gateway) -> None:
    Handset(each_gateway, AWA).dial().types("6", "4", "5", "1").ends()
    before = each_gateway.count("messages")
    assert erase_waiting(each_gateway.runtime) == 1
    assert erase_waiting(each_gateway.runtime) == 0
    assert each_gateway.count("messages") == before + 1
    Handset(each_gateway, AWA).dial().sees("Bamanankan")


def test_the_jobs_run_in_a_worker_that_finds_its_own_parts(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = gateway.runtime.settings
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("REDIS_URL", settings.redis_url.get_secret_value())
    monkeypatch.setenv("RAMU_DATA_FOLDER", str(settings.data_folder))
    Handset(gateway, AWA).dial()
    client = gateway.runtime.redis
    ask_for_due(client)
    for lane in LANES:
        SimpleWorker([queue(client, lane)], connection=client, serializer=JSONSerializer).work(burst=True)
    assert gateway.count("hops") == 1
    assert gateway.count("audit_chain") == 1
    assert queue(client, LANE_OF[SEAL_AUDIT]).failed_job_registry.count == 0
    assert queue(client, LANE_OF[ANSWER_OWED]).failed_job_registry.count == 0
    assert keep_promises(gateway.runtime) == 0


def test_who_was_killed_while_she_looked_after_abandoned_jobs_stops_nobody_for_long(gateway: Gateway) -> None:
    client = gateway.runtime.redis
    bulk = queue(client, BULK)
    lock = bulk.registry_cleaning_key
    worker = MaskedWorker([bulk], connection=client, serializer=JSONSerializer)
    assert bulk.acquire_maintenance_lock()
    worker.clean_registries()
    assert 0 < client.ttl(lock) <= LOCK_SECONDS
    client.delete(lock)
    worker.clean_registries()
    assert not client.exists(lock)
