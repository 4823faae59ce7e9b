"""What every adapter keeps: one request at most, in time, and only what is certain is said to be certain."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest

from gateway.providers import Answered, NotSent, Outcome, Unknown
from tests.providers.adapters import ADAPTERS, AWA, BINTOU, KEY, SECONDS, TEXT, Adapter
from tests.providers.conftest import Serve
from tests.providers.fault_server import Connection, answer, closed_port

OK_DATE = "Sun, 22 Nov 2026 10:00:00 GMT"
PAGE = b"<html>Proxy error +22370000001</html>"

each_adapter = pytest.mark.parametrize(
    "adapter", [pytest.param(adapter, id=adapter.name) for adapter in ADAPTERS]
)


def says(data: bytes) -> Callable[[Connection], None]:
    """A server that always answers this."""
    return lambda connection: connection.write(data)


def drips(head: bytes, then: bytes) -> Callable[[Connection], None]:
    def behave(connection: Connection) -> None:
        connection.write(head)
        connection.drip(then)

    return behave


def harmless(outcome: Outcome) -> None:
    """Nobody and no secret is named, and the operator can keep it in a column."""
    told = f"{outcome!r}"
    for secret in ("70000001", "70000002", KEY, "123456789"):
        assert secret not in told
    if not isinstance(outcome, Answered):
        assert 0 < len(outcome.why) <= 60


LONG = b"x" * 20_000
AFTER_WRITING = [
    pytest.param(lambda one: one.reset(), id="reset"),
    pytest.param(lambda one: one.line.close(), id="closed without an answer"),
    pytest.param(lambda one: one.hang(), id="silent"),
    pytest.param(drips(b"", answer(201, LONG)), id="dripping headers"),
    pytest.param(drips(answer(201, LONG)[:-20_000], LONG), id="dripping body"),
    pytest.param(
        drips(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n", LONG), id="dripping body without a length"
    ),
    pytest.param(drips(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", LONG), id="no chunks"),
    pytest.param(says(b"+OK POP3 server ready\r\n"), id="not HTTP"),
    pytest.param(says(answer(500, b"{}")), id="500"),
    pytest.param(says(answer(502, PAGE, "text/html")), id="502"),
    pytest.param(says(answer(503, b"", Retry_After="5")), id="503 with Retry-After"),
    pytest.param(says(answer(504, b"")), id="504"),
    pytest.param(says(answer(408, b"slow", "text/plain")), id="408"),
    pytest.param(says(answer(404, PAGE, "text/html")), id="404 of something in between"),
    pytest.param(says(answer(301, b"", Location="/elsewhere")), id="301"),
    pytest.param(says(answer(302, b"", Location="/elsewhere")), id="302"),
    pytest.param(says(answer(307, b"", Location="/elsewhere")), id="307"),
    pytest.param(says(answer(308, b"", Location="/elsewhere")), id="308"),
    pytest.param(says(answer(201, b"")), id="201 empty"),
    pytest.param(says(answer(204, b"")), id="204"),
    pytest.param(says(answer(201, b"{")), id="201 half a JSON"),
    pytest.param(says(answer(201, b"\xff\xfe")), id="201 no text"),
    pytest.param(says(answer(200, PAGE, "text/html")), id="200 HTML"),
    pytest.param(says(answer(200, b"OK", "text/plain")), id="200 OK"),
    pytest.param(says(answer(201, b"[" * 100_000)), id="201 a deep JSON"),
    pytest.param(says(answer(201, b'{"SMSMessageData": null, "data": 7}')), id="201 another shape"),
    pytest.param(
        says(answer(201, b'{"SMSMessageData":{"Message":"Sent","Recipients":[]},"data":{"messages":[]}}')),
        id="201 no recipients",
    ),
    pytest.param(says(answer(201, b" " * 1_100_000)), id="201 endless"),
    pytest.param(says(answer(201, b"x", Content_Encoding="gzip")), id="201 broken encoding"),
]


@each_adapter
@pytest.mark.parametrize("behave", AFTER_WRITING)
def test_what_may_have_been_taken_is_unknown_and_asked_once(
    adapter: Adapter, behave: Callable[[Connection], None], serve: Serve
) -> None:
    server = serve(behave)
    provider = adapter.at(server.url, provider_seconds=SECONDS)
    began = monotonic()
    outcome = provider.send(TEXT, [AWA])
    assert isinstance(outcome, Unknown), outcome
    assert monotonic() - began < SECONDS + 1
    harmless(outcome)
    provider.close()
    assert len(server.requests) == 1


@each_adapter
def test_a_reset_after_writing_is_unknown_even_when_nobody_read(adapter: Adapter, serve: Serve) -> None:
    def behave(connection: Connection) -> None:
        sleep(0.1)
        connection.reset()

    server = serve(behave, raw=True)
    outcome = adapter.at(server.url).send(TEXT, [AWA])
    assert isinstance(outcome, Unknown)
    harmless(outcome)
    assert server.connections == 1


@each_adapter
@pytest.mark.parametrize(
    ("kept", "stop", "wait"),
    [
        pytest.param(
            answer(401, b"The supplied authentication is invalid", "text/plain"), True, None, id="401"
        ),
        pytest.param(answer(403, PAGE, "text/html"), True, None, id="403"),
        pytest.param(answer(429, b"", Retry_After="7"), False, 7.0, id="429 with seconds"),
        pytest.param(answer(429, b"", Retry_After="999999999999"), False, 3600.0, id="429 an hour at most"),
        pytest.param(
            answer(429, b"", Retry_After="Sun, 22 Nov 2026 10:00:30 GMT", Date=OK_DATE),
            False,
            30.0,
            id="429 with a date",
        ),
        pytest.param(answer(429, b"", Retry_After="soon"), False, None, id="429 with a word"),
        pytest.param(answer(429, PAGE, "text/html"), False, None, id="429 bare"),
    ],
)
def test_a_refusal_to_listen_is_certain(
    adapter: Adapter, kept: bytes, stop: bool, wait: float | None, serve: Serve
) -> None:
    server = serve(says(kept))
    outcome = adapter.at(server.url).send(TEXT, [AWA])
    assert isinstance(outcome, NotSent), outcome
    assert (outcome.stop, outcome.retry_after) == (stop, wait)
    harmless(outcome)
    assert len(server.requests) == 1


@each_adapter
def test_nobody_listening_is_not_sent(adapter: Adapter) -> None:
    outcome = adapter.at(f"http://127.0.0.1:{closed_port()}").send(TEXT, [AWA])
    assert outcome == NotSent("no connection before writing")


@each_adapter
def test_a_name_that_is_not_known_is_not_sent(adapter: Adapter) -> None:
    outcome = adapter.at("https://provider.invalid").send(TEXT, [AWA])
    assert outcome == NotSent("the name was not found before writing")


@each_adapter
def test_a_certificate_that_nobody_vouches_for_is_not_sent(
    adapter: Adapter, serve: Serve, certificate: Path
) -> None:
    server = serve(says(answer(201, adapter.accepted([AWA]))), certificate=certificate)
    outcome = adapter.at(server.url).send(TEXT, [AWA])
    assert outcome == NotSent("no secure connection before writing")
    assert server.requests == []


@each_adapter
def test_a_certificate_of_the_settings_is_trusted(adapter: Adapter, serve: Serve, certificate: Path) -> None:
    server = serve(says(answer(201, adapter.accepted([AWA]))), certificate=certificate)
    provider = adapter.at(server.url, provider_authorities=str(certificate))
    assert [type(provider.send(TEXT, [AWA])) for _ in range(3)] == [Answered] * 3
    provider.close()
    assert (len(server.requests), server.connections) == (3, 1)


@each_adapter
@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(lambda one: one.write(b"220 mail ready\r\n"), id="another protocol"),
        pytest.param(lambda one: one.hang(), id="silence"),
        pytest.param(
            lambda one: one.drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 400), id="a dripping handshake"
        ),
        pytest.param(lambda one: one.reset(), id="a reset"),
    ],
)
def test_tls_that_fails_before_writing_is_not_sent(
    adapter: Adapter, behave: Callable[[Connection], None], serve: Serve
) -> None:
    server = serve(behave, raw=True)
    began = monotonic()
    outcome = adapter.at(server.url.replace("http:", "https:"), provider_seconds=SECONDS).send(TEXT, [AWA])
    assert isinstance(outcome, NotSent), outcome
    assert monotonic() - began < SECONDS + 1
    harmless(outcome)


@each_adapter
def test_a_silent_answer_under_tls_ends_in_time(adapter: Adapter, serve: Serve, certificate: Path) -> None:
    server = serve(drips(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n", LONG), certificate=certificate)
    provider = adapter.at(server.url, provider_authorities=str(certificate), provider_seconds=SECONDS)
    began = monotonic()
    assert isinstance(provider.send(TEXT, [AWA]), Unknown)
    assert monotonic() - began < SECONDS + 1
    assert len(server.requests) == 1


@each_adapter
def test_each_number_gets_its_own_answer_in_the_order_asked(adapter: Adapter, serve: Serve) -> None:
    server = serve(says(answer(201, adapter.accepted([BINTOU, AWA]))))
    outcome = adapter.at(server.url).send(TEXT, [AWA, BINTOU])
    assert isinstance(outcome, Answered)
    told = [(one.number, one.accepted, (one.provider_id or "")[-2:], one.code) for one in outcome.recipients]
    assert told == [(AWA, True, "01", "ACCEPTE"), (BINTOU, True, "02", "ACCEPTE")]
    assert {one.cost[:6] for one in outcome.recipients} == {"XOF 15"}
    assert len(server.requests) == 1


@each_adapter
def test_an_answer_without_one_of_the_numbers_is_unknown(adapter: Adapter, serve: Serve) -> None:
    server = serve(says(answer(201, adapter.accepted([AWA]))))
    assert adapter.at(server.url).send(TEXT, [AWA, BINTOU]) == Unknown("1 of 2 numbers missing in the answer")


@each_adapter
def test_the_content_type_does_not_decide(adapter: Adapter, serve: Serve) -> None:
    for kind in ("application/json; charset=utf-8", "text/plain", "APPLICATION/JSON"):
        server = serve(says(answer(201, adapter.accepted([AWA]), kind)))
        assert isinstance(adapter.at(server.url).send(TEXT, [AWA]), Answered)


@each_adapter
def test_many_threads_share_few_connections_and_ask_once_each(adapter: Adapter, serve: Serve) -> None:
    server = serve(says(answer(201, adapter.accepted([AWA]))))
    provider = adapter.at(server.url, sends_at_once=8)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: provider.send(TEXT, [AWA]), range(200)))
    provider.close()
    assert {type(outcome) for outcome in outcomes} == {Answered}
    assert len(server.requests) == 200
    assert server.connections <= 8


@each_adapter
def test_a_connection_that_the_provider_closed_is_made_anew(adapter: Adapter, serve: Serve) -> None:
    def behave(connection: Connection) -> None:
        connection.write(answer(201, adapter.accepted([AWA])))
        connection.line.close()

    server = serve(behave)
    provider = adapter.at(server.url)
    for _ in range(5):
        assert isinstance(provider.send(TEXT, [AWA]), Answered)
        sleep(0.02)
    provider.close()
    assert (len(server.requests), server.connections) == (5, 5)


def test_a_connection_that_rested_is_not_used_again(serve: Serve) -> None:
    adapter = ADAPTERS[0]
    server = serve(says(answer(201, adapter.accepted([AWA]))))
    provider = adapter.at(server.url)
    assert isinstance(provider.send(TEXT, [AWA]), Answered)
    sleep(3.05)
    assert isinstance(provider.send(TEXT, [AWA]), Answered)
    provider.close()
    assert server.connections == 2


@each_adapter
def test_nothing_is_logged_and_no_cookie_kept(
    adapter: Adapter, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(says(answer(201, adapter.accepted([AWA]), Set_Cookie="who=+22370000001; Path=/")))
    provider = adapter.at(server.url)
    provider.send(TEXT, [AWA])
    provider.send(TEXT, [AWA])
    for behave in (says(answer(400, PAGE, "text/plain")), lambda one: one.reset()):
        server.behave = behave
        harmless(provider.send(TEXT, [AWA]))
    assert all(b"Cookie" not in head for head, _ in server.requests)
    for secret in ("70000001", KEY, "123456789"):
        assert secret not in caplog.text


@each_adapter
def test_the_environment_has_no_say(
    adapter: Adapter, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(says(answer(201, adapter.accepted([AWA]))))
    assert isinstance(adapter.at(server.url).send(TEXT, [AWA]), Answered)
    ((head, _),) = server.requests
    assert b"Basic" not in head
