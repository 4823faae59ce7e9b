"""Cash in the books: what a collector has is what the ledger says, in whatever order things come, and twice."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import collector_cash, collectors, contributions, deposits, member_households
from models.collectors import COLLECTOR, PhoneTaken
from models.identifiers import Msisdn
from models.locks import Overtaken
from tests.collecting.conftest import AWA, FANTA, LATE, NOW, PHONES, TODAY, Till, later


def pay(till: Till, amount: int, once: str, *, number: str = AWA, days: int = 0) -> int:
    """The collector receives cash; the entry."""
    now = later(days=days)
    with till.database.begin() as conn:
        holder = str(till.numbers["collector"])
        return contributions.pay(
            conn, till.members[number], amount, contributions.CASH, holder, once, "713482", now, now.date()
        ).entry_id


def declare(till: Till, amount: int, once: bytes, reference: str = "B12") -> int:
    """The collector says that she handed cash over; the deposit."""
    with till.database.begin() as conn:
        return deposits.declare(
            conn,
            till.register.keys,
            number=till.numbers["collector"],
            mutuelle_id=till.mutuelle_id,
            amount=amount,
            reference=reference,
            code="482913",
            once=once,
            now=NOW,
        )


def count(till: Till, deposit: int, counted: int, by: str = "console:1") -> deposits.Deposit:
    """Somebody counts it."""
    with till.database.begin() as conn:
        return deposits.settle(conn, deposit, counted, by, NOW)


def test_cash_falls_only_when_it_was_counted(till: Till) -> None:
    pay(till, 3_000, "one")
    made = declare(till, 2_000, b"d1")
    assert (till.in_hand().amount, till.in_hand().declared) == (3_000, 2_000)
    assert count(till, made, 2_000).difference == 0
    assert (till.in_hand().amount, till.in_hand().declared) == (1_000, 0)
    assert till.ledger() == 1_000


def test_a_deposit_counts_once_however_often_it_is_declared_and_confirmed(till: Till) -> None:
    pay(till, 3_000, "one")
    made = declare(till, 1_000, b"d1")
    assert declare(till, 1_000, b"d1") == made
    with pytest.raises(Overtaken):
        declare(till, 1_000, b"d2")
    count(till, made, 1_000)
    with pytest.raises(Overtaken):
        count(till, made, 1_000)
    assert till.in_hand().amount == till.ledger() == 2_000


@pytest.mark.parametrize(
    ("counted", "left", "difference"),
    [
        pytest.param(1_000, 2_000, 0, id="as declared"),
        pytest.param(999, 2_001, -1, id="one franc is missing"),
        pytest.param(1_001, 1_999, 1, id="one franc more"),
        pytest.param(0, 3_000, -1_000, id="nothing was handed over"),
        pytest.param(3_001, 0, 2_001, id="more than she ever had"),
    ],
)
def test_differences_are_listed(till: Till, counted: int, left: int, difference: int) -> None:
    pay(till, 3_000, "one")
    settled = count(till, declare(till, 1_000, b"d1"), counted)
    assert (till.in_hand().amount, settled.difference) == (left, difference)
    with till.database.begin(reading=True) as conn:
        assert [one.difference for one in deposits.differences(conn)] == ([difference] if difference else [])
        assert deposits.waiting(conn) == ()


def test_more_than_she_has_is_not_declared(till: Till) -> None:
    pay(till, 3_000, "one")
    declare(till, 2_000, b"d1")
    with pytest.raises(Overtaken):
        declare(till, 1_001, b"d2", "B13")
    assert declare(till, 1_000, b"d3", "B13")


def test_nobody_counts_her_own_deposit(till: Till) -> None:
    pay(till, 3_000, "one")
    made = declare(till, 1_000, b"d1")
    with pytest.raises(deposits.OwnDeposit):
        count(till, made, 1_000, by=str(till.numbers["collector"]))
    assert till.in_hand().amount == 3_000


def test_old_cash_stays_old_when_a_little_is_handed_over(till: Till) -> None:
    pay(till, 3_000, "old")
    pay(till, 500, "new", days=4)
    count(till, declare(till, 1_000, b"d1"), 1_000)
    assert till.in_hand(now=later(days=4)).since == TODAY
    count(till, declare(till, 2_000, b"d2", "B13"), 2_000)
    standing = till.in_hand(now=later(days=4))
    assert (standing.since, standing.before) == (TODAY + timedelta(days=4), TODAY + timedelta(days=6))


def test_her_own_limit_holds_from_its_day(till: Till) -> None:
    number = till.numbers["collector"]
    with till.database.begin() as conn:
        collector_cash.set_limit(conn, number, 75_000, TODAY, "bureau")
        collector_cash.set_limit(conn, number, 10_000, TODAY + timedelta(days=1), "bureau")
        limits = [collector_cash.limit_of(conn, number, TODAY + timedelta(days=days)) for days in (-1, 0, 1)]
    assert limits == [50_000, 75_000, 10_000]


def test_a_number_is_never_given_again(till: Till) -> None:
    phone, keys = Msisdn.parse("+22376000399"), till.register.keys
    with till.database.begin() as conn:
        first = collectors.add(conn, keys, phone, till.mutuelle_id, COLLECTOR, NOW)
        assert collectors.remove(conn, first, NOW)
        assert not collectors.remove(conn, first, NOW)
        second = collectors.add(conn, keys, phone, till.mutuelle_id, COLLECTOR, NOW)
        assert second == first + 1
        with pytest.raises(PhoneTaken):
            collectors.give_phone(conn, keys, first, phone, NOW)
        assert collectors.give_phone(conn, keys, first, Msisdn.parse("+22376000398"), NOW)
        assert len(collectors.everybody(conn, keys, NOW)) == 6


def test_a_phone_falls_idle_and_works_again(till: Till) -> None:
    phone, keys = Msisdn.parse(PHONES["collector"]), till.register.keys
    day_90, day_91 = later(days=90), later(days=90, minutes=1)
    with till.database.begin() as conn:
        active = [collectors.of_phone(conn, keys, phone, now).active for now in (day_90, day_91)]
        assert active == [True, False]
        assert collectors.give_phone(conn, keys, till.numbers["collector"], phone, day_91)
        assert collectors.of_phone(conn, keys, phone, day_91).active


def test_a_section_is_where_she_collects(till: Till) -> None:
    here, there = "ML-C02040101", "ML-C02040102"
    with till.database.begin() as conn:
        number = collectors.add(
            conn,
            till.register.keys,
            Msisdn.parse("+22376000399"),
            till.mutuelle_id,
            COLLECTOR,
            NOW,
            communes=[there],
        )
        away = collectors.by_number(conn, number, NOW)
        assert not member_households.covers(conn, away, 1, here)
        assert member_households.covers(conn, away, 1, there)
        assert member_households.count_late(conn, away) == (0, 0)
        assert member_households.count_late(conn, till.known())[0] == 1
        (found,) = member_households.late(conn, till.register.keys, till.known(), 0, 5)
    assert (found.membership_id, found.head.number, found.head.given) == (till.members[LATE], LATE, "Moussa")


STEPS = st.lists(
    st.tuples(st.sampled_from(["pay", "back", "declare", "count"]), st.integers(1, 3_000), st.integers(0, 9)),
    max_size=14,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_cash_in_hand_is_the_ledgers_after_any_history(till: Till, steps: list[tuple[str, int, int]]) -> None:
    before = till.in_hand().amount
    run, received, handed_over = str(len(till.members)) + str(till.ledger()), 0, 0
    entries: list[tuple[int, int]] = []
    made: list[int] = []
    for place, (step, amount, which) in enumerate(steps):
        key = f"{id(steps)}:{run}:{place}"
        if step == "pay":
            number = (AWA, FANTA)[which % 2]
            entries.append((pay(till, amount, key, number=number), amount))
            received += amount
        elif step == "back" and entries:
            entry, paid = entries.pop(which % len(entries))
            if paid <= till.in_hand().amount - till.in_hand().declared:
                with till.database.begin() as conn:
                    contributions.reverse(conn, entry, "a slip", "test", key, NOW, TODAY)
                received -= paid
        elif step == "declare" and amount <= till.in_hand().amount - till.in_hand().declared:
            made.append(declare(till, amount, key.encode(), key[-12:]))
        elif step == "count" and made:
            had = till.in_hand().amount
            count(till, made.pop(which % len(made)), amount)
            handed_over += had - till.in_hand().amount
            assert had - till.in_hand().amount == min(amount, had)
        standing = till.in_hand()
        assert standing.amount == before + received - handed_over == till.ledger()
        assert standing.amount >= 0
        assert (standing.since is not None) == (standing.amount > 0)
