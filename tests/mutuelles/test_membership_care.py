"""The daily job itself: cut off anywhere it goes on, two at once do it once, a missed day is caught up."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest
from sqlalchemy import func, select, update

from models import household_counts, ledger_check, membership_changes, memberships
from models.coverage import coverages
from models.database import Database
from models.mutuelle_tables import dues, proposals, status_passes
from models.mutuelle_tables import memberships as table
from models.people import note_death, persons
from tests.mutuelles.conftest import DAY, after, noon
from workers.membership_care import bring


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Desk:
    """What the job needs of its process: a database and a clock; it may end within its n-th writing."""

    database: Database
    day: date
    left: int = 1_000_000
    writing: int = 0

    def clock(self) -> datetime:
        return noon(self.day)


@dataclass
class Mortal:
    """A database whose process ends in the n-th transaction that writes, before or after what it wrote."""

    database: Database
    left: int
    committed: bool
    begun: int = field(default=0)

    @contextmanager
    def begin(self, reading=False):
        self.begun += not reading
        if self.begun > self.left and self.committed:
            raise Killed
        with self.database.begin(reading=reading) as conn:
            yield conn
            if self.begun > self.left:
                raise Killed


def killed(books, day, left, committed):
    """A turn that ends in its n-th writing; whether it was killed."""
    try:
        bring(Desk(Mortal(books.database, left, committed), day))
    except Killed:
        return True
    return False


def done(books, day):
    return bring(Desk(books.database, day))


def picture(books):
    """What a pass leaves: dues, statuses, rights, proposals and passes, without the ids."""
    with books.database.begin(reading=True) as conn:
        asked = (
            select(table.c.status, table.c.overdue, table.c.called_to, table.c.ended_why).order_by(
                table.c.id
            ),
            select(
                dues.c.membership_id, dues.c.period_from, dues.c.period_to, dues.c.persons, dues.c.amount
            ).order_by(dues.c.membership_id, dues.c.period_from, dues.c.amount),
            select(coverages.c.status, coverages.c.valid_to).order_by(coverages.c.id),
            select(proposals.c.membership_id, proposals.c.status, proposals.c.late_since).order_by(
                proposals.c.membership_id, proposals.c.status
            ),
            select(status_passes.c.day, status_passes.c.mutuelle_id).order_by(
                status_passes.c.day, status_passes.c.mutuelle_id
            ),
        )
        assert list(ledger_check.faults(conn)) == []
        return [conn.execute(one).all() for one in asked]


def people_of(books, member):
    with books.database.begin(reading=True) as conn:
        home = memberships.by_id(conn, member).household_id
        asked = select(persons.c.id).where(persons.c.household_id == home).order_by(persons.c.id)
        return list(conn.execute(asked).scalars())


def dies(books, person, day=DAY):
    with books.database.begin() as conn:
        assert note_death(conn, person, day)


@pytest.fixture
def late(books):
    """A household late since DAY, one late elsewhere with a death, one whose next year is to be called."""
    for mutuelle in (books.mutuelle_id, books.other_id):
        member = books.join(day=after(-40), mutuelle_id=mutuelle)
        books.pay(member, 1_375, day=after(-40))
    dies(books, people_of(books, member)[-1])
    books.join(day=after(-340), plan="TRIMESTRE")
    return books


@pytest.mark.parametrize(
    "committed", [pytest.param(False, id="while writing"), pytest.param(True, id="between two batches")]
)
def test_a_turn_that_is_killed_anywhere_is_taken_up(late, committed):
    day, kills = after(25), 0
    assert killed(late, day, 0, committed)
    assert killed(late, day, 1, committed)
    while killed(late, day, 2, committed):
        kills += 1
        assert kills < 20
    assert kills
    while done(late, day):
        pass
    found = picture(late)
    assert done(late, day) == 0
    assert picture(late) == found
    calls, passes = found[1], found[4]
    assert len(calls) == len(set(calls))
    assert len(passes) == 2
    assert {row.status for row in found[3]} == {"SUSPENDU"}
    assert len(found[3]) == len({row.membership_id for row in found[3]}) == 3


def test_a_turn_without_time_does_nothing_and_the_next_does_all(late):
    before = picture(late)
    assert bring(Desk(late.database, after(25)), seconds=0) == 0
    assert picture(late) == before
    assert done(late, after(25)) == 2


def test_two_at_once_do_everything_once(late):
    day = after(25)

    def turn(_):
        return done(late, day)

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(turn, range(2))) >= 2
    found = picture(late)
    assert len(found[1]) == len(set(found[1]))
    assert len(found[3]) == 3
    assert len(found[4]) == 2


def test_days_that_were_missed_are_caught_up_by_the_next(late):
    assert done(late, DAY) == 2
    assert len(picture(late)[3]) == 1
    assert done(late, after(40)) == 2
    kinds = [row.status for row in picture(late)[3]]
    assert sorted(kinds) == ["RADIE", "SUSPENDU", "SUSPENDU", "SUSPENDU"]
    assert done(late, after(40)) == 0


def called_from(books, member, day):
    """(persons, FCFA) of the dues that begin on a day or later, and FCFA of those before."""
    with books.database.begin(reading=True) as conn:
        mine = (dues.c.membership_id == member, dues.c.amount > 0)
        coming = select(dues.c.persons, func.sum(dues.c.amount)).where(*mine, dues.c.period_from >= day)
        before = select(func.sum(dues.c.amount)).where(*mine, dues.c.period_from < day)
        return conn.execute(coming.group_by(dues.c.persons)).all(), conn.execute(before).scalar_one()


def a_death(books, member):
    dies(books, people_of(books, member)[-1])


def a_death_told_late(books, member):
    dies(books, people_of(books, member)[-1], after(-30))


def a_birth(books, member):
    with books.database.begin(reading=True) as conn:
        home = memberships.by_id(conn, member).household_id
    books.register.person(household=home, relation="ENFANT")


def an_erasure(books, member):
    with books.database.begin() as conn:
        gone = people_of(books, member)[-1]
        conn.execute(update(persons).where(persons.c.id == gone).values(erased_at=noon(DAY)))


UNTIL_THEN = 1_375 * 2 + 1_375 // 30
"""FCFA of two months and of the first day of a third, for five people as before."""

CHANGES = [
    pytest.param(a_death, 4, id="a death"),
    pytest.param(a_death_told_late, 4, id="a death that is told a month late"),
    pytest.param(a_birth, 6, id="a birth"),
    pytest.param(an_erasure, 4, id="somebody is erased"),
]


@pytest.mark.parametrize(("happens", "people"), CHANGES)
def test_what_the_register_notes_changes_what_is_to_come(books, happens, people):
    """Joined sixty days ago, all paid up to a month from now; the pass is of today."""
    member = books.join(day=after(-61))
    books.pay(member, 4_125, day=after(-61))
    assert done(books, DAY) == 1
    happens(books, member)
    with books.database.begin(reading=True) as conn:
        assert household_counts.miscounted(conn, books.mutuelle_id, after(1)) == (member,)
    assert done(books, after(1)) == 1
    coming, before = called_from(books, member, after(1))
    assert [row.persons for row in coming] == [people]
    found = books.account(member, after(1))
    assert (found.persons, found.season_paid + found.advance) == (people, 4_125)
    assert before == UNTIL_THEN
    with books.database.begin(reading=True) as conn:
        assert household_counts.miscounted(conn, books.mutuelle_id, after(1)) == ()
    picture(books)


def test_a_child_that_a_register_brings_gets_a_right(books):
    member = books.join(books.family(2), day=after(-61))
    a_birth(books, member)
    done(books, DAY)
    with books.database.begin(reading=True) as conn:
        asked = select(coverages.c.status).where(coverages.c.person_id.in_(people_of(books, member)))
        assert conn.execute(asked).scalars().all() == ["EN_OBSERVATION"] * 3


def test_where_nobody_lives_the_membership_has_ended(books):
    member = books.join(books.family(2), day=after(-61))
    books.pay(member, 6_600, day=after(-61))
    for person in people_of(books, member):
        dies(books, person)
    done(books, DAY)
    with books.database.begin(reading=True) as conn:
        found = memberships.by_id(conn, member)
        assert (found.ended_on, found.ended_why) == (DAY, "DECES")
    assert books.account(member).advance > 0
    picture(books)


def test_a_household_that_ended_meanwhile_holds_nobody_up(books):
    member, other = books.join(), books.join()
    for one in (member, other):
        a_death(books, one)
    with books.database.begin() as conn:
        membership_changes.end(conn, member, "DEMISSIONNAIRE", DAY, now=noon(DAY))
        assert household_counts.recount(conn, books.mutuelle_id, DAY, noon(DAY)) == 1
        assert household_counts.recount(conn, books.mutuelle_id, DAY, noon(DAY)) == 0
