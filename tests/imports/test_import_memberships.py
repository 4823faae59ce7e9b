"""What a register's file says of births and deaths changes what households of a mutuelle are asked for."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, insert, select

from models import household_counts, ledger_check, member_numbers, memberships
from models.coverage import coverages, number_index
from models.database import Database
from models.mutuelle_tables import dues
from models.mutuelles import mutuelles
from models.people import persons
from tests.imports.conftest import AWA, FANTA, HEADER, MOUSSA, changed, written

JOINED, PASSED = date(2026, 11, 22), date(2026, 11, 30)
MEMBERS = ((AWA, "54100015"), (MOUSSA, "54100028"))


@pytest.fixture
def database(database_url):
    opened = Database.open(database_url, deadline_ms=None)
    yield opened
    opened.dispose()


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


BROUGHT = [
    pytest.param([changed(FANTA, prenom="Ali", sexe="M")], "", 3, id="a child that was born"),
    pytest.param([], "25/11/2026", 1, id="a death"),
    pytest.param([changed(FANTA, prenom="Ali", sexe="M")], "25/11/2026", 2, id="both: as many as before"),
]


@pytest.mark.parametrize(("more", "died", "people"), BROUGHT)
def test_the_next_pass_asks_for_who_lives(bring, database, keys, tmp_path, more, died, people):
    bring("ramed", written(tmp_path / "r.csv", [AWA, FANTA]), "--apply")
    with database.begin() as conn:
        home = {"code": "MUT-1", "name": "Benkadi", "kind": "MUTUELLE", "cercle_pcode": "ML0305"}
        mutuelle_id = conn.execute(insert(mutuelles).values(home).returning(mutuelles.c.id)).scalar_one()
        household = conn.execute(select(persons.c.household_id).distinct()).scalar_one()
        member = memberships.join(
            conn, keys, household, mutuelle_id, JOINED, "MOIS", now=noon(JOINED), fee=False
        )
    lines = [[*AWA, ""], [*FANTA, died], *([*line, ""] for line in more)]
    bring("ramed", written(tmp_path / "s.csv", lines, header=[*HEADER, "Date de décès"]), "--apply")
    with database.begin() as conn:
        done = household_counts.recount(conn, mutuelle_id, PASSED, noon(PASSED))
        assert done == (people != 2)
        coming = select(dues.c.persons, func.min(dues.c.period_from)).where(
            dues.c.membership_id == member, dues.c.amount > 0, dues.c.period_to >= PASSED
        )
        assert conn.execute(coming.group_by(dues.c.persons)).all() == [(people, PASSED if done else JOINED)]
        assert list(ledger_check.faults(conn)) == []


def test_a_complete_file_does_not_end_the_right_of_who_has_an_account_here(bring, database, keys, tmp_path):
    header = ["Numéro", *HEADER[1:6], "Début", "Fin", "Statut", "Mutuelle"]
    awa, moussa = ([number, *line[1:8], "à jour", "MUT-1"] for line, number in MEMBERS)
    with database.begin() as conn:
        home = {"code": "MUT-1", "name": "Benkadi", "kind": "MUTUELLE", "cercle_pcode": "ML0305"}
        mutuelle_id = conn.execute(insert(mutuelles).values(home).returning(mutuelles.c.id)).scalar_one()
    bring("mutuelle", written(tmp_path / "m.csv", [awa, moussa], header=header), "--apply")
    with database.begin() as conn:
        whose = select(persons.c.household_id).join(coverages)
        whose = whose.where(coverages.c.number_index == number_index(keys, "MUTUELLE", MEMBERS[1][1]))
        household = conn.execute(whose).scalar_one()
        memberships.join(conn, keys, household, mutuelle_id, JOINED, "MOIS", now=noon(JOINED), fee=False)
        assert member_numbers.of_household(conn, keys, household) == MEMBERS[1][1]
    told, _ = bring("mutuelle", written(tmp_path / "n.csv", [awa], header=header), "--apply", "--complete")
    assert (told["unchanged"], told["ended"]) == (1, 0)
