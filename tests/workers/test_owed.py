"""Answers that are owed: each promise outlives whatever is killed, is kept once, and holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import orjson
import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.jobs import ANSWER_OWED, LANE_OF
from gateway.runtime import Clock, Runtime, utc_now
from gateway.spool import PROMISES, Spool
from models import messages
from tests.gateway.handset import AWA, STRANGER, Gateway, Handset, open_gateway
from workers.answers import BATCH, TURN, TURN_MS, keep_promises, store_promised

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"
FANTA = "+22370000021"
"""A member of a mutuelle."""

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def promises(runtime: Runtime) -> Spool:
    """What this machine has promised and not moved into the database."""
    return Spool(runtime.settings.data_folder / PROMISES, runtime.keys)


def owe(runtime: Runtime, phone: str, text: str, number: int, session: str | None = None) -> None:
    """Leaves a question on the disk, as a hop that met the database away does."""
    question = {
        "session": session,
        "left": None,
        "text": text,
        "phone": phone,
        "service_code": "*212#",
        "seed": number.to_bytes(16).hex(),
        "at": AT,
    }
    promises(runtime).put(orjson.dumps(question), AT + timedelta(milliseconds=number))


def sent(runtime: Runtime) -> list[str]:
    """The texts that are owed by SMS."""
    with runtime.database.begin(reading=True) as conn:
        rows = conn.execute(messages.messages.select().order_by(messages.messages.c.id)).mappings()
        return [runtime.keys.unseal(row["text_sealed"], messages.TEXT) for row in rows]


def cut_off_from(gateway: Gateway, clock: Clock = utc_now) -> Gateway:
    """A web process of the same machine whose database is away."""
    settings = gateway.runtime.settings
    return open_gateway(settings.data_folder, NOWHERE, settings.redis_url.get_secret_value(), clock)


@pytest.fixture
def cut_off(gateway: Gateway) -> Iterator[Gateway]:
    """Beside a gateway whose database is there."""
    opened = cut_off_from(gateway)
    yield opened
    opened.runtime.close()


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param("{}", id="a record of another version"),
        pytest.param('{"v":1,"at":["rights.person",{},0]}', id="a record cut short"),
    ],
)
def test_a_question_that_cannot_be_worked_on_is_excused_and_the_next_is_answered(
    gateway: Gateway, poison: str
) -> None:
    owe(gateway.runtime, STRANGER, "1", 1, session=poison)
    owe(gateway.runtime, AWA, "", 2)
    assert keep_promises(gateway.runtime) == 2
    excuse, answer = sent(gateway.runtime)
    assert "tapez *212#" in excuse
    assert answer.startswith("RAMED VALIDE")
    assert keep_promises(gateway.runtime) == 0


def test_what_can_only_be_chosen_is_an_invitation_to_dial(gateway: Gateway) -> None:
    owe(gateway.runtime, STRANGER, "2", 4)
    owe(gateway.runtime, STRANGER, "4*4", 5)
    assert keep_promises(gateway.runtime) == 2
    assert all("Le service répond à nouveau" in text and "VIH" not in text for text in sent(gateway.runtime))


@pytest.mark.parametrize(
    ("minutes", "payments", "told"),
    [
        pytest.param(14, 1, "Demande Orange Money en route", id="she still has the phone in her hand"),
        pytest.param(16, 0, "tapez *212#", id="she has put it away: she is asked to dial"),
    ],
)
def test_a_yes_to_a_payment_is_good_for_a_quarter_of_an_hour(
    gateway: Gateway, minutes: int, payments: int, told: str
) -> None:
    phone = Handset(gateway, FANTA).dial("3*1*2000").sees("Payer 2 000 F")
    phone.gateway = cut_off_from(gateway, lambda: utc_now() - timedelta(minutes=minutes))
    phone.types("1").ends().sees("SMS", "Ref ")
    phone.gateway.runtime.close()
    assert keep_promises(gateway.runtime) == 1
    assert gateway.count("payments") == payments
    (text,) = sent(gateway.runtime)
    assert told in text
    assert text.count("Ref ") == 1


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def overwrite(file: Path) -> None:
    file.write_bytes(b"\x00 not sealed by us")


def empty(file: Path) -> None:
    file.write_bytes(b"")


def unfinish(file: Path) -> None:
    file.rename(file.with_suffix(".begun"))


@pytest.mark.parametrize(
    ("damage", "ending"),
    [(cut, "aside"), (overwrite, "aside"), (empty, "aside"), (unfinish, "begun")],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_damaged_promise_neither_blocks_nor_loses_the_others(
    gateway: Gateway, damage: Callable[[Path], None], ending: str
) -> None:
    for number in (1, 2, 3):
        owe(gateway.runtime, AWA, "", number)
    folder = gateway.runtime.settings.data_folder / PROMISES
    damage(sorted(folder.glob("*.kept"))[-1])
    assert keep_promises(gateway.runtime) == 2
    assert [path.suffix for path in folder.glob("*-*")] == [f".{ending}"]
    owe(gateway.runtime, AWA, "", 4)
    assert keep_promises(gateway.runtime) == 1


def test_a_promise_outlives_an_emptied_redis(gateway: Gateway, cut_off: Gateway) -> None:
    phone = Handset(cut_off, AWA).dial().ends().sees("arrive par SMS", "Ref ")
    gateway.runtime.redis.flushdb()
    assert keep_promises(cut_off.runtime) == 0
    assert keep_promises(gateway.runtime) == 1
    (answer,) = sent(gateway.runtime)
    assert answer.startswith("RAMED VALIDE")
    assert answer[-6:] == phone.screen.partition("Ref ")[2][:6]
    assert promises(gateway.runtime).waiting() == 0


def test_who_is_promised_an_answer_twice_gets_one(gateway: Gateway, cut_off: Gateway) -> None:
    phone = Handset(cut_off, AWA).dial()
    # The call and its answer are forgotten; the provider repeats the hop.
    gateway.runtime.redis.flushdb()
    assert phone.sends().screen == phone.seen[0]
    assert promises(gateway.runtime).waiting() == 2
    assert keep_promises(gateway.runtime) == 1
    assert len(sent(gateway.runtime)) == 1


def test_who_was_answered_after_all_is_noted_once(gateway: Gateway, cut_off: Gateway) -> None:
    phone = Handset(cut_off, STRANGER).dial("1*1*2600100000017").ends()
    gateway.runtime.redis.flushdb()
    Handset(gateway, STRANGER, phone.session, phone.text).sends().sees("RAMED")
    assert keep_promises(gateway.runtime) == 1
    assert (len(sent(gateway.runtime)), gateway.count("audit")) == (1, 1)


def test_a_disk_that_takes_nothing_promises_nothing(gateway: Gateway, cut_off: Gateway) -> None:
    in_the_way = gateway.runtime.settings.data_folder / PROMISES
    in_the_way.write_text("a file where the folder should be")
    phone = Handset(cut_off, AWA).dial().ends().sees("Rappelez le *212#")
    assert "SMS" not in phone.screen
    assert "Ref" not in phone.screen
    in_the_way.unlink()
    # It was let go: its repeat is worked on at once.
    phone.sends().ends().sees("SMS", "Ref ")
    assert keep_promises(gateway.runtime) == 1


def test_several_that_answer_at_once_keep_each_promise_once(each_gateway: Gateway) -> None:
    desk, many = each_gateway.runtime, 30
    # Without Redis nobody knows of the others' turns: the rows decide.
    beside = replace(desk, redis=Redis.from_url("redis://127.0.0.1:1/0"))
    for number in range(many):
        owe(desk, AWA, "", number)
    kept: list[int] = []
    threads = [Thread(target=lambda: kept.append(keep_promises(beside, 3_600))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(kept), len(sent(desk)), each_gateway.count("owed_answers")) == (many, many, many)


def test_what_waits_is_answered_until_nothing_is_left(gateway: Gateway) -> None:
    for number in range(BATCH + 5):
        owe(gateway.runtime, STRANGER, "2", number)
    assert keep_promises(gateway.runtime, 60) == BATCH + 5
    assert keep_promises(gateway.runtime) == 0


def asked_for(runtime: Runtime) -> int:
    """How often the job waits in its queue."""
    queue = Queue(LANE_OF[ANSWER_OWED], connection=runtime.redis, serializer=JSONSerializer)
    return sum(job.func_name == ANSWER_OWED for job in queue.jobs)


def test_after_its_time_the_job_is_asked_for_again_at_once(gateway: Gateway) -> None:
    for number in (1, 2):
        owe(gateway.runtime, AWA, "", number)
    assert (keep_promises(gateway.runtime, 0), asked_for(gateway.runtime)) == (1, 1)
    assert (keep_promises(gateway.runtime, 3_600), asked_for(gateway.runtime)) == (1, 1)


def test_while_one_answers_another_only_moves(gateway: Gateway) -> None:
    owe(gateway.runtime, AWA, "", 1)
    gateway.runtime.redis.set(TURN, b"", px=TURN_MS)
    assert keep_promises(gateway.runtime) == 0
    assert (promises(gateway.runtime).waiting(), gateway.count("owed_answers")) == (0, 1)
    gateway.runtime.redis.delete(TURN)
    assert keep_promises(gateway.runtime) == 1
    assert gateway.runtime.redis.exists(TURN) == 0


def test_a_worker_that_comes_back_asks_for_the_job_that_a_killed_one_took_along(gateway: Gateway) -> None:
    assert (store_promised(gateway.runtime), asked_for(gateway.runtime)) == (0, 1)


def test_tables_that_are_not_there_set_no_promise_aside(gateway: Gateway) -> None:
    owe(gateway.runtime, AWA, "", 1)
    with gateway.runtime.database.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE owed_answers RENAME TO elsewhere")
    with pytest.raises(Exception, match="owed_answers"):
        keep_promises(gateway.runtime)
    assert store_promised(gateway.runtime) == 0
    assert promises(gateway.runtime).waiting() == 1
    with gateway.runtime.database.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE elsewhere RENAME TO owed_answers")
    assert store_promised(gateway.runtime) == 1
    assert keep_promises(gateway.runtime) == 1


def test_nothing_on_disk_names_who_asked(gateway: Gateway, cut_off: Gateway) -> None:
    Handset(cut_off, AWA).dial()
    (file,) = (gateway.runtime.settings.data_folder / PROMISES).glob("*.kept")
    assert AWA[4:].encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
