"""References of rows that an import writes: none dangles, whoever the command is to PostgreSQL."""

import secrets

import psycopg
import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError

from models.database import Database
from models.import_references import by_construction
from models.receipts import receipts
from tests.imports.conftest import AWA, FANTA, GOOD, MOUSSA, changed, written

ORPHANS = """
SELECT (SELECT count(*) FROM persons p LEFT JOIN households h ON h.id = p.household_id WHERE h.id IS NULL),
       (SELECT count(*) FROM coverages c LEFT JOIN persons p ON p.id = c.person_id WHERE p.id IS NULL),
       (SELECT count(*) FROM receipts r LEFT JOIN coverages c ON c.id = r.coverage_id WHERE c.id IS NULL)
"""


@pytest.fixture
def plain_url(postgres_server, postgresql_url):
    """The same database for a role that may read and write its tables, and nothing more."""
    role = f"plain_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for order in (
            f"CREATE ROLE {role}",
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ):
            connection.execute(order)
    return f"{postgresql_url}&options=-crole%3D{role}"


@pytest.fixture(params=["postgresql_url", "plain_url", "sqlite_url"])
def database_url(request):
    """A superuser's PostgreSQL, an ordinary role's, and SQLite."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def conn(database_url):
    database = Database.open(database_url, deadline_ms=None)
    with database.begin() as opened:
        yield opened
    database.dispose()


def test_no_reference_dangles(bring, database_url, tmp_path):
    known = [changed(line, nina="") for line in GOOD]
    assert bring("ramed", written(tmp_path / "a.csv", known), "--apply")[0]["new"] == 3
    more = [
        changed(AWA, numero="2600100002999", prenom="Oumou"),
        changed(FANTA, ouvrant=MOUSSA[0], prenom="Bintou"),
        changed(FANTA, ouvrant="2600100002999", prenom="Sira"),
    ]
    assert bring("ramed", written(tmp_path / "b.csv", more), "--apply")[0]["new"] == 3
    database = Database.open(database_url, deadline_ms=None)
    with database.begin(reading=True) as opened:
        assert tuple(opened.execute(text(ORPHANS)).one()) == (0, 0, 0)
    database.dispose()


def test_behind_the_block_references_are_checked_again(conn: Connection):
    with by_construction(conn):
        assert conn.execute(text("SELECT count(*) FROM receipts")).scalar_one() == 0
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(insert(receipts).values(coverage_id=9_999))


@pytest.mark.parametrize("database_url", ["plain_url"], indirect=True)
def test_who_may_not_vouch_is_checked(conn: Connection):
    with pytest.raises(IntegrityError), conn.begin_nested(), by_construction(conn):
        conn.execute(insert(receipts).values(coverage_id=9_999))


@pytest.mark.parametrize("database_url", ["postgresql_url"], indirect=True)
def test_an_error_leaves_nothing_unchecked(conn: Connection):
    with pytest.raises(ZeroDivisionError), conn.begin_nested(), by_construction(conn):
        raise ZeroDivisionError
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(insert(receipts).values(coverage_id=9_999))
