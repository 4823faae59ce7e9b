"""An operator as settings describe it: each answer means what they explain, and is in doubt otherwise."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

import pytest

from config.money import MoneyContract, Signature
from gateway.payments.contract import ContractOperator
from gateway.payments.port import (
    BadCallback,
    Confirmed,
    NeverSeen,
    Pending,
    Refused,
    Taken,
    Wanted,
)
from gateway.payments.signing import is_signed, sign
from gateway.providers.line import Line
from gateway.providers.port import NotSent, Unknown
from models.identifiers import Msisdn
from tests.payments.contracts import KEY, SIGNING, contract
from tests.providers.conftest import Serve, serve
from tests.providers.fault_server import Connection, answer

__all__ = ["serve"]

WANTED = Wanted("0a1b2c3d4e5f", "713482", Msisdn("+22370000021"), 2_750)


def operator(url: str, **changed: Any) -> ContractOperator:
    """The operator whose server is at `url`."""
    told = contract(url=f"{url}/pay", query_url=f"{url}/pay/{{order}}", **changed)
    return ContractOperator(Line(2.0, 2), "OM", MoneyContract(**told), "https://ramu.example/hooks")


def serving(serve: Serve, status: int, told: object) -> Any:
    """A server that answers everything so."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()

    def reply(connection: Connection) -> None:
        connection.write(answer(status, body, "application/json"))

    return serve(reply)


@pytest.mark.parametrize(
    ("status", "told", "outcome"),
    [
        pytest.param(202, {"state": "OPEN", "txn": 7}, Taken("7"), id="taken"),
        pytest.param(200, {"state": "PAID", "txn": "a"}, Taken("a"), id="paid at once is asked about"),
        pytest.param(
            200, {"state": "KO", "error": {"code": "POOR"}}, Refused("SOLDE"), id="refused, and why"
        ),
        pytest.param(402, {"state": "KO", "error": {"code": "?"}}, Refused("AUTRE"), id="refused with a 402"),
        pytest.param(503, {"state": "BUSY"}, NotSent("the operator asks to wait"), id="later"),
        pytest.param(
            403, {"state": "DENIED"}, NotSent("the operator refuses the account", stop=True), id="our account"
        ),
        pytest.param(401, b"no", NotSent("HTTP 401", stop=True), id="a 401 without words"),
        pytest.param(400, {"state": "?"}, Unknown("HTTP 400"), id="a 400 that nobody explains"),
        pytest.param(409, {"state": "OPEN"}, Unknown("HTTP 409"), id="known already: asked about"),
        pytest.param(500, {"state": "OPEN"}, Unknown("HTTP 500"), id="a 500"),
        pytest.param(200, b"<html>", None, id="a page"),
        pytest.param(200, {"state": "NONE"}, None, id="a word that is no answer to a request"),
        pytest.param(200, [1], None, id="a list"),
    ],
)
def test_an_answer_to_a_request(serve: Serve, status: int, told: object, outcome: object) -> None:
    server = serving(serve, status, told)
    found = operator(server.url).request(WANTED)
    assert found == outcome if outcome else isinstance(found, Unknown)
    ((head, body),) = server.requests
    assert head.startswith(b"POST /pay HTTP/1.1")
    assert f"Authorization: Bearer {KEY}".encode() in head
    assert json.loads(body) == {
        "id": WANTED.order_id,
        "sum": 2_750,
        "from": "22370000021",
        "hook": "https://ramu.example/hooks",
    }


@pytest.mark.parametrize(
    ("status", "told", "outcome"),
    [
        pytest.param(200, {"state": "PAID", "sum": 2750, "txn": "a"}, Confirmed(2750, "a"), id="paid"),
        pytest.param(200, {"state": "PAID", "sum": "2750.00"}, Confirmed(2750), id="paid, with a point"),
        pytest.param(200, {"state": "PAID", "sum": "2750.50"}, None, id="half a franc is doubted"),
        pytest.param(200, {"state": "PAID"}, None, id="no amount"),
        pytest.param(200, {"state": "PAID", "sum": True}, None, id="an amount that is none"),
        pytest.param(200, {"state": "OPEN"}, Pending(), id="waiting"),
        pytest.param(404, {"state": "NONE"}, NeverSeen(), id="never seen"),
        pytest.param(404, b"<html>not found", None, id="a 404 of somebody else"),
        pytest.param(200, {"state": "KO", "error": {"code": "POOR"}}, Refused("SOLDE"), id="refused"),
        pytest.param(200, {"state": "PAID", "sum": 1, "id": "another"}, None, id="about another order"),
        pytest.param(500, {"detail": "x"}, None, id="a 500"),
        pytest.param(200, {"state": "BUSY"}, None, id="busy"),
        pytest.param(200, {"state": {"x": 1}}, None, id="a word that is none"),
    ],
)
def test_an_answer_to_a_question(serve: Serve, status: int, told: object, outcome: object) -> None:
    server = serving(serve, status, told)
    found = operator(server.url).status(WANTED.order_id)
    assert found == outcome if outcome else isinstance(found, Unknown)
    assert server.requests[0][0].startswith(f"GET /pay/{WANTED.order_id} HTTP/1.1".encode())


def test_a_question_may_be_a_form(serve: Serve) -> None:
    server = serving(serve, 200, {"state": "OPEN"})
    form = {"format": "form", "query_method": "POST", "query_body": {"ref": "{order}"}}
    form["body"] = {"id": "{order}", "sum": "{amount}", "from": "{payer}"}
    asked = operator(server.url, **form)
    assert isinstance(asked.status(WANTED.order_id), Pending)
    assert server.requests[0][1] == b"ref=0a1b2c3d4e5f"


def test_nobody_there_is_certainly_not_sent() -> None:
    assert isinstance(operator("http://127.0.0.1:1").request(WANTED), NotSent)
    assert isinstance(operator("http://127.0.0.1:1").status("x"), Unknown)


@pytest.mark.parametrize(
    ("told", "outcome", "reason", "amount"),
    [
        pytest.param({"state": "PAID", "sum": 2750}, "CONFIRMED", "", 2750, id="paid"),
        pytest.param({"state": "KO", "error": {"code": "POOR"}}, "REFUSED", "SOLDE", None, id="refused"),
        pytest.param({"state": "OPEN"}, "SENT", "", None, id="waiting"),
        pytest.param({"state": "PAID", "sum": "?"}, "UNKNOWN", "", None, id="no amount that can be read"),
        pytest.param({"state": "?"}, "UNKNOWN", "", None, id="a word that is not explained"),
        pytest.param({"state": "BUSY"}, "UNKNOWN", "", None, id="a word that is no outcome"),
    ],
)
def test_a_callback_says(told: dict[str, Any], outcome: str, reason: str, amount: int | None) -> None:
    body = json.dumps({"id": "0a", "from": "22370000021", **told}).encode()
    found, why = operator("https://x").told(body)
    assert (found.order_id, found.outcome, why, found.amount) == ("0a", outcome, reason, amount)
    assert found.payer == WANTED.payer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"state": "PAID"}',
        b'{"id": 7}',
        b'{"id": "%s"}' % (b"x" * 65),
        b"\xff",
        b'{"id": "\\u0000"}',
    ],
)
def test_a_callback_that_names_no_order_cannot_be_read(body: bytes) -> None:
    with pytest.raises(BadCallback):
        operator("https://x").told(body)


@pytest.mark.parametrize(
    ("how", "shown", "good"),
    [
        pytest.param({}, "{hex}", True, id="in hexadecimal"),
        pytest.param({"encoding": "base64"}, "{base64}", True, id="in Base64"),
        pytest.param({"prefix": "sha256="}, "sha256={hex}", True, id="behind a word"),
        pytest.param({"prefix": "sha256="}, "{hex}", False, id="without the word"),
        pytest.param({"keys": ["n" * 40, SIGNING]}, "{hex}", True, id="the old key, while it is changed"),
        pytest.param({"keys": ["n" * 40]}, "{hex}", False, id="the old key, afterwards"),
        pytest.param({}, "", False, id="none"),
        pytest.param({}, "é", False, id="no letters of hexadecimal"),
        pytest.param({"algorithm": "sha512"}, "{hex}", False, id="another algorithm"),
    ],
)
def test_a_signature(how: dict[str, Any], shown: str, good: bool) -> None:
    body = b'{"id": "0a"}'
    digest = hmac.digest(SIGNING.encode(), body, "sha256")
    told = shown.format(hex=digest.hex(), base64=b64encode(digest).decode())
    signature = Signature(**{"keys": [SIGNING], **how})
    assert is_signed(signature, {"x-signature": told}, body) == good
    assert not is_signed(signature, {"x-signature": told}, body + b" ")
    assert sign(signature, body, SIGNING)
