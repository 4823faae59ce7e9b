"""Phones of staff: how a tie begins, who may end it, and when it ends by itself; activation codes."""

from contextlib import nullcontext
from datetime import timedelta
from itertools import islice
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from models import facilities, staff
from models.facilities import activation_codes_from, by_activation_code
from models.identifiers import check_digit_ok
from models.staff import ACTIVE, CHIEF, FLAGGED, PENDING, STAFF, AlreadyTied, staff_phones
from tests.register.conftest import ASKER, NOW, PHONE

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def ask(register, facility, phone=PHONE, now=NOW):
    with register.database.begin() as conn:
        return staff.request(conn, register.keys, phone, facility, now)


def settle(register, staff_id, accepted=True, now=NOW):
    with register.database.begin() as conn:
        return staff.settle(conn, staff_id, accepted, now)


def add(register, facility, phone=PHONE, role=STAFF, now=NOW):
    with register.database.begin() as conn:
        return staff.add(conn, register.keys, phone, facility, role, now)


def flag(register, phone=PHONE):
    with register.database.begin() as conn:
        return staff.flag(conn, register.keys, phone, NOW)


def remove(register, facility, phone=PHONE):
    with register.database.begin() as conn:
        return staff.remove(conn, register.keys, phone, facility, NOW)


def tie(register, phone=PHONE, now=NOW):
    return staff.of_phone(register.reader, register.keys, phone, now)


def states(register):
    with register.database.begin(reading=True) as conn:
        return list(conn.execute(select(staff_phones.c.state).order_by(staff_phones.c.id)).scalars())


def test_a_phone_of_nobody(register):
    assert tie(register) is None
    assert staff.chief(register.reader, register.keys, register.facility()) is None


@pytest.mark.parametrize(
    ("accepted", "state"), [pytest.param(True, ACTIVE, id="yes"), pytest.param(False, None, id="no")]
)
def test_a_request_is_worth_nothing_until_the_chief_answers(register, accepted, state):
    asked = ask(register, register.facility())
    waiting = tie(register)
    assert (waiting.staff_id, waiting.state, waiting.active) == (asked, PENDING, False)
    assert settle(register, asked, accepted)
    settled = tie(register)
    assert (settled.state if settled else None) == state
    assert settled is None or (
        settled.active and not settled.is_chief and settled.facility.name == "Kati Koko"
    )


def test_a_request_is_answered_once(register):
    asked = ask(register, register.facility())
    assert [settle(register, asked, accepted) for accepted in (False, True)] == [True, False]
    assert tie(register) is None


def test_asking_again_takes_the_place_of_the_request_before(register):
    first = ask(register, register.facility())
    second = ask(register, register.facility(name="Diago"))
    assert not settle(register, first), "the first facility's chief answers too late"
    assert settle(register, second)
    assert tie(register).facility.name == "Diago"


def test_who_is_active_does_not_ask(register):
    """Or a forged sender with any facility's code could take a nurse's phone out of work."""
    here, elsewhere = register.facility(), register.facility(name="Diago")
    add(register, here)
    for place in (here, elsewhere):
        with pytest.raises(AlreadyTied):
            ask(register, place)
    assert tie(register).active


@pytest.mark.parametrize(
    ("later", "active"),
    [pytest.param(90 * DAY, True, id="ninety days"), pytest.param(90 * DAY + SECOND, False, id="longer")],
)
@pytest.mark.parametrize("used", [False, True], ids=["never used", "used"])
def test_a_phone_that_is_not_used_falls_idle(register, later, active, used):
    facility, since = register.facility(), NOW
    staff_id = add(register, facility)
    if used:
        since = NOW + 30 * DAY
        with register.database.begin() as conn:
            staff.used(conn, staff_id, since)
    found = tie(register, now=since + later)
    assert (found.active, found.idle) == (active, not active)
    with nullcontext() if not active else pytest.raises(AlreadyTied):
        ask(register, facility, now=since + later)
    assert states(register) == ([ACTIVE] if active else ["REMOVED", PENDING])


def test_a_flagged_phone_is_enrolled_anew(register):
    facility = register.facility()
    add(register, facility)
    assert [flag(register), flag(register)] == [True, False]
    assert (tie(register).state, tie(register).active) == (FLAGGED, False)
    assert settle(register, ask(register, facility))
    assert tie(register).active


def test_a_chief_is_reached_and_a_flagged_one_is_not(register):
    facility = register.facility()
    add(register, facility, ASKER, CHIEF)
    add(register, facility, PHONE)
    assert staff.chief(register.reader, register.keys, facility) == ASKER
    assert tie(register, ASKER).is_chief
    flag(register, ASKER)
    assert staff.chief(register.reader, register.keys, facility) is None
    assert not tie(register, ASKER).is_chief


def test_a_phone_is_removed_by_its_own_facility_only(register):
    here, elsewhere = register.facility(), register.facility(name="Diago")
    add(register, here)
    assert [remove(register, elsewhere), remove(register, here), remove(register, here)] == [
        False,
        True,
        False,
    ]
    assert tie(register) is None


def test_a_phone_is_not_added_away_from_another_facility(register):
    here, elsewhere = register.facility(), register.facility(name="Diago")
    add(register, here)
    with pytest.raises(AlreadyTied):
        add(register, elsewhere)
    add(register, here, role=CHIEF)
    assert tie(register).is_chief, "the same facility may give another role"
    remove(register, here)
    add(register, elsewhere)
    assert tie(register).facility.name == "Diago"


def test_everybody_is_listed_by_facility(register):
    here, elsewhere = register.facility(), register.facility(name="Diago")
    add(register, here)
    add(register, elsewhere, ASKER, CHIEF)
    with register.database.begin(reading=True) as conn:
        all_of_them = staff.everybody(conn, register.keys, NOW)
        some = staff.everybody(conn, register.keys, NOW, here)
    assert [(one.phone, one.staff.role) for one in all_of_them] == [(ASKER, CHIEF), (PHONE, STAFF)]
    assert [one.phone for one in some] == [PHONE]


def test_a_phone_has_one_tie_however_many_ask_at_the_same_time(register):
    places = [register.facility(name=f"Centre {number}") for number in range(10)]
    barrier = Barrier(len(places))

    def one(facility):
        barrier.wait()
        ask(register, facility)

    threads = [Thread(target=one, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states(register)) == [PENDING, *["REMOVED"] * 9]


def test_the_number_is_sealed(register):
    add(register, register.facility())
    with register.database.begin(reading=True) as conn:
        row = conn.execute(select(staff_phones)).one()
        assert conn.execute(select(func.count()).select_from(staff_phones)).scalar_one() == 1
    assert b"70009902" not in row.phone_sealed + row.phone_index
    assert register.keys.unseal(row.phone_sealed, "phone") == PHONE.e164


def test_activation_codes_are_six_digits_with_their_check_digit():
    codes = list(islice(activation_codes_from(b"a draw"), 500))
    assert all(len(code) == 6 and code[0] != "0" and check_digit_ok(code) for code in codes)
    assert codes == list(islice(activation_codes_from(b"a draw"), 500))
    assert codes[:5] != list(islice(activation_codes_from(b"another"), 5))


def test_a_facility_is_found_by_its_code_and_by_no_other(register):
    codes = activation_codes_from(b"a draw")
    mine, free = next(codes), next(codes)
    facility = register.facility(code=mine)
    register.facility(name="Without a code")

    def found(code):
        place = by_activation_code(register.reader, register.keys, code)
        return place and place.facility_id

    assert found(mine) == facility
    slips = [mine[:5] + digit for digit in "0123456789" if digit != mine[5]]
    assert [found(code) for code in (free, *slips, "", mine[:5], mine + "0", "١٢٣٤٥٦")] == [None] * 14
    assert facilities.activation_code(register.reader, register.keys, facility) == mine
    with register.database.begin() as conn:
        facilities.set_activation_code(conn, register.keys, facility, free)
    assert [found(mine), found(free)] == [None, facility]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        pytest.param("koko", ["Kati Koko"], id="a part"),
        pytest.param("KÀTI", ["Kati Koko", "Kati Sananfara"], id="several, case and accents"),
        pytest.param("nowhere", [], id="none"),
        pytest.param("999999", [], id="no such id"),
        pytest.param("9" * 30, [], id="no id at all"),
    ],
)
def test_a_facility_is_named_by_enough_of_its_name(register, words, names):
    first = register.facility()
    register.facility(name="Kati Sananfara")
    with register.database.begin(reading=True) as conn:
        assert [one.name for one in facilities.named(conn, words)] == names
        assert [one.name for one in facilities.named(conn, str(first))] == ["Kati Koko"]
