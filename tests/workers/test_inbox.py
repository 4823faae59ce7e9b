"""The inbox: each message answered once, a phone's in their order, and no question lost by any fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from threading import Thread

import pytest

from config.jobs import ANSWER_SMS, SEND_READY
from flows.context import Context
from flows.effects import Disclosed, LanguageChosen, MessageOwed
from flows.sms.conversation import Reply
from gateway.loop_guard import TOO_MANY, UNREADABLE, WINDOW
from models import collectors, staff
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.locks import Overtaken
from tests.gateway.correspondent import Correspondent, echo, inbox, owed
from tests.gateway.handset import AWA, STRANGER, Gateway, open_gateway, people
from workers.inbox import answer_inbox

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_a_message_is_answered_once_with_what_it_asked_for(each_gateway: Gateway) -> None:
    def disclosing(text: str, context: Context) -> Reply:
        return Reply("OK", (Disclosed("rights", "person:1"), LanguageChosen("bm")))

    rows = each_gateway.count("audit")
    Correspondent(each_gateway, STRANGER).writes("2600100000017", id="once")
    assert answer_inbox(each_gateway.runtime, disclosing) == 1
    Correspondent(each_gateway, STRANGER).writes("2600100000017", id="once")
    assert answer_inbox(each_gateway.runtime, disclosing) == 0
    assert inbox(each_gateway) == [("ANSWERED", None)]
    assert owed(each_gateway) == ["OK"]
    assert each_gateway.count("audit") == rows + 1


def test_a_redelivery_after_twelve_hours_is_not_answered_again(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    now = [NOW]
    gateway = open_gateway(tmp_path, database_url, redis_url, clock=lambda: now[0])
    for _ in range(2):
        Correspondent(gateway).writes("AIDE", id="late")
        answer_inbox(gateway.runtime, echo)
        now[0] += timedelta(hours=12)
    assert (inbox(gateway), owed(gateway)) == ([("ANSWERED", None)], ["lu: AIDE"])


@pytest.mark.parametrize("order", list(permutations("123")), ids="".join)
def test_a_phone_is_answered_in_the_order_in_which_it_was_heard(
    gateway: Gateway, order: tuple[str, ...]
) -> None:
    for number in order:
        Correspondent(gateway).writes(number, id=f"m{number}", date=f"2026-11-22 10:00:0{number}")
    assert answer_inbox(gateway.runtime, echo) == 3
    assert owed(gateway) == [f"lu: {number}" for number in order]


def test_several_workers_answer_each_message_once_and_each_phone_in_order(each_gateway: Gateway) -> None:
    phones = [f"+223701{number:05}" for number in range(12)]
    for turn in range(4):
        for phone in phones:
            Correspondent(each_gateway, phone).writes(f"{phone} {turn}")
    threads = [Thread(target=answer_inbox, args=(each_gateway.runtime, echo)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer_inbox(each_gateway.runtime, echo)
    said = owed(each_gateway)
    assert len(said) == 48
    for phone in phones:
        assert [text for text in said if phone in text] == [f"lu: {phone} {turn}" for turn in range(4)]


def test_what_was_overtaken_is_worked_out_again(each_gateway: Gateway) -> None:
    seen: list[Context] = []

    def overtaken_twice(text: str, context: Context) -> Reply:
        seen.append(context)
        if len(seen) < 3:
            raise Overtaken
        return Reply(f"{len(seen)}", ())

    Correspondent(each_gateway).writes("CODE")
    assert answer_inbox(each_gateway.runtime, overtaken_twice) == 1
    assert owed(each_gateway) == ["3"]
    assert len({context.seed for context in seen}) == 1
    assert {context.channel for context in seen} == {"SMS"}


def never(text: str, context: Context) -> Reply:
    raise Overtaken


def fails(text: str, context: Context) -> Reply:
    raise ValueError(f"secret detail {context.phone.e164}")


def asks_what_nobody_does(text: str, context: Context) -> Reply:
    return Reply("OK", (Disclosed("rights", "person:1"), object()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fails, id="the conversation fails"),
        pytest.param(never, id="always overtaken"),
        pytest.param(asks_what_nobody_does, id="an effect fails in the transaction"),
    ],
)
def test_a_fault_of_ours_is_answered_by_an_apology_and_a_call(
    each_gateway: Gateway, fault: Callable[[str, Context], Reply]
) -> None:
    rows, calls = each_gateway.count("audit"), each_gateway.count("callbacks")
    for _ in range(2):
        Correspondent(each_gateway, STRANGER).writes("2600100000017")
        assert answer_inbox(each_gateway.runtime, fault) == 1
    assert inbox(each_gateway) == [("ANSWERED", None)] * 2
    assert all("Un agent vous appelle" in text for text in owed(each_gateway))
    assert len(owed(each_gateway)) == 2
    assert each_gateway.count("callbacks") == calls + 1  # one call for both
    assert each_gateway.count("audit") == rows
    assert 'ramu_apologies_total{why="fault"} 2.0' in each_gateway.client.get("/metrics").text


def test_when_the_database_goes_away_the_question_waits(each_gateway: Gateway) -> None:
    def away(text: str, context: Context) -> Reply:
        raise DatabaseAway("stopped")

    Correspondent(each_gateway).writes("AIDE")
    assert answer_inbox(each_gateway.runtime, away) == 0
    assert inbox(each_gateway) == [("WAITING", None)]
    assert answer_inbox(each_gateway.runtime, echo) == 1


@pytest.mark.parametrize("most", [1, 5])
def test_a_number_gets_so_many_answers_in_ten_minutes_and_no_more(
    tmp_path: Path, database_url: str, redis_url: str, most: int
) -> None:
    now = [NOW]
    gateway = open_gateway(
        tmp_path, database_url, redis_url, clock=lambda: now[0], answers_in_ten_minutes=most
    )
    for number in range(most + 2):
        Correspondent(gateway).writes(str(number))
        Correspondent(gateway, f"+2237000020{number}").writes("another")
    assert answer_inbox(gateway.runtime, echo) == 2 * (most + 2)
    held = [state for state in inbox(gateway) if state != ("ANSWERED", None)]
    assert held == [("HELD", TOO_MANY)] * 2
    assert len(owed(gateway)) == 2 * most + 2
    assert f'ramu_held_total{{why="{TOO_MANY}"}} 2.0' in gateway.client.get("/metrics").text
    now[0] += WINDOW + timedelta(seconds=1)
    Correspondent(gateway).writes("later")
    assert answer_inbox(gateway.runtime, echo) == 1
    assert owed(gateway)[-1] == "lu: later"


@pytest.mark.parametrize(
    ("ties", "answered"),
    [
        pytest.param([], 1, id="the public"),
        pytest.param([(staff.ACTIVE, timedelta())], 3, id="a nurse at work"),
        pytest.param([(staff.PENDING, timedelta())], 1, id="her chief has not said yes"),
        pytest.param([(staff.ACTIVE, timedelta(days=200))], 1, id="a phone that fell idle"),
    ],
)
def test_staff_have_a_limit_of_their_own(
    tmp_path: Path, database_url: str, redis_url: str, ties: list[tuple[str, timedelta]], answered: int
) -> None:
    limits = {"answers_in_ten_minutes": 1, "staff_answers_in_ten_minutes": 3}
    gateway = people(open_gateway(tmp_path, database_url, redis_url, **limits))
    with gateway.runtime.database.begin() as conn:
        centre = conn.exec_driver_sql("SELECT min(id) FROM facilities").scalar_one()
        for state, ago in ties:
            at, keys = gateway.runtime.clock() - ago, gateway.runtime.keys
            if state == staff.ACTIVE:
                staff.add(conn, keys, Msisdn(STRANGER), centre, staff.STAFF, at)
            else:
                staff.request(conn, keys, Msisdn(STRANGER), centre, at)
    for number in range(5):
        Correspondent(gateway, STRANGER).writes(str(number))
    assert answer_inbox(gateway.runtime, echo) == 5
    assert inbox(gateway) == [("ANSWERED", None)] * answered + [("HELD", TOO_MANY)] * (5 - answered)
    assert len(owed(gateway)) == answered


@pytest.mark.parametrize(
    ("ago", "answered"),
    [
        pytest.param(timedelta(), 3, id="a collector at work"),
        pytest.param(timedelta(days=91), 1, id="a phone that fell idle"),
    ],
)
def test_collectors_are_answered_as_often_as_staff(
    tmp_path: Path, database_url: str, redis_url: str, ago: timedelta, answered: int
) -> None:
    limits = {"answers_in_ten_minutes": 1, "staff_answers_in_ten_minutes": 3}
    gateway = people(open_gateway(tmp_path, database_url, redis_url, **limits))
    with gateway.runtime.database.begin() as conn:
        home = conn.exec_driver_sql("SELECT min(id) FROM mutuelles").scalar_one()
        since = gateway.runtime.clock() - ago
        collectors.add(conn, gateway.runtime.keys, Msisdn(STRANGER), home, collectors.COLLECTOR, since)
    for number in range(5):
        Correspondent(gateway, STRANGER).writes(str(number))
    assert answer_inbox(gateway.runtime, echo) == 5
    assert len(owed(gateway)) == answered


def tells_others(text: str, context: Context) -> Reply:
    """A conversation that does something, and tells who wrote and somebody else."""
    told = (MessageOwed("a vous", "help"), MessageOwed("au chef", "staff", Msisdn(AWA)))
    return Reply("OK", (LanguageChosen("bm"), Disclosed("rights", "person:1"), *told))


@pytest.mark.parametrize("before", [pytest.param(0, id="answered"), pytest.param(1, id="held")])
def test_what_is_asked_for_is_done_and_others_are_told_when_the_answer_is_held(
    tmp_path: Path, database_url: str, redis_url: str, before: int
) -> None:
    gateway = people(open_gateway(tmp_path, database_url, redis_url, answers_in_ten_minutes=1))
    rows = gateway.count("audit")
    for _ in range(before):
        Correspondent(gateway, STRANGER).writes("one more")
        answer_inbox(gateway.runtime, echo)
    Correspondent(gateway, STRANGER).writes("it")
    assert answer_inbox(gateway.runtime, tells_others) == 1
    assert inbox(gateway)[-1] == (("HELD", TOO_MANY) if before else ("ANSWERED", None))
    assert gateway.count("audit") == rows + 1
    assert owed(gateway) == (["lu: one more"] if before else ["OK"])
    assert owed(gateway, "staff") == ["au chef"]
    assert owed(gateway, "help") == ([] if before else ["a vous"])
    assert gateway.runtime.redis.exists(f"wake:{SEND_READY}")


def test_a_stop_and_a_complaint_beyond_the_limit_are_taken(each_gateway: Gateway) -> None:
    given, most = each_gateway.count("consents"), each_gateway.runtime.settings.answers_in_ten_minutes
    somebody = Correspondent(each_gateway, STRANGER)
    for text in (*["AIDE"] * most, "STOP", "PLAINTE on m'a fait payer les soins"):
        somebody.writes(text)
    assert answer_inbox(each_gateway.runtime) == most + 2
    assert inbox(each_gateway) == [("ANSWERED", None)] * most + [("HELD", TOO_MANY)] * 2
    assert each_gateway.count("consents") > given
    assert each_gateway.count("complaints") == 1
    assert len(owed(each_gateway)) == most


def test_a_fault_of_ours_beyond_the_limit_brings_a_call_and_no_apology(
    tmp_path: Path, sqlite_url: str, redis_url: str
) -> None:
    gateway = people(open_gateway(tmp_path, sqlite_url, redis_url, answers_in_ten_minutes=1))
    calls = gateway.count("callbacks")
    for conversation in (echo, fails):
        Correspondent(gateway, STRANGER).writes("2600100000017")
        assert answer_inbox(gateway.runtime, conversation) == 1
    assert inbox(gateway) == [("ANSWERED", None), ("HELD", TOO_MANY)]
    assert owed(gateway) == ["lu: 2600100000017"]
    assert gateway.count("callbacks") == calls + 1


def test_two_robots_that_answer_each_other_stop(gateway: Gateway) -> None:
    robot, said = Correspondent(gateway, STRANGER), 0
    robot.writes("hello")
    while answer_inbox(gateway.runtime, echo) and len(owed(gateway)) > said:
        said = len(owed(gateway))
        robot.writes(owed(gateway)[-1])
    assert said == gateway.runtime.settings.answers_in_ten_minutes


def test_a_message_whose_key_is_gone_is_held_and_the_next_is_answered(gateway: Gateway) -> None:
    Correspondent(gateway).writes("first")
    with gateway.runtime.database.begin() as conn:
        conn.exec_driver_sql("UPDATE inbound SET text_sealed = x'0000'")
    Correspondent(gateway, STRANGER).writes("second")
    assert answer_inbox(gateway.runtime, echo) == 2
    assert inbox(gateway) == [("HELD", UNREADABLE), ("ANSWERED", None)]


def test_the_callback_wakes_the_job_and_the_job_wakes_the_sender(gateway: Gateway) -> None:
    client = gateway.runtime.redis
    for _ in range(3):
        Correspondent(gateway).writes("AIDE")
    waiting = [client.hget(key, "description") for key in client.scan_iter("rq:job:*")]
    assert waiting == [ANSWER_SMS.encode()]
    answer_inbox(gateway.runtime, echo)
    assert client.exists(f"wake:{ANSWER_SMS}") == 0
    assert client.exists(f"wake:{SEND_READY}") == 1
