"""What people's own words leave: the thread of a phone, complaints, incidents; and that an erasure takes them along."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import complaints, erasures, incidents, threads
from tests.register.conftest import ASKER, NOW, PHONE, TODAY

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def keep(register, record, phone=PHONE, now=NOW):
    with register.database.begin() as conn:
        threads.keep(conn, register.keys, phone, record, now)


def load(register, phone=PHONE, now=NOW):
    return threads.load(register.reader, register.keys, phone, now)


@pytest.mark.parametrize(
    ("later", "remembered"),
    [
        pytest.param(24 * HOUR - SECOND, True, id="within a day"),
        pytest.param(24 * HOUR, False, id="after it"),
    ],
)
def test_a_thread_is_remembered_for_a_day(register, later, remembered):
    keep(register, '{"asked": "act"}')
    assert load(register, now=NOW + later) == ('{"asked": "act"}' if remembered else None)
    assert load(register, ASKER, NOW + later) is None


def test_a_thread_takes_the_place_of_the_one_before(register):
    keep(register, "first")
    keep(register, "second", now=NOW + HOUR)
    keep(register, "other", ASKER)
    assert (load(register), load(register, ASKER)) == ("second", "other")
    with register.database.begin() as conn:
        rows = conn.execute(select(threads.threads)).all()
        assert not any(b"second" in row.record_sealed for row in rows)
        assert [threads.forget_before(conn, moment) for moment in (NOW, NOW + SECOND)] == [0, 1]
    assert load(register) == "second"


def complain(register, phone=PHONE, reference="654321", text="On m'a fait payer"):
    with register.database.begin() as conn:
        complaints.file(
            conn, register.keys, reference=reference, phone=phone, text=text, facility_id=None, now=NOW
        )


def test_a_complaint_is_followed_by_who_made_it_alone(register):
    complain(register)
    complain(register, ASKER, reference="111111")

    def state(reference, phone):
        return complaints.state(register.reader, register.keys, reference, phone)

    assert state("654321", PHONE) == complaints.Standing(complaints.OPEN, TODAY)
    assert [state("654321", ASKER), state("000000", PHONE)] == [None, None]
    with register.database.begin(reading=True) as conn:
        row = conn.execute(select(complaints.complaints).order_by(complaints.complaints.c.id)).first()
    assert b"payer" not in row.text_sealed
    assert register.keys.unseal(row.text_sealed, complaints.COMPLAINT) == "On m'a fait payer"


def test_an_incident_is_noted(register):
    facility = register.facility()
    with register.database.begin() as conn:
        incidents.open_incident(
            conn,
            kind=incidents.NOT_HOLDER,
            reference="713482",
            visit_id=None,
            facility_id=facility,
            now=NOW,
        )
        row = conn.execute(select(incidents.incidents)).one()
    assert (row.kind, row.reference, row.created_at) == ("NOT_HOLDER", "713482", NOW)


def test_an_erasure_takes_the_words_of_one_phone_along(register):
    for phone in (PHONE, ASKER):
        keep(register, "asked", phone)
        complain(register, phone)
    with register.database.begin() as conn:
        erasures.request(conn, register.keys, reference="654321", phone=PHONE, now=NOW)
    ((erasure, _),) = erasures.waiting(register.reader)
    with register.database.begin() as conn:
        assert erasures.carry_out(conn, register.keys, erasure, NOW) == PHONE
        for table in (threads.threads, complaints.complaints):
            assert conn.execute(select(func.count()).select_from(table)).scalar_one() == 1
    assert (load(register), load(register, ASKER)) == (None, "asked")
