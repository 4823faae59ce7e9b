"""Who takes cash by SMS, the household she speaks of, and how her cash is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from config import facts
from flows.effects import Disclosed, Effect, Missed
from flows.sms import rights
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Declined, Talk
from flows.sms.thread import Question
from flows.sms.writing import day_month, one_segment
from flows.wording import masked
from models import agents, collectors, contributions, coverage, member_households, memberships
from models.collector_cash import InHand
from models.collectors import Collector
from models.contributions import Account
from models.coverage import Right
from models.identifiers import is_example, recognise

MUTUELLE = "MUTUELLE"


@dataclass(frozen=True, slots=True)
class Household:
    """A household as a collector names it: `number` as she typed it, who stands for it, and where it stands."""

    number: str
    right: Right
    account: Account

    @property
    def name(self) -> str:
        """AWA T***."""
        return masked(self.right)


def collector_of(talk: Talk) -> Collector | None:
    """Who takes cash by this phone today, or None."""
    context = talk.context
    found = collectors.of_phone(context.db, context.keys, context.phone, context.now)
    return found if found is not None and found.active else None


def at_till(talk: Talk) -> Collector:
    """Who takes cash by this phone. Raises Declined: E02 for a phone that has another role, E01 for any other."""
    found = collector_of(talk)
    if found is not None:
        return found
    context = talk.context
    phone = (context.db, context.keys, context.phone)
    if talk.nurse is not None or agents.name_of(*phone) or agents.enroller(*phone):
        raise Declined(talk.t("E02 Ce telephone n'encaisse pas: demandez a votre mutuelle."))
    raise Declined(
        talk.t("E01 Ce telephone n'encaisse pour aucune mutuelle. Demandez a la votre, ou repondez 1."),
        Question("callback", {"reason": "CAISSE"}),
    )


def household(
    talk: Talk, collector: Collector, number: str, again: dict[str, Any] | None = None
) -> Household:
    """The household of a member's number, where this collector collects. A wrong number costs a look-up.

    One that is a single slip away is proposed; `again` is what is collected from it by a 1.
    Raises Mistake (E22), Declined (E11, E12, E18, E71).
    """
    card = recognise(number, talk.ask.today)
    if card is None or card.scheme != MUTUELLE or is_example(number):
        raise rights.not_a_card(talk, number)
    budget = Budget.of(talk)
    context = talk.context
    if not card.check_ok:
        raise _slip(talk, collector, budget, number, again)
    found = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, talk.ask.today
    ).rights
    right = next((one for one in found if one.scheme == MUTUELLE), None)
    if right is None:
        budget.miss(talk)
        text = talk.t("E12 {number} inconnu. Relisez la carte de membre.", number=number)
        raise Declined(one_segment(text, ref(talk)), effects=(Missed("cash"),))
    return of_right(talk, collector, number, right)


def of_right(talk: Talk, collector: Collector, number: str, right: Right) -> Household:
    """The household of a right, where this collector collects. Raises Declined (E12, E18)."""
    context = talk.context
    membership = memberships.of_household(context.db, right.household_id)
    if membership is None:
        raise Declined(talk.t("E12 {number} n'est dans aucune mutuelle. Rien de note.", number=number))
    if membership.mutuelle_id != collector.mutuelle_id:
        raise Declined(talk.t("E18 {number} n'est pas de votre mutuelle. Rien de note.", number=number))
    if not member_households.covers(context.db, collector, right.household_id, right.commune_code):
        raise Declined(
            talk.t("E18 {number} n'est pas de votre section ou groupe. Rien de note.", number=number)
        )
    account = contributions.account(context.db, membership.id, talk.ask.today)
    if account is None:
        raise Declined(talk.t("E12 {number} n'est dans aucune mutuelle. Rien de note.", number=number))
    return Household(number, right, account)


def _slip(
    talk: Talk, collector: Collector, budget: Budget, number: str, again: dict[str, Any] | None
) -> Declined:
    """A check digit that is wrong; of her own mutuelle, one member that is a slip away is proposed."""
    budget.miss(talk)
    missed = Missed("cash")
    context = talk.context
    near = [
        (digits, right)
        for digits, right in coverage.neighbours(context.db, context.keys, number, talk.ask.today)
        if right.scheme == MUTUELLE and right.mutuelle == collector.mutuelle
    ]
    if len({right.person_id for _, right in near}) != 1:
        text = talk.t("E11 Un chiffre est faux dans {number}. Relisez la carte.", number=number)
        return Declined(one_segment(text, ref(talk)), effects=(missed,))
    digits, right = near[0]
    known = talk.t(
        "E11 {number} inconnu. Un chiffre pres: {near} ({name})?",
        number=number,
        near=digits,
        name=masked(right),
    )
    then = (
        talk.t("Renvoyez avec ce numero.") if again is None else talk.t("Repondez 1. Sinon relisez la carte.")
    )
    question = None if again is None else Question("cash_member", {**again, "number": digits})
    shown = Disclosed("cash.near", f"person:{right.person_id}", "masked")
    return Declined(one_segment(known, then), question, (missed, shown))


def cash_told(talk: Talk, amount: int, receipts: int) -> str:
    """En main: 38500 F, 12 recus. What a deposit has left is in no receipt since."""
    if not receipts:
        return talk.t("En main: {amount} F.", amount=amount)
    if receipts == 1:
        return talk.t("En main: {amount} F, 1 recu.", amount=amount)
    return talk.t("En main: {amount} F, {receipts} recus.", amount=amount, receipts=receipts)


def hand_over(talk: Talk, amount: int, before: date) -> str:
    """A verser avant 05/06: VERS 38500 ref."""
    return talk.t("A verser avant {day}: VERS {amount} ref.", day=day_month(before), amount=amount)


def last_day(standing: InHand, today: date) -> date:
    """The last day to hand over what she has and what she receives today."""
    return standing.before or today + timedelta(days=int(facts.parameter("collector_cash_days", today)))


def shown(action: str, found: Household, detail: str = "") -> Effect:
    """The audit row of what was told or done about a household."""
    return Disclosed(action, f"person:{found.right.person_id}", detail)


def done(talk: Talk, text: str, *effects: Effect) -> Answer:
    """An answer with its reference at the end."""
    return Answer(one_segment(text, ref(talk)), effects)


def ref(talk: Talk) -> str:
    """Ref 713482."""
    return talk.t("Ref {reference}", reference=talk.reference)
