"""The judge of payments finds each kind of fault, and nothing else: one sound storm, and one fault put into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.storm.judge import Owed, Sent
from tests.storm.payment_calls import ASKED, PROMISED
from tests.storm.payment_found import Entry, Found, Handed, Known, Order, Row
from tests.storm.payment_judge import PAYMENT, REVERSAL, judged
from tests.storm.payment_wishes import (
    BY_SMS,
    CASH,
    DIAL,
    DIAL_FOR_OTHER,
    IMPATIENT,
    WAYS,
    Agent,
    Crowd,
    Home,
    Needed,
    Wish,
    wished,
)

HERS, RELATIVE, COLLECTOR = "+22374100001", "+22375300001", "+22376400001"
HOME = Home(1, 1, "57000016", HERS)
OWN = Wish("wish-1-0", 0.0, DIAL, HOME, HERS, 500, 1, then=False)
REFUSED = Wish("wish-1-1", 0.0, BY_SMS, HOME, HERS, 700, 1, then=False)
GIFT = Wish("wish-1-2", 0.0, DIAL_FOR_OTHER, HOME, RELATIVE, 900, 1, then=False)
BACK = Wish("wish-1-3", 0.0, DIAL, HOME, HERS, 1_100, 1, then=False)
HANDED = Wish("wish-1-4", 0.0, CASH, HOME, COLLECTOR, 300, 1, then=True, agent=102)
WISHES = (OWN, REFUSED, GIFT, BACK, HANDED)
SLIP = "B00004"

TEXTS = (
    (HERS, "RECU 100001: 500 F le 22/11 par Orange Money, Benkadi, foyer AWA T***. Total 500 sur 6600."),
    (RELATIVE, "RECU 100003: 900 F le 22/11 par Orange Money, Benkadi, foyer AWA T***. Total 1400 sur 6600."),
    (HERS, "RECU 100003: 900 F le 22/11 par Orange Money, Benkadi, foyer AWA T***. Total 1400 sur 6600."),
    (HERS, "RECU 100004: 1100 F le 22/11 par Orange Money, Benkadi, foyer AWA T***. Total 2500 sur 6600."),
    (HERS, "RECU 100004 annulé: Orange Money a repris 1100 F du 22/11, foyer AWA T***. Total 1400 sur 6600."),
    (HERS, "RECU 100005: 300 F le 22/11 remis a agent 102, Benkadi, foyer AWA T***. Total 1700 sur 6600."),
)
REFUSAL = "Paiement 100002 refusé: 700 F, foyer AWA T***. Solde insuffisant. Rien n'a été pris."
COUNT = (
    f"Agent 102 dit avoir verse 300 F ({SLIP}). Comptez, puis OK 482913. Autre montant: OK 482913 montant."
)


def row(wish: Wish, payment_id: int, state: str) -> Row:
    phones = tuple(dict.fromkeys((wish.payer, HERS)))
    return Row(payment_id, f"o{payment_id}", f"10000{payment_id}", 1, phones, "OM", wish.amount, state)


def order(payment_id: int, amount: int, moved: int, fault: str = "") -> Order:
    return Order("OM", f"o{payment_id}", amount, fault, moved, 1)


def booked(payment_id: int, amount: int, kind: str = PAYMENT) -> Entry:
    return Entry(kind, "OM", amount, 1, f"10000{payment_id}", payment_id)


def sound() -> Found:
    owed = [Owed("receipt", to, text, "DELIVERED", "", f"id-{n}", "") for n, (to, text) in enumerate(TEXTS)]
    owed.append(Owed("payment_refused", HERS, REFUSAL, "ACCEPTED", "", "id-refused", ""))
    owed.append(Owed("cash", "+22376500001", COUNT, "DELIVERED", "", "id-count", ""))
    return Found(
        orders=(
            order(1, 500, 500),
            order(2, 700, 0, "no_balance"),
            order(3, 900, 900, "told_stranger"),
            order(4, 1_100, 0, "told_reversed"),
        ),
        rows=(
            row(OWN, 1, "CONFIRMED"),
            row(REFUSED, 2, "REFUSED"),
            row(GIFT, 3, "CONFIRMED"),
            row(BACK, 4, "REFUSED"),
        ),
        entries=(
            booked(1, 500),
            booked(3, 900),
            booked(4, 1_100),
            booked(4, -1_100, REVERSAL),
            Entry(PAYMENT, "102", 300, 1, "100005"),
            Entry("DEPOSIT", "102", -300, 0, SLIP),
        ),
        handed=(Handed(102, SLIP, 300, 300),),
        unmatched=(("stranger-o3", "no such order"),),
        owed=tuple(owed),
        ledger=tuple(Sent(one.provider_id, one.to, one.text) for one in owed),
    )


def known(**changed: Known) -> dict[str, Known]:
    told = {wish.name: Known(ASKED, 1, 1) for wish in WISHES}
    told[HANDED.name].handed_over = True
    return told | {f"wish-1-{place.removeprefix('w')}": one for place, one in changed.items()}


def faults(found: Found, people: dict[str, Known] | None = None) -> set[str]:
    return {
        kind
        for kind, some in judged(WISHES, known() if people is None else people, found).faults.items()
        if some
    }


def test_a_storm_without_a_fault() -> None:
    verdict = judged(WISHES, known(), sound())
    assert verdict.ok, verdict.faults
    told = verdict.as_json()
    assert (told["payments"], told["confirmed"], told["refused"]) == (4, 2, 2)
    assert (told["fcfa_by_mobile_money"], told["fcfa_in_cash"], told["receipts"]) == (1_400, 300, 6)
    assert told["unmatched_planted"] == 1


def having(**changed: Any) -> Callable[[Found], Found]:
    return lambda found: replace(found, **changed)


def swapped(name: str, place: int, **changed: Any) -> Callable[[Found], Found]:
    """The evidence with another thing at a place of a list."""

    def change(found: Found) -> Found:
        some = list(getattr(found, name))
        some[place] = replace(some[place], **changed)
        return having(**{name: tuple(some)})(found)

    return change


def without(name: str, place: int) -> Callable[[Found], Found]:
    def change(found: Found) -> Found:
        some = getattr(found, name)
        return having(**{name: (*some[:place], *some[place + 1 :])})(found)

    return change


def also(name: str, *more: Any) -> Callable[[Found], Found]:
    return lambda found: having(**{name: (*getattr(found, name), *more)})(found)


TWIN = Owed("receipt", HERS, TEXTS[0][1], "DELIVERED", "", "id-twin", "")


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        pytest.param(without("rows", 1), {"lost", "requested_unasked"}, id="a wish without a payment"),
        pytest.param(also("rows", row(OWN, 9, "REFUSED")), {"asked_twice", "refusals"}, id="two for one yes"),
        pytest.param(
            also("rows", row(replace(OWN, amount=555), 9, "REFUSED")), {"unasked", "refusals"}, id="nobody's"
        ),
        pytest.param(swapped("orders", 0, requests=2), {"requested_twice"}, id="asked for twice"),
        pytest.param(swapped("orders", 0, turned_away=1), {"requested_twice"}, id="again after a doubt"),
        pytest.param(also("orders", order(7, 500, 0)), {"requested_unasked"}, id="an order of nobody's"),
        pytest.param(swapped("rows", 1, state="SENT"), {"unsettled"}, id="still open"),
        pytest.param(swapped("rows", 1, state="CONFIRMED"), {"disagrees"}, id="said to be paid"),
        pytest.param(
            swapped("orders", 1, moved=700),
            {"disagrees", "booked_wrongly", "accounts"},
            id="paid, and refused here",
        ),
        pytest.param(
            also("entries", booked(1, 500)),
            {"booked_wrongly", "accounts", "receipts_not_once"},
            id="booked twice",
        ),
        pytest.param(
            without("entries", 0), {"booked_wrongly", "accounts", "receipts_not_once"}, id="not booked"
        ),
        pytest.param(
            also("entries", booked(1, -500, REVERSAL), booked(1, 500)),
            {"booked_wrongly", "receipts_not_once"},
            id="taken back and booked again without a cause",
        ),
        pytest.param(
            swapped("entries", 0, membership_id=2), {"booked_wrongly"}, id="booked for another household"
        ),
        pytest.param(
            swapped("entries", 0, holder="MOOV"), {"booked_wrongly", "accounts"}, id="another's account"
        ),
        pytest.param(
            also("entries", Entry(PAYMENT, "OM", 5, 1, "100001", 77)),
            {"booked_wrongly", "accounts", "receipts_not_once"},
            id="an entry of no payment",
        ),
        pytest.param(without("entries", 4), {"cash", "receipts_not_once"}, id="cash that is not booked"),
        pytest.param(
            also("entries", Entry(PAYMENT, "102", 300, 1, "100005")),
            {"cash", "receipts_not_once"},
            id="cash booked twice",
        ),
        pytest.param(without("entries", 5), {"cash"}, id="a deposit that leaves the cash in hand"),
        pytest.param(without("handed", 0), {"cash"}, id="a deposit that nobody knows of"),
        pytest.param(swapped("handed", 0, counted=None), {"cash"}, id="a count that was lost"),
        pytest.param(also("handed", Handed(102, SLIP, 300, None)), {"cash"}, id="a deposit declared twice"),
        pytest.param(
            also("unmatched", ("o1", "no such order")), {"unmatched"}, id="a callback of ours unmatched"
        ),
        pytest.param(
            also("unmatched", ("stranger-o9", "no such order")),
            {"unmatched"},
            id="a stranger who was not planted",
        ),
        pytest.param(
            without("owed", 2), {"receipts_not_once", "sent_twice"}, id="the member was told by nobody"
        ),
        pytest.param(also("owed", TWIN), {"receipts_not_once", "not_in_ledger"}, id="a second receipt"),
        pytest.param(
            swapped("owed", 0, state="PENDING"), {"unsent", "sent_twice"}, id="a receipt that waits"
        ),
        pytest.param(
            swapped("owed", 0, state="UNKNOWN", provider_id=""),
            {"doubt_without_why"},
            id="in doubt, nobody says why",
        ),
        pytest.param(
            swapped("owed", 0, text=TEXTS[0][1].replace("500 F le", "600 F le")),
            {"receipts_not_once", "not_in_ledger"},
            id="a receipt over another sum",
        ),
        pytest.param(without("owed", 6), {"refusals", "sent_twice"}, id="nobody said that nothing was taken"),
        pytest.param(also("ledger", Sent("id-x", HERS, TEXTS[0][1])), {"sent_twice"}, id="sent twice"),
        pytest.param(without("ledger", 0), {"not_in_ledger"}, id="never sent"),
        pytest.param(having(crooked=("entry 7 does not balance",)), {"crooked_books"}, id="crooked books"),
        pytest.param(having(left={"journal": 1}), {"left"}, id="a file is left"),
    ],
)
def test_a_fault_is_found(change: Callable[[Found], Found], kinds: set[str]) -> None:
    assert faults(change(sound())) == kinds


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_receipt_in_doubt_with_its_reason_is_no_fault(was_sent: bool) -> None:
    found = swapped("owed", 0, state="UNKNOWN", provider_id="", why="HTTP 500")(sound())
    found = found if was_sent else without("ledger", 0)(found)
    verdict = judged(WISHES, known(), found)
    assert verdict.ok, verdict.faults
    assert verdict.figures["receipts_in_doubt"] == 1


def test_who_found_a_refusal_may_ask_again() -> None:
    second = row(REFUSED, 5, "CONFIRMED")
    found = sound()
    text = f"RECU 100005: {REFUSED.amount} F le 22/11 par Orange Money"
    found = replace(
        found,
        rows=(*found.rows, second),
        orders=(*found.orders, order(5, REFUSED.amount, REFUSED.amount)),
        entries=(*found.entries, booked(5, REFUSED.amount)),
        owed=(*found.owed, Owed("receipt", HERS, text, "DELIVERED", "", "id-again", "")),
        ledger=(*found.ledger, Sent("id-again", HERS, text)),
    )
    assert faults(found, known(w1=Known(ASKED, 2, 2))) == set()
    assert faults(found) == {"asked_twice"}


@pytest.mark.parametrize(
    ("people", "kinds"),
    [
        pytest.param(Known(), set(), id="she never got through"),
        pytest.param(Known(PROMISED, 1, 1), {"lost"}, id="a promise is kept"),
        pytest.param(Known(ASKED, 1, 1), {"lost"}, id="what was shown is true"),
    ],
)
def test_what_was_promised(people: Known, kinds: set[str]) -> None:
    found = without("owed", 0)(without("ledger", 0)(without("entries", 0)(without("orders", 0)(sound()))))
    assert faults(without("rows", 0)(found), known(w0=people)) == kinds


@pytest.mark.parametrize(
    ("sent", "promised", "kinds"),
    [
        pytest.param(0, set(), set(), id="nothing was promised"),
        pytest.param(1, {"482913"}, set(), id="a promise and its SMS"),
        pytest.param(1, set(), set(), id="a promise that was kept before anybody could read it"),
        pytest.param(0, {"482913"}, {"promises"}, id="a promise that is not kept"),
        pytest.param(1, {"482914"}, {"promises"}, id="the SMS is about something else"),
        pytest.param(2, {"482913"}, {"promises"}, id="a promise that is kept twice"),
    ],
)
def test_who_was_promised_an_answer_has_it_once(sent: int, promised: set[str], kinds: set[str]) -> None:
    text = "Foyer AWA T***. Ref 482913"
    found = sound()
    late = tuple(Owed("late_answer", HERS, text, "DELIVERED", "", f"id-late-{n}", "") for n in range(sent))
    lines = tuple(Sent(one.provider_id, HERS, text) for one in late)
    found = replace(found, owed=(*found.owed, *late), ledger=(*found.ledger, *lines))
    assert faults(found, known(w0=Known(ASKED, 2, 1, promised))) == kinds


def crowd(wishes: int) -> Crowd:
    needed = Needed.of(wishes)
    homes = [
        Home(n, n % 2, f"57{n:06}", f"+22374{n:06}") for n in range(1, needed.homes + needed.writers + 1)
    ]
    agents = [Agent(n, n % 2, f"+22376{n:06}", "+22376500001") for n in range(needed.agents)]
    relatives = [f"+22375{n:06}" for n in range(needed.relatives)]
    return Crowd(homes[: needed.homes], homes[needed.homes :], agents, relatives)


@pytest.mark.parametrize("seed", range(5))
def test_each_wish_is_known_by_who_pays_what_for_whom(seed: int) -> None:
    wishes = wished(crowd(1_200), seed, 1_200, 20.0)
    assert len({(one.payer, one.home.membership_id, one.amount) for one in wishes}) == 1_200
    assert {one.way for one in wishes} == set(WAYS)
    assert len({one.payer for one in wishes if one.way == BY_SMS}) == sum(one.way == BY_SMS for one in wishes)
    impatient = [one.then for one in wishes if one.way == DIAL]
    assert sum(impatient) / len(impatient) == pytest.approx(IMPATIENT, abs=0.1)
    assert wishes == wished(crowd(1_200), seed, 1_200, 20.0)
    assert wishes != wished(crowd(1_200), seed + 1, 1_200, 20.0)
