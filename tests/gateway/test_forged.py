"""Ten thousand callbacks of somebody who does not know a secret: none is taken, and nothing tells them apart."""

from __future__ import annotations

import random
import string
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import EnvironBuilder

from tests.gateway.correspondent import report, sms
from tests.gateway.handset import AWA, Gateway, open_gateway

NEW, OLD, RETIRED, CALLS = "n" * 32, "o" * 32, "r" * 32, "c" * 32
HOW_MANY = 10_000
PATHS = ("sms", "delivery", "opt-out")
TABLES = ("inbound", "reports", "consents", "messages", "audit", "applied")
BODIES = {
    "sms": urlencode(sms()).encode(),
    "delivery": urlencode(report()).encode(),
    "opt-out": urlencode({"senderId": "RAMU", "phoneNumber": AWA}).encode(),
}
FORWARDED = (
    {},
    {"HTTP_X_FORWARDED_FOR": "10.1.2.3"},
    {"HTTP_X_FORWARDED_FOR": f"10.1.2.3, {NEW}"},
    {"HTTP_X_REAL_IP": "10.1.2.3", "HTTP_FORWARDED": "for=10.1.2.3;host=localhost;proto=https"},
    {"HTTP_X_FORWARDED_HOST": "localhost", "HTTP_X_ORIGINAL_URL": f"/hooks/africastalking/{NEW}/sms"},
    {"HTTP_USER_AGENT": "AfricasTalking", "HTTP_X_REWRITE_URL": f"/hooks/africastalking/{NEW}/sms"},
)


@pytest.fixture
def gateway(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Gateway]:
    """Two secrets of its own for SMS, one for calls, and a list of networks."""
    opened = open_gateway(
        tmp_path,
        sqlite_url,
        redis_url,
        demo=False,
        webhook_secrets=CALLS,
        sms_webhook_secrets=f"{NEW},{OLD}",
        trusted_proxies="127.0.0.1",
        allowed_networks="10.0.0.0/8",
    )
    yield opened
    opened.runtime.close()


def near(rng: random.Random) -> str:
    """A secret with one letter changed, left out, doubled or in the other case."""
    at = rng.randrange(len(NEW))
    return rng.choice(
        (
            NEW[:at] + rng.choice(string.ascii_letters.replace("n", "")) + NEW[at + 1 :],
            NEW[1:],
            NEW + "n",
            NEW.upper(),
            f" {NEW}",
            f"{NEW} ",
            f"{NEW}\0",
            NEW.replace("n", "ｎ").encode().decode("latin-1"),
        )
    )


def basic(password: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": "Basic " + b64encode(f"at:{password}".encode()).decode()}


def forged() -> Iterator[dict[str, Any]]:
    """What a stranger may send to one of the paths; the same every time."""
    rng = random.Random(20261122)
    kinds = (
        lambda path: (f"/hooks/africastalking/{path}", {}),
        lambda path: (f"/hooks/africastalking//{path}", {}),
        lambda path: (f"/hooks/africastalking/{rng.randbytes(16).hex()}/{path}", {}),
        lambda path: (f"/hooks/africastalking/{near(rng)}/{path}", {}),
        lambda path: (f"/hooks/africastalking/{RETIRED}/{path}", {}),
        lambda path: (f"/hooks/africastalking/{CALLS}/{path}", {}),
        lambda path: ("/hooks/africastalking/demo/" + path, {}),
        lambda path: (f"/hooks/africastalking/{NEW}/{path}/", {}),
        lambda path: (f"/hooks/africastalking/{NEW}/x/{path}", {}),
        lambda path: (f"/hooks/{NEW}/{path}", {}),
        lambda path: (f"/hooks/aggregator/{NEW}/{path}", {}),
        lambda path: (f"/hooks/africastalking/{path}", {"QUERY_STRING": f"secret={NEW}&key={NEW}"}),
        lambda path: (f"/hooks/africastalking/x/{path}", basic(near(rng))),
        lambda path: (f"/hooks/africastalking/x/{path}", basic(CALLS)),
        lambda path: (f"/hooks/africastalking/x/{path}", {"HTTP_AUTHORIZATION": f"Bearer {NEW}"}),
        lambda path: (f"/hooks/africastalking/{path}", {"HTTP_COOKIE": f"secret={NEW}", "HTTP_APIKEY": NEW}),
    )
    for kind, path in zip(cycle(kinds), cycle((*PATHS, "sms", "sms")), strict=False):
        place, told = kind(path)
        yield {"PATH_INFO": place, "body": BODIES[path], **rng.choice(FORWARDED), **told}


def called(gateway: Gateway, told: dict[str, Any], remote: str = "10.1.2.3") -> tuple[str, Any, bytes]:
    """Status, headers, body."""
    environ = EnvironBuilder(method="POST", path="/").get_environ()
    body = told.pop("body")
    environ.update(
        {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": remote, **told}
    )
    said: list[Any] = []
    answer = gateway.app.wsgi_app(environ, lambda line, headers: said.extend((line, headers)))  # type: ignore[arg-type, return-value]
    return said[0], tuple(sorted(said[1])), b"".join(answer)


def test_ten_thousand_forged_callbacks_find_a_path_that_does_not_exist(gateway: Gateway) -> None:
    nowhere = called(gateway, {"PATH_INFO": "/hooks/africastalking/x/nowhere", "body": BODIES["sms"]})
    assert nowhere[0].startswith("404")
    found = Counter(called(gateway, told) for told in islice(forged(), HOW_MANY))
    assert found == {nowhere: HOW_MANY}
    assert [gateway.count(table) for table in TABLES] == [0] * len(TABLES)
    assert gateway.runtime.redis.keys() == []
    assert not (gateway.runtime.settings.data_folder / "spool").exists()


@pytest.mark.parametrize("path", PATHS)
def test_a_good_secret_from_a_foreign_network_is_as_wrong(gateway: Gateway, path: str) -> None:
    nowhere = called(gateway, {"PATH_INFO": "/hooks/africastalking/x/nowhere", "body": BODIES[path]})
    for told in FORWARDED:
        place = f"/hooks/africastalking/{NEW}/{path}"
        forged = {"PATH_INFO": place, "body": BODIES[path], **told}
        assert called(gateway, forged, remote="192.0.2.9") == nowhere


def test_while_a_secret_is_changed_both_are_good(gateway: Gateway) -> None:
    places = [
        ({"PATH_INFO": f"/hooks/africastalking/{secret}/{path}"}, path)
        for secret in (NEW, OLD)
        for path in PATHS
    ]
    places += [({"PATH_INFO": f"/hooks/africastalking/{path}", **basic(NEW)}, path) for path in PATHS]
    taken = [called(gateway, {**told, "body": BODIES[path]}) for told, path in places]
    assert {(line, body) for line, _headers, body in taken} == {("200 OK", b"OK\n")}
