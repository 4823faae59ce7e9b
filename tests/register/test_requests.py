"""What conversations leave: consents, call-backs, visit codes, messages, promises, erasures, the funnel."""

from contextlib import nullcontext
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import func, insert, select
from stdnum import luhn

from models import (
    applied,
    callbacks,
    consent,
    erasures,
    funnel,
    lookups,
    messages,
    owed_answers,
    phones,
    visit_codes,
)
from models.consent import consents
from models.facilities import cercle_of, facilities, facility, near
from tests.register.conftest import ASKER, NOW, PHONE, TODAY

HOUR = timedelta(hours=1)


def count_of(register, table):
    with register.database.begin(reading=True) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_newest_consent_of_a_topic_holds_and_all_are_kept(register):
    with register.database.begin() as conn:
        phone = phones.note(conn, register.keys, PHONE, NOW)
        other = phones.note(conn, register.keys, ASKER, NOW)
        for topic, given in (("DOSSIER", True), ("RAPPELS", True), ("RAPPELS", False)):
            consent.record(conn, phone, topic, given, "2026-11", "USSD", NOW)
    assert consent.state(register.reader, phone) == {"DOSSIER": True, "RAPPELS": False}
    assert consent.state(register.reader, other) == {}
    assert count_of(register, consents) == 3


def call_back(register, reference="123456", now=NOW, **more):
    with register.database.begin() as conn:
        callbacks.request(
            conn,
            register.keys,
            reference=reference,
            phone=PHONE,
            language="fr",
            slot="MATIN",
            reason="AIDE",
            now=now,
            **more,
        )


@pytest.mark.parametrize(
    ("later", "open_still"),
    [
        pytest.param(timedelta(), True, id="at once"),
        pytest.param(48 * HOUR - timedelta(seconds=1), True, id="just before 48 hours"),
        pytest.param(48 * HOUR, False, id="after 48 hours"),
    ],
)
def test_one_call_back_is_open_for_a_while(register, later, open_still):
    call_back(register, name="Awa Traoré", commune_code="ML-C02040101")
    found = callbacks.open_request(register.reader, register.keys, PHONE, NOW + later)
    assert found == (callbacks.OpenCallback("123456", TODAY) if open_still else None)
    assert callbacks.open_request(register.reader, register.keys, ASKER, NOW + later) is None


def test_a_call_back_that_was_made_is_not_open(register):
    call_back(register)
    with register.database.begin() as conn:
        conn.execute(callbacks.callbacks.update().values(state=callbacks.DONE))
    assert callbacks.open_request(register.reader, register.keys, PHONE, NOW) is None


def test_the_length_of_a_call_back_can_be_given(register):
    call_back(register)
    assert callbacks.open_request(register.reader, register.keys, PHONE, NOW + HOUR, hours=1) is None
    assert callbacks.open_request(register.reader, register.keys, PHONE, NOW + HOUR, hours=2)


def test_two_requests_may_have_the_same_reference(register):
    call_back(register)
    call_back(register, now=NOW + 48 * HOUR)
    assert count_of(register, callbacks.callbacks) == 2


def test_a_second_request_while_one_is_open_is_refused(register):
    call_back(register)
    with pytest.raises(callbacks.AlreadyOpen):
        call_back(register, now=NOW + 48 * HOUR - timedelta(seconds=1), reference="654321")
    assert count_of(register, callbacks.callbacks) == 1


def test_candidates_for_codes_are_six_digits_with_their_check_digit():
    codes = list(islice(visit_codes.codes_from(b"a hop"), 500))
    assert all(len(code) == 6 and code[0] != "0" and luhn.is_valid(code) for code in codes)
    assert len(set(codes)) > 450
    assert codes == list(islice(visit_codes.codes_from(b"a hop"), 500))
    assert codes[:5] != list(islice(visit_codes.codes_from(b"another"), 5))


@pytest.mark.parametrize(
    ("later", "good"),
    [
        pytest.param(24 * HOUR - timedelta(seconds=1), True, id="within its hours"),
        pytest.param(24 * HOUR, False, id="after its hours"),
    ],
)
def test_a_code_is_good_for_its_hours_and_nobody_elses_meanwhile(register, later, good):
    person = register.person()
    right = register.right(person)
    with register.database.begin() as conn:
        assert visit_codes.issue(conn, "123455", person, right, NOW, 24) == NOW + 24 * HOUR
    moment = NOW + later
    assert visit_codes.open_code(register.reader, person, moment) == ("123455" if good else None)
    assert visit_codes.is_free(register.reader, "123455", moment) is not good
    assert visit_codes.is_free(register.reader, "123463", moment)


def test_a_code_taken_since_it_was_found_free_is_refused(register):
    one, other = register.person(), register.person()
    right = register.right(one)
    with register.database.begin() as conn:
        visit_codes.issue(conn, "123455", one, right, NOW, 24)
        with pytest.raises(visit_codes.CodeTaken):
            visit_codes.issue(conn, "123455", other, right, NOW, 24)


@pytest.mark.parametrize(
    ("later", "refused"),
    [
        pytest.param(24 * HOUR - timedelta(seconds=1), True, id="while the first is good"),
        pytest.param(24 * HOUR, False, id="after it"),
    ],
)
def test_a_person_has_one_code_at_a_time(register, later, refused):
    person = register.person()
    right = register.right(person)
    with register.database.begin() as conn:
        visit_codes.issue(conn, "123455", person, right, NOW, 24)
        with pytest.raises(visit_codes.HasCode) if refused else nullcontext():
            visit_codes.issue(conn, "123463", person, right, NOW + later, 24)
    assert count_of(register, visit_codes.visit_codes) == (1 if refused else 2)


@pytest.mark.parametrize(
    ("missed", "refused"), [pytest.param(4, False, id="the last one"), pytest.param(5, True, id="one more")]
)
def test_a_try_counts_until_there_are_too_many(register, missed, refused):
    since = NOW - timedelta(minutes=30)
    with register.database.begin() as conn:
        for _ in range(missed):
            lookups.record_try(conn, register.keys, PHONE, NOW, since=since, most=5)
        with pytest.raises(lookups.TooManyMisses) if refused else nullcontext():
            lookups.record_try(conn, register.keys, PHONE, NOW, since=since, most=5)
        lookups.record_try(conn, register.keys, ASKER, NOW, since=since, most=5)
    assert lookups.misses_since(register.reader, register.keys, PHONE, since) == 5


def test_a_message_is_owed_once_and_sealed(register):
    with register.database.begin() as conn:
        owed = [
            messages.owe(
                conn,
                register.keys,
                to=PHONE,
                text="AWA T***",
                kind="rights",
                lane="transactional",
                once=b"hop",
                now=NOW,
            )
            for _ in range(2)
        ]
        row = conn.execute(select(messages.messages)).one()
    assert owed == [True, False]
    assert (row.state, row.kind, row.lane, row.created_at) == ("PENDING", "rights", "transactional", NOW)
    assert register.keys.unseal(row.text_sealed, messages.TEXT) == "AWA T***"
    assert b"AWA" not in row.text_sealed


def test_a_hop_is_done_the_first_time_only(register):
    with register.database.begin() as conn:
        assert [applied.first_time(conn, once, NOW) for once in (b"1", b"1", b"2")] == [True, False, True]


def test_a_hop_that_was_undone_can_be_done_again(register):
    def fail():
        with register.database.begin() as conn:
            applied.first_time(conn, b"1", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with register.database.begin() as conn:
        assert applied.first_time(conn, b"1", NOW)


def test_a_promise_is_kept_once_and_then_forgotten(register):
    question = b'{"text": "1*2600100000017"}'
    with register.database.begin() as conn:
        made = [
            owed_answers.promise(
                conn, register.keys, once=b"hop", reference="123456", question=question, now=NOW
            )
            for _ in range(2)
        ]
    assert made == [True, False]
    (promise,) = owed_answers.waiting(register.reader, register.keys)
    assert (promise.question, promise.reference, promise.created_at) == (question, "123456", NOW)
    with register.database.begin() as conn:
        assert [owed_answers.answered(conn, promise.owed_id, NOW) for _ in range(2)] == [True, False]
        assert conn.execute(select(owed_answers.owed_answers.c.question_sealed)).scalar_one() is None
    assert owed_answers.waiting(register.reader, register.keys) == ()


def everything_stored(register):
    """A phone that stored all there is: language, number, link, agreement, refusal, call-back, message."""
    person = register.person()
    with register.database.begin() as conn:
        phone = phones.remember_language(conn, register.keys, PHONE, "bm", NOW)
        phones.link(conn, register.keys, PHONE, person, "ussd", NOW)
        consent.record(conn, phone, "DOSSIER", True, "2026-11", "USSD", NOW)
        messages.owe(conn, register.keys, to=PHONE, text="x", kind="x", lane="bulk", once=b"m", now=NOW)
        erasures.request(conn, register.keys, reference="654321", phone=PHONE, now=NOW)
    call_back(register)
    return phone


def erase(register):
    ((erasure, reference),) = erasures.waiting(register.reader)
    assert reference == "654321"
    with register.database.begin() as conn:
        return [erasures.carry_out(conn, register.keys, erasure, NOW) for _ in range(2)]


def test_erasing_leaves_nothing_and_tells_whom_to_confirm_to(register):
    everything_stored(register)
    assert erase(register) == [PHONE, None]
    for table in (phones.phones, phones.phone_links, consents, callbacks.callbacks, messages.messages):
        assert count_of(register, table) == 0, table.name
    assert erasures.waiting(register.reader) == []
    with register.database.begin() as conn:
        row = conn.execute(select(erasures.erasures)).one()
    assert (row.phone_index, row.phone_sealed, row.done_at) == (None, None, NOW)


def test_erasing_keeps_the_refusal_of_messages_and_no_more(register):
    phone = everything_stored(register)
    with register.database.begin() as conn:
        consent.record(conn, phone, "CAMPAGNES", False, "2026-11", "USSD", NOW)
    erase(register)
    assert consent.state(register.reader, phone) == {"CAMPAGNES": False}
    with register.database.begin() as conn:
        row = conn.execute(select(phones.phones)).one()
    assert (row.phone_sealed, row.language, row.charset) == (None, None, "GSM7")


def test_erasing_a_phone_that_stored_nothing(register):
    with register.database.begin() as conn:
        erasures.request(conn, register.keys, reference="654321", phone=ASKER, now=NOW)
    assert erase(register) == [ASKER, None]


def test_hops_and_ends_are_counted_without_anybody(register):
    hop = {
        "at": NOW,
        "screen": "home.home",
        "language": "fr",
        "operator": "ORANGE",
        "ms": 12,
        "outcome": "CON",
    }
    end = {"at": NOW, "status": "Success", "screen": "", "operator": "ORANGE", "hops": 3, "ms": 20_000}
    with register.database.begin() as conn:
        funnel.insert_many(conn, [hop, hop])
        funnel.insert_many(conn, [])
        funnel.insert_ends(conn, [end])
    assert (count_of(register, funnel.hops), count_of(register, funnel.session_ends)) == (2, 1)


@pytest.fixture
def centres(register):
    rows = [
        ("HOPITAL", "Nord", "ML-C02040101"),
        ("CSREF", "Kati", "ML-C02040101"),
        ("CSCOM", "Koko", "ML-C02040101"),
        ("CSCOM", "Diago", "ML-C02040102"),
        ("CSCOM", "Sikasso", "ML-C03010109"),
        ("CSCOM", "Banconi", "ML090101"),
        ("CSCOM", "Badala", "ML090105"),
    ]
    with register.database.begin() as conn:
        for kind, name, commune in rows:
            values = {"kind": kind, "name": name, "commune_code": commune, "contracted": kind != "HOPITAL"}
            conn.execute(insert(facilities).values(**values, cercle_code=cercle_of(commune), hours="8h-16h"))
    return register


@pytest.mark.parametrize(
    ("commune", "names"),
    [
        pytest.param("ML-C02040101", ["Koko", "Kati", "Nord", "Diago"], id="commune, by level, then cercle"),
        pytest.param("ML-C02040102", ["Diago", "Koko", "Kati", "Nord"], id="a neighbour"),
        pytest.param("ML-C03010101", ["Sikasso"], id="only in the cercle"),
        pytest.param("ML090105", ["Badala", "Banconi"], id="the communes of Bamako"),
        pytest.param("ML-C06010102", [], id="nowhere near"),
    ],
)
def test_centres_near_a_commune(centres, commune, names):
    assert [centre.name for centre in near(centres.reader, commune)] == names


def test_one_centre(centres):
    found = near(centres.reader, "ML-C02040101")[2]
    again = facility(centres.reader, found.facility_id)
    assert (again, again.kind, again.contracted, again.hours) == (found, "HOPITAL", False, "8h-16h")
    with pytest.raises(LookupError):
        facility(centres.reader, 10**6)
