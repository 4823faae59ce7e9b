"""The database's edge: types that survive both dialects, transactions, and no wait longer than was said."""

import sqlite3
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from psycopg.pq import ExecStatus
from sqlalchemy import bindparam, delete, func, insert, literal, select, update

from models.connections import STATEMENT_ERRORS, away
from models.database import Database, DatabaseAway, Prepared
from models.lookups import lookup_misses
from models.phones import phones
from tests.register.conftest import NOW

DEADLINE_MS = 400
LONGEST = DEADLINE_MS / 1000 + 0.4
"""Seconds that anything may take: the deadline, and room for a busy machine."""

ONE = Prepared(select(literal(1)))
ADD = Prepared(
    insert(phones).values(
        phone_index=bindparam("index"), charset=bindparam("charset"), created_at=bindparam("now")
    )
)
FIND = Prepared(
    select(phones.c.phone_index, phones.c.language, phones.c.charset, phones.c.created_at)
    .where(phones.c.phone_index == bindparam("index"), phones.c.charset == "GSM7")
    .limit(1)
)
RENAME = Prepared(
    update(phones)
    .where(phones.c.phone_index == bindparam("index"))
    .values(language=bindparam("new_language"))
)
CLEAR = Prepared(delete(phones))


def test_rows_come_back_as_they_were_written(database):
    moment = datetime(2026, 3, 15, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=2)))
    with database.begin() as conn:
        assert ADD.run(conn, index=b"\x00\xff1", charset="GSM7", now=moment) == 1
        in_transaction = FIND.first(conn, index=b"\x00\xff1")
    by_reader = FIND.first(database.reader(), index=b"\x00\xff1")
    assert in_transaction == by_reader == (b"\x00\xff1", None, "GSM7", moment)
    assert by_reader[3].tzinfo is not None


def test_a_transaction_of_prepared_statements_is_written_whole_or_not_at_all(database):
    def write_and_fail():
        with database.begin_prepared() as conn:
            ADD.run(conn, index=b"2", charset="GSM7", now=NOW)
            raise LookupError

    with database.begin_prepared(durable=True) as conn:
        assert ADD.run(conn, index=b"1", charset="GSM7", now=NOW) == 1
        assert FIND.first(conn, index=b"1") is not None
    with pytest.raises(LookupError):
        write_and_fail()
    assert FIND.first(database.reader(), index=b"1") is not None
    assert FIND.first(database.reader(), index=b"2") is None


def test_changes_are_counted_and_an_absent_row_is_none(database):
    with database.begin() as conn:
        for index in (b"1", b"2"):
            ADD.run(conn, index=index, charset="GSM7", now=NOW)
        assert RENAME.run(conn, index=b"1", new_language="bm") == 1
        assert RENAME.run(conn, index=b"9", new_language="bm") == 0
        assert CLEAR.run(conn) == 2
        assert FIND.first(conn, index=b"1") is None


def test_a_block_that_raises_leaves_nothing(database):
    def write_and_fail():
        with database.begin() as conn:
            ADD.run(conn, index=b"1", charset="GSM7", now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert FIND.first(database.reader(), index=b"1") is None


def test_a_moment_without_a_zone_is_refused(database):
    with pytest.raises(Exception, match="without a time zone"), database.begin() as conn:
        conn.execute(insert(lookup_misses), [{"asker_index": b"1", "at": datetime(2026, 1, 1)}])  # noqa: DTZ001


def test_a_parameter_that_is_missing_is_an_error_at_once(database):
    with pytest.raises(KeyError):
        FIND.first(database.reader())


def test_a_wrong_statement_is_not_an_outage(database):
    wrong = Prepared(select(func.no_such_function(1)))
    with pytest.raises((psycopg.Error, sqlite3.Error)):
        wrong.first(database.reader())
    assert ONE.first(database.reader()) == (1,)


@pytest.mark.parametrize(
    ("result", "is_away"),
    [
        pytest.param(
            lambda conn: conn.make_empty_result(ExecStatus.FATAL_ERROR), True, id="libpq's own word"
        ),
        pytest.param(lambda conn: conn.exec_(b"SELECT no_such_column"), False, id="the server's word"),
        pytest.param(
            lambda conn: conn.exec_(b"DO $$ BEGIN RAISE SQLSTATE 'ZZ999'; END $$"), False, id="a word unknown"
        ),
    ],
)
def test_a_request_that_could_not_be_written_is_an_outage(postgresql_url, result, is_away):
    with psycopg.connect(postgresql_url) as connection:
        error = psycopg.errors.error_from_result(result(connection.pgconn))
    assert isinstance(error, STATEMENT_ERRORS)
    assert (away(error) is not None) == is_away


def test_a_locked_sqlite_file_is_waited_for_no_longer_than_the_deadline(sqlite_url):
    database, other = (Database.open(sqlite_url, deadline_ms=DEADLINE_MS) for _ in range(2))
    with other.begin():
        start = time.monotonic()
        with pytest.raises(DatabaseAway), database.begin():
            pytest.fail("two transactions wrote at the same time")
        assert time.monotonic() - start < LONGEST
        assert ONE.first(database.reader()) == (1,), "readers go on while somebody writes"
    with database.begin() as conn:
        assert ONE.first(conn) == (1,)
    for opened in (database, other):
        opened.dispose()


def test_a_report_holds_up_no_writer(sqlite_url):
    database = Database.open(sqlite_url, deadline_ms=DEADLINE_MS)
    with database.begin(reading=True) as report:
        ONE.first(report)
        with database.begin() as conn:
            ADD.run(conn, index=b"1", charset="GSM7", now=NOW)
    assert FIND.first(database.reader(), index=b"1")
    database.dispose()


def test_a_file_that_cannot_be_opened_is_away(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/no/such/folder.sqlite", deadline_ms=DEADLINE_MS)
    with pytest.raises(DatabaseAway):
        database.reader()
    assert not database.alive()


def test_nobody_listening_is_known_at_once():
    database = Database.open("postgresql://ramu@127.0.0.1:1/ramu", deadline_ms=DEADLINE_MS)
    with pytest.raises(DatabaseAway):
        database.reader()
    start = time.process_time()
    for _ in range(100):
        with pytest.raises(DatabaseAway):
            database.reader()
    assert time.process_time() - start < 0.1, "the outage is remembered"


def read(database):
    return ONE.first(database.reader())


def write(database):
    with database.begin() as conn:
        return ONE.first(conn)


def write_prepared(database):
    with database.begin_prepared() as conn:
        return ONE.first(conn)


def seconds_until_away(database, use):
    start = time.monotonic()
    with pytest.raises(DatabaseAway):
        use(database)
    return time.monotonic() - start


def after_a_pause(database, use):
    time.sleep(1.05)
    return use(database)


@pytest.fixture
def hurried(own_postgres):
    database = Database.open(own_postgres.url, deadline_ms=DEADLINE_MS)
    assert read(database) == write(database) == (1,)
    yield database
    own_postgres.resume()
    database.dispose()


@pytest.mark.parametrize("use", [read, write, write_prepared])
def test_a_hung_server_costs_the_deadline_once_and_is_taken_up_again(hurried, own_postgres, use):
    own_postgres.pause()
    assert seconds_until_away(hurried, use) < LONGEST, "in the middle of a statement"
    assert seconds_until_away(hurried, use) < 0.1, "remembered"
    assert not hurried.alive()
    time.sleep(1.05)
    assert seconds_until_away(hurried, use) < LONGEST, "while connecting"
    own_postgres.resume()
    assert after_a_pause(hurried, use) == (1,)


def test_a_server_that_hangs_inside_a_transaction(hurried, own_postgres):
    def hang_before_commit(database):
        with database.begin() as conn:
            ADD.run(conn, index=b"1", charset="GSM7", now=NOW)
            own_postgres.pause()

    assert seconds_until_away(hurried, hang_before_commit) < LONGEST
    own_postgres.resume()
    assert after_a_pause(hurried, write) == (1,)


def test_a_slow_statement_ends_and_keeps_nobody_off(hurried):
    slow = Prepared(select(func.pg_sleep(5)))
    assert seconds_until_away(hurried, lambda database: slow.first(database.reader())) < LONGEST
    assert read(hurried) == (1,)


def test_a_restart_between_two_hops_is_not_noticed(hurried, own_postgres):
    own_postgres.kill()
    own_postgres.restart()
    assert read(hurried) == write(hurried) == write_prepared(hurried) == (1,)


def test_a_transaction_of_which_a_statement_failed_is_not_taken_for_committed(hurried):
    def go_on_after_a_failure():
        with hurried.begin_prepared() as conn:
            ADD.run(conn, index=b"1", charset="GSM7", now=NOW)
            with suppress(psycopg.Error):
                ADD.run(conn, index=b"1", charset="GSM7", now=NOW)

    with pytest.raises(RuntimeError):
        go_on_after_a_failure()
    with hurried.begin_prepared() as conn:
        assert FIND.first(conn, index=b"1") is None
