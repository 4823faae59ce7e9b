"""The session record: small, readable by tomorrow's code, refused when it is not ours."""

import pytest

from flows.session import MOST_STEPS_BACK, Place, Session, UnknownRecord

OLD_RECORD = (
    b'{"v":1,"at":["rights.person",{"person":12},0],"back":[["home.home",{},0],["rights.number",{},0]],'
    b'"lang":"bm","set":"GSM7","phone":7,"own":[3],"hop":2,"bad":1,"seen":[15,"00ff00ff00ff00ff"],"t":1798000000,'
    b'"aide":false}'
)
"""A record as version 1 wrote it: it must be readable for ever."""

RECORD = (
    b'[2,["rights.person",{"person":12},0],[["home.home",{},0],["rights.number",{},0]],'
    b'"bm","GSM7",7,[3],2,1,[15,"00ff00ff00ff00ff"],1798000000,false]'
)
"""The same one as version 2 writes it."""


@pytest.mark.parametrize(
    "record", [pytest.param(OLD_RECORD, id="version 1"), pytest.param(RECORD, id="version 2")]
)
def test_a_record_written_long_ago_is_continued(record: bytes) -> None:
    session = Session.decode(record)
    assert session.place == Place("rights.person", {"person": 12})
    assert session.back == (Place("home.home"), Place("rights.number"))
    assert session[2:] == ("bm", "GSM7", 7, (3,), 2, 1, (15, "00ff00ff00ff00ff"), 1798000000, False)
    assert session.encode() == RECORD


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"v":99}', id="a version of the future, an object"),
        pytest.param(RECORD.replace(b"[2,", b"[3,"), id="the next version"),
        pytest.param(b'{"v":1}', id="fields missing"),
        pytest.param(RECORD.replace(b",false]", b"]"), id="a field missing"),
        pytest.param(RECORD.replace(b",false]", b",false,1]"), id="a field too many"),
        pytest.param(
            OLD_RECORD.replace(b'["rights.person",{"person":12},0]', b'"home"'), id="a place of another shape"
        ),
        pytest.param(OLD_RECORD.replace(b"{}", b"3"), id="arguments of another shape"),
        pytest.param(RECORD.replace(b"{}", b"3"), id="arguments of another shape, version 2"),
        pytest.param(RECORD.replace(b'[15,"00ff00ff00ff00ff"]', b"15"), id="what was seen of another shape"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
    ],
)
def test_what_is_no_record_is_refused(record: bytes) -> None:
    with pytest.raises(UnknownRecord):
        Session.decode(record)


def test_the_longest_record_stays_below_one_kilobyte() -> None:
    place = Place("advice.work", {"relation": "ENFANT", "age": 14, "eleve": True, "handicap_total": False})
    session = Session(
        place, (place,) * MOST_STEPS_BACK, "bm", "UCS2", 2**40, (2**40, 2**41), 40, 2, (900, "f" * 16)
    )
    assert len(session.encode()) < 1024
    assert Session.decode(session.encode()) == session
