"""The judgement of payments: what people asked for, what the operator's books say, what ours say, what was told. Pure.

The operator's books are the truth about money, the SMS provider's ledger about what phones were told. Every franc that
moved is booked once, for who paid it; every receipt is sent once, or told as in doubt.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tests.storm.judge import IN_DOUBT, TAKEN, Owed, Verdict, sent_once
from tests.storm.payment_calls import ASKED, PROMISED, REFERENCE
from tests.storm.payment_found import Entry, Found, Handed, Known, Order, Row
from tests.storm.payment_wishes import CASH, Wish

CONFIRMED, NOTHING_TAKEN = "CONFIRMED", ("REFUSED", "EXPIRED")
PAYMENT, REVERSAL, DEPOSIT = "PAYMENT", "REVERSAL", "DEPOSIT"

TURNED = ("told_contrary", "told_reversed")
"""Faults of the operator after which the money goes the other way: who was refused may ask again, and both be taken."""

PLANTED = {
    "told_stranger": "no such order",
    "told_other_amount": "another amount",
    "told_odd": "a word that the settings do not explain",
}
"""The operator's faults that leave a callback which fits no payment, and why it does not."""

STRANGER = "stranger-"

RECEIPT, REFUSAL, LATE = "receipt", "payment_refused", "late_answer"
PAID, BACK, REFUSED = "paid", "back", "refused"
WORDS = {
    PAID: re.compile(r"RECU (\d+): (\d+) F "),
    BACK: re.compile(r"RECU (\d+) annul\S+ .* a repris (\d+) F "),
    REFUSED: re.compile(r"Paiement (\d+) refus\S+ (\d+) F"),
}
TO_COUNT = re.compile(r"Agent (\d+) dit avoir verse (\d+) F \((\w+)\)")

Told = tuple[str, str, int, str]
"""A phone, a reference, FCFA, and whether they were paid, taken back or refused."""


def judged(wishes: Sequence[Wish], known: Mapping[str, Known], found: Found) -> Verdict:
    """The verdict on one storm."""
    verdict = Verdict()
    orders = {one.name: one for one in found.orders}
    _asked([one for one in wishes if one.way != CASH], known, found, orders, verdict)
    _requested(found, verdict)
    _settled(found, orders, verdict)
    _accounts(found, verdict)
    _cash([one for one in wishes if one.way == CASH], known, found, verdict)
    _unmatched(found, orders, verdict)
    _told(wishes, found, verdict)
    _promised(wishes, known, found, verdict)
    sent_once(found.owed, found.ledger, verdict)
    verdict.faults["crooked_books"] = list(found.crooked)
    verdict.faults["left"] = [f"{count} in {where}" for where, count in found.left.items() if count]
    return verdict


def _asked(
    wishes: Iterable[Wish],
    known: Mapping[str, Known],
    found: Found,
    orders: Mapping[str, Order],
    verdict: Verdict,
) -> None:
    """Who read that it is asked for, or was promised so, has one payment; a second needs a yes after a refusal."""
    rows: defaultdict[tuple[str, int, int], list[Row]] = defaultdict(list)
    for row in found.rows:
        rows[row.phones[0], row.membership_id, row.amount].append(row)
    lost, twice = [], []
    for wish in wishes:
        mine = rows.pop((wish.payer, wish.home.membership_id, wish.amount), [])
        people = known.get(wish.name, Known())
        if not mine and people.told in (ASKED, PROMISED):
            lost.append(f"{wish.name}: {people.told}")
        if len(mine) > max(people.yeses, 1) or any(not _turned(row, orders) for row in mine[:-1]):
            twice.append(f"{wish.name}: {[row.state for row in mine]} after {people.yeses} yeses")
    unasked = [f"payment {row.payment_id}" for some in rows.values() for row in some]
    verdict.faults |= {"lost": lost, "asked_twice": twice, "unasked": unasked}


def _turned(row: Row, orders: Mapping[str, Order]) -> bool:
    """Whether who asked for it could find it refused before she asked again."""
    order = orders.get(row.order)
    return row.state in NOTHING_TAKEN or (order is not None and order.fault in TURNED)


def _requested(found: Found, verdict: Verdict) -> None:
    ours = {row.order for row in found.rows}
    verdict.faults["requested_twice"] = [
        f"order {one.name}: {one.requests + one.turned_away} requests"
        for one in found.orders
        if one.requests + one.turned_away > 1
    ]
    verdict.faults["requested_unasked"] = [
        f"order {one.name}" for one in found.orders if one.name not in ours
    ]


def _settled(found: Found, orders: Mapping[str, Order], verdict: Verdict) -> None:
    """Each payment is final, says what the operator's books say, and is booked as often as its money moved."""
    entries: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in found.entries:
        entries[entry.payment_id].append(entry)
    unsettled, disagrees, wrong = [], [], []
    for row in found.rows:
        order = orders.get(row.order)
        moved = order.moved if order else 0
        if row.state not in (CONFIRMED, *NOTHING_TAKEN):
            unsettled.append(f"payment {row.payment_id}: {row.state}")
        elif (row.state == CONFIRMED) != (moved == row.amount) or (row.state != CONFIRMED and moved):
            disagrees.append(f"payment {row.payment_id}: {row.state}, the operator moved {moved} F")
        if fault := _wrongly_booked(row, entries.pop(row.payment_id, []), order, moved):
            wrong.append(f"payment {row.payment_id}: {fault}")
    entries.pop(0, None)
    wrong += [f"{len(some)} entries of payment {payment_id}" for payment_id, some in entries.items()]
    verdict.faults |= {"unsettled": unsettled, "disagrees": disagrees, "booked_wrongly": wrong}
    verdict.figures["payments"] = len(found.rows)
    verdict.figures |= {
        state.lower(): times for state, times in sorted(Counter(row.state for row in found.rows).items())
    }


def _wrongly_booked(row: Row, entries: Sequence[Entry], order: Order | None, moved: int) -> str:
    kinds = Counter(entry.kind for entry in entries)
    if sum(entry.amount for entry in entries) != moved:
        return f"{sum(entry.amount for entry in entries)} F booked, {moved} F moved"
    if kinds[PAYMENT] > 1 or (kinds[REVERSAL] and (order is None or order.fault not in TURNED)):
        return f"booked {kinds[PAYMENT]} times, taken back {kinds[REVERSAL]} times"
    if any((entry.membership_id, entry.holder) != (row.membership_id, row.operator) for entry in entries):
        return "booked for somebody else"
    return ""


def _accounts(found: Found, verdict: Verdict) -> None:
    """Every operator's account is what its own books say, to the franc."""
    booked: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for order in found.orders:
        moved[order.operator] += order.moved
    for entry in found.entries:
        if not entry.holder.isdigit():
            booked[entry.holder] += entry.amount
    verdict.faults["accounts"] = [
        f"{code}: {booked[code]} F here, {moved[code]} F there"
        for code in sorted({*booked, *moved})
        if booked[code] != moved[code]
    ]
    verdict.figures["fcfa_by_mobile_money"] = moved.total()


def _cash(wishes: Sequence[Wish], known: Mapping[str, Known], found: Found, verdict: Verdict) -> None:
    """Every receipt of a collector is one entry; what was counted of her cash is out of her hands, once."""
    wanted = Counter((str(one.agent), one.home.membership_id, one.amount) for one in wishes)
    booked: Counter[tuple[str, int, int]] = Counter()
    hands: Counter[str] = Counter()
    for entry in found.entries:
        if entry.holder.isdigit():
            hands[entry.holder] += entry.amount
            if entry.kind == PAYMENT:
                booked[entry.holder, entry.membership_id, entry.amount] += 1
    wrong = [
        f"agent {key[0]}, {key[2]} F: booked {booked[key]} times, not {wanted[key]}"
        for key in sorted({*wanted, *booked})
        if booked[key] != wanted[key]
    ]
    declared = {(one.agent, one.slip): one for one in found.handed}
    said = {tuple(match.groups()) for sent in found.ledger if (match := TO_COUNT.match(sent.text))}
    wrong += [f"{len(found.handed)} deposits of {len(declared)} slips"] * (len(declared) < len(found.handed))
    for wish in wishes:
        one = declared.pop((wish.agent, slip_of(wish)), None)
        handed = known.get(wish.name, Known()).handed_over
        if handed != (one is not None) or (one and one.amount != wish.amount):
            wrong.append(f"{wish.name}: handed over {handed}, declared {one}")
        elif one and one.counted != (wish.amount if _asked_to_count(one, said) else None):
            wrong.append(f"{wish.name}: {wish.amount} F handed over, {one.counted} F counted")
    wrong += [f"a deposit that nobody made: {one}" for one in declared.values()]
    owed = Counter({str(one.agent): 0 for one in wishes})
    owed.update({str(one.agent): 0 for one in found.handed})
    for wish in wishes:
        owed[str(wish.agent)] += wish.amount
    for deposit in found.handed:
        owed[str(deposit.agent)] -= deposit.counted or 0
    wrong += [
        f"agent {number} has {hands[number]} F in hand, not {amount}"
        for number, amount in owed.items()
        if hands[number] != amount
    ]
    verdict.faults["cash"] = wrong
    verdict.figures["fcfa_in_cash"] = sum(one.amount for one in wishes)
    verdict.figures["deposits"] = len(found.handed)


def slip_of(wish: Wish) -> str:
    """The number of the slip with which a wish's cash is handed over."""
    return f"B{int(wish.name.rpartition('-')[2]):05}"


def _asked_to_count(one: Handed, said: set[tuple[str, ...]]) -> bool:
    """Whether the treasurer's phone got the code, which may be in doubt."""
    return (str(one.agent), str(one.amount), one.slip) in said


def _unmatched(found: Found, orders: Mapping[str, Order], verdict: Verdict) -> None:
    """What fits no payment was planted: an order that nobody gave, another amount, a strange word."""
    strangers = {order.name[:8] for order in orders.values() if order.fault == "told_stranger"}
    unexpected = []
    for name, why in found.unmatched:
        order = orders.get(name)
        stranger = name.startswith(STRANGER) and name.removeprefix(STRANGER) in strangers
        if not (PLANTED["told_stranger"] == why if stranger else order and PLANTED.get(order.fault) == why):
            unexpected.append(f"{name}: {why}")
    verdict.faults["unmatched"] = unexpected
    verdict.figures["unmatched_planted"] = len(found.unmatched) - len(unexpected)


def _told(wishes: Iterable[Wish], found: Found, verdict: Verdict) -> None:
    """For each booking one receipt a phone, for what was not taken a refusal: sent, or in doubt with a reason."""
    homes = {wish.home.membership_id: wish.home.phone for wish in wishes}
    wanted: Counter[Told] = Counter()
    rows = {row.payment_id: row for row in found.rows}
    for entry in found.entries:
        row = rows.get(entry.payment_id)
        phones = row.phones if row else (homes.get(entry.membership_id, ""),)
        if entry.kind != DEPOSIT:
            word = PAID if entry.kind == PAYMENT else BACK
            wanted.update((phone, entry.reference, abs(entry.amount), word) for phone in phones)
    booked = {entry.payment_id for entry in found.entries}
    refused: Counter[Told] = Counter(
        (row.phones[0], row.reference, row.amount, REFUSED)
        for row in found.rows
        if row.state in NOTHING_TAKEN and row.payment_id not in booked
    )
    had: Counter[Told] = Counter()
    faults: dict[str, list[str]] = {
        "unsent": [],
        "doubt_without_why": [],
        "receipts_not_once": [],
        "refusals": [],
    }
    doubts = 0
    for owed in found.owed:
        if owed.kind not in (RECEIPT, REFUSAL):
            continue
        had[_meaning(owed)] += 1
        doubts += owed.state == IN_DOUBT
        if owed.state not in (*TAKEN, IN_DOUBT):
            faults["unsent"].append(f"{owed.text[:40]}: {owed.state}")
        if owed.state == IN_DOUBT and not owed.why:
            faults["doubt_without_why"].append(owed.text[:40])
    receipts = Counter({key: times for key, times in had.items() if key[3] != REFUSED})
    faults["receipts_not_once"] = _differences(wanted, receipts)
    faults["refusals"] = [f"{key}: not told" for key in refused if had[key] != 1]
    verdict.faults |= faults
    verdict.figures["receipts"] = receipts.total()
    verdict.figures["receipts_in_doubt"] = doubts


def _promised(wishes: Iterable[Wish], known: Mapping[str, Known], found: Found, verdict: Verdict) -> None:
    """Each answer that was promised by SMS comes once; one whose promise nobody read may come, once, too."""
    kept = Counter(
        (owed.to, match[1])
        for owed in found.owed
        if owed.kind == LATE and (match := REFERENCE.search(owed.text))
    )
    promised = {
        (wish.payer, reference) for wish in wishes for reference in known.get(wish.name, Known()).promised
    }
    verdict.faults["promises"] = [
        f"{' '.join(key)}: kept {kept[key]} times"
        for key in sorted({*promised, *kept})
        if kept[key] > 1 or (key in promised and not kept[key])
    ]
    verdict.figures["late_answers"] = kept.total()


def _meaning(owed: Owed) -> Told:
    for word, pattern in WORDS.items():
        if match := pattern.match(owed.text):
            return owed.to, match[1], int(match[2]), word
    return owed.to, owed.text[:40], 0, "?"


def _differences(wanted: Counter[Told], had: Counter[Told]) -> list[str]:
    return [
        f"{' '.join(map(str, key))}: {had[key]}, not {wanted[key]}"
        for key in sorted({*wanted, *had})
        if wanted[key] != had[key]
    ]
