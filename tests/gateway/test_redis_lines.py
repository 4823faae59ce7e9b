"""The lines to Redis: every kind of answer, answers in pieces, and what is closed when one fails to come."""

from collections.abc import Callable, Iterator
from socket import create_server, socket
from threading import Thread
from time import monotonic, sleep

import pytest
from redis.exceptions import NoScriptError, ResponseError

from gateway.redis_lines import PAUSE_SECONDS, RedisAway, RedisLines, Script
from gateway.resp import Answer, Unfinished, packed, read

READ_MS = 200

Behaviour = Callable[[socket], None]


def test_a_command_is_packed_as_counted_strings() -> None:
    assert packed(("SET", b"k\r\n", 12)) == b"*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$2\r\n12\r\n"
    assert packed((b"GET", "é")) == b"*2\r\n$3\r\nGET\r\n$2\r\n\xc3\xa9\r\n"
    assert packed((b"GET", b"x" * 5_000)) == b"*2\r\n$3\r\nGET\r\n$5000\r\n" + b"x" * 5_000 + b"\r\n"


ANSWERS = [
    pytest.param(b"$5\r\na\r\nbc\r\n", b"a\r\nbc", id="a string with an end of line in it"),
    pytest.param(b"$0\r\n\r\n", b"", id="an empty string"),
    pytest.param(b"$-1\r\n", None, id="nothing"),
    pytest.param(b"*-1\r\n", None, id="no list"),
    pytest.param(b":-7\r\n", -7, id="a number"),
    pytest.param(b"+OK\r\n", b"OK", id="a status"),
    pytest.param(b"*0\r\n", [], id="an empty list"),
    pytest.param(b"*3\r\n$4\r\nopen\r\n*2\r\n:1\r\n$-1\r\n+x\r\n", [b"open", [1, None], b"x"], id="a list"),
]


@pytest.mark.parametrize(("heard", "answer"), ANSWERS)
def test_an_answer_is_read_whole_or_not_at_all(heard: bytes, answer: Answer) -> None:
    assert read(heard + b"next") == (answer, len(heard))
    for cut in range(len(heard)):
        with pytest.raises(Unfinished):
            read(heard[:cut])


@pytest.mark.parametrize(
    ("heard", "kind"),
    [
        pytest.param(b"-NOSCRIPT No matching script\r\n", NoScriptError, id="a script that it does not know"),
        pytest.param(b"-OOM command not allowed\r\n", ResponseError, id="no memory"),
    ],
)
def test_an_error_is_an_answer(heard: bytes, kind: type[ResponseError]) -> None:
    answer, _ = read(heard)
    assert type(answer) is kind


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(ResponseError):
        read(b"HTTP/1.1 400 Bad Request\r\n")


class Scripted:
    """A server that treats each connection after the greeting as it is told, the last behaviour again and again."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)
        self.connections = 0
        self.listener = create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                wire, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            behave = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
            Thread(target=behave, args=(wire,), daemon=True).start()


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Scripted, RedisLines]]]:
    opened: list[tuple[Scripted, RedisLines]] = []

    def start(*behaviours: Behaviour) -> tuple[Scripted, RedisLines]:
        server = Scripted(*behaviours)
        opened.append((server, RedisLines(server.url, connect_ms=READ_MS, read_ms=READ_MS)))
        return opened[-1]

    yield start
    for server, lines in opened:
        lines.close()
        server.listener.close()


def says(*pieces: bytes, pause: float = 0.02) -> Behaviour:
    """Answers every question in these pieces."""

    def behave(wire: socket) -> None:
        with wire:
            while wire.recv(65_536):
                for piece in pieces:
                    wire.sendall(piece)
                    sleep(pause)

    return behave


def hangs_up(wire: socket) -> None:
    """Answers one question, then closes."""
    with wire:
        wire.recv(65_536)
        wire.sendall(b"+OK\r\n")


def test_an_answer_in_pieces_is_put_together(serve) -> None:
    server, lines = serve(says(b"*2\r\n$4\r", b"\nopen\r\n$3\r\nab", b"c\r\n"))
    assert lines.ask("PING") == lines.ask("PING") == [b"open", b"abc"]
    assert server.connections == 1


@pytest.mark.parametrize(
    "pieces", [pytest.param((), id="nothing"), pytest.param((b"$100\r\nab",), id="half an answer")]
)
def test_an_answer_that_does_not_come_costs_the_limit_and_the_connection(
    serve, pieces: tuple[bytes, ...]
) -> None:
    server, lines = serve(says(*pieces), says(b"+OK\r\n"))
    began = monotonic()
    with pytest.raises(RedisAway):
        lines.ask("PING")
    assert READ_MS / 1000 <= monotonic() - began < READ_MS / 1000 + 0.9
    with pytest.raises(RedisAway, match="a moment ago"):
        lines.ask("PING")
    sleep(PAUSE_SECONDS + 0.05)
    assert lines.ask("PING") == b"OK"
    assert server.connections == 2


def test_a_connection_that_was_closed_meanwhile_is_made_anew(serve) -> None:
    server, lines = serve(hangs_up)
    assert [lines.ask("PING") for _ in range(3)] == [b"OK"] * 3
    assert server.connections == 3


def test_an_answer_too_many_ends_the_connection(serve) -> None:
    _, lines = serve(says(b"+OK\r\n+OK\r\n"))
    with pytest.raises(RedisAway, match="more than was asked"):
        lines.ask("PING")


def test_an_error_costs_no_connection(serve) -> None:
    server, lines = serve(says(b"-OOM command not allowed\r\n"))
    with pytest.raises(RedisAway, match="OOM"):
        lines.ask("PING")
    sleep(PAUSE_SECONDS + 0.05)
    with pytest.raises(RedisAway, match="OOM"):
        lines.ask("PING")
    assert server.connections == 1


def test_a_script_is_told_once_and_known_afterwards(redis_url: str) -> None:
    lines = RedisLines(redis_url, connect_ms=1_000, read_ms=1_000)
    lines.ask("SCRIPT", "FLUSH")
    script = Script(1, "return {KEYS[1], ARGV[1], #ARGV}")
    assert lines.run(script, b"key", 5) == lines.run(script, b"key", 5) == [b"key", b"5", 1]
    assert lines.ask("SCRIPT", "EXISTS", script.digest) == [1]
    lines.close()
