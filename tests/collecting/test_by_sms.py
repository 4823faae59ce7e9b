"""Cash by SMS in whole conversations: what is booked, what is refused, and what each phone reads."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Table, func, insert, select

from flows.context import SMS
from flows.sms.conversation import reply
from gateway.outbox import carry_out
from models import (
    already_reminded,
    cash_held,
    collector_cash,
    collectors,
    ledger,
    mutuelle_terms,
    payment_requests,
    reminders,
    staff,
)
from models.deposits import cash_deposits
from models.identifiers import Msisdn, with_check_digit
from models.locks import Overtaken
from models.mutuelle_tables import ledger_entries
from models.reminders_wanted import reminders_wanted, take
from tests.collecting.conftest import AWA, ELSEWHERE, FANTA, LATE, NOW, PHONES, TODAY, Till, later

GOLDEN = Path(__file__).parent / "golden"

TALKS = {
    "encaisser": [
        ("collector", f"COT {AWA} 1375"),
        ("member", "received"),
        ("collector", f"cot {AWA} 1 375 F"),
        ("collector", "2"),
        ("collector", f"COT {AWA} 1375"),
        ("collector", "1"),
        ("collector", f"COT 2750 {FANTA} carnet 12"),
        ("collector", "SOLDE"),
        ("collector", f"SOLDE {AWA}"),
    ],
    "montants": [
        ("collector", f"COT {AWA} 0"),
        ("collector", f"COT {AWA} 10,5"),
        ("collector", f"COT {AWA} 999999"),
        ("collector", f"COT {AWA} 13OO"),
        ("collector", f"COT {AWA}"),
        ("collector", "COT"),
        ("collector", f"COT {ELSEWHERE} 500"),
        ("collector", "COT 57999991 500"),
        ("collector", "COT 12345 500"),
    ],
    "un_chiffre_pres": [("collector", f"COT {AWA[:-1]}{(int(AWA[-1]) + 1) % 10} 1375"), ("collector", "1")],
    "verser": [
        ("collector", f"COT {AWA} 16500"),
        ("collector", "VERS 20000 B12"),
        ("collector", "VERS 16500"),
        ("collector", "VERS 16 500 F B12"),
        ("collector", "VERS 16500 B12"),
        ("collector", "VERS 500 B13"),
        ("collector", "SOLDE"),
        ("treasurer", "received"),
        ("treasurer", "OK {code}"),
        ("treasurer", "OK {code}"),
        ("collector", "received"),
        ("collector", "SOLDE"),
    ],
    "ecart": [
        ("collector", f"COT {AWA} 16500"),
        ("collector", "VERS 16500 B12"),
        ("treasurer", "OK {code} 16 000"),
        ("collector", "received"),
        ("collector", "SOLDE"),
        ("collector", "VERS 500 B13"),
        ("other_treasurer", "NON {code}"),
        ("collector", "received"),
        ("collector", "SOLDE"),
    ],
    "erreur_de_saisie": [
        ("collector", f"COT {AWA} 13750"),
        ("collector", "A {ref}"),
        ("member", "received"),
        ("collector", "A {ref}"),
        ("collector", "SOLDE"),
    ],
    "retards": [
        ("collector", "RETARD"),
        ("collector", "RETARD 2"),
        ("collector", "RETARD 0"),
        ("collector", f"RAPPEL {LATE}"),
        ("collector", f"RAPPEL {LATE}"),
        ("collector", "RAPPEL TOUS"),
        ("collector", "RAPPEL"),
    ],
    "groupe": [
        ("leader", f"COT {AWA} 500"),
        ("leader", f"COT {FANTA} 500"),
        ("leader", "GRP"),
        ("leader", "RETARD"),
        ("leader", "GRP AUTRE1"),
        ("collector", "GRP"),
        ("collector", "GRP coton1"),
    ],
}
"""Name of the transcript: who sends what; {code} is of the last deposit, {ref} of the last answer."""


def count(till: Till, table: Table) -> int:
    """The rows of a table."""
    with till.database.begin(reading=True) as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def code_of(till: Till) -> str:
    """The code that a treasurer was sent last."""
    found = re.findall(r"OK (\d{6})", till.phone("treasurer").received()[-1])
    return found[0]


def say(till: Till, who: str, text: str) -> str:
    """Send a text from a phone; `received` reads what others' messages owe to it."""
    phone = till.phone(who)
    if text == "received":
        return "\n".join(phone.received()[-1:])
    if "{code}" in text:
        text = text.replace("{code}", code_of(till))
    if "{ref}" in text:
        spoken = next(line for line in phone.transcript if "Encaisse" in line)
        text = text.replace("{ref}", spoken[-6:])
    return f">>> {text}\n{phone.sends(text).answer}"


@pytest.mark.parametrize("name", TALKS)
def test_talk(name: str, till: Till, update: bool) -> None:
    spoken = "".join(f"{who}\n{say(till, who, text)}\n" for who, text in TALKS[name])
    kept = GOLDEN / f"{name}.txt"
    if update:
        kept.write_text(spoken, encoding="utf-8")
    assert kept.read_text(encoding="utf-8") == spoken
    assert till.in_hand().amount + till.in_hand("leader").amount == till.ledger()


def test_a_delivery_that_comes_twice_books_once(till: Till) -> None:
    phone = Msisdn.parse(PHONES["collector"])
    for _ in range(3):
        context = till.world.context(phone, "the same message", channel=SMS)
        found = reply(f"COT {AWA} 1375", context)
        carry_out(till.database, found.effects, context)
    assert till.in_hand().amount == 1375
    assert len(till.phone("member").received()) == 1
    with till.database.begin(reading=True) as conn:
        paid = select(func.count()).where(ledger_entries.c.kind == ledger.PAYMENT)
        assert conn.execute(paid).scalar_one() == 1


@pytest.mark.parametrize(
    ("who", "before", "text", "counted"),
    [
        pytest.param("collector", [], "VERS 1375 B12", cash_deposits, id="a deposit is declared"),
        pytest.param("treasurer", ["VERS 1375 B12"], "OK {code}", ledger_entries, id="and counted"),
        pytest.param("collector", [], "A {ref}", ledger_entries, id="a slip is taken back"),
        pytest.param("collector", [], f"RAPPEL {LATE}", reminders_wanted, id="a reminder is asked for"),
    ],
)
def test_whatever_comes_three_times_is_done_once(
    till: Till, who: str, before: list[str], text: str, counted: Table
) -> None:
    collector = till.phone("collector").sends(f"COT {AWA} 1375", *before)
    text = text.replace("{ref}", collector.transcript[1][-6:])
    text = text.replace("{code}", code_of(till)) if "{code}" in text else text
    rows, told = [count(till, counted)], []
    for _ in range(3):
        context = till.world.context(Msisdn.parse(PHONES[who]), "the same message", channel=SMS)
        if not told:
            effects = reply(text, context).effects
        carry_out(till.database, effects, context)
        rows.append(count(till, counted))
        told.append(sum(len(till.phone(one).received()) for one in PHONES))
    assert rows[0] < rows[1] == rows[3]
    assert told[0] == told[2]
    assert till.in_hand().amount == till.ledger()


def test_two_answers_from_the_same_cash_are_not_both_given(till: Till) -> None:
    phone = Msisdn.parse(PHONES["collector"])
    contexts = [till.world.context(phone, key, channel=SMS) for key in ("one", "two")]
    both = [
        reply(f"COT {number} 1375", context) for number, context in zip((AWA, FANTA), contexts, strict=True)
    ]
    carry_out(till.database, both[0].effects, contexts[0])
    with pytest.raises(Overtaken):
        carry_out(till.database, both[1].effects, contexts[1])
    again = reply(f"COT {FANTA} 1375", contexts[1])
    assert "En main: 2750 F, 2 recus" in again.text
    carry_out(till.database, again.effects, contexts[1])
    assert till.in_hand().amount == till.ledger() == 2750


@pytest.mark.parametrize(
    ("who", "text", "reads"),
    [
        pytest.param("stranger", "VERS 500 B1", "E01", id="a stranger hands nothing over"),
        pytest.param("stranger", "RETARD", "E01", id="a stranger sees nobody who is late"),
        pytest.param("stranger", "RAPPEL TOUS", "E01", id="a stranger reminds nobody"),
        pytest.param("stranger", "GRP COTON1", "E01", id="a stranger sees no group"),
        pytest.param("nurse", "VERS 500 B1", "E02", id="a nurse is no collector"),
        pytest.param("nurse", "GRP COTON1", "E02", id="nor sees a group"),
        pytest.param("collector", "OK 482913", "E02", id="a collector counts nothing"),
        pytest.param("leader", "NON 482913", "E02", id="nor does a leader"),
        pytest.param("leader", f"COT {FANTA} 500", "E18", id="a leader collects in her group"),
        pytest.param("collector", f"SOLDE {ELSEWHERE}", "E18", id="another mutuelle's member is not told"),
        pytest.param("treasurer", "OK 482913", "E12", id="no deposit has this code"),
        pytest.param("treasurer", f"COT {AWA} 500", "Encaisse", id="a treasurer takes cash, too"),
        pytest.param("collector", "A 482913", "E32", id="no such receipt"),
    ],
)
def test_who_may_what(till: Till, who: str, text: str, reads: str) -> None:
    centre = till.register.facility()
    with till.database.begin() as conn:
        staff.add(conn, till.register.keys, Msisdn.parse(PHONES["nurse"]), centre, staff.STAFF, NOW)
    till.phone(who).sends(text).reads(reads)


def test_an_idle_phone_takes_no_cash(till: Till) -> None:
    till.phone("collector").waits(days=91).sends("VERS 500 B1").reads("E01")
    assert till.ledger() == 0


def test_a_treasurer_does_not_count_her_own_deposit(till: Till) -> None:
    treasurer, other = till.phone("treasurer"), till.phone("other_treasurer")
    treasurer.sends(f"COT {AWA} 1375", "VERS 1375 B12")
    code = re.findall(r"OK (\d{6})", other.received()[-1])[0]
    treasurer.sends(f"OK {code}").reads("E02")
    assert till.in_hand("treasurer").amount == 1375
    other.sends(f"OK {code}").reads("1375 F comptes")
    assert till.in_hand("treasurer").amount == till.ledger() == 0


def test_guessed_codes_run_out(till: Till) -> None:
    till.phone("collector").sends(f"COT {AWA} 1375", "VERS 1375 B12")
    code, treasurer = code_of(till), till.phone("treasurer")
    for guess in range(5):
        treasurer.sends(f"OK 10000{guess}").reads("E12")
    treasurer.sends(f"OK {code}").reads("E71")
    assert till.in_hand().amount == 1375


def test_a_member_may_give_a_code_instead_of_her_number(till: Till) -> None:
    with till.database.begin() as conn:
        for code, amount in (("713482", 2_750), ("713483", 500)):
            payment_requests.request(
                conn, till.register.keys, code, till.members[AWA], amount, None, till.world.now
            )
    phone = till.phone("collector").sends("COT 713482").reads(f"Encaisse 2750 F foyer {AWA} AWA T***")
    phone.sends("COT 713483 600").reads("Encaisse 600 F")
    till.phone("leader").sends("COT 713484").reads("E12 Code 713484 inconnu")
    assert till.in_hand().amount == till.ledger() == 3_350


def test_above_the_limit_nothing_is_booked_and_the_treasurers_are_told_once(till: Till) -> None:
    with till.database.begin() as conn:
        collector_cash.set_limit(conn, till.numbers["collector"], 2_000, TODAY, "test")
    phone = till.phone("collector").sends(f"COT {AWA} 1375")
    for _ in range(3):
        phone.sends(f"COT {FANTA} 1375").reads("E61 Plafond 2000 F", "VERS 1375")
    assert till.in_hand().amount == 1375
    assert till.phone("treasurer").received() == [
        "Agent 101: 1375 F en main, plafond 2000 F. Faites-la verser."
    ]
    assert len(till.phone("other_treasurer").received()) == 1


def test_what_was_handed_over_is_not_taken_back(till: Till) -> None:
    phone = till.phone("collector").sends(f"COT {AWA} 1375")
    reference = phone.answer[-6:]
    phone.sends("VERS 1375 B12", f"A {reference}").reads("E32", "deja verse")
    assert till.in_hand().amount == 1375


def test_yesterday_is_closed(till: Till) -> None:
    phone = till.phone("collector").sends(f"COT {AWA} 1375")
    reference = phone.answer[-6:]
    phone.waits(days=1).sends(f"A {reference}").reads("E32")
    assert till.in_hand().amount == 1375


def test_a_reminder_is_asked_for_once_and_taken_once(till: Till) -> None:
    till.phone("collector").sends(f"RAPPEL {LATE}", "RAPPEL TOUS").reads("Aucun foyer a rappeler")
    with till.database.begin() as conn:
        assert take(conn, 10, NOW, wished=False) == [till.members[LATE]]
        assert take(conn, 10, NOW, wished=False) == []
    till.phone("treasurer").sends(f"RAPPEL {LATE}").reads("E61")
    till.phone("collector").waits(days=8).sends("RAPPEL TOUS").reads("pour 1 foyers")
    with till.database.begin(reading=True) as conn:
        assert conn.execute(select(func.count()).select_from(reminders_wanted)).scalar_one() == 2


def was_reminded(till: Till, kind: str, answered: bool = False) -> str:
    """The late household was sent a reminder of its oldest due five days ago; the due date."""
    owed = already_reminded.told(till.database.reader(), till.members[LATE])
    assert owed is not None
    values = {"kind": kind, "subject_id": till.members[LATE], "period": owed.due_on.isoformat()}
    sent = {"planned_at": later(days=-5), "claimed_at": later(days=-5), "outcome": reminders.SENT}
    with till.database.begin() as conn:
        row = {**values, **sent, "answered_at": later(days=-4) if answered else None}
        conn.execute(insert(reminders.reminders).values(row))
    return f"{owed.due_on:%d/%m}"


@pytest.mark.parametrize(
    ("kinds", "answered", "reads"),
    [
        pytest.param(
            ["COT_RAPPEL"], False, "E61 MOUSSA K***: deja rappele le 28/11. Pas", id="asked for before"
        ),
        pytest.param(["COT_AVANT", "COT_JOUR"], False, "deja rappele le 28/11. Pas d'autre SMS", id="twice"),
        pytest.param(
            ["COT_JOUR"], True, "deja rappele le 28/11, a repondu OK. Pas", id="said that it has paid"
        ),
    ],
)
def test_who_asks_for_a_reminder_in_vain_reads_why(
    till: Till, kinds: list[str], answered: bool, reads: str
) -> None:
    (due, *_) = [was_reminded(till, kind, answered) for kind in kinds]
    till.phone("collector").sends(f"RAPPEL {LATE}").reads(reads, f"pour l'echeance du {due}.")
    till.phone("collector").sends("RAPPEL TOUS").reads("Aucun foyer a rappeler: en retard 1")
    assert count(till, reminders_wanted) == 0


def test_one_of_two_reminders_leaves_another_to_ask_for(till: Till) -> None:
    was_reminded(till, "COT_JOUR")
    till.phone("collector").sends("RAPPEL TOUS").reads("pour 1 foyers")
    assert count(till, reminders_wanted) == 1


def test_no_reminder_is_promised_where_none_is_sent(till: Till) -> None:
    with till.database.begin() as conn:
        mutuelle_terms.change(conn, till.mutuelle_id, "remind_most", 0, TODAY, "AG")
    till.phone("collector").sends(f"RAPPEL {LATE}").reads(
        "E61 Pas de rappel pour MOUSSA K***: 0 par echeance"
    )
    lean = datetime(2027, 7, 5, 10, tzinfo=UTC)
    with till.database.begin() as conn:
        collectors.used(conn, till.numbers["treasurer"], lean)
    till.phone("treasurer").waits(days=(lean - NOW).days).sends(f"RAPPEL {LATE}").reads("E61", "soudure")
    till.phone("treasurer").sends("RAPPEL TOUS").reads("Aucun foyer a rappeler")
    assert count(till, reminders_wanted) == 0


def test_the_longest_values_fit_one_segment(till: Till) -> None:
    """Texter holds every answer to one segment; here whole values stand in it."""
    longest = with_check_digit("5710009")
    till.household(longest, "Abdoulaye Mahamadou", "Tounkara", people=30)
    with till.database.begin() as conn:
        collector_cash.set_limit(conn, till.numbers["collector"], 9_999_999, TODAY, "test")
    phone = till.phone("collector")
    phone.sends(f"COT {longest} 99000").reads(f"foyer {longest} ABDOULAYE MA T***", "VERS 99000 ref. Ref ")
    phone.sends(f"SOLDE {longest}").reads("Ref ")
    phone.sends("VERS 99000 ABCDEFGHIJKL").reads("ABCDEFGHIJKL", "Ref ")
    till.phone("treasurer").sends(f"OK {code_of(till)} 98999").reads("Ecart -1 F", "Ref ")
    assert till.in_hand().amount == 1


def test_cash_in_hand_is_the_ledgers(till: Till) -> None:
    till.phone("collector").sends(f"COT {AWA} 1375", f"COT {FANTA} 500")
    amount, receipts, since = cash_held.cash_in_hand(till.database.reader(), str(till.numbers["collector"]))
    assert (amount, receipts, since) == (1875, 2, TODAY)
    assert till.in_hand(now=later(days=1)).before == later(days=2).date()
