"""Whatever is sent, the answer is polite and has the right status: never a 500, never a trace."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from shutil import copy
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.handset import Gateway, fields, open_gateway

ALL = urlencode(fields()).encode()


def without(name: str) -> bytes:
    return urlencode({key: value for key, value in fields().items() if key != name}).encode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{}", 400, id="JSON"),
        pytest.param(b"&&&&", 400, id="ampersands"),
        pytest.param(b"=" * 200, 400, id="equals signs"),
        pytest.param(without("sessionId"), 400, id="no sessionId"),
        pytest.param(without("phoneNumber"), 400, id="no phoneNumber"),
        pytest.param(without("serviceCode"), 400, id="no serviceCode"),
        pytest.param(without("text"), 400, id="no text"),
        pytest.param(without("networkCode"), 200, id="no networkCode: it decides nothing"),
        pytest.param(ALL + b"&unknown=1", 200, id="an unknown field"),
        pytest.param(ALL + b"&text=1", 400, id="text twice"),
        pytest.param(ALL + b"&sessionId=2", 400, id="sessionId twice"),
        pytest.param(ALL + b"&%74ext=1", 400, id="text twice, once encoded"),
        pytest.param(ALL + b"&x=1&x=2", 400, id="an unknown field twice"),
        pytest.param(ALL + b"".join(b"&f%d=1" % n for n in range(60)), 400, id="sixty fields"),
        pytest.param(ALL + b"1%00", 400, id="NUL in text"),
        pytest.param(ALL.replace(b"ATUid", b"AT%00id"), 400, id="NUL in sessionId"),
        pytest.param(ALL + b"&%00=1", 400, id="NUL in a field's name"),
        pytest.param(ALL + b"1\0", 400, id="NUL in text, not encoded"),
        pytest.param(ALL + b"%ff%fe", 400, id="not UTF-8"),
        pytest.param(ALL + b"\xff", 400, id="not UTF-8, not encoded"),
        pytest.param(ALL + b"%ed%a0%80", 400, id="a surrogate"),
        pytest.param(ALL + b"%", 200, id="a lonely percent sign"),
        pytest.param(ALL + b"%zz", 200, id="a percent sign and letters"),
        pytest.param(ALL + "²".encode(), 200, id="superscript two"),
        pytest.param(ALL + "١٢٣٤٥٦".encode(), 200, id="Arabic digits"),
        pytest.param(ALL + "߁߂߃".encode(), 200, id="N'Ko digits"),
        pytest.param(ALL + "😀👩🏿‍⚕️".encode(), 200, id="emoji"),
        pytest.param(ALL + "\u202e\u200f١".encode(), 200, id="right to left"),
        pytest.param(ALL + b"9" * 5_000, 200, id="five thousand digits"),
        pytest.param(ALL + b"1*" * 2_000, 200, id="two thousand keys"),
        pytest.param(ALL + b"'; DROP TABLE persons; --", 200, id="SQL"),
        pytest.param(ALL + b"%0d%0aSet-Cookie: a=b", 200, id="line ends"),
        pytest.param(ALL + b"9" * 17_000, 413, id="17 kB"),
        pytest.param(b"x" * 1_000_000, 413, id="1 MB"),
        pytest.param(ALL.replace(b"%2B22370000001", b"+22370000001"), 200, id="a plus sign nobody encoded"),
        pytest.param(ALL.replace(b"%2B22370000001", b"22370000001"), 200, id="no plus sign"),
        pytest.param(ALL.replace(b"%2B22370000001", b""), 400, id="empty phone"),
        pytest.param(ALL.replace(b"%2B22370000001", b"anonymous"), 400, id="a word for a phone"),
        pytest.param(ALL.replace(b"%2B22370000001", b"%2B1"), 400, id="a short phone"),
        pytest.param(ALL.replace(b"%2B22370000001", b"%2B" + b"2" * 40), 400, id="a long phone"),
        pytest.param(ALL.replace(b"ATUid_1", b""), 400, id="empty sessionId"),
        pytest.param(ALL.replace(b"ATUid_1", b"A" * 129), 400, id="a sessionId of 129"),
        pytest.param(ALL.replace(b"ATUid_1", b"A" * 128), 200, id="a sessionId of 128"),
        pytest.param(ALL.replace(b"ATUid_1", "é".encode()), 400, id="a sessionId with an accent"),
        pytest.param(ALL.replace(b"%2A212%23", b"212abc"), 400, id="letters in the code"),
        pytest.param(ALL.replace(b"%2A212%23", b""), 400, id="empty code"),
    ],
)
def test_bad_input_is_answered_politely(gateway: Gateway, body: bytes, status: int) -> None:
    answer = gateway.post(body=body)
    assert answer.status_code == status
    assert answer.text.startswith(("CON ", "END "))
    assert "Traceback" not in answer.text
    if status != 200:
        assert answer.text.startswith("END Demande refusée : ")
        assert "7000000" not in answer.text


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        pytest.param({}, 200, id="chunked: no declared length"),
        pytest.param({"CONTENT_LENGTH": ""}, 200, id="empty length"),
        pytest.param({"CONTENT_LENGTH": "abc"}, 200, id="a word for a length"),
        pytest.param({"CONTENT_LENGTH": "-1"}, 200, id="negative length"),
        pytest.param({"CONTENT_LENGTH": "9" * 30}, 413, id="a monstrous length"),
        pytest.param({"CONTENT_LENGTH": "²"}, 200, id="superscript length"),
        pytest.param({"CONTENT_TYPE": "application/json"}, 200, id="another content type, the right body"),
    ],
)
def test_the_length_that_is_declared_is_not_believed(
    gateway: Gateway, environ: dict[str, str], status: int
) -> None:
    told: list[str] = []
    body = gateway.app.wsgi_app(
        {
            "PATH_INFO": "/hooks/africastalking/demo/ussd",
            "REQUEST_METHOD": "POST",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": BytesIO(ALL),
            **environ,
        },
        lambda line, _headers: told.append(line),  # type: ignore[arg-type, return-value]
    )
    assert told[0].startswith(str(status))
    assert b"".join(body)[:4] in (b"CON ", b"END ")


def test_a_client_that_goes_away_is_no_fault_of_ours(gateway: Gateway) -> None:
    class Gone(BytesIO):
        def read(self, *_: object) -> bytes:
            raise ConnectionResetError

    told: list[str] = []
    gateway.app.wsgi_app(
        {"PATH_INFO": "/hooks/africastalking/demo/ussd", "REQUEST_METHOD": "POST", "wsgi.input": Gone()},
        lambda line, _headers: told.append(line),  # type: ignore[arg-type, return-value]
    )
    assert told[0].startswith("400")


@pytest.fixture(scope="module")
def fuzzed(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, redis_server: object
) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("fuzz")
    own = copy(migrated_file, folder / "fuzz.sqlite3")
    opened = open_gateway(folder, f"sqlite:///{own}", redis_server.url)  # type: ignore[attr-defined]
    yield opened
    opened.runtime.close()


FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(fuzzed: Gateway, body: bytes) -> None:
    assert fuzzed.post(body=body).status_code in (200, 400, 413)


@FUZZ
@given(
    st.fixed_dictionaries(
        {
            "sessionId": st.from_regex(r"[!-~]{1,20}", fullmatch=True),
            "phoneNumber": st.sampled_from(["+22370000001", "+22370000099", "+33612345678"]),
            "text": st.text(max_size=120)
            | st.lists(st.sampled_from("0123456789#*"), max_size=30).map("*".join),
        }
    )
)
def test_any_text_gets_a_screen(fuzzed: Gateway, told: dict[str, str]) -> None:
    told["text"] = told["text"].encode("utf-8", "ignore").decode().replace("\0", "")
    answer = fuzzed.post(**told)
    assert answer.status_code == 200
    assert answer.text.startswith(("CON ", "END "))
    assert "edge.failed" not in answer.headers["at-ussd-hop-metadata"]
