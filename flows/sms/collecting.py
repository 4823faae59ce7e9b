"""COT by who takes cash: booked once, told to the member at once, taken back the same day when a thumb slipped.

COT 55120938 1375 [ref]   cash of a household: what the collector has in hand grows by it
COT 713482                the same by the code that a member was given for an agent
A 713482                  the receipt of this number was a mistake: reversed, and the member is told
"""

from __future__ import annotations

from typing import Any

from flows.collecting_effects import CashCollected, CashGivenBack, alarmed
from flows.effects import Missed
from flows.sms.budget import Budget
from flows.sms.cash_box import (
    MUTUELLE,
    Household,
    at_till,
    cash_told,
    done,
    hand_over,
    household,
    last_day,
    of_right,
    ref,
    shown,
)
from flows.sms.figures import CODE_DIGITS
from flows.sms.money import amount_of, reference_of
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, answers
from flows.sms.thread import Question
from flows.sms.writing import hour, one_segment
from models import (
    cash_rules,
    collector_cash,
    coverage,
    member_households,
    memberships,
    payment_requests,
)
from models.cash_rules import Look
from models.collector_cash import InHand, Receipt
from models.collectors import Collector
from models.identifiers import recognise

EXAMPLE = "COT 55120938 1375"
LONGEST_SLIP = 7
"""Characters of a paper slip's number: too few for anybody's telephone."""


def collect(talk: Talk, collector: Collector) -> Answer:
    """COT number amount [ref]. Raises Missing, Mistake (E21, E22, E41), Declined (E11, E12, E18, E31, E61, E71)."""
    words = list(talk.said.args)
    if not words:
        raise Mistake(talk.t("E21 Ex: {example}", example=EXAMPLE), EXAMPLE)
    if len(words) > 1 and _is_member(talk, words[1]) and not _is_member(talk, words[0]):
        words[0], words[1] = words[1], words[0]
    number, *told = words
    if number.isdigit() and len(number) == CODE_DIGITS:
        return _by_code(talk, collector, number, told)
    smallest = talk.t("COT {number} et le montant", number=number)
    amount, behind = amount_of(talk, told, EXAMPLE, smallest)
    slip = reference_of(talk, behind)[:LONGEST_SLIP]
    found = household(talk, collector, number, {"amount": amount, "slip": slip})
    return _collected(talk, collector, found, amount, slip)


def _by_code(talk: Talk, collector: Collector, code: str, told: list[str]) -> Answer:
    """COT code [amount]: the code that a member was given to pay an agent says whose money it is, and how much."""
    context, budget = talk.context, Budget.of(talk)
    asked = payment_requests.for_agent(context.db, code, context.now)
    membership = memberships.by_id(context.db, asked.membership_id) if asked else None
    head = member_households.head(context.db, context.keys, membership.household_id) if membership else None
    rights = coverage.by_person(context.db, context.keys, head.person_id, talk.ask.today) if head else ()
    right = next((one for one in rights if one.scheme == MUTUELLE), None)
    if asked is None or head is None or right is None:
        budget.miss(talk)
        text = talk.t("E12 Code {code} inconnu ou perime. Envoyez le numero du membre.", code=code)
        raise Declined(one_segment(text, ref(talk)), effects=(Missed("cash.code"),))
    example = f"COT {code} {asked.amount}"
    amount, behind = amount_of(talk, told, example, example) if told else (asked.amount, ())
    found = of_right(talk, collector, head.number or code, right)
    return _collected(talk, collector, found, amount, reference_of(talk, behind)[:LONGEST_SLIP])


@answers("cash_member")
def member_proposed(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """1: the member whose number was a slip away. Nothing but her name is taken for granted."""
    if answer != "1":
        raise Mistake(talk.t("E22 Repondez 1, ou envoyez COT, le numero et le montant."), EXAMPLE)
    collector = at_till(talk)
    found = household(talk, collector, args["number"])
    return _collected(talk, collector, found, args["amount"], args["slip"])


@answers("cash_again")
def paid_again(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """1: it is a second payment of the same amount."""
    if answer != "1":
        return Answer(talk.t("C'est note: rien n'est encaisse une 2e fois."))
    collector = at_till(talk)
    found = household(talk, collector, args["number"])
    return _collected(talk, collector, found, args["amount"], args["slip"], again=True)


def _collected(
    talk: Talk, collector: Collector, found: Household, amount: int, slip: str, again: bool = False
) -> Answer:
    context, account = talk.context, found.account
    seen = cash_rules.look(context.db, collector, account, amount, context.now, again)
    if seen.refused:
        raise _refused(talk, collector, found, amount, slip, seen)
    standing = seen.standing
    now_in_hand = standing.amount + amount
    warned = talk.t("PLAFOND {limit} F depasse.", limit=standing.limit) if seen.over else ""
    text = one_segment(
        talk.t(
            "Encaisse {amount} F foyer {number} {name}.", amount=amount, number=found.number, name=found.name
        ),
        cash_told(talk, now_in_hand, standing.receipts + 1),
        warned or hand_over(talk, now_in_hand, last_day(standing, talk.ask.today)),
        ref(talk),
    )
    booked = CashCollected(collector.number, account.membership_id, amount, talk.reference, standing.amount)
    noted = shown("cash.collected", found, f"agent {collector.number} {amount} F {slip}".rstrip())
    alarm = (alarmed(collector, standing, now_in_hand, talk.ask.today),) if seen.over else ()
    return Answer(text, (booked, noted, *alarm))


def _refused(
    talk: Talk, collector: Collector, found: Household, amount: int, slip: str, seen: Look
) -> Declined:
    if seen.refused == cash_rules.TOO_LITTLE:
        return Declined(
            talk.t("E41 {amount} F: au moins {least} F. Rien de note.", amount=amount, least=seen.least)
        )
    if seen.refused == cash_rules.TOO_MUCH:
        text = talk.t(
            "E41 {amount} F: trop pour {number} {name}, qui doit {missing} F. Au plus {most} F. Rien de note.",
            amount=amount,
            number=found.number,
            name=found.name,
            missing=found.account.missing,
            most=seen.most,
        )
        return Declined(text, effects=(shown("cash.refused", found),))
    if seen.refused == cash_rules.ABOVE_LIMIT:
        return _above_limit(talk, collector, seen.standing)
    return _same(talk, found, amount, slip, seen.same)


def _same(talk: Talk, found: Household, amount: int, slip: str, before: Receipt | None) -> Declined:
    text = talk.t(
        "E31 {amount} F deja encaisse a {hour} pour {number} (Ref {known}). Pas note 2 fois."
        " Vrai 2e paiement? Repondez 1.",
        amount=amount,
        hour=hour(before.at) if before else "",
        number=found.number,
        known=before.reference if before else "",
    )
    question = Question("cash_again", {"number": found.number, "amount": amount, "slip": slip})
    return Declined(one_segment(text), question, (shown("cash.again", found),))


def _above_limit(talk: Talk, collector: Collector, standing: InHand) -> Declined:
    text = talk.t(
        "E61 Plafond {limit} F: vous avez {amount} F en main. Rien de note. Versez d'abord: VERS {amount} ref.",
        limit=standing.limit,
        amount=standing.amount,
    )
    alarm = alarmed(collector, standing, standing.amount, talk.ask.today)
    return Declined(one_segment(text, ref(talk)), effects=(alarm,))


def undo(talk: Talk, collector: Collector) -> Answer:
    """A ref: her receipt of today is reversed. Raises Missing, Declined (E32)."""
    if not talk.said.args:
        raise Missing("A", talk.t("le numero du recu (6 chiffres)"), "code")
    context, reference = talk.context, talk.said.args[0]
    receipt = collector_cash.by_reference(context.db, collector, reference, talk.ask.today)
    if receipt is None:
        raise Declined(
            talk.t(
                "E32 {reference}: aucun recu de vous ce jour. Hier est clos: dites-le au tresorier.",
                reference=reference[:12],
            )
        )
    standing = collector_cash.in_hand(context.db, collector, talk.ask.today)
    if receipt.amount > standing.amount - standing.declared:
        raise Declined(
            talk.t(
                "E32 Recu {reference}: cet argent est deja verse. Voyez le tresorier.", reference=reference
            )
        )
    back = CashGivenBack(
        collector.number,
        receipt.entry_id,
        receipt.membership_id,
        receipt.amount,
        receipt.reference,
        standing.amount,
    )
    text = talk.t("Annule: recu {reference}, {amount} F.", reference=reference, amount=receipt.amount)
    left = cash_told(talk, standing.amount - receipt.amount, max(standing.receipts - 1, 0))
    return done(talk, f"{text} {left} {talk.t('Le membre est prevenu.')}", back)


def is_receipt(talk: Talk, collector: Collector) -> bool:
    """Whether the first word behind the command is the number of one of her receipts of today."""
    reference = talk.said.args[0] if talk.said.args else ""
    return collector_cash.by_reference(talk.context.db, collector, reference, talk.ask.today) is not None


def _is_member(talk: Talk, word: str) -> bool:
    card = recognise(word, talk.ask.today)
    return card is not None and card.scheme == MUTUELLE
