"""The daily pass: years called ahead, statuses on both sides of every limit, proposals that a person decides."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models import calls, ledger_check, membership_changes, membership_status, proposals
from models.coverage import coverages
from models.membership_status import status_on
from models.memberships import NotPossible
from models.mutuelle_tables import dues, memberships
from models.mutuelle_tables import proposals as rows_of_proposals
from tests.mutuelles.conftest import DAY, after, noon

PAID = after(-40)


def on(day, books):
    """The daily pass of a day over the mutuelle."""
    with books.database.begin() as conn:
        return proposals.bring_to_day(conn, books.mutuelle_id, day)


def statuses(books):
    with books.database.begin(reading=True) as conn:
        return set(conn.execute(select(coverages.c.status)).scalars())


def faults(books):
    with books.database.begin(reading=True) as conn:
        return list(ledger_check.faults(conn))


def call_all(books, day):
    done = 0
    with books.database.begin() as conn:
        for group in calls.groups(conn, day):
            done += calls.call(conn, group, day, noon(day))
    return done


@pytest.fixture
def late(books):
    """A household that has paid one month from forty days ago: its last good day is nine days ago."""
    member = books.join(day=PAID)
    books.pay(member, 1_375, day=PAID)
    return member


LIMITS = [
    pytest.param(0, "A_JOUR", 0, id="day 0: the due date itself"),
    pytest.param(1, "EN_RETARD", 0, id="day 1"),
    pytest.param(30, "EN_RETARD", 0, id="day 30: still covered"),
    pytest.param(31, "EN_RETARD", 1, id="day 31: suspension is proposed, nobody decided"),
    pytest.param(365, "EN_RETARD", 1, id="day 365"),
    pytest.param(366, "EN_RETARD", 2, id="day 366: striking off is proposed too"),
]


@pytest.mark.parametrize(("days", "status", "proposed"), LIMITS)
def test_both_sides_of_each_limit(days, status, proposed):
    assert status_on(after(days), after(-90), DAY, False) == status


def test_both_sides_of_each_limit_in_the_pass(books, late):
    good_until = books.account(late).late_since
    for days, status, proposed in (limit.values for limit in LIMITS):
        day = good_until + timedelta(days=days)
        on(day, books)
        assert statuses(books) == {status}, days
        assert books.account(late, day).status == status
        with books.database.begin(reading=True) as conn:
            assert len(conn.execute(select(rows_of_proposals.c.id)).all()) == proposed, days


def test_observation_ends_after_thirty_days(books):
    member = books.join()
    books.pay(member, 16_500)
    for days, status in ((0, "EN_OBSERVATION"), (29, "EN_OBSERVATION"), (30, "A_JOUR")):
        on(after(days), books)
        assert (statuses(books), books.account(member, after(days)).status) == ({status}, status), days


STATES = [
    pytest.param(None, DAY, False, None, "EN_OBSERVATION", id="never paid in full"),
    pytest.param(after(1), DAY, False, None, "EN_OBSERVATION", id="observation until tomorrow"),
    pytest.param(DAY, DAY, False, None, "A_JOUR", id="first covered day, last good day"),
    pytest.param(after(-90), after(-1), False, None, "EN_RETARD", id="one day late"),
    pytest.param(after(-90), after(-31), True, None, "SUSPENDU", id="suspended"),
    pytest.param(after(-90), after(-400), True, "RADIE", "RADIE", id="struck off"),
    pytest.param(after(-90), after(30), False, "EXCLU", "EXCLU", id="excluded by the assembly"),
    pytest.param(after(-90), after(30), False, "DEMISSIONNAIRE", "DEMISSIONNAIRE", id="has left"),
]


@pytest.mark.parametrize(("covered_from", "good_until", "suspended", "why", "status"), STATES)
def test_a_status_follows_from_its_days(covered_from, good_until, suspended, why, status):
    assert status_on(DAY, covered_from, good_until, suspended, why) == status


def test_the_set_and_the_single_one_agree(books):
    row = memberships.c.id == books.join()
    for covered_from, good_until, suspended, why, status in (state.values for state in STATES):
        state = {"covered_from": covered_from, "good_until": good_until, "ended_why": why}
        with books.database.begin() as conn:
            conn.execute(
                update(memberships).where(row).values(**state, suspended_on=DAY if suspended else None)
            )
            membership_status.bring_to(conn, row, DAY, 30)
            assert conn.execute(select(memberships.c.status).where(row)).scalar_one() == status


def test_a_person_decides_and_a_payment_restores_at_once(books, late):
    day = after(31, books.account(late).late_since)
    on(day, books)
    with books.database.begin() as conn:
        (one,) = proposals.undecided(conn)
        proposals.decide(conn, one.id, True, day, now=noon(day), by="console:1")
    assert statuses(books) == {"SUSPENDU"}
    with books.database.begin() as conn, pytest.raises(NotPossible):
        proposals.decide(conn, one.id, True, day, now=noon(day), by="console:1")
    books.pay(late, 2_750, day=day)
    assert statuses(books) == {"A_JOUR"}
    assert faults(books) == []


def test_who_paid_before_the_decision_is_not_suspended(books, late):
    day = after(31, books.account(late).late_since)
    on(day, books)
    with books.database.begin() as conn:
        (one,) = proposals.undecided(conn)
    books.pay(late, 2_750, day=day)
    with books.database.begin() as conn, pytest.raises(NotPossible, match="paid"):
        proposals.decide(conn, one.id, True, day, now=noon(day), by="console:1")


def test_striking_off_needs_a_notice_and_ends_the_membership(books, late):
    day = after(366, books.account(late).late_since)
    on(day, books)
    with books.database.begin() as conn:
        one = next(found for found in proposals.undecided(conn) if found.status == "RADIE")
        with pytest.raises(NotPossible, match="notice"):
            proposals.decide(conn, one.id, True, day, now=noon(day), by="console:1")
        proposals.decide(conn, one.id, True, day, now=noon(day), by="console:1", noticed_on=after(-20, day))
    assert statuses(books) == {"RADIE"}
    again = books.join(books.account(late).household_id, day=day)
    assert books.account(again, day).status == "EN_OBSERVATION"


def test_the_next_year_is_called_once_and_takes_the_advance(books):
    plans = {plan: books.join(plan=plan) for plan in ("MOIS", "COTON", "SEMAINE", "BETAIL")}
    books.pay(plans["MOIS"], 20_000)
    before = {plan: books.account(member) for plan, member in plans.items()}
    assert before["MOIS"].advance == 3_500
    day = date(2027, 10, 25)
    while call_all(books, day):
        pass
    assert call_all(books, day) == 0
    found = books.account(plans["MOIS"], day)
    assert (found.advance, found.season_due, found.season_paid) == (0, 16_500, 3_500)
    assert faults(books) == []
    with books.database.begin(reading=True) as conn:
        months = set(
            conn.execute(select(dues.c.due_on).where(dues.c.membership_id == plans["COTON"])).scalars()
        )
    assert not {day.month for day in months} & {7, 8, 9}


def test_a_pass_is_noted_and_not_repeated(books, late):
    with books.database.begin(reading=True) as conn:
        assert proposals.waiting(conn, DAY) == (books.mutuelle_id,)
    on(DAY, books)
    with books.database.begin(reading=True) as conn:
        assert proposals.waiting(conn, DAY) == ()
        assert proposals.waiting(conn, after(1)) == (books.mutuelle_id,)


def test_a_household_of_the_register_alone_keeps_its_status(books):
    person = books.register.person()
    books.register.right(
        person, scheme="MUTUELLE", status="SUSPENDU", mutuelle=books.mutuelle_id, end=after(-90), missing=500
    )
    books.join()
    on(after(200), books)
    with books.database.begin(reading=True) as conn:
        asked = select(coverages.c.status, coverages.c.missing_fcfa).where(coverages.c.person_id == person)
        assert conn.execute(asked).one() == ("SUSPENDU", 500)


def test_a_threshold_holds_cover_back(books):
    member = books.join(plan="MOIS")
    with books.database.begin() as conn:
        conn.execute(update(dues).values(threshold_percent=75))
    paid = books.pay(member, 12_374)
    assert (paid.still_for_cover, paid.covered_until) == (1, None)
    paid = books.pay(member, 1)
    assert paid.still_for_cover == 0
    assert paid.covered_until > after(270)


def test_who_moves_takes_the_paid_days_and_the_observation(books):
    member = books.join()
    books.pay(member, 16_500)
    day = after(182)
    with books.database.begin() as conn:
        new = membership_changes.move(conn, member, books.other_id, day, "MOIS", now=noon(day))
    assert books.account(new, day).status == "A_JOUR"
    assert abs((books.account(new, day).covered_until - after(364)).days) <= 3
    assert faults(books) == []
