"""What ANAM looks at first: each sign on both sides of its limit, and the order by money."""

from datetime import timedelta

import pytest

from models import acts, control, incidents, staff, visit_answers, visit_codes
from models.control import LABELS, Sign
from tests.register.conftest import NOW, PHONE, TODAY

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0, minute=0)
NEXT_WEEK = NOW + 7 * DAY


class Centre:
    """A facility with one nurse, and a short way to let somebody be seen and treated there."""

    def __init__(self, register, **about):
        self.register = register
        self.facility = register.facility(**about)
        self.codes = visit_codes.codes_from(about.get("name", "").encode())
        with register.database.begin() as conn:
            if before := staff.of_phone(conn, register.keys, PHONE, NOW):
                staff.remove(conn, register.keys, PHONE, before.facility.facility_id, NOW)
            self.nurse = staff.add(conn, register.keys, PHONE, self.facility, staff.STAFF, NOW)

    def sees(self, person=None, now=NOW, scheme="RAMED"):
        person = person or self.register.person()
        right, code = self.register.right(person, scheme=scheme), next(self.codes)
        with self.register.database.begin() as conn:
            visit_codes.issue(conn, code, person, right, now, 24, self.facility)
        return visit_codes.at_facility(self.register.reader, code, self.facility, now).visit_id

    def notes(self, visit, act="CON", amount=None, now=NOW):
        with self.register.database.begin() as conn:
            acts.record(conn, visit, self.facility, act, 1, amount, self.nurse, now)
        return visit

    def cancels(self, visit, now=NOW):
        with self.register.database.begin() as conn:
            visit_codes.cancel(conn, visit, now)

    def reports(self, visit, kind=incidents.NOT_HOLDER):
        with self.register.database.begin() as conn:
            incidents.open_incident(
                conn, kind=kind, reference="123456", visit_id=visit, facility_id=self.facility, now=NOW
            )

    def hears(self, visit, answer):
        with self.register.database.begin() as conn:
            visit_answers.answered(conn, visit, answer, NOW)


@pytest.fixture
def centre(register):
    return Centre(register)


def cases(register, first=TODAY, last=TODAY, now=NEXT_WEEK):
    with register.database.begin(reading=True) as conn:
        return control.cases(conn, first, last, now)


def signs(register, **when):
    return {case.visit_id: set(case.signs) for case in cases(register, **when)}


def test_a_visit_like_any_other_is_not_listed(register, centre):
    visit = centre.notes(centre.sees())
    centre.hears(visit, 1)
    assert cases(register) == ()


@pytest.mark.parametrize(
    ("answer", "sign"),
    [pytest.param(2, Sign.HAD_TO_PAY, id="had to pay"), pytest.param(3, Sign.NOT_THERE, id="was not there")],
)
def test_what_the_holder_says(register, centre, answer, sign):
    visit = centre.notes(centre.sees())
    centre.hears(visit, answer)
    assert signs(register) == {visit: {sign}}


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        pytest.param("RAMED", "CSCOM", id="nothing is to pay"),
        pytest.param("AMO", "CSCOM", id="more than her part"),
        pytest.param("MUTUELLE", "CSREF", id="more than her part at this kind of centre"),
    ],
)
def test_whoever_says_that_she_paid_too_much_is_heard(register, scheme, kind):
    """Who owes a part is asked whether she paid more than it."""
    centre = Centre(register, kind=kind)
    visit = centre.notes(centre.sees(scheme=scheme))
    centre.hears(visit, 2)
    assert signs(register) == {visit: {Sign.HAD_TO_PAY}}


@pytest.mark.parametrize("scheme", ["RAMED", "AMO", "MUTUELLE"])
def test_who_was_not_there_owes_no_part(register, centre, scheme):
    visit = centre.notes(centre.sees(scheme=scheme))
    centre.hears(visit, 3)
    assert signs(register) == {visit: {Sign.NOT_THERE}}


@pytest.mark.parametrize(
    ("noted", "amount"),
    [
        pytest.param([], 1_000, id="nothing was noted: as one consultation"),
        pytest.param(["VAC"], 1_000, id="less than a consultation"),
        pytest.param(["CON", "MED"], 4_000, id="more"),
    ],
)
def test_another_person_than_the_holder(register, centre, noted, amount):
    visit = centre.sees()
    for act in noted:
        centre.notes(visit, act)
    centre.reports(visit)
    (case,) = cases(register)
    assert Sign.NOT_HOLDER in case.signs
    assert case.amount_fcfa == amount


def test_it_is_listed_once_when_the_code_is_closed_and_told_twice(register, centre):
    visit = centre.sees()
    centre.cancels(visit)
    centre.reports(visit)
    centre.reports(visit)
    assert [(case.visit_id, case.signs) for case in cases(register)] == [(visit, (Sign.NOT_HOLDER,))]


def test_an_incident_of_another_kind_and_one_of_another_visit_are_no_sign(register, centre):
    visit = centre.notes(centre.sees())
    centre.reports(visit, "OTHER")
    centre.reports(None)
    assert cases(register) == ()


@pytest.mark.parametrize(
    ("contracted", "noted", "expected"),
    [
        pytest.param(False, True, {Sign.NO_CONVENTION}, id="an act without a convention"),
        pytest.param(False, False, {Sign.NO_ACT}, id="no act"),
        pytest.param(True, True, set(), id="with one"),
    ],
)
def test_an_act_where_there_is_no_convention(register, contracted, noted, expected):
    centre = Centre(register, contracted=contracted)
    visit = centre.sees()
    if noted:
        centre.notes(visit)
    assert signs(register) == ({visit: expected} if expected else {})


@pytest.mark.parametrize(
    ("asked_at", "listed"),
    [
        pytest.param(24 * HOUR - MINUTE, False, id="while it is good"),
        pytest.param(24 * HOUR, True, id="after it"),
    ],
)
def test_a_code_without_an_act(register, centre, asked_at, listed):
    visit = centre.sees()
    assert signs(register, now=NOW + asked_at) == ({visit: {Sign.NO_ACT}} if listed else {})
    if listed:
        (case,) = cases(register)
        assert (case.amount_fcfa, case.acts) == (1000, ()), "as one consultation"


def test_a_cancelled_code_without_an_act_is_no_sign(register, centre):
    centre.cancels(centre.sees())
    assert cases(register) == ()


def test_an_act_that_was_undone_is_none(register, centre):
    visit = centre.notes(centre.sees())
    with register.database.begin() as conn:
        acts.undo(conn, visit, None, NOW)
    assert signs(register) == {visit: {Sign.NO_ACT}}


def test_an_act_on_a_code_that_was_cancelled(register, centre):
    visit = centre.notes(centre.sees())
    centre.cancels(visit)
    assert signs(register) == {visit: {Sign.CLOSED_CODE}}


@pytest.mark.parametrize(
    ("later", "listed"),
    [pytest.param(24 * HOUR - MINUTE, False, id="in time"), pytest.param(24 * HOUR, True, id="too late")],
)
def test_an_act_on_a_code_that_had_expired(register, centre, later, listed):
    visit = centre.notes(centre.sees(), now=NOW + later)
    assert signs(register) == ({visit: {Sign.CLOSED_CODE}} if listed else {})


@pytest.mark.parametrize(
    ("first", "second", "listed"),
    [
        pytest.param(MIDNIGHT, MIDNIGHT + DAY - MINUTE, True, id="the same day"),
        pytest.param(MIDNIGHT + DAY - MINUTE, MIDNIGHT + DAY, False, id="a minute apart, on two days"),
    ],
)
def test_one_person_at_two_centres(register, centre, first, second, listed):
    other, person = Centre(register, name="Diago"), register.person()
    day = timedelta(hours=10)
    visits = [
        centre.notes(centre.sees(person, first), now=first + day),
        other.notes(other.sees(person, second), now=MIDNIGHT + DAY + day),
    ]
    found = signs(register, last=TODAY + DAY)
    both = {visit: {Sign.TWO_CENTRES} for visit in visits}
    assert {visit: given & {Sign.TWO_CENTRES} for visit, given in found.items()} == (both if listed else {})


def test_a_code_shown_by_another_person_is_no_visit(register, centre):
    other, person = Centre(register, name="Diago"), register.person()
    centre.notes(centre.sees(person))
    other.cancels(other.sees(person))
    assert cases(register) == ()


@pytest.mark.parametrize(
    ("hour", "minute", "listed"),
    [
        pytest.param(21, 59, False, id="evening"),
        pytest.param(22, 0, True, id="night begins"),
        pytest.param(4, 59, True, id="night ends"),
        pytest.param(5, 0, False, id="morning"),
    ],
)
@pytest.mark.parametrize("hours", ["8h-16h", "24h/24"])
def test_an_act_by_night_where_nobody_is(register, hour, minute, listed, hours):
    centre = Centre(register, hours=hours)
    at = MIDNIGHT.replace(hour=hour, minute=minute)
    visit = centre.notes(centre.sees(now=at), now=at)
    expected = {visit: {Sign.ODD_HOURS}} if listed and hours != "24h/24" else {}
    assert signs(register) == expected


@pytest.mark.parametrize(
    ("moved", "listed"),
    [
        pytest.param(timedelta(minutes=-1), False, id="the day before"),
        pytest.param(timedelta(), True, id="the first moment"),
        pytest.param(DAY - MINUTE, True, id="the last"),
        pytest.param(DAY, False, id="the day after"),
    ],
)
def test_the_days_asked_about(register, centre, moved, listed):
    visit = centre.sees(now=MIDNIGHT + moved)
    assert signs(register) == ({visit: {Sign.NO_ACT}} if listed else {})


def test_the_most_money_first_then_the_most_signs(register, centre):
    cheap, dear, told, twice = (centre.sees() for _ in range(4))
    centre.notes(cheap, "CON")
    centre.notes(dear, "CES")
    centre.notes(told, "MED", amount=75_000)
    centre.notes(told, "CON")
    centre.notes(twice, "CON")
    for visit in (cheap, dear, told, twice):
        centre.hears(visit, 2)
    centre.cancels(twice)
    assert [(case.visit_id, case.amount_fcfa) for case in cases(register)] == [
        (told, 76_000),
        (dear, 60_000),
        (twice, 1_000),
        (cheap, 1_000),
    ]


@pytest.mark.parametrize(
    ("act", "told", "at_risk"),
    [
        pytest.param("CES", 10, 60_000, id="less was told than it costs"),
        pytest.param("CES", 0, 60_000, id="nothing"),
        pytest.param("CES", None, 60_000, id="no amount"),
        pytest.param("CES", 60_000, 60_000, id="as much"),
        pytest.param("CES", 60_001, 60_001, id="more"),
    ],
)
def test_a_centre_cannot_lower_what_is_at_risk(register, centre, act, told, at_risk):
    visit = centre.notes(centre.sees(), act, amount=told)
    centre.hears(visit, 2)
    assert [case.amount_fcfa for case in cases(register)] == [at_risk]


def test_every_sign_is_said():
    assert set(LABELS) == set(Sign)
