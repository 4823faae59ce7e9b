"""What households leave behind: listed, given back once, on both sides of each limit, and never taken back twice."""

import pytest
from sqlalchemy import update

from models import ledger, ledger_check, membership_changes, mutuelle_counts, refunds
from models.contributions import BadPayment
from models.mutuelle_tables import memberships
from models.periods import Period
from tests.mutuelles.conftest import DAY, after, noon


@pytest.fixture
def left(books):
    """A household that paid 16,500 F at the till and left sixty days later; its membership and its advance."""
    member = books.join()
    entry = books.pay(member, 16_500).entry_id
    with books.database.begin() as conn:
        membership_changes.end(conn, member, "DEMISSIONNAIRE", after(61), now=noon(after(61)))
        (found,) = refunds.left_behind(conn)
    assert (found.membership_id, found.ended_on) == (member, after(61))
    assert 16_500 - 2_750 >= found.amount > 13_000
    return member, found.amount, entry


def give(books, member, amount, *, means="TILL", reason="left", once="back:1"):
    with books.database.begin() as conn:
        told = (means, reason, "console:1", "R-1", once, noon(after(70)), after(70))
        return refunds.refund(conn, member, amount, *told)


def faults(books):
    with books.database.begin(reading=True) as conn:
        return list(ledger_check.faults(conn))


def test_all_of_it_is_given_back_once(books, left):
    member, amount, _ = left
    assert give(books, member, amount) == give(books, member, amount)
    with books.database.begin(reading=True) as conn:
        assert refunds.left_behind(conn, books.mutuelle_id) == ()
        assert ledger.balance(conn, ledger.AVANCE, member) == 0
        assert ledger.balance(conn, ledger.CAISSE) == 16_500 - amount
    assert faults(books) == []
    with pytest.raises(BadPayment, match="advance of 0 F"):
        give(books, member, 1, once="back:2")


REFUSED = [
    pytest.param({"over": 0}, "advance", id="nothing"),
    pytest.param({"over": 1}, "advance", id="a franc more than the advance"),
    pytest.param({"means": "OM"}, "0 F there", id="from an operator who has none of it"),
    pytest.param({"reason": " "}, "reason", id="without a reason"),
]


@pytest.mark.parametrize(("told", "why"), REFUSED)
def test_what_is_refused(books, left, told, why):
    member, amount, _ = left
    more = {name: told[name] for name in told if name != "over"}
    asked = {0: 0, 1: amount + 1}.get(told.get("over", 2), amount)
    with pytest.raises(BadPayment, match=why):
        give(books, member, asked, **more)
    assert faults(books) == []


def test_a_running_membership_keeps_its_advance(books):
    member = books.join()
    books.pay(member, 20_000)
    with pytest.raises(BadPayment, match="running"):
        give(books, member, 3_500)
    with books.database.begin(reading=True) as conn:
        assert refunds.left_behind(conn) == ()


def test_a_payment_that_was_given_back_is_not_reversed_too(books, left):
    member, amount, entry = left
    give(books, member, 1)
    with pytest.raises(BadPayment, match="given back"):
        books.reverse(entry, day=after(71))
    assert books.account(member, after(71)).advance == amount - 1
    assert faults(books) == []


def undo(books, entry, *, reason="paid to the wrong person", once="undo:1"):
    with books.database.begin() as conn:
        return refunds.reverse(conn, entry, reason, "console:1", once, noon(after(71)), after(71))


def received(books):
    with books.database.begin(reading=True) as conn:
        period = Period(DAY, after(80))
        return mutuelle_counts.money(conn, period)[books.mutuelle_id]["received"]


def test_a_refund_is_taken_back_once_and_the_money_is_the_households_again(books, left):
    member, amount, payment = left
    before = received(books)
    entry = give(books, member, amount)
    made = undo(books, entry)
    assert undo(books, entry) == made
    with pytest.raises(BadPayment, match="already"):
        undo(books, entry, once="undo:2")
    with books.database.begin(reading=True) as conn:
        (found,) = refunds.left_behind(conn)
        assert (found.amount, ledger.balance(conn, ledger.CAISSE)) == (amount, 16_500)
    assert received(books) == before == 16_500
    assert faults(books) == []
    with pytest.raises(BadPayment, match="another reference"):
        give(books, member, amount)
    second = give(books, member, amount, once="back:2")
    undo(books, second, once="undo:3")
    books.reverse(payment, day=after(72))
    assert received(books) == 0
    assert faults(books) == []


def test_only_a_refund_is_taken_back_and_with_a_reason(books, left):
    member, amount, payment = left
    entry = give(books, member, amount)
    with pytest.raises(BadPayment, match="reason"):
        undo(books, entry, reason=" ")
    made = undo(books, entry)
    for other in (payment, made, made + 99):
        with pytest.raises(BadPayment, match="only a refund"):
            undo(books, other, once="undo:2")
    with pytest.raises(BadPayment, match="only a payment or a refund"):
        books.reverse(made, day=after(72))
    assert faults(books) == []


def test_the_check_finds_a_refund_of_a_running_membership(books, left):
    member, amount, _ = left
    entry = give(books, member, amount)
    with books.database.begin() as conn:
        conn.execute(
            update(memberships).where(memberships.c.id == member).values(ended_on=None, ended_why=None)
        )
    assert f"entry {entry} gives money of a running membership back" in faults(books)


def test_money_that_comes_after_the_end_is_left_behind_too(books):
    member = books.join()
    with books.database.begin() as conn:
        membership_changes.end(conn, member, "DECES", DAY, now=noon(DAY))
    books.pay(member, 500, means="OM", holder="OM")
    with books.database.begin(reading=True) as conn:
        assert [one.amount for one in refunds.left_behind(conn)] == [500]
    give(books, member, 500, means="OM")
    assert faults(books) == []
