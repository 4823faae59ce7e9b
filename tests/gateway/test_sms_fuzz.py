"""Whatever a callback about SMS holds, it is kept or refused in a line: never a 500, never a trace."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from gateway.intake import Intake
from tests.gateway.correspondent import DELIVERY, OPT_OUT, SMS, report, sms
from tests.gateway.handset import AWA, Gateway, open_gateway
from workers.servers import RedisServer

ALL = urlencode(sms(id="", text="")).replace("id=&", "id=@&").replace("text=&", "text=$&").encode()
HOW_MANY = 10_000

ODD = [
    b"",
    b"%00",
    b"\x00",
    b"%ff%fe",
    b"\xff",
    b"%ed%a0%80",
    b"%c0%80",
    b"%",
    b"%zz",
    b"%u0041",
    "²".encode(),
    "١٢٣٤٥٦".encode(),
    "۱۲۳".encode(),
    "߁߂߃".encode(),
    "😀👩🏿‍⚕️".encode(),
    "\u202e\u200f١".encode(),
    "ɛɔɲŋ çêë".encode(),
    b"9" * 5_000,
    b"%2B" * 400,
    b"'; DROP TABLE inbound; --",
    b"{{7*7}}${7*7}<script>",
    b"%0d%0aSet-Cookie: a=b",
    b"V+482+109+376",
    b"=HYPERLINK(1)",
    b"a" * 16_500,
    b"\\u0000",
    b"NaN",
    b"-1",
    b"1e999",
]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(SMS, b"", 400, id="nothing"),
        pytest.param(SMS, b'{"from":"+22370000001","id":"1","text":"V"}', 400, id="JSON"),
        pytest.param(SMS, urlencode({"from": AWA, "id": "1"}).encode(), 400, id="no text"),
        pytest.param(SMS, urlencode({"from": AWA, "text": "V"}).encode(), 400, id="no id"),
        pytest.param(SMS, urlencode({"id": "1", "text": "V"}).encode(), 400, id="no sender"),
        pytest.param(
            SMS, urlencode({"from": " ", "id": "1", "text": "V"}).encode(), 400, id="a blank sender"
        ),
        pytest.param(SMS, urlencode({"from": AWA, "id": "1", "text": ""}).encode(), 200, id="an empty text"),
        pytest.param(SMS, urlencode(sms()).encode() + b"&text=x", 400, id="text twice"),
        pytest.param(SMS, urlencode(sms()).encode() + b"&%69d=x", 400, id="id twice, once encoded"),
        pytest.param(SMS, urlencode(sms()).encode() + b"&new=x", 200, id="an unknown field"),
        pytest.param(SMS, urlencode(sms(text="\0")).encode(), 400, id="NUL"),
        pytest.param(SMS, urlencode(sms()).encode() + b"%ff", 400, id="not UTF-8"),
        pytest.param(SMS, urlencode(sms()).encode() + b"%ed%a0%80", 400, id="a surrogate"),
        pytest.param(SMS, urlencode(sms(text="²")).encode(), 200, id="superscript two"),
        pytest.param(SMS, urlencode(sms(text="١٢٣ ߁߂߃")).encode(), 200, id="Arabic and N'Ko digits"),
        pytest.param(SMS, urlencode(sms(text="9" * 5_000)).encode(), 200, id="five thousand digits"),
        pytest.param(SMS, urlencode(sms(to="x" * 500)).encode(), 200, id="a long service code"),
        pytest.param(SMS, urlencode(sms(id="é")).encode(), 400, id="an id with an accent"),
        pytest.param(SMS, urlencode(sms(**{"from": "9" * 33})).encode(), 400, id="a sender of 33"),
        pytest.param(SMS, b"x" * 1_000_000, 413, id="1 MB"),
        pytest.param(DELIVERY, b"x" * 1_000_000, 413, id="1 MB of report"),
        pytest.param(DELIVERY, b"id=1", 400, id="a report without status"),
        pytest.param(OPT_OUT, b"senderId=RAMU", 400, id="an objection of nobody"),
        pytest.param(OPT_OUT, b"phoneNumber=RAMU", 400, id="an objection of a name"),
        pytest.param(OPT_OUT, b"phoneNumber=" + b"&" * 60, 400, id="sixty fields"),
    ],
)
def test_bad_input_is_refused_in_a_line(gateway: Gateway, path: str, body: bytes, status: int) -> None:
    found, told = called(gateway, path, body)
    assert found == status, told
    assert told == "OK\n" if status == 200 else told.startswith("Demande refusée : ")
    assert "7000000" not in told


@pytest.fixture(scope="module")
def fuzzed(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, redis_server: RedisServer
) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "fuzz.sqlite3").write_bytes(migrated_file.read_bytes())
    opened = open_gateway(folder, f"sqlite:///{folder}/fuzz.sqlite3", redis_server.url)
    yield opened
    opened.runtime.close()


def called(gateway: Gateway, path: str, body: bytes, method: str = "POST", **told: str) -> tuple[int, str]:
    """Status and body, without the client that would mend what is broken."""
    environ: dict[str, Any] = EnvironBuilder(method=method, path="/").get_environ()
    environ.update({"PATH_INFO": path, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), **told})
    lines: list[str] = []
    answer = gateway.app.wsgi_app(environ, lambda line, _headers: lines.append(line))  # type: ignore[arg-type, return-value]
    return int(lines[0][:3]), b"".join(answer).decode()


def corpus(rng: random.Random, number: int) -> tuple[str, bytes, str]:
    """A callback with something odd somewhere: (path, body, method)."""
    path = rng.choice((SMS, SMS, SMS, DELIVERY, OPT_OUT))
    whole = {
        SMS: sms(id=f"fuzz-{number // 3}"),
        DELIVERY: report(id=f"ATX-{number // 3}"),
        OPT_OUT: {"senderId": "R", "phoneNumber": AWA},
    }[path]
    pairs = [(name.encode(), quote_from_bytes(value.encode()).encode()) for name, value in whole.items()]
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(pairs))
        name, value = pairs[at]
        odd = rng.choice(ODD) if rng.random() < 0.7 else rng.randbytes(rng.randrange(60))
        pairs[at] = rng.choice(((name, odd), (name, value + odd), (odd, value), (name + odd, value)))
    if rng.random() < 0.1:
        pairs.append(rng.choice(pairs))
    if rng.random() < 0.1:
        pairs.pop(rng.randrange(len(pairs)))
    body = b"&".join(name + b"=" + value for name, value in pairs)
    return path, body, "POST" if rng.random() < 0.98 else rng.choice(("GET", "PUT", "PATCH", "OPTIONS"))


def test_ten_thousand_odd_callbacks_are_kept_or_refused(
    fuzzed: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    rng, found = random.Random(3), Counter[tuple[int, str]]()
    for number in range(HOW_MANY):
        path, body, method = corpus(rng, number)
        status, told = called(fuzzed, path, body, method)
        found[status, told.partition(":")[0]] += 1
    assert set(found) == {
        (200, "OK\n"),
        (400, "Demande refusée "),
        (404, "Not Found\n"),
        (413, "Demande refusée "),
    }, found
    assert min(found[200, "OK\n"], found[400, "Demande refusée "]) > HOW_MANY // 10
    assert Intake(fuzzed.runtime).spool.waiting() == 0
    written = capfd.readouterr()
    assert "Traceback" not in written.out + written.err


FUZZ = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.sampled_from([SMS, DELIVERY, OPT_OUT]), st.binary(max_size=400))
def test_any_bytes_get_a_line(fuzzed: Gateway, path: str, body: bytes) -> None:
    assert called(fuzzed, path, body)[0] in (200, 400)


@FUZZ
@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=12))
def test_any_text_is_kept_as_it_is(fuzzed: Gateway, text: str, sender: str, code: str) -> None:
    told = {
        name: value.encode("utf-8", "replace").decode() for name, value in (("text", text), ("from", sender))
    }
    body = urlencode({**sms(), **told, "to": code.encode("utf-8", "replace").decode()}).encode()
    status, _ = called(fuzzed, SMS, body)
    unreadable = "\0" in text + sender + code or not sender.strip().strip("+") or len(sender) > 32
    assert status == (400 if unreadable else 200)


def test_the_declared_length_is_not_believed(gateway: Gateway) -> None:
    body = urlencode(sms()).encode()
    for length, status in (("", 200), ("abc", 200), ("-1", 200), ("²", 200), ("9" * 30, 413)):
        assert called(gateway, SMS, body, CONTENT_LENGTH=length)[0] == status
