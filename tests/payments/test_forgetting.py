"""Numbers of who paid: kept while somebody may have to be told, gone after their term and for who asks."""

from datetime import timedelta

from models import erasures, payment_forgetting, payments
from models.phones import phone_index
from tests.payments.counter import PAYER, Counter, magic
from workers.retention import drop_old_of


def test_after_its_term_a_payment_is_nobodys(counter: Counter) -> None:
    paid = counter.pays()
    settled = counter.becomes(paid, payments.CONFIRMED).settled_at
    for before, kept in ((settled, True), (settled + timedelta(seconds=1), False)):
        with counter.desk.database.begin() as conn:
            payment_forgetting.forget_numbers(conn, before)
        assert (counter.row(paid).payer_sealed is not None) is kept
    assert counter.row(paid).state == payments.CONFIRMED


def test_what_is_not_settled_keeps_its_number(counter: Counter) -> None:
    waiting = counter.ask(magic("never_settled"))
    counter.requests()
    with counter.desk.database.begin() as conn:
        payment_forgetting.forget_numbers(conn, counter.desk.clock() + timedelta(days=400))
    assert counter.row(waiting).payer_sealed is not None


def test_the_nightly_job_keeps_what_is_fresh(counter: Counter) -> None:
    paid = counter.pays()
    drop_old_of(counter.desk)
    assert counter.row(paid).payer_sealed is not None


def test_who_asks_to_be_erased_is_in_no_payment_that_ended(counter: Counter) -> None:
    paid, desk = counter.pays(), counter.desk
    index = phone_index(desk.keys, PAYER)
    assert counter.becomes(paid, payments.CONFIRMED).payer_index == index
    with desk.database.begin() as conn:
        erasures.request(conn, desk.keys, reference="713482", phone=PAYER, now=desk.clock())
    for erasure_id, _ in erasures.waiting(desk.database.reader()):
        with desk.database.begin() as conn:
            erasures.carry_out(conn, desk.keys, erasure_id, desk.clock())
    row = counter.row(paid)
    assert (row.payer_sealed, row.member_sealed, row.state) == (None, None, payments.CONFIRMED)
    assert row.payer_index != index
