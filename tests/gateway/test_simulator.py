"""The simulator: a page that calls the gateway as the provider does, with JavaScript on or off."""

import re
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from gateway.simulator_sms import measured
from tests.gateway.correspondent import echo
from tests.gateway.handset import AWA, Gateway, open_gateway
from workers.inbox import answer_inbox

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def form(page: TestResponse) -> dict[str, str]:
    """What a browser would send back without being touched."""
    return {name: unescape(value) for name, value in HIDDEN.findall(page.text)}


def screen(page: TestResponse) -> str:
    found = re.search(r'<pre id="screen"[^>]*>(.*?)</pre>', page.text, re.DOTALL)
    assert found is not None
    return unescape(found.group(1))


def press(gateway: Gateway, page: TestResponse | None = None, **pressed: str) -> TestResponse:
    kept = form(page) if page else {"phone": AWA, "dialled": "*212#"}
    answer = gateway.client.post("/simulator", data={**kept, **pressed})
    assert answer.status_code == 200
    return answer


def test_a_whole_call_without_javascript(gateway: Gateway) -> None:
    page = press(gateway, do="call")
    assert "RAMED VALIDE" in screen(page)
    assert "sessionId=sim-" in page.text
    assert "HTTP 200 OK" in page.text
    assert re.search(r"\d+ / 160 septets", page.text)
    page = press(gateway, page, typed="6", do="send")
    assert form(page)["text"] == "6"
    page = press(gateway, page, typed="", key="4")
    assert 'name="typed" value="4"' in page.text
    page = press(gateway, page, typed="4", do="send")
    page = press(gateway, page, typed="5", do="send")
    page = press(gateway, page, typed="1", do="send")
    assert "Appeler" in page.text
    assert form(page)["waits"] == ""


def test_hanging_up_forgets_the_call(gateway: Gateway) -> None:
    page = press(gateway, press(gateway, do="call"), do="end")
    assert form(page)["session"] == ""
    assert "Appeler" in page.text


def test_what_is_dialled_after_the_code_is_a_shortcut(gateway: Gateway) -> None:
    page = press(gateway, dialled="*212*2600100000017#", do="call")
    assert "VALIDE" in screen(page)


def test_the_sms_of_a_phone_are_shown_beside_it(gateway: Gateway) -> None:
    page = press(gateway, do="call")
    for key in ("x", "y", "z"):
        page = press(gateway, page, typed=key, do="send")
    assert "<li><time>" in page.text
    other = gateway.client.post("/simulator", data={"other": "+22370000099", "do": "end"})
    assert "<li><time>" not in other.text


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"do": "call", "other": "<script>alert(1)</script>"}, id="markup for a phone"),
        pytest.param({"do": "send", "typed": "\0²߁😀", "session": "x", "waits": "yes"}, id="odd letters"),
        pytest.param({"do": "dance", "key": "<b>"}, id="a button that is not there"),
    ],
)
def test_whatever_the_form_holds_the_page_is_shown(gateway: Gateway, sent: dict[str, str]) -> None:
    page = gateway.client.post("/simulator", data=sent)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text


def test_the_page_and_its_files_are_small_and_from_here_alone(gateway: Gateway) -> None:
    page = gateway.client.get("/simulator")
    total = len(page.data)
    for name in ("simulator.css", "simulator.js"):
        file = gateway.client.get(f"/simulator/{name}")
        assert file.status_code == 200
        total += len(file.data)
    assert total < 50_000
    assert "http" not in re.sub(r"HTTP[^<]*", "", page.text).replace("https://", "http")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")


@pytest.mark.parametrize("path", ["/simulator", "/simulator/simulator.css"])
def test_outside_of_the_demonstration_there_is_no_simulator(
    tmp_path: Path, sqlite_url: str, redis_url: str, path: str
) -> None:
    gateway = open_gateway(tmp_path, sqlite_url, redis_url, demo=False, webhook_secrets="s" * 40)
    assert gateway.client.get(path).status_code == 404


def test_only_its_own_files_are_served(gateway: Gateway) -> None:
    for name in ("simulator.py", "..%2fsimulator.py", "%2e%2e/health.py", "absent"):
        assert gateway.client.get(f"/simulator/{name}").status_code == 404


def test_an_sms_is_written_beside_the_call_and_does_not_disturb_it(gateway: Gateway) -> None:
    page = press(gateway, press(gateway, do="call"), sms="V 2600100000017", do="sms")
    assert "HTTP 200 OK" in page.text
    assert "V+2600100000017" in page.text
    assert "RAMED VALIDE" in screen(page)
    assert form(page)["waits"] == "yes"
    assert gateway.count("inbound") == 1
    assert gateway.client.get("/simulator/sms", query_string={"phone": AWA}).json == {"messages": []}
    assert answer_inbox(gateway.runtime, echo) == 1
    told = gateway.client.get("/simulator/sms", query_string={"phone": AWA}).json
    assert told is not None
    (one,) = told["messages"]
    assert (one["text"], one["length"]) == ("lu: V 2600100000017", "19 septets, 1 SMS")
    assert "lu: V 2600100000017" in press(gateway, page, do="look").text


@pytest.mark.parametrize(
    ("text", "length"),
    [
        pytest.param("a" * 160, "160 septets, 1 SMS", id="as long as one"),
        pytest.param("a" * 161, "161 septets, 2 SMS", id="a letter more"),
        pytest.param("€" * 80, "160 septets, 1 SMS", id="letters of two septets"),
        pytest.param("ɛ" * 70, "70 caractères UCS-2, 1 SMS", id="as long as one in UCS-2"),
        pytest.param("ɛ" * 71, "71 caractères UCS-2, 2 SMS", id="a letter more in UCS-2"),
    ],
)
def test_the_length_of_an_sms_is_told_in_the_unit_of_its_letters(text: str, length: str) -> None:
    assert measured(text) == length


def test_without_the_provider_or_a_number_no_sms_are_shown(
    tmp_path: Path, sqlite_url: str, redis_url: str
) -> None:
    gateway = open_gateway(
        tmp_path, sqlite_url, redis_url, provider="simulated", provider_url="http://127.0.0.1:9"
    )
    for phone in (AWA, "", "nobody", "\0"):
        told = gateway.client.get("/simulator/sms", query_string={"phone": phone})
        assert (told.status_code, told.json) == (200, {"messages": []})
