"""The databases that tests take turns with: no test sees anything of another's."""

import psycopg
import pytest

from tests.postgres import Databases

ROW = "INSERT INTO households (commune_code) VALUES ('ML-C02040101') RETURNING id"
TOLD = """
    INSERT INTO audit (at, actor, action, subject, detail, once, mac)
    VALUES (now(), 'x', 'x', 'x', 'x', 'x', 'x')
"""


@pytest.fixture
def written(databases: Databases) -> str:
    """A database that a test before this one has written into; its address was this."""
    with databases.lent() as url, psycopg.connect(url) as connection:
        for number in (1, 2, 3):
            assert connection.execute(ROW).fetchone() == (number,)
    return url


def test_rows_are_gone_and_numbers_begin_anew(written: str, databases: Databases) -> None:
    with databases.lent() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM households").fetchone() == (0,)
        assert connection.execute(ROW).fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_what_is_never_deleted_is_gone_too(databases: Databases) -> None:
    with databases.lent() as url, psycopg.connect(url) as connection:
        connection.execute(TOLD)
        with pytest.raises(psycopg.errors.RaiseException), connection.transaction():
            connection.execute("DELETE FROM audit")
    with databases.lent() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)
        connection.execute(TOLD)
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("DELETE FROM audit")


def test_whoever_outlives_its_test_finds_nothing(written: str, databases: Databases) -> None:
    with databases.lent() as url:
        assert url != written
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(written)


def test_a_connection_that_stayed_takes_its_database_along(databases: Databases) -> None:
    with databases.lent() as url:
        stayed = psycopg.connect(url, autocommit=True)
    with pytest.raises(psycopg.OperationalError):
        stayed.execute(ROW)
    with databases.lent() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM households").fetchone() == (0,)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("CREATE TABLE new (id int)", id="a table"),
        pytest.param("ALTER TABLE households ADD COLUMN new int", id="a column"),
        pytest.param("ALTER TABLE households ALTER COLUMN commune_code DROP NOT NULL", id="a rule"),
        pytest.param("DROP TABLE messages CASCADE", id="a table less"),
        pytest.param("DROP TABLE alembic_version", id="no step"),
        pytest.param("DELETE FROM alembic_version", id="another step"),
        pytest.param("ALTER TABLE audit DISABLE TRIGGER ALL", id="a trigger"),
        pytest.param("GRANT SELECT ON households TO public", id="a right"),
        pytest.param(
            "INSERT INTO households (commune_code) VALUES ('x'); ANALYZE", id="figures of the planner"
        ),
        pytest.param("DROP SCHEMA public CASCADE", id="everything"),
    ],
)
def test_whatever_else_was_changed_goes_with_its_database(databases: Databases, change: str) -> None:
    with databases.lent() as url, psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        connection.execute(change)
    with databases.lent() as url, psycopg.connect(url) as connection:
        now = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert now != before
        assert connection.execute(ROW).fetchone() == (1,)


def test_rows_alone_let_a_database_be_used_again(databases: Databases) -> None:
    seen = []
    for _ in range(3):
        with databases.lent() as url, psycopg.connect(url) as connection:
            connection.execute(ROW)
            seen.append(
                connection.execute(
                    "SELECT oid FROM pg_database WHERE datname = current_database()"
                ).fetchone()
            )
    assert seen[1] == seen[2]
