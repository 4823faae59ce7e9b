"""The register is really stopped: staff is told from its copy, and told again by the register when it is back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from gateway.providers import NotSent, Unknown
from tests.gateway.correspondent import inbox
from tests.sending.outside import always
from tests.standby.outage import (
    AMO,
    AWA,
    EXPIRED,
    MUTUELLE,
    NOBODY,
    NURSE,
    OTHER_NURSE,
    RAMED,
    Outage,
    pec,
)
from workers.bringing import bring_messages
from workers.inbox import answer_inbox


def test_the_nurse_reads_a_provisional_ok_and_then_the_same_code_confirmed(outage: Outage) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED).turn()
    (provisional,) = outage.reads(NURSE)
    assert provisional.startswith("OK? RAMED valide selon liste du ")
    assert provisional.endswith(f"PEC {pec(provisional)} provisoire, confirme par SMS.")
    outage.turn().turn()
    assert len(outage.reads(NURSE)) == 1
    outage.ends().turn()
    _, confirmed = outage.reads(NURSE)
    assert confirmed.startswith("OK RAMED valide au ")
    assert pec(confirmed) == pec(provisional)
    assert outage.codes() == [(pec(provisional), "OPEN", False)]
    outage.writes(NURSE, f"S {pec(provisional)} CON").turn()
    assert outage.reads(NURSE)[2].startswith(f"Note: {pec(provisional)} CON, RAMED paie")
    assert outage.gateway.count("acts WHERE undone_at IS NULL") == 1
    assert inbox(outage.gateway) == [("ANSWERED", None)] * 2


@pytest.mark.parametrize(
    ("changed", "beginning"),
    [
        pytest.param({"status": "RADIE"}, "NON RAMED radie.", id="struck off"),
        pytest.param(
            {"valid_to": datetime.now(UTC).date() - timedelta(days=2)}, "NON RAMED expire ", id="over"
        ),
    ],
)
def test_what_the_register_does_not_confirm_is_taken_back(
    outage: Outage, changed: dict[str, object], beginning: str
) -> None:
    outage.copy()
    outage.ends_right(RAMED, "RAMED", **changed)
    outage.begins().writes(NURSE, RAMED).turn().ends().turn()
    provisional, final = outage.reads(NURSE)
    assert final.startswith(f"PEC {pec(provisional)} n'est pas confirme. {beginning}")
    assert outage.codes() == [(pec(provisional), "CANCELLED", True)]
    assert outage.gateway.count("incidents") == 0
    outage.writes(NURSE, f"S {pec(provisional)} CON").turn()
    assert outage.reads(NURSE)[2].startswith("E3")


def test_everybody_else_waits_and_is_answered_once(outage: Outage) -> None:
    outage.copy()
    outage.writes(NURSE, AMO).turn()
    code = pec(outage.reads(NURSE)[0])
    outage.begins()
    outage.writes(AWA, "DROITS").writes(AWA, RAMED).writes(NURSE, code).writes(NURSE, f"S {code} CON")
    outage.turn().turn()
    assert (outage.reads(AWA), len(outage.reads(NURSE))) == ([], 1)
    outage.ends().turn().turn()
    assert [text[:12] for text in outage.reads(AWA)] == ["RAMED VALIDE"] * 2
    assert len(outage.reads(NURSE)) == 3
    assert outage.gateway.count("messages WHERE kind = 'sms_answer'") == 5


def test_a_batch_is_told_and_settled_whole(outage: Outage) -> None:
    outage.copy()
    outage.ends_right(AMO, "AMO", status="RADIE")
    outage.begins().writes(NURSE, f"{RAMED} {AMO} {EXPIRED} {NOBODY}").turn()
    (provisional,) = outage.reads(NURSE)
    assert provisional.startswith("4 lus? liste du ")
    (first, _, _), (second, _, _) = brought = _codes_of_copy(outage)
    assert first in provisional
    assert second in provisional
    outage.ends().turn()
    final = outage.reads(NURSE)[1]
    assert final.startswith(f"PEC {second} n'est pas confirme. 4 lus: 1 OK RAMED")
    assert first in final
    assert [(code, state) for code, state, _ in outage.codes()] == [(first, "OPEN"), (second, "CANCELLED")]
    assert len(brought) == 2


def _codes_of_copy(outage: Outage) -> list[tuple[str, str, bool]]:
    reader = outage.stand_in.copies()[-1].desk.database
    with reader.begin(reading=True) as conn:
        rows = conn.exec_driver_sql("SELECT code, state, provisional FROM visit_codes ORDER BY id").all()
    return [(code, state, bool(provisional)) for code, state, provisional in rows]


def test_deliveries_again_and_two_workers_make_one_provisional_answer(outage: Outage) -> None:
    outage.copy()
    outage.begins()
    for _ in range(5):
        outage.writes(NURSE, RAMED, id="again")
    workers = [Thread(target=answer_inbox, args=(outage.gateway.runtime,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    outage.turn()
    assert len(outage.reads(NURSE)) == 1
    outage.ends()
    outage.writes(NURSE, RAMED, id="again").turn().turn()
    provisional, confirmed = outage.reads(NURSE)
    assert pec(provisional) == pec(confirmed)
    assert inbox(outage.gateway) == [("ANSWERED", None)]


def test_a_redelivery_that_the_register_answered_first_is_settled_all_the_same(outage: Outage) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED, id="again").turn()
    outage.ends().writes(NURSE, RAMED, id="again")
    outage.gateway.runtime.database.dispose()
    with outage.gateway.runtime.database.begin() as conn:
        conn.exec_driver_sql("UPDATE inbound SET state = 'ANSWERED'")
    outage.turn()
    provisional, confirmed = outage.reads(NURSE)
    assert pec(provisional) == pec(confirmed)
    assert outage.codes() == [(pec(provisional), "OPEN", False)]


def test_the_registers_own_code_wins(outage: Outage) -> None:
    outage.copy()
    outage.writes(OTHER_NURSE, RAMED).turn()
    own = pec(outage.reads(OTHER_NURSE)[0])
    outage.begins().writes(NURSE, RAMED).turn().ends().turn()
    provisional, final = outage.reads(NURSE)
    assert pec(provisional) != own
    assert final.startswith(f"PEC {pec(provisional)} n'est pas confirme. OK RAMED")
    assert f"PEC {own} (24h)" in final
    assert outage.codes() == [(own, "OPEN", False)]


def test_what_was_told_has_its_trail_and_its_budgets_in_the_register(outage: Outage) -> None:
    outage.copy()
    outage.begins()
    rows = ("audit", "verifications", "lookup_misses WHERE budgeted", "lookup_hits")
    for number in (NOBODY, MUTUELLE):
        outage.writes(NURSE, number)
    outage.turn().ends()
    before = {table: outage.gateway.count(table) for table in rows}
    outage.turn()
    after = {table: outage.gateway.count(table) - before[table] for table in rows}
    # Told twice, so in the trail twice; looked up once, for the second time was paid for.
    assert after == {
        "audit": 4,
        "verifications": 2,
        "lookup_misses WHERE budgeted": 1,
        "lookup_hits": 1,
    }
    assert outage.reads(NURSE)[0].startswith(f"E12 {NOBODY} inconnu.")
    assert "Selon liste du " in outage.reads(NURSE)[0]


def test_guessing_is_locked_in_the_outage_and_is_no_cheaper_afterwards(outage: Outage) -> None:
    outage.copy()
    outage.begins()
    unknown = ("2600199999986", "2600199999978", "2600199999960", "2600199999952", "2600199999945")
    for place, number in enumerate((*unknown, *unknown)):
        outage.writes(NURSE, number, id=f"guess-{place}")
    outage.turn().turn()
    told = outage.reads(NURSE)
    assert 0 < len(told) <= 5
    assert all(text.startswith(("E12", "E11")) for text in told)
    outage.ends().turn().turn()
    assert outage.gateway.count("lookup_misses WHERE budgeted") == 5


def test_a_copy_that_is_too_old_is_not_asked(outage: Outage) -> None:
    days = outage.gateway.runtime.settings.copy_days
    outage.copy(timedelta(days=days, hours=1))
    outage.begins().writes(NURSE, RAMED).turn()
    assert outage.reads(NURSE) == []
    outage.ends().turn()
    assert [text[:8] for text in outage.reads(NURSE)] == ["OK RAMED"]


def test_without_a_copy_everybody_waits(outage: Outage) -> None:
    outage.begins().writes(NURSE, RAMED).turn()
    assert outage.reads(NURSE) == []
    outage.ends().turn()
    assert [text[:8] for text in outage.reads(NURSE)] == ["OK RAMED"]


def test_what_was_never_sent_was_never_told(outage: Outage) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED).turn(always(NotSent("refused", None)))
    assert len(outage.reads(NURSE)) == 1  # asked for, and refused
    outage.ends().turn()
    refused, answer = outage.reads(NURSE)
    assert answer.startswith("OK RAMED valide au ")
    assert outage.codes() == [(pec(answer), "OPEN", False)]
    assert outage.gateway.count("messages WHERE kind = 'sms_answer'") == 1
    assert refused.startswith("OK?")
    outage.tidies()
    assert outage.gateway.count("messages WHERE code = 'REMPLACE' AND state = 'REJECTED'") == 1


def test_a_provisional_answer_in_doubt_is_listed_by_the_register(outage: Outage) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED).turn(always(Unknown("no answer"))).ends().turn().tidies()
    assert outage.gateway.count("messages WHERE state = 'UNKNOWN' AND chunk_id IS NOT NULL") == 1
    assert outage.untold() == 0
    assert len(outage.reads(NURSE)) == 2


def test_all_that_a_copy_sent_is_brought_over_however_much_it_is(outage: Outage) -> None:
    outage.copy()
    outage.begins()
    for number in (RAMED, AMO, MUTUELLE):
        outage.writes(NURSE, number)
    outage.turn().ends().turn()
    before = outage.gateway.count("messages")
    (copy,) = outage.stand_in.copies()
    assert bring_messages(outage.gateway.runtime, copy, at_once=1) == 3
    assert outage.gateway.count("messages") == before + 3
    assert bring_messages(outage.gateway.runtime, copy, at_once=1) == 0


def test_an_old_copy_goes_when_the_register_knows_what_it_did(outage: Outage) -> None:
    first = outage.copy().folder
    outage.begins().writes(NURSE, RAMED).turn().ends()
    outage.copy()
    outage.tidies()
    assert first.exists()
    outage.turn().tidies()
    assert not first.exists()
    assert len(outage.copies.names()) == 1
    assert len(outage.reads(NURSE)) == 2
