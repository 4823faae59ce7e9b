"""`ramu sms`, against a gateway that really listens and a worker that really answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from gateway.sms_command import sms
from tests.gateway.correspondent import echo
from tests.gateway.handset import AWA, Gateway
from workers.inbox import answer_inbox


@pytest.fixture
def address(gateway: Gateway) -> Iterator[str]:
    """Where the gateway listens; somebody answers what comes."""
    server, stop = make_server("127.0.0.1", 0, gateway.app, threaded=True), Event()

    def answer() -> None:
        while not stop.wait(0.05):
            answer_inbox(gateway.runtime, echo)

    threads = [Thread(target=server.serve_forever), Thread(target=answer)]
    for thread in threads:
        thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    stop.set()
    server.shutdown()
    for thread in threads:
        thread.join()


def test_the_answer_is_printed_with_its_length(address: str) -> None:
    for text in ("V 2600100000017", "AIDE"):
        told = CliRunner().invoke(sms, ["--url", address, "--from", AWA, text])
        assert told.exit_code == 0, told.output
        assert told.output == f"lu: {text}\n  -- {4 + len(text)} septets, 1 SMS\n"


def test_programs_read_json(address: str) -> None:
    told = CliRunner().invoke(sms, ["--url", address, "--json", "AIDE"])
    assert told.exit_code == 0, told.output
    (answer,) = json.loads(told.output)["answers"]
    assert (answer["text"], answer["length"]) == ("lu: AIDE", "8 septets, 1 SMS")


def test_a_robot_gets_no_answer_and_the_exit_code_says_so(address: str) -> None:
    told = CliRunner().invoke(sms, ["--url", address, "--from", "OrangeMali", "--wait", "0.5", "AIDE"])
    assert told.exit_code == 1
    assert "no answer to OrangeMali" in told.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("http://127.0.0.1:9", "is `ramu run` running?", id="nobody listens"),
        pytest.param("{address}/elsewhere", "answers 404", id="another address"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(address: str, url: str, said: str) -> None:
    told = CliRunner().invoke(sms, ["--url", url.format(address=address), "AIDE"])
    assert told.exit_code != 0
    assert said in str(told.exception)
