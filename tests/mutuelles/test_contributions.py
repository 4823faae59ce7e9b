"""Money that comes in: where it goes, what it covers, that it counts once and can be taken back."""

from datetime import date

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from models import cash_held, contributions, ledger
from models.contributions import BadPayment
from models.coverage import coverages
from models.ledger import Cause, Line, Unbalanced
from models.mutuelle_tables import ledger_entries, ledger_lines
from tests.mutuelles.conftest import DAY, after, noon


def balance(books, account, membership=None):
    with books.database.begin(reading=True) as conn:
        return ledger.balance(conn, account, membership)


def test_a_month_paid_is_a_month_covered(books):
    member = books.join()
    assert books.account(member).status == "EN_OBSERVATION"
    paid = books.pay(member, 1_375)
    assert (paid.season_paid, paid.season_due, paid.fresh) == (1_375, 16_500, True)
    assert paid.covered_until == date(2026, 12, 21)
    account = books.account(member)
    assert (account.persons, account.missing, account.state_fcfa) == (5, 15_125, 16_500)
    assert (account.next_due_on, account.next_due) == (date(2026, 12, 21), 1_375)


def test_the_same_payment_counts_once(books):
    member = books.join()
    first = books.pay(member, 1_375, once="payment:1")
    again = books.pay(member, 1_375, once="payment:1")
    assert (again.entry_id, again.fresh, again.season_paid) == (first.entry_id, False, 1_375)
    assert balance(books, ledger.CAISSE) == 1_375


def test_state_and_guarantee_follow_what_is_allocated(books):
    member = books.join()
    books.pay(member, 1_000)
    books.pay(member, 375)
    assert balance(books, ledger.ETAT, member) == 1_375
    assert balance(books, ledger.FONDS_GARANTIE, member) == -(1_375 * 3 // 100)
    assert balance(books, ledger.MEMBRE, member) == 16_500 - 1_375


def test_a_payment_taken_back_leaves_nothing_of_it(books):
    member = books.join()
    before = books.account(member)
    paid = books.pay(member, 2_000)
    books.reverse(paid.entry_id)
    assert books.account(member) == before
    for account in (ledger.CAISSE, ledger.AVANCE, ledger.ETAT, ledger.FONDS_GARANTIE):
        assert balance(books, account) == 0
    assert contributions.receipts(books.database.reader(), member, 5) == ()
    with pytest.raises(BadPayment, match="already"):
        books.reverse(paid.entry_id)


def test_receipts_are_told_newest_first(books):
    member = books.join()
    books.pay(member, 1_000)
    books.pay(member, 500, means="OM", holder="OM")
    told = contributions.receipts(books.database.reader(), member, 5)
    assert [(line.amount, line.means) for line in told] == [(500, "OM"), (1_000, "TILL")]
    assert len(contributions.receipts(books.database.reader(), member, 1)) == 1


def test_cash_goes_from_the_collector_to_the_till(books):
    member = books.join()
    books.pay(member, 1_375, means="CASH", holder="7")
    reader = books.database.reader()
    assert cash_held.cash_in_hand(reader, "7") == (1_375, 1, DAY)
    with books.database.begin() as conn, pytest.raises(BadPayment):
        cash_held.deposit(conn, books.mutuelle_id, "7", 1_376, "V1", "v:1", noon(DAY), DAY)
    for _ in range(2):
        with books.database.begin() as conn:
            cash_held.deposit(conn, books.mutuelle_id, "7", 1_375, "V1", "v:2", noon(DAY), DAY)
    assert cash_held.cash_in_hand(reader, "7") == (0, 0, None)
    assert balance(books, ledger.CAISSE) == 1_375


def rights(books):
    with books.database.begin(reading=True) as conn:
        found = conn.execute(
            select(coverages.c.status, coverages.c.valid_to, coverages.c.missing_fcfa, coverages.c.late_since)
        )
        return {tuple(row) for row in found}


def test_rights_follow_a_payment_and_its_reversal_at_once(books):
    member = books.join(day=after(-60))
    books.pay(member, 1_375, day=after(-60))
    entry = books.pay(member, 2_750).entry_id
    assert rights(books) == {("A_JOUR", date(2026, 12, 22), 0, None)}
    books.reverse(entry)
    late = date(2026, 10, 22)
    assert rights(books) == {("EN_RETARD", late, 1_375, late)}


@pytest.mark.parametrize("table", [ledger_entries, ledger_lines], ids=lambda table: table.name)
def test_nobody_changes_the_ledger(books, table):
    books.pay(books.join(), 100)
    for statement in (delete(table), update(table).values(id=table.c.id)):
        with pytest.raises(DBAPIError, match="append-only"), books.database.begin() as conn:
            conn.execute(statement)


def test_lines_that_do_not_come_to_nothing_are_refused(books):
    cause = Cause("x", noon(DAY), DAY, "test")
    with books.database.begin() as conn, pytest.raises(Unbalanced):
        ledger.post(conn, ledger.ADJUSTMENT, books.mutuelle_id, [Line(ledger.CAISSE, 1)], cause)
    entry = books.pay(books.join(), 100).entry_id
    if books.database.dialect == "postgresql":
        added = text(f"INSERT INTO ledger_lines (entry_id, account, amount) VALUES ({entry}, 'CAISSE', 1)")
        with pytest.raises(DBAPIError, match="does not balance"), books.database.begin() as conn:
            conn.execute(added)
