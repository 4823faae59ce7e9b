"""The simulated provider over real HTTP: each magic number, the ledger, what it calls back, its command."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs

import pytest

from config.faults import Fault
from config.settings import CHECKOUT, load
from gateway.providers import Answered, NotSent, Provider, Unknown, provider_of
from gateway.simulated.callbacks import Callbacks
from gateway.simulated.faults import (
    FAULTS,
    MAGIC,
    MAGIC_FAULTS,
    NOTHING_TAKEN,
    REFUSALS,
    TAKEN,
    Chance,
)
from gateway.simulated.ledger import Accepted, Ledger
from gateway.simulated.provider import Simulation
from gateway.simulated.server import Server
from models.identifiers import Msisdn
from tests.forks import LONGEST, command, told_by
from tests.providers.conftest import Serve
from tests.providers.fault_server import Connection, FaultServer, answer, closed_port

AWA = Msisdn("+22370000001")
IN_DOUBT = {"reset_before", "timeout_before", "e500_before", "redirect", *TAKEN} - {"no_id", "slow"}
FAST = 0.05
"""The usual delay of a report in these tests, in seconds."""


class Simulated:
    """A simulated provider in this process, and the gateway that it calls."""

    def __init__(self, folder: Path, hooks: str, chance: str = "") -> None:
        self.ledger = Ledger(folder)
        self.simulation = Simulation(self.ledger, Callbacks(hooks), Chance.parse(chance, seed=1), FAST)
        self.server = Server(0, self.simulation)
        self.port = self.server.server_port
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def adapter(self, seconds: float = 10.0) -> Provider:
        made = provider_of(
            load(provider="simulated", provider_url=f"http://127.0.0.1:{self.port}", provider_seconds=seconds)
        )
        assert made is not None
        return made

    def ask(self, method: str, path: str, told: object = None) -> tuple[int, Any]:
        """Status, and the body if it is JSON."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        line.request(method, path, json.dumps(told) if told else None, {"Content-Type": "application/json"})
        got = line.getresponse()
        body = got.read()
        line.close()
        return got.status, json.loads(body) if got.headers.get_content_type() == "application/json" else body

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.ledger.close()


class Hooks:
    """A gateway that only writes down what it is told, and answers as `status` says."""

    def __init__(self, serve: Serve) -> None:
        self.status: Callable[[], int] = lambda: 200
        self.server: FaultServer = serve(self._answer)
        self.url = f"{self.server.url}/hooks/africastalking/demo"

    def _answer(self, connection: Connection) -> None:
        connection.write(answer(self.status(), b"OK\n", "text/plain"))

    def told(self, path: str) -> list[dict[str, str]]:
        """The fields of each call of a path, in the order in which they came."""
        return [
            {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
            for head, body in list(self.server.requests)
            if head.startswith(f"POST /hooks/africastalking/demo{path} ".encode())
        ]

    def wait_for(self, path: str, count: int, seconds: float = 10) -> list[dict[str, str]]:
        until = monotonic() + seconds
        while len(self.told(path)) < count:
            assert monotonic() < until, self.told(path)
            sleep(0.01)
        return self.told(path)


@pytest.fixture
def hooks(serve: Serve) -> Hooks:
    return Hooks(serve)


@pytest.fixture
def simulated(tmp_path: Path, hooks: Hooks) -> Iterator[Simulated]:
    started = Simulated(tmp_path / "provider", hooks.url)
    yield started
    started.close()


def magic(fault: str) -> Msisdn:
    return Msisdn(MAGIC + next(last for last, name in MAGIC_FAULTS.items() if name == fault))


def test_a_number_like_any_other_is_accepted_and_reported(simulated: Simulated, hooks: Hooks) -> None:
    outcome = simulated.adapter().send("Bonjour é", [AWA])
    assert isinstance(outcome, Answered)
    (one,) = outcome.recipients
    (message,) = simulated.ask("GET", "/simulate/outbox?number=%2B22370000001")[1]["messages"]
    assert (message["id"], message["text"], message["to"]) == (one.provider_id, "Bonjour é", AWA.e164)
    (report,) = hooks.wait_for("/delivery", 1)
    assert (report["id"], report["status"], report["phoneNumber"]) == (one.provider_id, "Success", AWA.e164)
    assert simulated.ask("GET", "/simulate/counts")[1]["requests"] == 1


@pytest.mark.parametrize("fault", [*NOTHING_TAKEN, *TAKEN, *REFUSALS])
def test_each_magic_number_fails_as_it_says(simulated: Simulated, fault: str) -> None:
    waits = fault.startswith(("timeout", "drip"))
    outcome = simulated.adapter(0.4 if waits else 10.0).send("x", [magic(fault)])
    accepted = isinstance(outcome, Answered) and outcome.recipients[0].accepted
    assert isinstance(outcome, Unknown) == (fault in IN_DOUBT), outcome
    assert accepted == (fault in {"no_id", "slow"})
    assert isinstance(outcome, NotSent) == (fault in set(NOTHING_TAKEN) - IN_DOUBT)
    # The ledger tells the truth that the outcome may not know.
    assert simulated.ledger.count == (fault in TAKEN)
    assert simulated.simulation.requests == 1


def test_every_fault_has_one_number_and_a_description() -> None:
    assert sorted(MAGIC_FAULTS.values()) == sorted(FAULTS)
    page = (CHECKOUT / "docs" / "providers.md").read_text()
    for last, fault in MAGIC_FAULTS.items():
        assert f"| {MAGIC}{last} | `{fault}` | {FAULTS[fault]} |" in page


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param("report_twice", ["Success", "Success"], id="twice"),
        pytest.param("report_failed", ["Failed"], id="failed"),
        pytest.param("report_rejected", ["Rejected"], id="rejected"),
        pytest.param("report_absent", ["AbsentSubscriber", "Success"], id="absent, then there"),
        pytest.param("report_expired", ["Expired"], id="expired"),
        pytest.param("report_contrary", ["Failed", "Success"], id="contrary"),
        pytest.param("report_backwards", ["Success", "Sent"], id="backwards"),
        pytest.param("report_steps", ["Sent", "Submitted", "Buffered", "Success"], id="step by step"),
        pytest.param("report_odd", ["Levitated"], id="an odd word"),
        pytest.param("report_missing", [], id="missing"),
        pytest.param("report_late", ["Success"], id="late"),
    ],
)
def test_reports_as_they_come(simulated: Simulated, hooks: Hooks, fault: str, words: list[str]) -> None:
    began = monotonic()
    assert isinstance(simulated.adapter().send("x", [magic(fault)]), Answered)
    told = hooks.wait_for("/delivery", len(words))
    # Each report is a request of its own: on a busy machine two may turn around, as real ones do.
    assert sorted(report["status"] for report in told) == sorted(words)
    assert (monotonic() - began > 15 * FAST) == (fault == "report_late")
    sleep(4 * FAST)
    assert len(hooks.told("/delivery")) == len(words)


def test_a_report_may_come_before_the_answer(simulated: Simulated, hooks: Hooks) -> None:
    seen: list[int] = []

    def noted() -> int:
        seen.append(simulated.ledger.count)
        sleep(0.1)
        return 200

    hooks.status = noted
    simulated.adapter().send("x", [magic("report_early")])
    assert [report["status"] for report in hooks.told("/delivery")] == ["Success"]
    assert seen == [1]


def test_a_report_is_repeated_until_it_is_answered(simulated: Simulated, hooks: Hooks) -> None:
    answers = iter([500, 200])
    hooks.status = lambda: next(answers)
    simulated.adapter().send("x", [AWA])
    first, second = hooks.wait_for("/delivery", 2)
    assert first == second


def test_messages_of_people_come_several_times_and_in_any_order(simulated: Simulated, hooks: Hooks) -> None:
    messages = [{"from": AWA.e164, "text": f"AIDE {place}", "id": f"in-{place}"} for place in range(20)]
    order = {"messages": messages, "times": 5, "shuffle": True, "spread": 0.2}
    status, told = simulated.ask("POST", "/simulate/inbound", order)
    assert status == 200
    assert [one["statuses"] for one in told["messages"]] == [[200] * 5] * 20
    assert simulated.ask("GET", "/simulate/counts")[1]["callbacks_waiting"] == 0
    came = [fields["id"] for fields in hooks.told("/sms")]
    assert sorted(came) == sorted(f"in-{place}" for place in range(20) for _ in range(5))
    assert came != sorted(came, key=lambda name: int(name[3:]))
    assert set(hooks.told("/sms")[0]) == {"date", "from", "id", "text", "to", "cost", "networkCode"}


def test_a_message_is_delivered_again_until_it_is_taken(simulated: Simulated, hooks: Hooks) -> None:
    answers = iter([503, 503, 200])
    hooks.status = lambda: next(answers)
    _, told = simulated.ask("POST", "/simulate/inbound", {"messages": [{"from": AWA.e164, "text": "é"}]})
    (message,) = told["messages"]
    assert message["statuses"] == [503]
    came = hooks.wait_for("/sms", 3)
    assert {(fields["id"], fields["text"]) for fields in came} == {(message["id"], "é")}


@pytest.mark.parametrize(
    "order",
    [
        pytest.param({"messages": []}, id="none"),
        pytest.param({"messages": [{"text": "x"}]}, id="of nobody"),
        pytest.param({"messages": [{"from": "x"}], "times": 6}, id="six times"),
        pytest.param({"messages": [{"from": "x"}], "times": "2"}, id="a word for times"),
        pytest.param({"messages": [{"from": "x"}], "spread": 61}, id="spread over more than a minute"),
        pytest.param([1], id="a list"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(simulated: Simulated, hooks: Hooks, order: object) -> None:
    assert simulated.ask("POST", "/simulate/inbound", order)[0] == 400
    assert hooks.told("/sms") == []


def test_a_wrong_key_and_a_wrong_page_are_refused(simulated: Simulated) -> None:
    assert simulated.ask("POST", "/version1/messaging", {"to": "x"}) == (
        401,
        b"The supplied authentication is invalid",
    )
    assert simulated.ask("POST", "/elsewhere", {})[0] == 404
    assert simulated.ask("GET", "/elsewhere")[0] == 404


def test_the_ledger_survives_a_crash_in_the_middle_of_a_line(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "provider")
    kept = Accepted("ATXid_1", AWA.e164, "é\n\u2028", "", "2026-11-22T00:00:00+00:00", "r")
    first.accept([kept])
    first.close()
    with first.file.open("ab") as torn:
        torn.write(b'{"id": "ATXid_2", "to"')
    again = Ledger(tmp_path / "provider")
    assert again.to(AWA.e164) == [kept]
    again.accept([kept])
    again.close()
    assert [json.loads(line)["id"] for line in again.file.read_bytes().splitlines()] == ["ATXid_1"] * 2
    assert stat.S_IMODE(again.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(again.file.parent.stat().st_mode) == 0o700


def test_many_at_once_are_all_in_the_ledger(simulated: Simulated) -> None:
    provider = simulated.adapter()
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: provider.send("x", [AWA]), range(100)))
    ids = {outcome.recipients[0].provider_id for outcome in outcomes if isinstance(outcome, Answered)}
    assert ids == {one.id for one in simulated.ledger.to(AWA.e164)}
    assert len(ids) == simulated.simulation.requests == 100


def test_faults_by_chance_come_as_often_as_asked() -> None:
    chance = Chance.parse("delay=0.2,timeout_after=0.1,report_missing=0.5", seed=7)
    assert chance.delay == 0.2
    drawn = [chance.of_request() for _ in range(2_000)]
    assert 140 < drawn.count("timeout_after") < 260
    assert set(drawn) == {"", "timeout_after"}
    reports = [chance.of_report() for _ in range(2_000)]
    assert 900 < reports.count("report_missing") < 1_100
    again = Chance.parse("timeout_after=0.1", seed=7)
    twin = Chance.parse("timeout_after=0.1", seed=7)
    assert [again.of_request() for _ in range(50)] == [twin.of_request() for _ in range(50)]


@pytest.mark.parametrize("told", ["fire=0.1", "delay", "delay=long", "timeout_after=1.1", "delay=-1"])
def test_a_fault_that_makes_no_sense_is_named(told: str) -> None:
    with pytest.raises(Fault, match=f"{told.split('=')[0]}.*Remedy"):
        Chance.parse(told)


def test_the_commands_rehearse_from_end_to_end(tmp_path: Path) -> None:
    port = closed_port()
    here = {
        **os.environ,
        "RAMU_DATA_FOLDER": str(tmp_path),
        "RAMU_PROVIDER_URL": f"http://127.0.0.1:{port}",
        "RAMU_PROVIDER_SECONDS": "5",
    }
    words = tmp_path / "server.said"
    listen = ("provider", "simulate", "--port", str(port), "--hooks", "http://127.0.0.1:1/x")
    server = command(*listen, words=words, environment=here)
    try:
        until = monotonic() + LONGEST
        while not (words.exists() and words.read_text().endswith("\n")):
            assert monotonic() < until
            sleep(0.01)
        assert f"127.0.0.1:{port}" in (greeting := words.read_text())
        for to, code, told in (
            (AWA.e164, 0, '"ACCEPTE"'),
            (magic("code_405").e164, 1, '"SOLDE"'),
            (magic("e500_after").e164, 3, '"Unknown"'),
            ("7", 1, "--to"),
        ):
            send = ("provider", "send", "--to", to, "--text", "Essai", "--json")
            ended, output = told_by(*send, words=tmp_path / "send.said", environment=here)
            assert (ended, told in output) == (code, True), output
            assert to == "7" or to not in output
        lines = (tmp_path / "provider" / "ledger.jsonl").read_text().splitlines()
        assert [json.loads(line)["to"] for line in lines] == [AWA.e164, magic("e500_after").e164]
        os.kill(server.pid or 0, signal.SIGTERM)
        server.join(LONGEST)
    finally:
        server.kill()
    assert (server.exitcode, words.read_text()) == (0, greeting)
