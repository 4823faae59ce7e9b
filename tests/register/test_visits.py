"""Visit codes at a facility, the acts noted under them, and what is counted of it by day and month."""

from contextlib import nullcontext
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from models import acts, staff, verifications, visit_answers, visit_codes
from models.acts import AlreadyRecorded
from models.phones import phone_index
from models.visit_answers import HAD_TO_PAY, TREATED_FREE, WAS_NOT_THERE
from models.visit_codes import CANCELLED, BoundElsewhere, CodeTaken, HasCode
from tests.register.conftest import ASKER, NOW, PHONE, TODAY

HOUR, SECOND, DAY = timedelta(hours=1), timedelta(seconds=1), timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0, minute=0)
CODE, OTHER_CODE = "123455", "123463"


def issue(register, person, facility=None, code=CODE, now=NOW, **more):
    right = register.right(person)
    with register.database.begin() as conn:
        visit_codes.issue(conn, code, person, right, now, 24, facility, **more)


def at(register, facility, code=CODE, now=NOW):
    return visit_codes.at_facility(register.reader, code, facility, now)


def bind(register, visit, facility, now=NOW):
    with register.database.begin() as conn:
        visit_codes.bind(conn, visit.visit_id, facility, now)


def cancel(register, visit, now=NOW):
    with register.database.begin() as conn:
        return visit_codes.cancel(conn, visit.visit_id, now)


@pytest.fixture
def here(register):
    return register.facility()


@pytest.fixture
def elsewhere(register):
    return register.facility(name="Diago")


@pytest.fixture
def nurse(register, here):
    with register.database.begin() as conn:
        return staff.add(conn, register.keys, PHONE, here, staff.STAFF, NOW)


@pytest.fixture
def visit(register, here):
    issue(register, register.person(), here)
    return at(register, here)


@pytest.fixture
def note(register, here, nurse):
    """Notes one act of a visit."""

    def one(visit, act="CON", nth=1, now=NOW, amount=None):
        with register.database.begin() as conn:
            acts.record(conn, visit.visit_id, here, act, nth, amount, nurse, now)

    return one


def test_a_code_belongs_to_the_facility_that_was_given_it(register, here, elsewhere):
    person = register.person()
    issue(register, person, here, provisional=True, channel="SMS")
    visit = at(register, here)
    assert (visit.person_id, visit.facility_id, visit.provisional) == (person, here, True)
    assert visit_codes.is_open(visit, NOW)
    assert at(register, elsewhere) is None
    assert at(register, here, OTHER_CODE) is None


@pytest.mark.parametrize(
    ("later", "good"),
    [
        pytest.param(24 * HOUR - SECOND, True, id="within a day"),
        pytest.param(24 * HOUR, False, id="after it"),
    ],
)
def test_a_code_is_good_for_a_day(register, here, later, good):
    issue(register, register.person(), here)
    visit = at(register, here, now=NOW + later)
    assert visit_codes.is_open(visit, NOW + later) is good, (
        "an expired code is found still, and said to be so"
    )
    assert visit_codes.is_free(register.reader, CODE, NOW + later, here) is not good


def test_two_facilities_may_have_the_same_code(register, here, elsewhere):
    one, other = register.person(), register.person()
    issue(register, one, here)
    issue(register, other, elsewhere)
    assert (at(register, here).person_id, at(register, elsewhere).person_id) == (one, other)


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        pytest.param("here", "here", True, id="twice at one facility"),
        pytest.param("here", None, True, id="a code for anywhere that one facility has"),
        pytest.param(None, "here", True, id="a code of a facility that is good anywhere"),
        pytest.param(None, None, True, id="twice for anywhere"),
        pytest.param("here", "elsewhere", False, id="at two facilities"),
    ],
)
def test_at_a_facility_a_code_leads_to_one_person(register, here, elsewhere, first, second, refused):
    place = {"here": here, "elsewhere": elsewhere, None: None}
    issue(register, register.person(), place[first])
    assert visit_codes.is_free(register.reader, CODE, NOW, place[second]) is not refused
    with pytest.raises(CodeTaken) if refused else nullcontext():
        issue(register, register.person(), place[second])


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        pytest.param("here", "here", True, id="one at a facility"),
        pytest.param(None, "here", True, id="her own from a call serves the facility"),
        pytest.param(None, None, True, id="one of her own"),
        pytest.param("here", None, False, id="a facility's serves nobody else"),
        pytest.param("here", "elsewhere", False, id="another centre the same day"),
    ],
)
def test_a_person_has_one_code_where_she_is(register, here, elsewhere, first, second, refused):
    place, person = {"here": here, "elsewhere": elsewhere, None: None}, register.person()
    issue(register, person, place[first])
    found = visit_codes.open_for(register.reader, person, place[second], NOW)
    assert (found is not None) is refused
    with pytest.raises(HasCode) if refused else nullcontext():
        issue(register, person, place[second], OTHER_CODE)


def test_a_code_of_her_own_belongs_to_the_first_centre_that_uses_it(register, here, elsewhere):
    person = register.person()
    issue(register, person)
    visit = at(register, here)
    assert visit == at(register, elsewhere)
    assert visit.facility_id is None
    for _ in range(2):
        bind(register, visit, here)
    assert at(register, here).facility_id == here
    assert at(register, elsewhere) is None
    with pytest.raises(BoundElsewhere):
        bind(register, visit, elsewhere)


def test_a_code_is_cancelled_once_and_is_free_again(register, here):
    person = register.person()
    issue(register, person, here)
    visit = at(register, here)
    assert [cancel(register, visit), cancel(register, visit)] == [True, False]
    assert at(register, here).state == CANCELLED
    assert not visit_codes.is_open(at(register, here), NOW)
    assert visit_codes.open_for(register.reader, person, here, NOW) is None
    issue(register, register.person(), here)
    assert visit_codes.is_open(at(register, here), NOW), "the open one comes before the cancelled one"


def test_a_cancelled_code_of_her_own_is_bound_nowhere(register, here):
    issue(register, register.person())
    visit = at(register, here)
    cancel(register, visit)
    with pytest.raises(BoundElsewhere):
        bind(register, visit, here)


@pytest.mark.parametrize(
    ("seen_at", "seen"),
    [
        pytest.param(MIDNIGHT - SECOND, False, id="the day before"),
        pytest.param(MIDNIGHT, True, id="the first moment"),
        pytest.param(MIDNIGHT + DAY - SECOND, True, id="the last"),
        pytest.param(MIDNIGHT + DAY, False, id="the day after"),
    ],
)
def test_who_was_seen_elsewhere_today_is_told(register, here, elsewhere, seen_at, seen):
    person = register.person()
    issue(register, person, elsewhere, now=seen_at)
    found = visit_codes.seen_today(register.reader, person, TODAY, here)
    assert (found and (found.at, found.facility_name)) == ((seen_at, "Diago") if seen else None)
    assert visit_codes.seen_today(register.reader, person, TODAY, elsewhere) is None


def test_a_code_of_her_own_is_seen_when_a_centre_uses_it(register, here, elsewhere):
    person = register.person()
    issue(register, person, now=NOW - 20 * HOUR)
    assert visit_codes.seen_today(register.reader, person, TODAY, here) is None
    bind(register, at(register, elsewhere), elsewhere)
    assert visit_codes.seen_today(register.reader, person, TODAY, here).at == NOW


def test_a_code_shown_by_another_is_no_visit(register, here, elsewhere):
    person = register.person()
    issue(register, person, elsewhere)
    cancel(register, at(register, elsewhere))
    assert visit_codes.seen_today(register.reader, person, TODAY, here) is None


def test_an_act_is_noted_once(register, visit, note):
    note(visit, amount=1500)
    with pytest.raises(AlreadyRecorded) as met:
        note(visit, now=NOW + HOUR)
    assert met.value.at == NOW == acts.last(register.reader, visit.visit_id, "CON", 1)
    assert acts.last(register.reader, visit.visit_id, "CON", 2) is None
    note(visit, nth=2, now=NOW + HOUR)
    note(visit, act="PAL", now=NOW + HOUR)
    assert acts.standing_on(register.reader, visit.visit_id, TODAY) == ("CON", "CON", "PAL")


def test_an_act_is_noted_once_however_many_ask_at_the_same_time(register, visit, note):
    barrier, refused = Barrier(10), []

    def one():
        barrier.wait()
        try:
            note(visit)
        except AlreadyRecorded as already:
            refused.append(already.at)

    threads = [Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [NOW] * 9
    with register.database.begin(reading=True) as conn:
        assert conn.execute(select(func.count()).select_from(acts.acts)).scalar_one() == 1


@pytest.mark.parametrize(
    ("act", "undone", "left"),
    [
        pytest.param(None, 2, (), id="all"),
        pytest.param("CON", 1, ("PAL",), id="one"),
        pytest.param("CES", 0, ("CON", "PAL"), id="one that is not there"),
    ],
)
def test_what_was_noted_today_is_undone(register, visit, note, act, undone, left):
    note(visit)
    note(visit, act="PAL")
    with register.database.begin() as conn:
        assert acts.undo(conn, visit.visit_id, act, NOW + HOUR) == undone
        assert acts.undo(conn, visit.visit_id, act, NOW + HOUR) == 0
    assert acts.standing_on(register.reader, visit.visit_id, TODAY) == left
    assert acts.any_of(register.reader, visit.visit_id) is bool(left)
    if act == "CON":
        note(visit, now=NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("asked_at", "undone"),
    [
        pytest.param(MIDNIGHT + DAY - SECOND, 1, id="before midnight"),
        pytest.param(MIDNIGHT + DAY, 0, id="at midnight"),
    ],
)
def test_midnight_ends_the_undoing(register, visit, note, asked_at, undone):
    note(visit)
    with register.database.begin() as conn:
        assert acts.undo(conn, visit.visit_id, None, asked_at) == undone


def verify(register, facility, nurse, verdict, now=NOW):
    with register.database.begin() as conn:
        verifications.note(
            conn,
            facility_id=facility,
            staff_id=nurse,
            verdict=verdict,
            scheme="RAMED",
            person_id=None,
            now=now,
        )


def test_the_day_sheet_counts_one_facility_and_one_day(register, here, elsewhere, nurse, note):
    for verdict in ("VALIDE", "VALIDE", "EXPIRE", "INCONNU"):
        verify(register, here, nurse, verdict)
    verify(register, elsewhere, nurse, "VALIDE")
    verify(register, here, nurse, "VALIDE", now=MIDNIGHT - SECOND)
    verify(register, here, nurse, "VALIDE", now=MIDNIGHT + DAY)
    for code in ("123455", "123463", "123471", "123489"):
        issue(register, register.person(), here, code)
    signed, undone, cancelled = (at(register, here, code) for code in ("123455", "123463", "123489"))
    for act in ("CON", "PAL"):
        note(signed, act)
    note(undone, now=MIDNIGHT + DAY - SECOND)
    with register.database.begin() as conn:
        acts.undo(conn, undone.visit_id, None, MIDNIGHT + DAY - SECOND)
    note(undone, now=MIDNIGHT + DAY)
    with register.database.begin() as conn:
        acts.undo(conn, undone.visit_id, None, MIDNIGHT + DAY)
    cancel(register, cancelled)
    sheet = acts.sheet(register.reader, here, TODAY)
    assert (sheet.verified, sheet.ok, sheet.refused) == (4, 2, 2)
    assert (sheet.acts, sheet.acts_total) == ({"CON": 1, "PAL": 1}, 2)
    assert sheet.unsigned == ("123463", "123471")
    assert acts.count_on(register.reader, here, TODAY) == 2
    assert acts.sheet(register.reader, elsewhere, TODAY) == acts.Sheet(1, 1, 0, {}, ())


def test_a_month_is_the_calendars(register, here, nurse):
    for day, hour in ((1, 0), (31, 23)):
        verify(register, here, nurse, "VALIDE", now=NOW.replace(day=day, hour=hour))
    verify(register, here, nurse, "VALIDE", now=NOW.replace(month=2, day=28, hour=23, minute=59))
    verify(register, here, nurse, "VALIDE", now=NOW.replace(month=4, day=1, hour=0, minute=0))
    assert acts.month(register.reader, here, date(2026, 3, 1)).verified == 2
    assert acts.month(register.reader, here, TODAY).verified == 2
    december = NOW.replace(month=12, day=31, hour=23)
    verify(register, here, nurse, "EXPIRE", now=december)
    assert acts.month(register.reader, here, december.date()).refused == 1


def ask(register, visit, phone=PHONE, when=NOW):
    with register.database.begin() as conn:
        visit_answers.ask(conn, register.keys, visit.visit_id, phone, when)


def asked(register, phone=PHONE, now=NOW):
    return visit_answers.asked(register.reader, register.keys, phone, now)


@pytest.mark.parametrize(
    ("later", "open_still"),
    [
        pytest.param(-SECOND, False, id="before it is sent"),
        pytest.param(0 * HOUR, True, id="at once"),
        pytest.param(24 * HOUR - SECOND, True, id="within a day"),
        pytest.param(24 * HOUR, False, id="after it"),
    ],
)
def test_a_phone_can_answer_for_a_day(register, visit, later, open_still):
    ask(register, visit)
    assert asked(register, now=NOW + later) == ((visit.visit_id, NOW) if open_still else None)
    assert asked(register, ASKER, NOW + later) is None


def test_a_visit_is_asked_about_once_and_the_newest_is_answered(register, here, visit):
    issue(register, register.person(), here, OTHER_CODE)
    newer = at(register, here, OTHER_CODE)
    ask(register, visit)
    ask(register, visit, ASKER, NOW + HOUR)
    assert asked(register, ASKER, NOW + HOUR) is None, "the first question stands"
    ask(register, newer, when=NOW + HOUR)
    assert asked(register, now=NOW + HOUR) == (newer.visit_id, NOW + HOUR)
    with register.database.begin() as conn:
        visit_answers.answered(conn, newer.visit_id, TREATED_FREE, NOW + HOUR)
    assert asked(register, now=NOW + HOUR) == (visit.visit_id, NOW)


def test_a_visit_is_not_asked_about_any_more_and_may_be_again(register, here, visit):
    issue(register, register.person(), here, OTHER_CODE)
    other = at(register, here, OTHER_CODE)
    ask(register, visit)
    ask(register, other, ASKER)
    with register.database.begin() as conn:
        taken = [visit_answers.unask(conn, visit.visit_id) for _ in range(2)]
    assert taken == [(phone_index(register.keys, PHONE), NOW), None]
    assert asked(register) is None
    assert asked(register, ASKER) == (other.visit_id, NOW)
    ask(register, visit, when=NOW + HOUR)
    assert asked(register, now=NOW + HOUR) == (visit.visit_id, NOW + HOUR)


@pytest.mark.parametrize("answer", [TREATED_FREE, HAD_TO_PAY, WAS_NOT_THERE])
def test_the_first_answer_of_a_holder_stands(register, visit, answer):
    with register.database.begin() as conn:
        kept = [visit_answers.answered(conn, visit.visit_id, digit, NOW) for digit in (answer, TREATED_FREE)]
        stored = conn.execute(select(visit_answers.visit_answers.c.answer)).scalar_one()
    assert (kept, stored) == ([True, False], answer)


@pytest.mark.parametrize("answer", [0, 4])
def test_there_are_three_answers(register, visit, answer):
    with register.database.begin() as conn, pytest.raises(ValueError, match="three answers"):
        visit_answers.answered(conn, visit.visit_id, answer, NOW)
