"""The figures of small histories counted by hand, on both databases; a report of last month stays as it was."""

from datetime import date

import pytest
from sqlalchemy import select, update

from models import acts, cash_held, dues, memberships, mutuelle_tables, staff, visit_codes
from models.coverage import coverages
from models.mutuelle_report import CERCLE, ONE, REGION, NotBegun, Place, report_of, season_of
from models.mutuelles import mutuelles
from models.people import persons
from models.periods import Period, period
from tests.mutuelles.conftest import DAY, after, noon
from tests.register.conftest import PHONE

NOVEMBER = period("2026-11")
JOINED = date(2026, 10, 10)


def told(books, asked=NOVEMBER, today=DAY):
    with books.database.begin(reading=True) as conn:
        return report_of(conn, asked, today)


def elsewhere(books, pcode):
    """Another mutuelle, of another cercle."""
    found = books.register.mutuelle()
    with books.database.begin() as conn:
        conn.execute(update(mutuelles).where(mutuelles.c.id == found).values(cercle_pcode=pcode))
    return found


def ended(books, membership):
    """A membership of which this is the first day without it."""
    table = mutuelle_tables.memberships
    with books.database.begin() as conn:
        conn.execute(update(table).where(table.c.id == membership).values(ended_on=DAY))


def seen(books, membership, *amounts):
    """Somebody of the household is treated: one act for each amount."""
    register = books.register
    facility = register.facility()
    with books.database.begin() as conn:
        home = memberships.by_id(conn, membership).household_id
        right = conn.execute(
            select(coverages)
            .join(persons, persons.c.id == coverages.c.person_id)
            .where(persons.c.household_id == home)
        ).first()
        nurse = staff.add(conn, register.keys, PHONE, facility, staff.STAFF, noon(DAY))
        code = next(visit_codes.codes_from(b"seen"))
        visit_codes.issue(conn, code, right.person_id, right.id, noon(DAY), 24, facility)
        visit = visit_codes.at_facility(conn, code, facility, noon(DAY)).visit_id
        for nth, amount in enumerate(amounts, start=1):
            acts.record(conn, visit, facility, "CON", nth, amount, nurse, noon(DAY))


def test_nothing_known_is_nd_everywhere(books):
    found = told(books)
    assert found.country.members is None
    assert found.country.recovery is None
    assert found.country.known == 0
    assert len(found.rows[CERCLE]) == 64
    assert len(found.rows[REGION]) == 11
    assert found.rows[REGION][Place("Gao")].mutuelles is None


def test_a_month_counted_by_hand(books):
    pays, late = books.join(day=JOINED), books.join(books.family(3), day=JOINED)
    books.pay(pays, 3_000, day=date(2026, 11, 12))
    books.pay(late, 325, day=date(2026, 11, 20), means="CASH", holder="7")
    found = told(books).country
    # A month of five persons is 1,375 FCFA, of three 825; the second one fell due in November.
    assert (found.members, found.beneficiaries, found.communes) == (2, 8, {"ML-C02040101"})
    assert (found.due, found.received, found.cash) == (1_375 + 825, 3_325, 325)
    assert found.recovered == 1_375, "who is late paid for October first"
    assert found.recovery == pytest.approx(62.5)
    assert (found.paid_up, found.paid_up_in, found.cofinanced) == (1, 1, 1)
    assert told(books, period("2026-10..2026-11")).country.due == 2 * (1_375 + 825)


def test_the_guarantee_fund_is_three_percent_of_what_members_paid(books):
    member = books.join(day=JOINED)
    books.pay(member, 1_375)
    books.pay(member, 1_375)
    assert told(books).country.guarantee == 2 * (1_375 * 3 // 100)


def test_last_month_stays_as_it_was(books):
    member = books.join(day=JOINED)
    entry = books.pay(member, 1_375, day=JOINED).entry_id
    october = period("2026-10")
    before = told(books, october)
    books.pay(member, 9_000)
    books.reverse(entry)
    ended(books, member)
    assert told(books, october) == before


def test_money_taken_back_is_not_received(books):
    member = books.join(day=JOINED)
    books.reverse(books.pay(member, 1_375, means="OM", holder="OM").entry_id)
    found = told(books).country
    assert (found.received, found.recovered, found.state, found.guarantee) == (0, 0, 0, 0)


def test_cash_that_was_handed_over_is_with_nobody(books):
    member = books.join(day=JOINED)
    books.pay(member, 1_375, means="CASH", holder="7")
    with books.database.begin() as conn:
        cash_held.deposit(conn, books.mutuelle_id, "7", 1_000, "V1", "v:1", noon(DAY), DAY)
    found = told(books).country
    assert (found.cash, found.received) == (375, 1_375)


@pytest.mark.parametrize(
    ("days", "up_to_date"), [pytest.param(0, 1, id="on the day"), pytest.param(1, 0, id="the day after")]
)
def test_who_pays_on_the_due_day_is_not_late(books, days, up_to_date):
    member = books.join(day=JOINED)
    books.pay(member, 1_375, day=JOINED)
    due_on = dues.of_membership(books.database.reader(), member)[1].due_on
    assert told(books, Period(JOINED, after(days, due_on))).country.paid_up == up_to_date


def test_who_left_is_no_member_any_more(books):
    member = books.join(day=JOINED)
    ended(books, member)
    assert told(books).country.members == 0
    assert told(books, Period(JOINED, after(-1))).country.members == 1


def test_the_dead_are_counted_until_they_died(books):
    home = books.family(2)
    books.join(home, day=JOINED)
    with books.database.begin() as conn:
        conn.execute(
            update(persons)
            .where(persons.c.household_id == home, persons.c.relation == "SOI")
            .values(died_on=DAY)
        )
    assert told(books).country.beneficiaries == 1
    assert told(books, Period(JOINED, after(-1))).country.beneficiaries == 2


def test_care_is_counted_and_its_cost_only_where_told(books):
    member = books.join(day=JOINED)
    assert told(books).country.acts is None
    seen(books, member, 2_500, None)
    found = told(books).country
    assert (found.acts, found.treated, found.care_fcfa) == (2, 1, 2_500)
    before = told(books, period("2026-10")).country
    assert (before.acts, before.care_fcfa) == (None, None)


def test_rows_of_every_level_add_up(books):
    kati, mopti = elsewhere(books, "ML0204"), elsewhere(books, "ML0506")
    for mutuelle_id in (kati, kati, mopti):
        books.pay(books.join(mutuelle_id=mutuelle_id, day=JOINED), 700)
    found = told(books)
    for level in (REGION, CERCLE, ONE):
        rows = found.rows[level].values()
        for name in ("members", "due", "recovered", "received", "state", "season_forecast"):
            assert sum(getattr(row, name) or 0 for row in rows) == getattr(found.country, name)
    assert found.rows[REGION][Place("Mopti")].members == 1
    assert found.rows[CERCLE][Place("Koulikoro", "Kati")].members == 2
    assert found.rows[CERCLE][Place("Kayes", "Kita")].members is None


def test_who_is_known_by_a_file_is_a_member_without_sums(books):
    home = books.family(4)
    with books.database.begin(reading=True) as conn:
        people = conn.execute(select(persons.c.id).where(persons.c.household_id == home)).scalars().all()
    for place, person in enumerate(people):
        role = "BENEFICIAIRE" if place else "ADHERENT"
        books.register.right(
            person, scheme="MUTUELLE", role=role, status="A_JOUR", mutuelle=books.mutuelle_id
        )
    found = told(books).country
    assert (found.members, found.beneficiaries, found.known) == (1, 4, 1)
    assert (found.accounts, found.due, found.received, found.recovery, found.season_forecast) == (None,) * 5
    books.join(day=JOINED)
    found = told(books).country
    assert (found.members, found.accounts, found.beneficiaries, found.received) == (2, 1, 9, 0)


def test_a_period_that_goes_on_ends_today(books):
    books.join(day=JOINED)
    assert told(books, period("2026")).until == DAY
    assert told(books, period("2026-12"), date(2026, 12, 1)).country.due == 0
    with pytest.raises(NotBegun, match="01/12/2026"):
        told(books, period("2026-12"), date(2026, 11, 30))


@pytest.mark.parametrize(
    ("day", "first"),
    [
        pytest.param(date(2026, 9, 30), date(2025, 10, 1), id="the last day"),
        pytest.param(date(2026, 10, 1), date(2026, 10, 1), id="the first day"),
    ],
)
def test_a_season_goes_from_harvest_to_harvest(day, first):
    found = season_of(day)
    assert found.first == first
    assert (found.last - found.first).days in (364, 365)
