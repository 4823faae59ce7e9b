"""An aggregator as the settings describe it: what is asked, what its words mean, slips that are told at the start."""

from __future__ import annotations

import json
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.aggregator import PLACE, Aggregator
from config.settings import CHECKOUT, BadSettings, load
from gateway.providers import Answered, NotSent, Outcome, Recipient, Unknown, provider_of
from gateway.providers.aggregator import at, filled, read, written
from gateway.providers.line import Reply
from models.identifiers import Msisdn
from tests.providers.adapters import AWA, BINTOU, DESCRIBED, FORMS, JSON, KEY, TEXT, line, placed
from tests.providers.conftest import Serve
from tests.providers.fault_server import answer

HOW = Aggregator(**DESCRIBED)
LONE: dict[str, Any] = {
    "body": {"to": "{number}", "text": "{text}"},
    "answer": {"status": "ok", "id": "ref"},
    "meanings": {"true": "ACCEPTE", "false": "SANS_ROUTE"},
}
"""The least that describes one: a number a request, the answer is the entry."""


def outcome_of(body: bytes, status: int = 200, how: Aggregator = HOW) -> Outcome:
    return read(Reply(status, {}, body), [AWA], how)


def test_a_request_in_json(serve: Serve) -> None:
    server = serve(lambda connection: connection.write(answer(200, JSON.accepted([AWA, BINTOU]))))
    assert isinstance(JSON.at(f"{server.url}/v2/send").send(TEXT, [AWA, BINTOU]), Answered)
    ((head, body),) = server.requests
    assert head.startswith(b"POST /v2/send HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}".encode() in head
    assert json.loads(body) == {
        "from": "RAMU",
        "to": ["22370000001", "22370000002"],
        "sms": {"text": TEXT, "flash": False},
    }


def test_a_request_as_a_form(serve: Serve) -> None:
    server = serve(lambda connection: connection.write(answer(200, FORMS.accepted([AWA, BINTOU]))))
    assert isinstance(FORMS.at(server.url).send(TEXT, [AWA, BINTOU]), Answered)
    assert {name: value for name, (value,) in parse_qs(server.requests[0][1].decode()).items()} == {
        "user": "ramu",
        "pass": KEY,
        "to": "22370000001,22370000002",
        "msg": TEXT,
    }


def test_more_numbers_than_a_request_takes_are_not_sent(serve: Serve) -> None:
    server = serve(lambda connection: connection.write(answer(200, b"{}")))
    outcome = JSON.at(server.url, aggregator={**DESCRIBED, "most": 1}).send(TEXT, [AWA, BINTOU])
    assert outcome == NotSent("more numbers than one request may carry", stop=True)
    assert server.requests == []


@pytest.mark.parametrize(
    ("example", "home", "abroad"),
    [
        pytest.param("+22370000001", "+22370000001", "+33612345678", id="international"),
        pytest.param("22370000001", "22370000001", "33612345678", id="without +"),
        pytest.param("0022370000001", "0022370000001", "0033612345678", id="with 00"),
        pytest.param("70000001", "70000001", "+33612345678", id="national"),
    ],
)
def test_numbers_are_written_as_the_aggregator_wants_them(example: str, home: str, abroad: str) -> None:
    assert (written(AWA, example), written(Msisdn("+33612345678"), example)) == (home, abroad)


@given(st.text())
def test_what_a_person_wrote_is_never_a_place(text: str) -> None:
    places = {"text": text, "key": KEY}
    assert filled("<{text}>", places) == f"<{text}>"
    assert filled({"a": ["{text}", 1, True]}, places) == {"a": [text, 1, True]}


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        pytest.param(
            placed(line(AWA, 0, "m-1", "1234")),
            200,
            Answered((Recipient(AWA, True, "m-1", "ACCEPTE", "XOF 12.34"),)),
            id="accepted",
        ),
        pytest.param(
            placed(line(AWA, 0, 17, None)),
            202,
            Answered((Recipient(AWA, True, "17", "ACCEPTE", ""),)),
            id="an id that is a number, no price",
        ),
        pytest.param(
            placed(line(AWA, 12, None, "free")),
            200,
            Answered((Recipient(AWA, False, None, "NUMERO_INVALIDE", ""),)),
            id="a refusal",
        ),
        pytest.param(
            placed(line(AWA, 40, None, 0)),
            402,
            Answered((Recipient(AWA, False, None, "SOLDE", "XOF 0"),)),
            id="a refusal with HTTP 402",
        ),
        pytest.param(
            placed(line(AWA, 0)), 400, Unknown("HTTP 400"), id="an acceptance with HTTP 400 is not believed"
        ),
        pytest.param(placed(line(AWA, 12)), 500, Unknown("HTTP 500"), id="a refusal with HTTP 500 neither"),
        pytest.param(
            placed(line(AWA, 99)),
            200,
            Unknown("the answer has a word that the settings do not explain"),
            id="a word that is not explained",
        ),
        pytest.param(
            b'{"error":{"code":"AUTH"}}',
            200,
            NotSent("the aggregator refuses the account", stop=True),
            id="the account is refused",
        ),
        pytest.param(
            b'{"error":{"code":"BUSY"}}',
            200,
            NotSent("the aggregator asks to wait"),
            id="busy, with HTTP 200",
        ),
        pytest.param(
            b'{"error":{"code":"BUSY"}}',
            409,
            NotSent("the aggregator asks to wait"),
            id="busy, with HTTP 409",
        ),
        pytest.param(
            b'{"error":{"code":"40"}}',
            200,
            Answered((Recipient(AWA, False, None, "SOLDE", ""),)),
            id="the whole is refused for each",
        ),
        pytest.param(
            b'{"error":{"code":"odd"}}',
            200,
            Unknown("no list of recipients in the answer"),
            id="a failure that is not explained",
        ),
        pytest.param(
            placed(line(AWA, "AUTH")),
            200,
            NotSent("the aggregator refuses the account", stop=True),
            id="the account is refused in the entry",
        ),
        pytest.param(
            placed(line(AWA, 0), line(BINTOU, "BUSY")),
            200,
            Unknown("only a part of the request was put off"),
            id="a part is put off",
        ),
        pytest.param(
            placed(line(AWA, 0), line(AWA, 12)), 200, Unknown("the answer names a number twice"), id="twice"
        ),
        pytest.param(
            placed({**line(AWA), "to": "x"}),
            200,
            Unknown("the answer names something that is no number"),
            id="no number",
        ),
        pytest.param(
            placed(line(AWA, 0, "i" * 81)), 200, Unknown("an id that cannot be kept"), id="a long id"
        ),
        pytest.param(b"1701|OK", 200, Unknown("the answer cannot be read"), id="no JSON"),
    ],
)
def test_what_an_answer_means(body: bytes, status: int, expected: Outcome) -> None:
    assert outcome_of(body, status) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b'{"ok":true,"ref":"r"}', Recipient(AWA, True, "r", "ACCEPTE", ""), id="accepted"),
        pytest.param(b'{"ok":false}', Recipient(AWA, False, None, "SANS_ROUTE", ""), id="refused"),
    ],
)
def test_an_answer_that_is_one_entry(body: bytes, expected: Recipient) -> None:
    assert outcome_of(body, how=Aggregator(**LONE)) == Answered((expected,))


def test_several_entries_where_one_was_asked_are_in_doubt() -> None:
    how = Aggregator(**{**LONE, "answer": {"recipients": "all", "status": "ok"}})
    assert outcome_of(b'{"all":[{"ok":true},{"ok":true}]}', how=how) == Unknown(
        "more entries than numbers in the answer"
    )


def test_paths_lead_through_names_and_positions() -> None:
    told = {"a": [{"b": 1}, {"c": {"0": 2}}]}
    assert [at(told, path) for path in ("a.0.b", "a.1.c.0", "a.2", "a.x", "a.0.b.c", "")] == [
        1,
        2,
        *[None] * 4,
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda some: (
            st.lists(some)
            | st.dictionaries(
                st.sampled_from(["data", "messages", "to", "status", "code", "id", "error"]), some
            )
        ),
    )
)
def test_whatever_is_answered_nothing_is_raised(told: object) -> None:
    outcome = outcome_of(json.dumps(told).encode())
    assert isinstance(outcome, Unknown | NotSent | Answered)


def changed(path: str, value: object) -> dict[str, Any]:
    """The description with one value changed, or removed when it is None."""
    told = deepcopy(DESCRIBED)
    *folders, name = path.split(".")
    part = told
    for folder in folders:
        part = part[folder]
    if value is None:
        part.pop(name)
    else:
        part[name] = value
    return told


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        pytest.param("most", 0, "most", id="no number a request"),
        pytest.param("format", "xml", "format", id="an unknown format"),
        pytest.param("number", "70 00 00 01", "number", id="numbers with spaces"),
        pytest.param("bodi", {}, "bodi", id="a misspelt name"),
        pytest.param("body", None, "body", id="no body"),
        pytest.param("body.sms", {}, "{text}", id="no place for the text"),
        pytest.param("body.to", "all", "{number}", id="no place for the number"),
        pytest.param("body.to", "{number}", "most = 1", id="one number where many may come"),
        pytest.param("body.to", "to:{numbers}", "stands alone", id="a list in a text"),
        pytest.param("body.from", "{sendr}", "{sendr}", id="an unknown place"),
        pytest.param("headers", {"X": "{text}"}, "{text}", id="a text in a header"),
        pytest.param("headers", {"X y": "a"}, "header", id="a header's name with a space"),
        pytest.param("headers", {"X": "a\r\nY: b"}, "one line", id="two headers in one"),
        pytest.param("answer.status", None, "answer.status", id="no status"),
        pytest.param("answer.number", None, "answer.number", id="no number in the answer"),
        pytest.param("answer.currency", "francs", "currency", id="a currency in words"),
        pytest.param("meanings", {"0": "OK"}, "ACCEPTE", id="a word that is not ours"),
        pytest.param("meanings", {"1": "SOLDE"}, "no word means ACCEPTE", id="nothing is ever accepted"),
    ],
)
def test_a_slip_in_the_description_is_told_when_it_is_read(path: str, value: object, told: str) -> None:
    with pytest.raises(BadSettings) as fault:
        load(aggregator=changed(path, value))
    assert str(fault.value).startswith("aggregator")
    assert told in str(fault.value)


def test_a_form_takes_texts_only() -> None:
    with pytest.raises(BadSettings, match="texts"):
        load(aggregator={**DESCRIBED, "format": "form"})


def test_the_environment_tells_it_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAMU_AGGREGATOR", json.dumps(DESCRIBED))
    assert load().aggregator == HOW
    monkeypatch.setenv("RAMU_AGGREGATOR", "{")
    with pytest.raises(BadSettings, match="aggregator: is not JSON"):
        load()


def test_a_key_is_asked_for_only_where_it_has_a_place() -> None:
    here = {"provider": "aggregator", "provider_url": "https://sms.example.ml"}
    assert provider_of(load(**here, aggregator=LONE)) is not None
    with pytest.raises(Exception, match="provider_key"):
        provider_of(load(**here, aggregator=DESCRIBED))


def test_the_example_of_the_documentation_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (CHECKOUT / "docs" / "providers.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    assert tomllib.loads(example)["aggregator"]["meanings"]
    file = tmp_path / "ramu.toml"
    file.write_text(example)
    monkeypatch.setenv("RAMU_SETTINGS", str(file))
    provider = provider_of(load())
    assert provider is not None
    assert provider.name == "aggregator"
    documented = set(PLACE.findall(page))
    assert documented >= {"text", "number", "numbers", "sender", "username", "key", "basic"}
