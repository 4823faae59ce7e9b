"""The form's reader says what the standard library's says, whatever is escaped and how."""

from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.forms import BadForm, fields_of


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param(b"%2B223", "+223", id="a plus sign, escaped"),
        pytest.param(b"+223", " 223", id="a plus sign that nobody escaped"),
        pytest.param(b"1%2A98%2a0%23", "1*98*0#", id="large and small letters"),
        pytest.param(b"%252B", "%2B", id="escaped twice: read once"),
        pytest.param(b"%%2A", "%*", id="behind a lonely percent sign"),
        pytest.param(b"%2%2A5", "%2*5", id="behind half an escape"),
        pytest.param(b"%26%3D%25", "&=%", id="signs that part fields"),
        pytest.param(b"a=b=c", "a=b=c", id="equals signs"),
        pytest.param("²߁%DF%81".encode(), "²߁߁", id="digits of other scripts"),
    ],
)
def test_a_field_is_read(sent: bytes, read: str) -> None:
    assert fields_of(b"text=" + sent) == {"text": read}


def test_escapes_are_read_in_names_too() -> None:
    assert fields_of(b"%74ext=1&b%2B%20=2") == {"text": "1", "b+ ": "2"}


@given(st.lists(st.sampled_from(["%", "2", "B", "A", "a", "3", "%2B", "%2A", "%23", "%25", "+", "*", "1"])))
def test_any_mixture_is_read_as_the_standard_library_reads_it(parts: list[str]) -> None:
    sent = "".join(parts)
    try:
        expected = unquote_plus(sent, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(BadForm):
            fields_of(f"text={sent}".encode())
    else:
        assert fields_of(f"text={sent}".encode()) == {"text": expected}
