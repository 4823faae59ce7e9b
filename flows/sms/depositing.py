"""VERS by who hands cash over, OK or NON by the treasurer who counts it: only then is it out of the collector's hands.

VERS 38500 B12        declared; the treasurers are sent a code
OK 482913             counted, and right
OK 482913 38000       counted, another amount
NON 482913            nothing was handed over
"""

from __future__ import annotations

from collections.abc import Callable

from flows.collecting_effects import CollectorUsed, DepositDeclared, DepositSettled
from flows.context import Context
from flows.effects import Disclosed, MessageOwed, Missed
from flows.sms.budget import Budget
from flows.sms.cash_box import at_till, done
from flows.sms.money import amount_of, reference_of
from flows.sms.talk import Answer, Declined, Mistake, Talk, command
from flows.sms.writing import day_month, one_segment
from models import collector_cash, collectors, deposits
from models.collectors import TREASURER, Collector
from models.days import day_of
from models.deposits import Deposit

EXAMPLE = "VERS 38500 B12"
KIND = "cash"
"""The kind of SMS about cash to collectors and treasurers."""

MOST_TOLD = 3
"""Treasurers who are sent the code of one deposit."""


@command("DEPOSIT")
def deposit(talk: Talk) -> Answer:
    """VERS amount ref. Raises Missing, Mistake (E21, E41), Declined (E01, E02, E31, E41)."""
    collector = at_till(talk)
    if not talk.said.args:
        raise Mistake(talk.t("E21 Ex: {example}", example=EXAMPLE), EXAMPLE)
    amount, behind = amount_of(talk, talk.said.args, EXAMPLE, talk.t("VERS montant ref"))
    reference = reference_of(talk, behind)
    if not reference:
        raise Mistake(
            talk.t("E21 Manque la reference du bordereau. Ex: {example}", example=EXAMPLE),
            f"VERS {amount} ref",
        )
    context = talk.context
    known = deposits.same(context.db, collector.number, amount, reference)
    if known is not None:
        raise Declined(_known(talk, known))
    standing = collector_cash.in_hand(context.db, collector, talk.ask.today)
    left = standing.amount - standing.declared
    if amount > left:
        raise Declined(_too_much(talk, amount, standing.amount, standing.declared))
    code = context.reference("deposit")
    declared = DepositDeclared(collector.number, collector.mutuelle_id, amount, reference, code)
    told = asked_to_count(context, talk.t, collector, amount, reference, code)
    waits = (
        talk.t("Le tresorier compte et confirme.")
        if told
        else talk.t("Aucun tresorier joignable: la mutuelle confirme.")
    )
    text = talk.t(
        "Versement declare: {amount} F, {reference}. {waits} Jusque-la en main: {cash} F.",
        amount=amount,
        reference=reference,
        waits=waits,
        cash=standing.amount,
    )
    noted = Disclosed("cash.declared", f"collector:{collector.number}", f"{amount} F")
    return done(talk, text, declared, noted, *told)


def asked_to_count(
    context: Context, t: Callable[..., str], collector: Collector, amount: int, reference: str, code: str
) -> tuple[MessageOwed, ...]:
    """What the treasurers read who may count a deposit: nobody is asked to count her own."""
    text = one_segment(
        t(
            "Agent {number} dit avoir verse {amount} F ({reference}). Comptez, puis OK {code}."
            " Autre montant: OK {code} montant. Rien recu: NON {code}",
            number=collector.number,
            amount=amount,
            reference=reference,
            code=code,
        )
    )
    others = collectors.treasurers(
        context.db, context.keys, collector.mutuelle_id, context.now, but=collector.number
    )
    return tuple(MessageOwed(text, KIND, phone) for _, phone in others[:MOST_TOLD])


def _known(talk: Talk, known: Deposit) -> str:
    state = (
        talk.t("compte et confirme")
        if known.state == deposits.CONFIRMED
        else talk.t("le tresorier ne l'a pas encore compte")
    )
    return talk.t(
        "E31 {amount} F {reference} deja declare le {day}: {state}.",
        amount=known.amount,
        reference=known.reference,
        day=day_month(day_of(known.declared_at)),
        state=state,
    )


def _too_much(talk: Talk, amount: int, cash: int, declared: int) -> str:
    if declared:
        return talk.t(
            "E41 {amount} F: vous avez {cash} F en main, dont {declared} F deja declares. Rien de note.",
            amount=amount,
            cash=cash,
            declared=declared,
        )
    return talk.t("E41 {amount} F: vous avez {cash} F en main. Rien de note.", amount=amount, cash=cash)


def counted(talk: Talk, treasurer: Collector) -> Answer:
    """OK code [amount], NON code. Raises Mistake (E41), Declined (E02, E12, E71); a wrong code costs a look-up."""
    code, *rest = talk.said.args
    if treasurer.role != TREASURER:
        raise Declined(talk.t("E02 Seul le tresorier confirme un versement."))
    budget = Budget.of(talk)
    context = talk.context
    found = deposits.by_code(context.db, context.keys, treasurer.mutuelle_id, code)
    if found is None:
        budget.miss(talk)
        text = talk.t("E12 Aucun versement a compter sous ce code. Relisez le SMS recu.")
        raise Declined(text, effects=(Missed("deposit.code"),))
    if found.number == treasurer.number:
        raise Declined(talk.t("E02 Ce versement est le votre: une autre personne le compte."))
    amount = _amount(talk, found, rest)
    settled = DepositSettled(found.deposit_id, amount, treasurer.number)
    noted = Disclosed("cash.counted", f"collector:{found.number}", f"{amount} F of {found.amount} F")
    return done(talk, _told(talk, found, amount), settled, noted, CollectorUsed(treasurer.number))


def _amount(talk: Talk, found: Deposit, rest: list[str]) -> int:
    if talk.said.word == "NOT_HOLDER":
        return 0
    if not rest:
        return found.amount
    example = f"OK {talk.said.args[0]} {found.amount}"
    return amount_of(talk, rest, example, example)[0]


def _told(talk: Talk, found: Deposit, amount: int) -> str:
    if amount == 0:
        return talk.t(
            "C'est note: rien recu de l'agent {number}, les {amount} F restent en ses mains.",
            number=found.number,
            amount=found.amount,
        )
    text = talk.t(
        "Versement de l'agent {number}: {amount} F comptes, {reference}.",
        number=found.number,
        amount=amount,
        reference=found.reference,
    )
    if amount == found.amount:
        return text
    difference = talk.t("Ecart {difference} F, liste pour la mutuelle.", difference=amount - found.amount)
    return f"{text} {difference}"
