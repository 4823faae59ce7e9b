"""Random histories: the books balance, no franc appears or disappears, cover says what was paid."""

import shutil

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from models.database import Database
from tests.mutuelles.conftest import opened
from tests.mutuelles.histories import Histories
from tests.register.conftest import Register

SOME = {"max_examples": 3, "stateful_step_count": 8}
DAILY = {"max_examples": 6, "stateful_step_count": 10}
LONG = {"max_examples": 400, "stateful_step_count": 40}
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]


def machine(books):
    """The machine over one database: each history has households of its own."""
    return type("TheseHistories", (Histories,), {"books": books})


@pytest.fixture
def books(migrated_file, tmp_path, keys):
    """A SQLite register: what differs between databases is in the other tests."""
    database = Database.open(
        f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'h.sqlite3')}", deadline_ms=None
    )
    yield opened(Register(database, keys))
    database.dispose()


def test_random_histories_balance(books):
    run_state_machine_as_test(
        machine(books), settings=settings(**DAILY, deadline=None, suppress_health_check=CHECKS)
    )


def test_random_histories_balance_on_postgresql(postgresql_url, keys):
    database = Database.open(postgresql_url, deadline_ms=None)
    checked = settings(**SOME, deadline=None, suppress_health_check=CHECKS, database=None)
    run_state_machine_as_test(machine(opened(Register(database, keys))), settings=checked)
    database.dispose()


@pytest.mark.storm
def test_long_random_histories_balance(books):
    run_state_machine_as_test(
        machine(books), settings=settings(**LONG, deadline=None, suppress_health_check=CHECKS)
    )
