"""PostgreSQL for tests: data folders that are copied, and databases that one test after another uses, each time empty.

Making a database costs the disk and the kernel three times what emptying one costs. A test gets one that nobody is
connected to, under a name that was never used, so that a process which outlives its test finds nothing; whatever a
test did besides writing rows (a table, a trigger, a right, figures of the planner) is found, and that database goes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from models.schema import migrate
from workers.servers import PostgresServer
from workers.servers.folders import scratch, unprivileged_user

NUMBERS = count(1)
TEMPLATE = "migrated"

COPIES_FILES = 150_000
"""Since this version a copy goes through the log, page by page, unless files are asked for: three times the work."""

PATIENCE = 0.5
"""Seconds in which a connection that was closed is gone for the server too."""

MOST = 1 << 20
"""Bytes of tables that may lie there with nothing but rows that are gone."""

EMPTIED = f"""
    SET session_replication_role = replica; -- some tables refuse to forget
    DO $$
    DECLARE
        written text[];
        bytes bigint;
        one text;
    BEGIN
        SELECT array_agg(format('%I.%I', relnamespace::regnamespace, relname)), sum(pg_relation_size(oid))
        INTO written, bytes FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
        AND pg_relation_size(oid) > 0;
        IF bytes > {MOST} THEN
            EXECUTE 'TRUNCATE ' || array_to_string(written, ', ') || ' CASCADE';
        ELSIF bytes > 0 THEN
            FOREACH one IN ARRAY written LOOP
                EXECUTE 'DELETE FROM ' || one;
            END LOOP;
        END IF;
    END $$
"""
"""Deleting leaves each table's files as they are: making those anew of all that households lead to costs 25 ms."""

COUNTED = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""
SHAPE = """
    SELECT md5(string_agg(part, '|' ORDER BY part)) FROM (
        SELECT concat_ws(' ', oid, relname, relowner, relacl, reloptions, relpersistence, relchecks, relnatts,
            relhastriggers, relhasrules, relrowsecurity, reltuples > 0) FROM pg_class WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT concat_ws(' ', 'trigger', oid, xmin) FROM pg_trigger
        UNION ALL SELECT concat_ws(' ', 'rule', oid, xmin) FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'type', oid, xmin) FROM pg_type WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'schema', oid, xmin) FROM pg_namespace WHERE nspname !~ '^pg_t'
        UNION ALL SELECT concat_ws(' ', 'figures', starelid, xmin) FROM pg_statistic WHERE starelid >= 16384
        UNION ALL SELECT concat_ws(' ', 'extension', oid, xmin) FROM pg_extension
        UNION ALL SELECT concat_ws(' ', 'right', oid, xmin) FROM pg_default_acl
        UNION ALL SELECT concat_ws(' ', 'setting', setconfig) FROM pg_db_role_setting
        UNION ALL SELECT concat_ws(' ', 'access', datacl) FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT concat_ws(' ', 'step', version_num) FROM alembic_version
    ) AS everything (part)
"""
"""All that emptying leaves as it is. It writes new rows into pg_class: what of them must be the same is named."""


class Databases:
    """Migrated, empty databases of one server, lent and taken back."""

    def __init__(self, server: PostgresServer) -> None:
        greet_quickly(server)
        server.order("ALTER ROLE {} SET jit = off", "ramu")  # it compiles for rows that it only expects
        migrate(server.create_database(TEMPLATE))
        self._server = server
        self._door = psycopg.connect(server.url, autocommit=True)
        self._empty: list[str] = []
        with psycopg.connect(server.url_of(TEMPLATE)) as connection:
            self._shape = one(connection, SHAPE)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of an empty one, for the time of one test."""
        name = f"test_{next(NUMBERS)}"
        if self._empty:
            self._order("ALTER DATABASE {} RENAME TO {}", self._empty.pop(), name)
        else:
            self._order(f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE}{self._how()}", name)
        yield self._server.url_of(name)
        if self._left(name) and self._emptied(name):
            self._empty.append(name)
        else:
            self._order("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def close(self) -> None:
        """Leaves the server."""
        self._door.close()

    def _how(self) -> str:
        return " STRATEGY FILE_COPY" if self._door.info.server_version >= COPIES_FILES else ""

    def _order(self, statement: str, *names: str) -> None:
        self._door.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _left(self, name: str) -> bool:
        """Whether nobody is connected any more."""
        until = monotonic() + PATIENCE
        while one(self._door, "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", name):
            if monotonic() > until:
                return False
            sleep(0.001)
        return True

    def _emptied(self, name: str) -> bool:
        """Whether all rows are gone and everything else is as it was."""
        try:
            with psycopg.connect(self._server.url_of(name), autocommit=True) as connection:
                connection.execute(EMPTIED)
                connection.execute(COUNTED)
                return bool(one(connection, SHAPE) == self._shape)
        except psycopg.Error:
            return False


def one(connection: psycopg.Connection, query: LiteralString, *values: str) -> Any:
    """The one value that a query gives."""
    (value,) = connection.execute(query, values).fetchone() or (None,)
    return value


@contextmanager
def copied(folder: Path) -> Iterator[PostgresServer]:
    """A server on a copy of a stopped one's folder, which goes with it: making one takes ten times as long."""
    home = scratch(unprivileged_user())
    subprocess.run(["cp", "-a", f"{folder}/.", home], check=True)
    with PostgresServer.start(home, forgetful=True) as server:
        server.keep = False
        yield server


def greet_quickly(server: PostgresServer) -> None:
    """Proves the same password in one round instead of 4,096 (RFC 7677), which were half of a connection's cost."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", server.password.encode(), salt, 1)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    parts = (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))
    words = [base64.b64encode(part).decode() for part in parts]
    server.order("ALTER ROLE {{}} PASSWORD 'SCRAM-SHA-256$1:{}${}:{}'".format(*words), "ramu")
