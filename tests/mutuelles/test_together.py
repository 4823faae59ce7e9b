"""Payments, reversals and the daily pass at the same moment, on PostgreSQL: no franc appears, none is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from models import contributions, ledger, ledger_check, proposals
from models.contributions import BadPayment
from models.database import Database
from models.mutuelle_tables import status_passes
from tests.mutuelles.conftest import DAY, after, noon, opened
from tests.register.conftest import Register


@pytest.fixture
def books(postgresql_url, keys):
    """A register on PostgreSQL."""
    database = Database.open(postgresql_url, deadline_ms=None)
    yield opened(Register(database, keys))
    database.dispose()


def test_threads_pay_reverse_and_pass_together(books):
    members = [books.join(), books.join(plan="COTON")]
    first = books.pay(members[0], 500).entry_id

    def pays(place):
        # Each key is used twice, by two threads.
        with books.database.begin() as conn:
            return contributions.pay(
                conn, members[place % 2], 700, "OM", "OM", f"p:{place // 4}:{place % 2}", "1", noon(DAY), DAY
            ).fresh

    def reverses(place):
        try:
            books.reverse(first, once=f"r:{place}")
        except BadPayment:
            return False
        return True

    def passes(place):
        with books.database.begin() as conn:
            proposals.bring_to_day(conn, books.mutuelle_id, after(place))
        return True

    with ThreadPoolExecutor(8) as pool:
        paid = [pool.submit(pays, place) for place in range(24)]
        reversed_ = [pool.submit(reverses, place) for place in range(4)]
        passed = [pool.submit(passes, place) for place in range(1, 4)]
        fresh = sum(one.result() for one in paid)
        assert sum(one.result() for one in reversed_) == 1
        assert all(one.result() for one in passed)
    assert fresh == 12
    with books.database.begin() as conn:
        assert ledger.balance(conn, ledger.MOBILE) == 12 * 700
        assert ledger.balance(conn, ledger.CAISSE) == 0
        assert len(conn.execute(select(status_passes.c.day)).all()) == 3
        proposals.bring_to_day(conn, books.mutuelle_id, DAY)
        assert list(ledger_check.faults(conn)) == []
