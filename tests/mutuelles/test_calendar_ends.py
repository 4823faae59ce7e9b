"""29 February and the ends of months: periods, due dates, days of cover and the observation, on both sides of each."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from models import calls, ledger_check, membership_changes
from models.dues import COTISATION, Due
from models.membership_status import standing
from models.mutuelle_tables import dues
from models.mutuelle_tables import memberships as table
from models.mutuelle_terms import TERMS, Terms, default
from models.plans import Part, plan_named, season_parts
from tests.mutuelles.conftest import noon

SIKASSO = "ML0305"
USUAL = Terms(**{term: int(default(term, date(2027, 1, 1))[0]) for term in TERMS})


def day(written: str) -> date:
    return date.fromisoformat(written)


def parts_of(plan: str, anchor: str, start: str | None = None):
    return season_parts(
        plan_named(plan, day(anchor)), SIKASSO, day(anchor), day(start) if start else day(anchor), USUAL
    )


def told(part):
    return f"{part.period_from}..{part.period_to} {part.due_on}"


JOINED = [
    pytest.param(
        "MOIS",
        "2027-01-31",
        ["2027-01-31..2027-02-27 2027-01-31", "2027-02-28..2027-03-30 2027-02-27"],
        "2027-12-31..2028-01-30 2027-12-30",
        id="31 January, February has 28 days",
    ),
    pytest.param(
        "MOIS",
        "2028-01-31",
        ["2028-01-31..2028-02-28 2028-01-31", "2028-02-29..2028-03-30 2028-02-28"],
        "2028-12-31..2029-01-30 2028-12-30",
        id="31 January, February has 29 days",
    ),
    pytest.param(
        "MOIS",
        "2028-02-28",
        ["2028-02-28..2028-03-27 2028-02-28", "2028-03-28..2028-04-27 2028-03-27"],
        "2029-01-28..2029-02-27 2029-01-27",
        id="28 February of a leap year",
    ),
    pytest.param(
        "MOIS",
        "2028-02-29",
        ["2028-02-29..2028-03-28 2028-02-29", "2028-03-29..2028-04-28 2028-03-28"],
        "2029-01-29..2029-02-27 2029-01-28",
        id="29 February: the year ends a day before 28 February",
    ),
    pytest.param(
        "MOIS",
        "2028-03-01",
        ["2028-03-01..2028-03-31 2028-03-01", "2028-04-01..2028-04-30 2028-03-31"],
        "2029-02-01..2029-02-28 2029-01-31",
        id="1 March: whole months",
    ),
    pytest.param(
        "TRIMESTRE",
        "2027-11-29",
        ["2027-11-29..2028-02-28 2027-11-29", "2028-02-29..2028-05-28 2028-02-28"],
        "2028-08-29..2028-11-28 2028-08-28",
        id="a quarter from 29 November meets 29 February",
    ),
    pytest.param(
        "TRIMESTRE",
        "2026-11-30",
        ["2026-11-30..2027-02-27 2026-11-30", "2027-02-28..2027-05-29 2027-02-27"],
        "2027-08-30..2027-11-29 2027-08-29",
        id="a quarter from 30 November meets 28 February",
    ),
    pytest.param(
        "TRIMESTRE",
        "2027-08-31",
        ["2027-08-31..2027-11-29 2027-08-31", "2027-11-30..2028-02-28 2027-11-29"],
        "2028-05-31..2028-08-30 2028-05-30",
        id="a quarter from 31 August: 30 November, 29 February, 31 May",
    ),
    pytest.param(
        "SEMAINE",
        "2028-02-28",
        ["2028-02-28..2028-03-05 2028-02-28", "2028-03-06..2028-03-12 2028-03-05"],
        "2029-02-19..2029-02-25 2029-02-18",
        id="a week over 29 February has seven days",
    ),
    pytest.param(
        "SEMAINE",
        "2027-02-28",
        ["2027-02-28..2027-03-06 2027-02-28", "2027-03-07..2027-03-13 2027-03-06"],
        "2028-02-20..2028-02-26 2028-02-19",
        id="a week from 28 February: the year ends before 29 February",
    ),
    pytest.param(
        "COTON",
        "2028-01-14",
        ["2028-01-14..2028-05-14 2028-01-15", "2028-05-15..2028-09-14 2028-02-15"],
        "2028-09-15..2029-01-15 2028-03-15",
        id="cotton, the day before the first day of asking",
    ),
    pytest.param(
        "COTON",
        "2028-01-16",
        ["2028-01-16..2028-05-16 2028-01-16", "2028-05-17..2028-09-15 2028-02-15"],
        "2028-09-16..2029-01-15 2028-03-15",
        id="cotton, the day after it: not asked for before joining, 29 February is one of 366 days",
    ),
    pytest.param(
        "COTON",
        "2028-02-29",
        ["2028-02-29..2029-01-15 2028-02-29"],
        "2028-02-29..2029-01-15 2028-02-29",
        id="cotton, joined on 29 February: the days until the next harvest",
    ),
    pytest.param(
        "CEREALES",
        "2027-08-31",
        ["2027-08-31..2027-10-15 2027-10-01"],
        "2027-08-31..2027-10-15 2027-10-01",
        id="cereals, joined at the end of a lean month: asked for on 1 October",
    ),
    pytest.param(
        "CEREALES",
        "2027-06-30",
        ["2027-06-30..2027-10-15 2027-06-30"],
        "2027-06-30..2027-10-15 2027-06-30",
        id="cereals, the last day before the lean months",
    ),
]


@pytest.mark.parametrize(("plan", "joined", "first", "last"), JOINED)
def test_the_first_year(plan, joined, first, last):
    parts = parts_of(plan, joined)
    assert [told(part) for part in parts[: len(first)]] == first
    assert told(parts[-1]) == last


@pytest.mark.parametrize(("plan", "joined", "first", "last"), JOINED)
def test_five_years_have_no_gap_and_ask_for_nothing_before_joining(plan, joined, first, last):
    parts, start = [], joined
    for _ in range(5):
        parts += parts_of(plan, joined, start)
        start = str(parts[-1].period_to + timedelta(days=1))
    assert all(after.period_from - before.period_to == timedelta(days=1) for before, after in pairwise(parts))
    assert all(part.period_from <= part.period_to and part.due_on >= day(joined) for part in parts)
    assert [part.due_on for part in parts] == sorted(part.due_on for part in parts)


YEARS = [
    pytest.param(
        "MOIS", "2028-02-29", "2029-02-28", "2029-02-28..2029-03-28 2029-02-27", id="28 February after"
    ),
    pytest.param(
        "MOIS", "2028-02-29", "2032-02-29", "2032-02-29..2032-03-28 2032-02-28", id="29 February again"
    ),
    pytest.param(
        "MOIS", "2027-08-31", "2028-08-31", "2028-08-31..2028-09-29 2028-08-30", id="31 August again"
    ),
    pytest.param(
        "TRIMESTRE",
        "2027-11-30",
        "2028-11-30",
        "2028-11-30..2029-02-27 2028-11-29",
        id="a year without the 29th",
    ),
    pytest.param(
        "COTON", "2027-12-20", "2029-01-16", "2029-01-16..2029-05-16 2029-01-15", id="after a leap year"
    ),
]


@pytest.mark.parametrize(("plan", "anchor", "start", "first"), YEARS)
def test_a_later_year_is_counted_from_the_day_of_joining(plan, anchor, start, first):
    assert told(parts_of(plan, anchor, start)[0]) == first


COVERED = [
    pytest.param(
        "MOIS", "2028-01-31", 273, "2028-02-27", id="a month of 29 days, two francs less: a day less"
    ),
    pytest.param("MOIS", "2028-01-31", 275, "2028-02-28", id="a month of 29 days"),
    pytest.param("MOIS", "2028-01-31", 283, "2028-02-28", id="a franc less than 29 February"),
    pytest.param("MOIS", "2028-01-31", 284, "2028-02-29", id="29 February"),
    pytest.param("MOIS", "2027-01-31", 284, "2027-02-28", id="28 February of another year"),
    pytest.param("MOIS", "2028-02-29", 3_299, "2029-02-26", id="a franc less than the year"),
    pytest.param("MOIS", "2028-02-29", 3_300, "2029-02-27", id="the year"),
    pytest.param("TRIMESTRE", "2027-11-30", 824, "2028-02-27", id="a franc less than a quarter"),
    pytest.param("TRIMESTRE", "2027-11-30", 825, "2028-02-28", id="a quarter that ends before 29 February"),
    pytest.param(
        "TRIMESTRE", "2027-11-30", 835, "2028-02-29", id="29 February, ten francs of a quarter of 91 days"
    ),
    pytest.param("SEMAINE", "2028-02-28", 17, "2028-02-28", id="a franc less than two days of a week"),
    pytest.param("SEMAINE", "2028-02-28", 18, "2028-02-29", id="two days of a week"),
    pytest.param("COTON", "2028-01-16", 405, "2028-02-28", id="a franc less than 29 February, 122 days"),
    pytest.param("COTON", "2028-01-16", 406, "2028-02-29", id="45 of 122 days"),
]


def paid_dues(parts, money):
    """The dues of one person, the oldest paid first."""
    for place, part in enumerate(parts):
        paid = min(part.share, money)
        money -= paid
        days = (parts[0].period_from, part.period_from, part.period_to, part.due_on)
        yield Due(place, 1, COTISATION, *days, 1, part.share, paid, None, 100, 3, 0)


@pytest.mark.parametrize(("plan", "joined", "paid", "until"), COVERED)
def test_days_of_cover(plan, joined, paid, until):
    owed = list(paid_dues(parts_of(plan, joined), paid))
    assert str(standing(owed).covered_until) == until


OBSERVED = [
    pytest.param("2027-01-29", "2027-02-28", id="29 January: 28 February"),
    pytest.param("2027-01-30", "2027-03-01", id="30 January: 1 March"),
    pytest.param("2028-01-30", "2028-02-29", id="30 January of a leap year: 29 February"),
    pytest.param("2028-01-31", "2028-03-01", id="31 January of a leap year: 1 March"),
    pytest.param("2028-02-29", "2028-03-30", id="29 February"),
]


def test_the_observation_ends_on_its_day(books):
    for joined, covered in (one.values for one in OBSERVED):
        start, first = day(joined), day(covered)
        member = books.join(books.family(1), day=start)
        books.pay(member, 3_300, day=start)
        last = first - timedelta(days=1)
        found = [books.account(member, at).status for at in (last, first)]
        assert found == ["EN_OBSERVATION", "A_JOUR"], joined
        with books.database.begin(reading=True) as conn:
            asked = select(table.c.covered_from).where(table.c.id == member)
            assert conn.execute(asked).scalar_one() == first


def dues_from(conn, member, start):
    asked = select(dues.c.period_from, dues.c.period_to, dues.c.due_on, dues.c.amount).where(
        dues.c.membership_id == member, dues.c.season_from == start, dues.c.amount > 0
    )
    return [Part(*row) for row in conn.execute(asked.order_by(dues.c.period_from))]


def test_the_pass_calls_the_same_parts_on_both_databases(books):
    rows = {}
    for plan, joined in (("MOIS", "2027-02-28"), ("TRIMESTRE", "2027-02-28"), ("COTON", "2027-02-28")):
        rows[books.join(books.family(1), plan=plan, day=day(joined))] = (plan, joined)
    with books.database.begin() as conn:
        for _ in range(2):
            for group in calls.groups(conn, day("2028-02-29")):
                calls.call(conn, group, day("2028-02-29"), noon(day("2028-02-29")))
        for member, (plan, joined) in rows.items():
            start = parts_of(plan, joined)[-1].period_to + timedelta(days=1)
            assert dues_from(conn, member, start) == list(parts_of(plan, joined, str(start))), plan
        assert list(ledger_check.faults(conn)) == []


CUT = [
    pytest.param("2028-02-28", 265, id="28 February: 28 of 29 days"),
    pytest.param("2028-02-29", 275, id="29 February: the whole month, the next begins"),
    pytest.param("2028-03-01", 283, id="1 March: a day of the next"),
]


@pytest.mark.parametrize(("left_on", "owed"), CUT)
def test_who_leaves_owes_the_days_until_then(books, left_on, owed):
    member = books.join(books.family(1), day=day("2028-01-31"))
    with books.database.begin() as conn:
        membership_changes.end(conn, member, "DEMISSIONNAIRE", day(left_on), now=noon(day(left_on)))
    with books.database.begin(reading=True) as conn:
        kept = dues_from(conn, member, day("2028-01-31"))
        assert list(ledger_check.faults(conn)) == []
    assert sum(part.share for part in kept) == owed
    assert kept[-1].period_to == day(left_on) - timedelta(days=1)
