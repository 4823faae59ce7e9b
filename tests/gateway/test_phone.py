"""The telephone in the terminal, against a gateway that really listens."""

from collections.abc import Iterator
from threading import Thread

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from gateway.phone import phone
from tests.gateway.handset import AWA, Gateway


@pytest.fixture
def address(gateway: Gateway) -> Iterator[str]:
    """Where the gateway listens."""
    server = make_server("127.0.0.1", 0, gateway.app, threaded=True)
    listening = Thread(target=server.serve_forever)
    listening.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/africastalking/demo/ussd"
    server.shutdown()
    listening.join()


def test_a_call_is_shown_in_a_frame_with_its_length(address: str) -> None:
    told = CliRunner().invoke(phone, ["--url", address, "--number", AWA], input="1\n\n")
    assert told.exit_code == 0, told.output
    assert "| RAMED VALIDE" in told.output
    assert "| AWA TRAORE" in told.output
    assert "/160 -" in told.output
    assert told.output.rstrip().endswith("-- fin de l'appel --")


def test_what_was_typed_is_printed_as_a_test_that_compiles(address: str) -> None:
    told = CliRunner().invoke(phone, ["--url", address, "--number", AWA, "--as-test"], input="1\n2\n\n")
    written = told.output[told.output.index("def test_a_call") :]
    compile(written, "test", "exec")
    assert "caller.dial('*212#').sees('RAMED VALIDE" in written
    assert "caller.types('2').sees('Foyer')" in written


def test_a_shortcut_can_be_dialled(address: str) -> None:
    told = CliRunner().invoke(phone, ["--url", address, "--dial", "*212*6*4*3#"], input="\n")
    assert "C'est fait" in told.output


def test_letters_that_are_not_utf_8_are_said_in_a_line(address: str) -> None:
    told = CliRunner().invoke(phone, ["--url", address, "--number", AWA], input=b"1\n\xff\n")
    assert told.exit_code == 1
    assert "not UTF-8" in str(told.exception)


def test_no_gateway_is_said_in_a_line() -> None:
    told = CliRunner().invoke(phone, ["--url", "http://127.0.0.1:9/hooks/x"])
    assert told.exit_code != 0
    assert "is `ramu run` running?" in str(told.exception)
