"""Africa's Talking: what is asked, and what each of its answers means."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from config.sms_codes import ACCEPTED, REFUSALS
from gateway.providers import Answered, NotSent, Outcome, Recipient, Unknown
from gateway.providers.africastalking import CODES, read
from gateway.providers.line import Reply
from tests.providers.adapters import AFRICASTALKING, AWA, BINTOU, KEY, TEXT, entry, sent
from tests.providers.conftest import Serve
from tests.providers.fault_server import answer

JSON = {"content-type": "application/json"}


def outcome_of(body: bytes, status: int = 201, **headers: str) -> Outcome:
    return read(Reply(status, {**JSON, **headers}, body), [AWA])


def test_the_request_is_the_classic_endpoints(serve: Serve) -> None:
    server = serve(lambda connection: connection.write(answer(201, sent(entry(AWA), entry(BINTOU)))))
    provider = AFRICASTALKING.at(server.url)
    assert isinstance(provider.send(TEXT, [AWA, BINTOU]), Answered)
    ((head, body),) = server.requests
    assert head.startswith(b"POST /version1/messaging HTTP/1.1\r\n")
    for header in (f"apiKey: {KEY}", "Accept: application/json"):
        assert header.encode() in head
    assert {name: value for name, (value,) in parse_qs(body.decode()).items()} == {
        "username": "ramu",
        "to": "+22370000001,+22370000002",
        "message": TEXT,
        "from": "RAMU",
        "bulkSMSMode": "1",
    }


def test_without_a_sender_the_providers_own_is_used(serve: Serve) -> None:
    server = serve(lambda connection: connection.write(answer(201, sent(entry(AWA)))))
    AFRICASTALKING.at(server.url, sender="").send(TEXT, [AWA])
    assert b"from=" not in server.requests[0][1]


@pytest.mark.parametrize("code", CODES)
def test_each_code_of_a_number_is_ours(code: int) -> None:
    outcome = outcome_of(sent(entry(AWA, code, "None" if code > 102 else "ATXid_1", cost="0")))
    assert isinstance(outcome, Answered)
    (recipient,) = outcome.recipients
    assert recipient.accepted == (code in (100, 101, 102))
    assert (recipient.code == ACCEPTED) == recipient.accepted
    assert recipient.code in {ACCEPTED, *REFUSALS}
    assert (recipient.provider_id is None) == (code > 102)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        pytest.param({}, Recipient(AWA, True, "ATXid_1", "ACCEPTE", "XOF 15.0000"), id="as documented"),
        pytest.param(
            {"messageId": "None"}, Recipient(AWA, True, None, "ACCEPTE", "XOF 15.0000"), id="id None"
        ),
        pytest.param({"messageId": ""}, Recipient(AWA, True, None, "ACCEPTE", "XOF 15.0000"), id="id empty"),
        pytest.param(
            {"number": "22370000001"},
            Recipient(AWA, True, "ATXid_1", "ACCEPTE", "XOF 15.0000"),
            id="a number without +",
        ),
        pytest.param(
            {"statusCode": "101"},
            Recipient(AWA, True, "ATXid_1", "ACCEPTE", "XOF 15.0000"),
            id="a code as text",
        ),
        pytest.param({"cost": None}, Recipient(AWA, True, "ATXid_1", "ACCEPTE", ""), id="no cost"),
        pytest.param({"cost": "X" * 25}, Recipient(AWA, True, "ATXid_1", "ACCEPTE", ""), id="a long cost"),
        pytest.param(
            {"messageId": "i" * 80},
            Recipient(AWA, True, "i" * 80, "ACCEPTE", "XOF 15.0000"),
            id="an id of 80",
        ),
    ],
)
def test_what_is_kept_of_a_number(told: dict[str, Any], kept: Recipient) -> None:
    assert outcome_of(sent({**entry(AWA), **told})) == Answered((kept,))


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"statusCode": 103}, id="a code that nobody knows"),
        pytest.param({"statusCode": None}, id="no code"),
        pytest.param({"statusCode": [101]}, id="a list of codes"),
        pytest.param({"messageId": 7}, id="an id that is no text"),
        pytest.param({"messageId": "i" * 81}, id="an id of 81"),
        pytest.param({"number": None}, id="no number"),
        pytest.param({"number": "hidden"}, id="a word for a number"),
        pytest.param({"number": "+22370000009"}, id="somebody else's number"),
    ],
)
def test_an_entry_that_is_not_understood_leaves_all_in_doubt(told: dict[str, Any]) -> None:
    assert isinstance(outcome_of(sent({**entry(AWA), **told})), Unknown)


def test_a_number_that_is_named_twice_is_in_doubt() -> None:
    outcome = outcome_of(sent(entry(AWA, 101), entry(AWA, 405)))
    assert outcome == Unknown("the answer names a number twice")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            sent(told="InvalidSenderId"),
            NotSent("the sender's name is not registered", stop=True),
            id="a sender that is not registered",
        ),
        pytest.param(sent(), Unknown("1 of 1 numbers missing in the answer"), id="nobody, and a good word"),
        pytest.param(
            sent(told="Whatever"), Unknown("1 of 1 numbers missing in the answer"), id="nobody, another word"
        ),
    ],
)
def test_an_answer_that_names_nobody(body: bytes, expected: Outcome) -> None:
    assert outcome_of(body) == expected


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        pytest.param(400, "text/plain", b"Missing field", NotSent("HTTP 400"), id="400 in its own words"),
        pytest.param(422, "application/json", b'{"e":1}', NotSent("HTTP 422"), id="422 in JSON"),
        pytest.param(400, "text/plain", b"  ", Unknown("HTTP 400"), id="400 empty"),
        pytest.param(400, "text/html", b"<html>", Unknown("HTTP 400"), id="400 of a proxy"),
        pytest.param(408, "text/plain", b"slow", Unknown("HTTP 408"), id="408"),
        pytest.param(499, "text/plain", b"closed", NotSent("HTTP 499"), id="499"),
        pytest.param(500, "text/plain", b"oops", Unknown("HTTP 500"), id="500"),
        pytest.param(300, "text/plain", b"choose", Unknown("HTTP 300"), id="300"),
    ],
)
def test_a_status_by_itself(status: int, kind: str, body: bytes, expected: Outcome) -> None:
    assert outcome_of(body, status, **{"content-type": kind}) == expected
