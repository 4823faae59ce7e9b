"""Logs mask every spelling of a number, whoever writes the record, and no exception tells what was sent."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from zlib import decompress

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import column, exc, insert, table, text

from config.settings import CHECKOUT
from gateway.masking import masked, masked_entry, trace
from models.database import Database
from tests.gateway.handset import Gateway, fields, open_gateway
from workers.worker import MaskedWorker

PHONE, CARD, NINA, NAME = "76394001", "5839400000000", "58394001200101K", "Zorawadébo Tchikenôfa"


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("+22376394001", id="international"),
        pytest.param("0022376394001", id="two noughts"),
        pytest.param("22376394001", id="without plus"),
        pytest.param("76394001", id="eight digits"),
        pytest.param("+223 76 39 40 01", id="pairs"),
        pytest.param("76.39.40.01", id="points"),
        pytest.param("76-39-40-01", id="hyphens"),
        pytest.param("76–39–40–01", id="dashes"),
        pytest.param("76/39/40/01", id="strokes"),
        pytest.param("76_39_40_01", id="underscores"),
        pytest.param("76, 39, 40, 01", id="commas"),
        pytest.param("(223) 76394001", id="brackets"),
        pytest.param("7639-40-01", id="like a day, but of no year"),
        pytest.param("7 6 3 9 4 0 0 1", id="one by one"),
        pytest.param("76\u00a039\u00a040\u00a001", id="no-break spaces"),
        pytest.param("76\u202f39\u202f40\u202f01", id="narrow spaces"),
        pytest.param("7\u200b6394001", id="an unseen space"),
        pytest.param("76\t39\t40\t01", id="tabs"),
        pytest.param("76%2039%2040%2001", id="URL-encoded"),
        pytest.param("%2B22376394001", id="an encoded plus"),
        pytest.param("76+39+40+01", id="a form's spaces"),
        pytest.param("%37%36%33%39%34%30%30%31", id="encoded digit by digit"),
        pytest.param("٧٦٣٩٤٠٠١", id="Arabic-Indic digits"),
        pytest.param("۷۶۳۹۴۰۰۱", id="Eastern Arabic-Indic digits"),
        pytest.param("߇߆߃߉߄߀߀߁", id="N'Ko digits"),
        pytest.param(repr(PHONE.encode("utf-16-le")), id="UTF-16 shown as bytes"),
        pytest.param("tel:76394001x", id="between letters"),
        pytest.param("1*76394001*2", id="a provider's text"),
        pytest.param("(phone)=(76394001)", id="a constraint's detail"),
        pytest.param(CARD, id="a receipt"),
        pytest.param("583 940 011", id="a card in threes"),
        pytest.param("58394012", id="a member's number"),
        pytest.param(NINA, id="a NINA"),
        pytest.param("12AB34CD56EF78", id="a NINA with letters between"),
    ],
)
def test_every_spelling_of_a_number_is_masked(written: str) -> None:
    for line in (written, f"a {written} b", f"'{written}'", f"x={written};"):
        shown = masked(line)
        assert "***" in shown
        assert sum(letter.isdigit() for letter in shown) <= 3, shown


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param("2026-11-22T05:43:16.763940Z", id="a moment"),
        pytest.param("2026-11-22 05:43:16", id="a moment with a space"),
        pytest.param("listening on 127.0.0.1:8000", id="this machine"),
        pytest.param("hop 12 of 345 took 12.5 ms", id="small figures"),
        pytest.param('File "models/coverage.py", line 204, in rights_from', id="a place in the code"),
        pytest.param("call=60adc8dd", id="a keyed pseudonym"),
        pytest.param("uvicorn 0.54.0, Python 3.11.7", id="versions"),
        pytest.param("/hooks/africastalking/ussd-events", id="a path without a secret"),
    ],
)
def test_what_helps_to_find_a_fault_is_left(harmless: str) -> None:
    assert masked(harmless) == harmless


@pytest.mark.parametrize(
    "told",
    [
        pytest.param("/hooks/africastalking/s3cret/ussd", id="path"),
        pytest.param("/hooks/africastalking/s3cret", id="path without an end"),
        pytest.param("postgresql://ramu:s3cret@127.0.0.1/x", id="database"),
        pytest.param("redis://:s3cret@127.0.0.1/0", id="redis"),
        pytest.param("Authorization: Basic czNjcmV0s3cret", id="basic authentication"),
    ],
)
def test_secrets_are_masked(told: str) -> None:
    assert "s3cret" not in masked(told)


def test_an_entry_is_masked_to_its_depths() -> None:
    entry = {
        "event": f"from {PHONE}",
        "number": int(CARD),
        "share": float(PHONE),
        "raw": PHONE.encode(),
        PHONE: "a key",
        "nested": {"list": [PHONE, (PHONE, {CARD})], PHONE: {CARD: None}},
        "fault": ValueError(PHONE),
        "ms": 12.5,
        "count": 99_999,
        "level": "error",
    }
    shown = masked_entry(entry)
    assert not {PHONE, CARD} & set(repr(shown).replace("'", " ").split())
    assert PHONE not in repr(shown)
    assert CARD not in repr(shown)
    assert (shown["ms"], shown["count"], shown["level"]) == (12.5, 99_999, "error")


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def chained() -> BaseException:
    try:
        try:
            {}[NAME]
        except KeyError as inner:
            raise RuntimeError("second") from inner
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(raised(KeyError(NAME)), id="a key"),
        pytest.param(raised(ValueError(f"invalid literal for int() with base 10: '{NAME}'")), id="quoted"),
        pytest.param(raised(ValueError(f"can't find '{NAME}' or \"{NAME}\"")), id="behind an apostrophe"),
        pytest.param(raised(ValueError(f"bad row\nDETAIL: Failing row contains ({NAME})")), id="second line"),
        pytest.param(raised(ValueError(f"no such number: {CARD}")), id="a number without quotes"),
        pytest.param(chained(), id="a cause"),
    ],
)
def test_a_trace_tells_kind_and_place_and_nothing_that_was_sent(error: BaseException) -> None:
    told = trace(error)
    assert f"{type(error).__qualname__}: " in told
    assert f'File "{__file__}", line ' in told
    assert not any(word in told for word in (*NAME.split(), CARD))


def test_causes_come_first_and_a_circle_ends() -> None:
    first, second = ValueError("one"), KeyError("two")
    first.__cause__, second.__cause__ = second, first
    told = trace(first)
    assert told.index("KeyError") < told.index("Which led to:") < told.index("ValueError")


WRITERS = f"""
import gc, logging, sys, threading, warnings
import rq.logutils, structlog
from config.settings import load
from gateway.logs import configure

PHONE, NAME = {PHONE!r}, {NAME!r}
logging.config.dictConfig({{"version": 1, "handlers": {{"console": {{"class": "logging.StreamHandler"}}}},
    "loggers": {{"uvicorn": {{"handlers": ["console"], "level": "INFO", "propagate": False}}}}}})
configure(load(demo=True, log_format=sys.argv[1]))
log = structlog.get_logger("a")
log.warning("from " + PHONE, told=[PHONE])
for name in ("plain", "rq.worker", "sqlalchemy.pool", "uvicorn", "werkzeug"):
    logging.getLogger(name).error("from %s", PHONE, extra={{"arguments": [PHONE]}}, stack_info=True)
    try:
        raise KeyError(NAME + PHONE)
    except KeyError:
        logging.getLogger(name).exception("failed")
        log.exception("failed")
logging.getLogger("plain").error("%d", NAME + PHONE)
logging.getLogger("uvicorn.error").error("raised an exception\\nTraceback\\nKeyError: " + NAME)
warnings.warn("warned of " + PHONE)

class Dying:
    def __del__(self):
        raise KeyError(NAME + PHONE)

Dying()
gc.collect()

def fail():
    raise KeyError(NAME + PHONE)

thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_whoever_writes_a_record_it_is_masked(log_format: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WRITERS, log_format], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    told = ended.stdout + ended.stderr
    assert not any(word in told for word in (PHONE, *NAME.split(), "\\u00e9bo")), told
    assert told.count("from ***") == 6
    assert told.count("KeyError: ***") == 13
    for part in (
        "warned of ***",
        "a record of plain could not be written",
        "thread failed",
        "process failed",
    ):
        assert part in told, told
    if log_format == "json":
        lines = [line for line in told.splitlines() if not line.startswith("a record of")]
        assert all(json.loads(line)["level"] for line in lines)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def broken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with one table, in which a name must be short and come once."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('broken') / 'broken.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database("broken")
    database = Database.open(url, deadline_ms=None)
    with database.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TABLE told (name VARCHAR(90) UNIQUE CHECK (length(name) < 60), year SMALLINT)"
        )
        conn.execute(insert(TOLD).values(name=NAME, year=1))
    yield database
    database.dispose()


TOLD = table("told", column("name"), column("year"))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"name": NAME, "year": 2}, id="twice"),
        pytest.param({"name": NAME * 3, "year": 2}, id="too long"),
        pytest.param({"name": NAME, "nothing": CARD}, id="no such column"),
    ],
)
def test_an_error_of_the_database_prints_no_parameter(broken: Database, values: dict[str, object]) -> None:
    columns = ", ".join(values)
    slots = ", ".join(f":{name}" for name in values)
    with pytest.raises(exc.DBAPIError) as failed, broken.begin() as conn:
        conn.execute(text(f"INSERT INTO told ({columns}) VALUES ({slots})"), values)
    told = trace(failed.value)
    assert not any(word in told for word in (*NAME.split(), CARD)), told
    assert "Error: " in told or "Violation: " in told
    statement = str(failed.value).partition("[SQL")[2]
    assert "hidden due to hide_parameters" in statement
    assert NAME not in statement


def fail_with_a_name() -> None:
    """A job for the test below."""
    raise KeyError(f"{NAME} {PHONE}")


def test_a_job_that_failed_leaves_a_trace_without_names(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        queue = Queue("bulk", connection=client, serializer=JSONSerializer)
        job = queue.enqueue(f"{__name__}.fail_with_a_name", failure_ttl=60)
        worker = MaskedWorker([queue], connection=client, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="CRITICAL")
        (result,) = (client.xrange(key) for key in client.scan_iter("rq:results:*"))
        told = decompress(b64decode(result[0][1][b"exc_string"])).decode()
    assert job.is_failed
    assert "builtins.KeyError: ***" in told
    assert "fail_with_a_name" in told
    assert not any(word in told for word in (PHONE, *NAME.split()))


@pytest.fixture
def gateway(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Gateway]:
    opened = open_gateway(tmp_path, sqlite_url, redis_url)
    yield opened
    opened.runtime.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/hooks/africastalking/demo/ussd", {"phoneNumber": NAME}, id="phone"),
        pytest.param("/hooks/africastalking/demo/ussd", {"serviceCode": NAME[:9]}, id="code"),
        pytest.param("/hooks/africastalking/demo/ussd", {"sessionId": NAME}, id="session"),
        pytest.param("/hooks/africastalking/demo/ussd-events", {"status": NAME * 9}, id="status"),
        pytest.param("/hooks/africastalking/demo/ussd-events", {"hopsCount": CARD}, id="count"),
        pytest.param(f"/hooks/africastalking/{PHONE}/ussd", {}, id="secret"),
        pytest.param(f"/{NAME}/{PHONE}", {}, id="path"),
    ],
)
def test_an_error_page_repeats_nothing(gateway: Gateway, path: str, body: dict[str, str]) -> None:
    answer = gateway.post(path, **fields(**body))
    assert answer.status_code in (400, 404)
    assert not any(word in answer.text for word in (PHONE, CARD, NAME, NAME[:9]))
