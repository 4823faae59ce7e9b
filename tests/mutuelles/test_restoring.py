"""What restores a right is told before it is paid: paying just that does it, on the day that was told."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models import calls, mutuelle_terms, restoring
from models.coverage import Verdict, coverages, verdict
from models.mutuelle_tables import memberships
from models.proposals import bring_to_day
from models.restoring import Restored
from tests.mutuelles.conftest import DAY, after, noon


def called(books, day: date) -> None:
    """The years that are due to be called by a day are."""
    with books.database.begin() as conn:
        for group in calls.groups(conn, day):
            calls.call(conn, group, day, noon(day))


def suspended(books, member: int, day: date = DAY) -> None:
    """A person has suspended a household some days ago."""
    with books.database.begin() as conn:
        row = memberships.c.id == member
        conn.execute(update(memberships).where(row).values(suspended_on=day - timedelta(days=3)))
        bring_to_day(conn, books.mutuelle_id, day)


def missing(books) -> int:
    with books.database.begin(reading=True) as conn:
        return conn.execute(select(coverages.c.missing_fcfa).distinct()).scalar_one()


def worth(books, day: date) -> set[Verdict]:
    """What the rights of everybody are worth on a day."""
    with books.database.begin(reading=True) as conn:
        rows = select(
            coverages.c.scheme,
            coverages.c.status,
            coverages.c.valid_from,
            coverages.c.valid_to,
            coverages.c.covered_from,
        )
        return {verdict(*row, day) for row in conn.execute(rows)}


STORIES = [
    pytest.param("MOIS", -200, [1_375], {}, DAY, id="every month, one paid"),
    pytest.param("SEMAINE", -150, [3_000], {}, DAY, id="every week"),
    pytest.param("MOIS", -500, [16_500, 1_000], {}, DAY, id="in the second year"),
    pytest.param("COTON", -420, [16_500, 100], {}, DAY, id="a harvest"),
    pytest.param("MOIS", -200, [12_375, 4_125], {"threshold_percent": 75}, None, id="all is paid"),
    pytest.param("MOIS", -90, [], {}, after(30), id="never paid: an observation first"),
    pytest.param("MOIS", -90, [], {"threshold_percent": 75}, after(30), id="and a threshold"),
    pytest.param("MOIS", -90, [], {"observation_days": 0}, DAY, id="never paid, no observation"),
]


@pytest.mark.parametrize(("plan", "joined", "paid", "terms", "since"), STORIES)
def test_what_is_told_is_what_a_payment_does(books, plan, joined, paid, terms, since):
    with books.database.begin() as conn:
        for term, value in terms.items():
            mutuelle_terms.change(conn, books.mutuelle_id, term, value, after(-600), "statuts")
    member = books.join(plan=plan, day=after(joined))
    for place, amount in enumerate(paid):
        books.pay(member, amount, day=after(joined + place * 40))
    called(books, after(-100))
    suspended(books, member)
    if since is None:
        assert worth(books, DAY) == {Verdict.VALIDE}
        return
    assert worth(books, DAY) == {Verdict.SUSPENDU}
    least = missing(books)
    told = restoring.by_paying(books.database.reader(), member, least, DAY)
    assert told is not None
    assert (told.covered_from, told.amount >= least) == (since, True)
    if not terms.get("threshold_percent"):
        assert told == Restored(least, since)
    books.pay(member, told.amount)
    assert worth(books, DAY) == {Verdict.VALIDE if since == DAY else Verdict.EN_OBSERVATION}
    with books.database.begin() as conn:
        bring_to_day(conn, books.mutuelle_id, since)
    assert worth(books, since) == {Verdict.VALIDE}


def test_less_than_what_a_season_asks_for_is_not_enough(books):
    with books.database.begin() as conn:
        mutuelle_terms.change(conn, books.mutuelle_id, "threshold_percent", 75, after(-600), "statuts")
    member = books.join(day=after(-90))
    suspended(books, member)
    least = missing(books)
    told = restoring.by_paying(books.database.reader(), member, least, DAY)
    assert told is not None
    assert told.amount > least
    books.pay(member, told.amount - 1_375)
    assert worth(books, after(30)) == {Verdict.EN_OBSERVATION}
    books.pay(member, 1_375)
    assert worth(books, after(30)) == {Verdict.VALIDE}


def test_nothing_is_told_of_who_is_no_member(books):
    assert restoring.by_paying(books.database.reader(), 0, 200, DAY) is None
