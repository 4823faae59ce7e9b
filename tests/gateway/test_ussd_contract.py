"""The callback as the provider documents it, and who may call it."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateway.handset import AWA, STRANGER, Gateway, Handset, fields, open_gateway

NEW, OLD = "n" * 32, "o" * 32


def test_a_call_is_answered_in_plain_text(gateway: Gateway) -> None:
    answer = gateway.post()
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert answer.data.startswith(b"CON ")
    assert answer.headers["at-ussd-hop-metadata"] == "home.home"


def test_a_conversation_goes_on_and_ends(handset: Callable[..., Handset]) -> None:
    phone = handset(STRANGER).dial().goes_on().sees("Bamanankan")
    phone.types("1").goes_on().sees("Mes droits")
    phone.types("6").goes_on().types("0").sees("Mes droits")


def test_a_shortcut_arrives_as_a_first_hop_with_a_tail(handset: Callable[..., Handset]) -> None:
    handset(AWA).dial("2600100000017").goes_on().sees("VALIDE")


def test_the_metadata_header_stays_within_the_providers_limit(handset: Callable[..., Handset]) -> None:
    phone = handset(AWA).dial().types("1")
    assert phone.answer is not None
    metadata = phone.answer.headers["at-ussd-hop-metadata"]
    assert len(metadata) <= 99
    assert "|" not in metadata


def basic(password: str, user: str = "at") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def rotating(tmp_path: Path, sqlite_url: str, redis_url: str) -> Gateway:
    return open_gateway(tmp_path, sqlite_url, redis_url, demo=False, webhook_secrets=f"{NEW},{OLD}")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param(f"/hooks/africastalking/{NEW}/ussd", {}, 200, id="new secret"),
        pytest.param(f"/hooks/africastalking/{OLD}/ussd", {}, 200, id="old secret"),
        pytest.param("/hooks/africastalking/demo/ussd", {}, 404, id="the demo's secret outside of the demo"),
        pytest.param(f"/hooks/africastalking/{NEW[:-1]}/ussd", {}, 404, id="one letter short"),
        pytest.param(f"/hooks/africastalking/{NEW}n/ussd", {}, 404, id="one letter more"),
        pytest.param("/hooks/africastalking//ussd", {}, 404, id="empty secret"),
        pytest.param("/hooks/africastalking/ussd", {}, 404, id="no secret"),
        pytest.param("/hooks/africastalking/ussd", basic(NEW), 200, id="basic password, new"),
        pytest.param("/hooks/africastalking/ussd", basic(OLD), 200, id="basic password, old"),
        pytest.param("/hooks/africastalking/x/ussd", basic(OLD), 200, id="basic password, another path"),
        pytest.param("/hooks/africastalking/ussd", basic("wrong"), 404, id="basic password, wrong"),
        pytest.param("/hooks/africastalking/ussd", basic(""), 404, id="basic password, empty"),
        pytest.param("/hooks/africastalking/ussd", {"Authorization": "Basic §"}, 404, id="basic, not base64"),
        pytest.param("/hooks/africastalking/ussd", {"Authorization": f"Bearer {NEW}"}, 404, id="not basic"),
        pytest.param(f"/hooks/africastalking/{NEW}/x/ussd", {}, 404, id="a segment more"),
        pytest.param("/hooks/africastalking/é/ussd", {}, 404, id="a letter that is not ASCII"),
    ],
)
def test_who_does_not_know_a_secret_learns_nothing(
    rotating: Gateway, path: str, headers: dict[str, str], status: int
) -> None:
    answer = rotating.post(path, headers=headers)
    assert answer.status_code == status
    if status == 404:
        nowhere = rotating.client.post("/nowhere")
        assert answer.data == nowhere.data


@pytest.mark.parametrize("event", ["ussd", "ussd-events"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "PROPFIND", "HEAD"])
def test_another_method_is_refused_and_hidden_from_strangers(
    gateway: Gateway, method: str, event: str
) -> None:
    known = gateway.client.open(f"/hooks/africastalking/demo/{event}", method=method)
    stranger = gateway.client.open(f"/hooks/africastalking/wrong/{event}", method=method)
    assert known.status_code in (404, 405)
    assert stranger.status_code == 404


@pytest.mark.parametrize(
    ("settings", "remote", "forwarded", "status"),
    [
        pytest.param({}, "192.0.2.9", "", 200, id="no list: everybody"),
        pytest.param({"allowed_networks": "10.0.0.0/8"}, "10.1.2.3", "", 200, id="inside"),
        pytest.param({"allowed_networks": "10.0.0.0/8"}, "11.0.0.1", "", 404, id="just outside"),
        pytest.param(
            {"allowed_networks": "10.0.0.0/8"}, "11.0.0.1", "10.1.2.3", 404, id="forwarded, no proxy"
        ),
        pytest.param(
            {"allowed_networks": "10.0.0.0/8", "trusted_proxies": "127.0.0.1"},
            "127.0.0.1",
            "10.1.2.3",
            200,
            id="forwarded by our proxy",
        ),
        pytest.param(
            {"allowed_networks": "10.0.0.0/8", "trusted_proxies": "127.0.0.1"},
            "127.0.0.1",
            "10.1.2.3, 11.0.0.1",
            404,
            id="what a stranger wrote before our proxy does not count",
        ),
        pytest.param(
            {"allowed_networks": "10.0.0.0/8", "trusted_proxies": "127.0.0.1,192.0.2.0/24"},
            "127.0.0.1",
            "10.1.2.3, 11.0.0.1, 192.0.2.7",
            404,
            id="nor before two of ours",
        ),
        pytest.param(
            {"allowed_networks": "10.0.0.0/8", "trusted_proxies": "127.0.0.1,192.0.2.0/24"},
            "127.0.0.1",
            "11.0.0.1, 10.1.2.3, 192.0.2.7",
            200,
            id="the nearest that is not ours",
        ),
        pytest.param(
            {"allowed_networks": "10.0.0.0/8", "trusted_proxies": "127.0.0.1"},
            "127.0.0.1",
            "nonsense",
            404,
            id="forwarded nonsense",
        ),
        pytest.param({"allowed_networks": "2001:db8::/32"}, "2001:db8::1", "", 200, id="IPv6 inside"),
    ],
)
def test_only_listed_networks_may_call(
    tmp_path: Path,
    sqlite_url: str,
    redis_url: str,
    settings: dict[str, str],
    remote: str,
    forwarded: str,
    status: int,
) -> None:
    gateway = open_gateway(tmp_path, sqlite_url, redis_url, **settings)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = gateway.client.post(
        "/hooks/africastalking/demo/ussd",
        data=fields(),
        headers=headers,
        environ_base={"REMOTE_ADDR": remote},
    )
    assert answer.status_code == status


def test_a_screen_names_the_code_of_the_settings_whatever_the_request_says(rotating: Gateway) -> None:
    path = f"/hooks/africastalking/{NEW}/ussd"
    for number in range(2_699_999_990_000, 2_699_999_990_006):
        told = rotating.post(path, serviceCode="*666#", text=f"1*{number}", sessionId=f"ATUid_{number}").text
    assert "tapez *212*6*3#" in told


def test_forged_calls_change_nothing(rotating: Gateway) -> None:
    secrets = ["", "demo", "a", NEW.upper(), OLD + " ", "%00", "../" + NEW, NEW + "%20"]
    for attempt in range(200):
        answer = rotating.post(f"/hooks/africastalking/{secrets[attempt % len(secrets)]}/ussd", text="1*1")
        assert (answer.status_code, answer.data) == (404, b"Not Found\n")
    assert rotating.runtime.redis.keys() == []
    assert rotating.count("audit") == 0
