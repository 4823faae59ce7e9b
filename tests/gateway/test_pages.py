"""Health, figures, end events, and that every route says who may call it."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from config.settings import CHECKOUT
from gateway.events import ENDS
from gateway.guards import GUARD
from gateway.metrics import Metrics
from tests.gateway.handset import AWA, Gateway, Handset, open_gateway

GUARDS = {"provider", "demo", "public"}
PUBLIC = {"/health/live", "/health/ready", "/metrics"}
END = {
    "date": "2026-11-22 10:00:00",
    "sessionId": "ATUid_1",
    "serviceCode": "*212#",
    "networkCode": "61001",
    "phoneNumber": AWA,
    "status": "Success",
    "cost": "KES 0.1",
    "durationInMillis": "41234",
    "hopsCount": "7",
    "hopsMetadata": "home.home|rights.person",
    "input": "1*2600100000017",
    "lastAppResponse": "END AWA TRAORE",
    "errorMessage": "",
}
EVENTS = "/hooks/africastalking/demo/ussd-events"


def test_every_route_names_its_guard(gateway: Gateway) -> None:
    rules = list(gateway.app.url_map.iter_rules())
    guards = {rule.rule: getattr(gateway.app.view_functions[rule.endpoint], GUARD, None) for rule in rules}
    assert set(guards.values()) <= GUARDS, guards
    assert {rule for rule, guard in guards.items() if guard == "public"} == PUBLIC


def test_outside_of_the_demonstration_no_route_is_for_it(
    tmp_path: Path, sqlite_url: str, redis_url: str
) -> None:
    gateway = open_gateway(tmp_path, sqlite_url, redis_url, demo=False, webhook_secrets="s" * 32)
    views = gateway.app.view_functions.values()
    assert all(getattr(view, GUARD, None) != "demo" for view in views)


def test_health_tells_that_the_process_lives_and_can_serve(gateway: Gateway) -> None:
    assert gateway.client.get("/health/live").json == {"status": "alive"}
    ready = gateway.client.get("/health/ready")
    assert (ready.status_code, ready.json) == (
        200,
        {"status": "ready", "parts": {"database": "ok", "redis": "ok"}},
    )


def test_a_database_without_tables_is_not_ready(tmp_path: Path, redis_url: str) -> None:
    gateway = open_gateway(tmp_path, f"sqlite:///{tmp_path}/empty.sqlite", redis_url)
    ready = gateway.client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["parts"]["database"] == "not migrated"


def test_an_end_event_is_kept_without_what_names_anybody(gateway: Gateway) -> None:
    assert gateway.post(EVENTS, **END).status_code == 200
    ((_id, entry),) = gateway.runtime.redis.xrange(ENDS)  # type: ignore[misc]
    told, _, caller = entry[b"e"].rpartition(b"|")
    assert told == b"Success|rights.person|ORANGE|7|41234"
    # A keyed index, with which a worker asks whether this phone was written to by a campaign (decision 0016).
    assert len(bytes.fromhex(caller.decode())) == 16
    assert END["phoneNumber"].lstrip("+").encode() not in entry[b"e"]


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        pytest.param({"status": "INCOMPLETE"}, b"Incomplete|rights.person|ORANGE|7|41234", id="capitals"),
        pytest.param({"status": "Exploded"}, b"Unknown|rights.person|ORANGE|7|41234", id="unknown status"),
        pytest.param(
            {"hopsMetadata": "+22370000001"}, b"Success||ORANGE|7|41234", id="a number for a screen"
        ),
        pytest.param({"phoneNumber": "x"}, b"Success|rights.person|AUTRE|7|41234", id="no phone"),
        pytest.param({"hopsCount": ""}, b"Success|rights.person|ORANGE|0|41234", id="no count"),
    ],
)
def test_what_the_provider_says_is_put_into_our_words(
    gateway: Gateway, changed: dict[str, str], kept: bytes
) -> None:
    gateway.post(EVENTS, **{**END, **changed})
    ((_id, entry),) = gateway.runtime.redis.xrange(ENDS)  # type: ignore[misc]
    assert entry[b"e"].rpartition(b"|")[0] == kept


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({"hopsCount": "²"}, 400, id="superscript"),
        pytest.param({"hopsCount": "9" * 10}, 400, id="too many digits"),
        pytest.param({"hopsCount": "-1"}, 400, id="negative"),
        pytest.param({"sessionId": "A" * 129}, 400, id="a long session id"),
        pytest.param({"input": "x" * 20_000}, 413, id="a long body"),
    ],
)
def test_a_bad_end_event_is_refused(gateway: Gateway, changed: dict[str, str], status: int) -> None:
    answer = gateway.post(EVENTS, **{**END, **changed})
    assert answer.status_code == status
    assert gateway.runtime.redis.xlen(ENDS) == 0


def test_an_end_event_without_the_secret_is_not_there(gateway: Gateway) -> None:
    answer = gateway.post(EVENTS.replace("demo", "wrong"), **END)
    assert (answer.status_code, answer.data) == (404, b"Not Found\n")


def test_figures_count_hops_by_screen_and_outcome(gateway: Gateway) -> None:
    Handset(gateway, AWA).dial().sends().types("6")
    gateway.post("/hooks/africastalking/wrong/ussd")
    page = gateway.client.get("/metrics").text
    assert 'ramu_hops_total{outcome="answered",screen="home.home"} 1.0' in page
    assert 'ramu_hops_total{outcome="repeated",screen="home.home"} 1.0' in page
    assert 'ramu_hop_seconds_bucket{le="2.0"} 3.0' in page
    assert 'ramu_refused_total{reason="not let in"} 1.0' in page
    assert "7000000" not in page


def test_figures_of_several_processes_are_added_up(tmp_path: Path) -> None:
    code = "from gateway.metrics import Metrics; m = Metrics(); m.hop('home.home', 'answered', 0.01); {}"
    told = ""
    for then in ("pass", "pass", "print(m.page().decode())"):
        told = subprocess.run(
            [sys.executable, "-c", code.format(then)],
            cwd=CHECKOUT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(CHECKOUT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert 'ramu_hops_total{outcome="answered",screen="home.home"} 3.0' in told


def test_hops_of_many_threads_are_all_counted() -> None:
    metrics = Metrics()

    def answers() -> None:
        for _ in range(500):
            metrics.hop("home.home", "answered", 1 / 256)

    threads = [Thread(target=answers) for _ in range(4)]
    for thread in threads:
        thread.start()
    metrics.page()
    for thread in threads:
        thread.join()
    page = metrics.page().decode()
    assert 'ramu_hops_total{outcome="answered",screen="home.home"} 2000.0' in page
    assert 'ramu_hop_seconds_bucket{le="0.0025"} 0.0' in page
    assert 'ramu_hop_seconds_bucket{le="0.005"} 2000.0' in page
    assert "ramu_hop_seconds_sum 7.8125" in page


def test_an_unknown_page_says_one_line(gateway: Gateway) -> None:
    answer = gateway.client.get("/nowhere")
    assert (answer.status_code, answer.data) == (404, b"Not Found\n")


def test_a_page_that_fails_shows_no_trace(gateway: Gateway) -> None:
    def fails() -> None:
        raise ValueError("secret detail +22370000001")

    gateway.app.config["PROPAGATE_EXCEPTIONS"] = False
    gateway.app.add_url_rule("/fails", view_func=fails)
    answer = gateway.client.get("/fails")
    assert answer.status_code == 500
    assert "detail" not in answer.text
