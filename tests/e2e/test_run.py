"""`ramu run` as people start it: a real process, ready, answering, and gone without a trace."""

import os
import signal
import stat
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection, create_server
from time import monotonic, sleep

import pytest

from tests.e2e.running import Running, environment_of, run_in
from tests.forks import told_by
from tests.ports import free_pair


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A run of this test alone, to be stopped."""
    with run_in(tmp_path / "data") as started:
        yield started


def refused(words: Path, folder: Path, port: int, **environment: str) -> tuple[int, str]:
    """Exit code and words of a run that does not begin."""
    told = environment_of(folder, port, **environment)
    return told_by("run", words=words / "said", environment=told)


def alive(pids: list[int]) -> list[int]:
    """Which of these processes still run (a zombie does not)."""
    left = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            left.append(pid)
    return left


def gone(pids: list[int], seconds: float = 10.0) -> bool:
    until = monotonic() + seconds
    while alive(pids):
        if monotonic() > until:
            return False
        sleep(0.05)
    return True


def test_a_run_answers_counts_and_stops_on_ctrl_c(running: Running) -> None:
    status, screen = running.hop()
    assert (status, screen[:4]) == (200, "CON ")
    assert running.hop() == (status, screen)
    for outcome in ("answered", "repeated"):
        counted = f'ramu_hops_total{{outcome="{outcome}",screen="home.home"}} 1.0'
        running.wait_until(partial(running.shows, "/metrics", counted))
    family = running.family()
    os.kill(running.process.pid, signal.SIGINT)
    told, wrong = running.process.communicate(timeout=20)
    assert running.process.returncode == 0, wrong
    assert f"http://127.0.0.1:{running.port}/simulator" in told
    assert gone(family)


def test_a_killed_run_leaves_no_process(running: Running) -> None:
    family = running.family()
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    assert gone(family), [Path(f"/proc/{pid}/cmdline").read_text() for pid in alive(family)]


def test_a_queue_that_dies_begins_again_and_takes_nobody_along(lasting: Running) -> None:
    family = lasting.family()
    queue = next(pid for pid in family if os.readlink(f"/proc/{pid}/exe").endswith("-server"))
    os.kill(queue, signal.SIGKILL)
    lasting.wait_until(lambda: queue not in lasting.family())
    lasting.wait_until(lambda: lasting.get("/health/ready")[0] == 200)
    lasting.wait_until(lambda: lasting.hop(sessionId="again")[1].startswith("CON "))
    sleep(3)  # the workers meet the restart on their next question
    assert set(family) - {queue} <= set(lasting.family())


def test_a_hundred_slow_clients_hold_up_nobody(lasting: Running) -> None:
    slow = []
    for _ in range(100):
        client = create_connection(("127.0.0.1", lasting.port), timeout=5)
        client.sendall(
            b"POST /hooks/africastalking/demo/ussd HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\nsessionId="
        )
        slow.append(client)
    sleep(0.5)
    began = monotonic()
    assert lasting.hop(sessionId="quick")[1].startswith("CON ")
    assert monotonic() - began < 3.0  # behind them it would wait for their time-out
    for client in slow:
        client.close()


def test_a_second_run_on_the_same_data_is_refused_in_one_line(lasting: Running, tmp_path: Path) -> None:
    code, wrong = refused(tmp_path, lasting.folder, free_pair())
    assert code == 1
    assert wrong.count("\n") == 1
    assert "Remedy" in wrong


def test_a_busy_port_is_refused_in_one_line(lasting: Running, tmp_path: Path) -> None:
    code, wrong = refused(tmp_path, tmp_path / "other", lasting.port)
    assert code == 1
    assert wrong.count("\n") == 1
    assert f"PORT={lasting.port + 2}" in wrong


def test_a_busy_port_beside_is_refused_in_one_line(tmp_path: Path) -> None:
    below = free_pair()
    with create_server(("127.0.0.1", below + 1)):
        code, wrong = refused(tmp_path, tmp_path / "other", below)
    assert code == 1
    assert wrong.count("\n") == 1
    assert f"port {below + 1}" in wrong
    assert f"PORT={below + 2}" in wrong


def test_a_run_brings_its_own_provider_whatever_the_settings_say(lasting: Running) -> None:
    line = HTTPConnection("127.0.0.1", lasting.port + 1, timeout=5)
    line.request("GET", "/simulate/outbox?number=%2B22370000209")
    answer = line.getresponse()
    assert (answer.status, answer.read()) == (200, b'{"messages": []}')
    line.close()
    (provider,) = (
        pid for pid in lasting.family() if b"simulate" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    told = Path(f"/proc/{provider}/environ").read_bytes()
    assert b"RAMU_PROVIDER=simulated\0" in told
    assert stat.S_IMODE((lasting.folder / "provider").stat().st_mode) == 0o700


def test_a_bad_setting_is_named_in_one_line(tmp_path: Path) -> None:
    code, wrong = refused(tmp_path, tmp_path / "data", free_pair(), RAMU_SERVICE_CODE="hello")
    assert code == 1
    assert wrong.startswith("ramu: service_code: ")
    assert "Traceback" not in wrong


def test_nothing_that_a_run_writes_names_anybody(lasting: Running) -> None:
    for text in ("", "1", "1*2600100000017"):
        lasting.hop(sessionId="canary", text=text)
    lasting.hop(sessionId="canary", text="1*9", phoneNumber="+22370000002")
    sleep(0.3)
    written = (lasting.folder / "gateway.log").read_bytes()
    for file in (lasting.folder / "redis").rglob("*"):
        written += file.read_bytes() if file.is_file() else b""
    assert b"hop screen=" in written
    for canary in (b"70000001", b"70000002", b"2600100000017", b"hooks/africastalking/demo"):
        assert canary not in written
