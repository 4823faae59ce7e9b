"""The web server over a real connection: whole requests, odd ones, slow ones, and clients that never end."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from time import monotonic, sleep

import pytest
import uvicorn

from gateway.front import Front, environ_of
from gateway.http_limits import LimitedProtocol
from tests.gateway.handset import Gateway
from tests.gateway.test_bad_input import ALL
from workers.servers.process import free_port

PATH = b"/hooks/africastalking/demo/ussd"
Line = Callable[[], socket.socket]


class Hasty(LimitedProtocol):
    """What production has in seconds, in tenths."""

    request_seconds = 0.4
    look_seconds = 0.1
    head_bytes = 20_000


@contextmanager
def served(front: Front) -> Iterator[Line]:
    """It under uvicorn; what opens a connection to it."""
    port = free_port()
    config = uvicorn.Config(
        front,
        interface="asgi3",
        lifespan="off",
        loop="uvloop",
        http=Hasty,
        ws="none",
        port=port,
        proxy_headers=False,
        server_header=False,
        log_level="error",
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    lines: list[socket.socket] = []

    def line() -> socket.socket:
        lines.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        return lines[-1]

    try:
        while not server.started:
            sleep(0.01)
        yield line
    finally:
        for opened in lines:
            opened.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def line(each_gateway: Gateway) -> Iterator[Line]:
    """With hops in threads, then with hops in strands."""
    with served(each_gateway.front) as opened:
        yield opened


def posted(body: bytes = ALL, *, path: bytes = PATH, more: bytes = b"", length: int | None = None) -> bytes:
    return b"POST %b HTTP/1.1\r\nhost: x\r\n%bcontent-length: %d\r\n\r\n%b" % (
        path,
        more,
        len(body) if length is None else length,
        body,
    )


def answers(line: socket.socket, number: int = 1) -> list[bytes]:
    """So many answers, each with its head and body."""
    heard, whole = b"", []
    while len(whole) < number:
        head, found, rest = heard.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if found and len(rest) >= int(length):
            whole.append(head + found + rest[: int(length)])
            heard = rest[int(length) :]
            continue
        part = line.recv(65_536)
        assert part, heard
        heard += part
    return whole


def ended(line: socket.socket) -> bool:
    """Whether the server ends the connection, within the client's patience."""
    try:
        while line.recv(65_536):
            continue
    except ConnectionResetError:
        return True
    return True


def test_a_hop_is_answered(line: Line) -> None:
    client = line()
    client.sendall(posted())
    (answer,) = answers(client)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\nCON " in answer
    assert b"at-ussd-hop-metadata: home." in answer


def test_a_connection_is_kept_and_a_pipeline_answered_in_order(line: Line) -> None:
    client = line()
    bodies = [ALL, ALL.replace(b"ATUid_1", b"ATUid_2") + b"4", ALL.replace(b"ATUid_1", b"ATUid_3") + b"6"]
    client.sendall(b"".join(posted(body) for body in bodies))
    screens = [
        answer.lower().partition(b"metadata: ")[2].partition(b"\r\n")[0] for answer in answers(client, 3)
    ]
    assert [screen.partition(b".")[0] for screen in screens] == [b"home", b"free_care", b"more"]


def test_a_body_in_pieces_is_one_body(line: Line) -> None:
    client = line()
    whole = posted(ALL)
    for place in range(0, len(whole), 60):
        client.sendall(whole[place : place + 60])
        sleep(0.01)
    assert b"200 OK" in answers(client)[0]
    client.sendall(b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" % PATH)
    client.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(ALL), ALL))
    assert b"200 OK" in answers(client)[0]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(posted(b"x" * 1_000_000), b"413", id="1 MB"),
        pytest.param(posted(ALL + b"9" * 17_000), b"413", id="17 kB"),
        pytest.param(b"PUT %b HTTP/1.1\r\nhost: x\r\n\r\n" % PATH, b"405", id="an odd method"),
        pytest.param(posted(path=b"/hooks/africastalking/wrong/ussd"), b"404", id="a wrong secret"),
        pytest.param(posted(path=b"/hooks/africastalking/%64emo/ussd"), b"200", id="a letter encoded"),
        pytest.param(posted(path=b"/%ff%00"), b"404", id="a path of bytes"),
        pytest.param(b"GET /health/live HTTP/1.0\r\n\r\n", b"200", id="HTTP/1.0"),
        pytest.param(b"nonsense\r\n\r\n", b"400", id="no HTTP"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: x\r\nx: %b" % (b"y" * 30_000), b"400", id="endless headers"),
    ],
)
def test_whatever_is_sent_is_answered(line: Line, request_: bytes, status: bytes) -> None:
    client = line()
    client.sendall(request_)
    assert client.recv(65_536).startswith(b"HTTP/1.1 " + status)


def test_what_comes_behind_the_body_is_no_header(line: Line) -> None:
    client = line()
    secret = b64encode(b"ramu:demo")
    client.sendall(
        b"POST /hooks/africastalking/wrong/ussd HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        b"%x\r\n%b\r\n0\r\nauthorization: Basic %b\r\n\r\n" % (len(ALL), ALL, secret)
    )
    assert b"404" in answers(client)[0]
    client.sendall(
        posted(path=b"/hooks/africastalking/wrong/ussd", more=b"authorization: Basic %b\r\n" % secret)
    )
    assert b"200 OK" in answers(client)[0]


def test_a_body_is_never_read_as_a_request(line: Line) -> None:
    client = line()
    client.sendall(posted(b"", more=b"connection: upgrade\r\nupgrade: h2c\r\n", length=40))
    sleep(0.05)
    heard = b""
    with suppress(ConnectionResetError, BrokenPipeError):
        client.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        while part := client.recv(65_536):
            heard += part
    assert heard.startswith(b"HTTP/1.1 400") or not heard
    assert b"alive" not in heard


def test_the_answer_to_head_has_no_body(line: Line) -> None:
    client = line()
    client.sendall(b"HEAD /health/live HTTP/1.1\r\nhost: x\r\n\r\n" + posted())
    heard = b""
    while b"CON " not in heard:
        heard += client.recv(65_536)
    assert b"alive" not in heard


def test_an_underscore_does_not_pass_for_a_hyphen() -> None:
    scope = {
        "method": "GET",
        "raw_path": b"/a%20b",
        "query_string": b"c=d",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 81),
        "headers": [
            (b"x_forwarded_for", b"1.2.3.4"),
            (b"x-forwarded-for", b"5.6.7.8"),
            (b"x-a", b"1"),
            (b"x-a", b"2"),
        ],
    }
    environ = environ_of(scope, b"body")
    assert environ["HTTP_X_FORWARDED_FOR"] == "5.6.7.8"
    assert environ["HTTP_X_A"] == "1,2"
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/a b", "c=d")
    assert environ["wsgi.input"].read() == b"body"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"POST /hooks HTTP/1.1\r\nhost:", id="half of the headers"),
        pytest.param(posted(length=500), id="half of the body"),
    ],
)
def test_a_client_that_does_not_go_on_is_dropped(line: Line, sent: bytes) -> None:
    client = line()
    began = monotonic()
    client.sendall(sent)
    assert ended(client)
    assert monotonic() - began > 0.4


def test_a_hundred_half_sent_bodies_hold_up_nobody(line: Line) -> None:
    slow = [line() for _ in range(100)]
    for client in slow:
        client.sendall(posted(length=500))
    quick = line()
    quick.sendall(posted())
    assert b"CON " in answers(quick)[0]


def test_a_client_that_goes_away_is_no_fault_of_ours(line: Line, capfd: pytest.CaptureFixture[str]) -> None:
    for sent in (posted(length=500), posted(), posted()[:40]):
        line().sendall(sent)
    for client in (line(), line()):
        client.sendall(posted())
        client.close()
    last = line()
    last.sendall(posted(ALL.replace(b"ATUid_1", b"ATUid_last")))
    assert b"CON " in answers(last)[0]
    assert "Traceback" not in capfd.readouterr().err


def test_as_many_calls_as_one_likes_come_at_once(line: Line) -> None:
    clients = [line() for _ in range(60)]
    for place, client in enumerate(clients):
        client.sendall(posted(ALL.replace(b"ATUid_1", b"ATUid_at_once_%d" % place)))
    assert all(b"CON " in answers(client)[0] for client in clients)
