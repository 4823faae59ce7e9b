"""What a household asks of its mutuelle by SMS: COT, RECU, SOLDE, PLAN. Who takes cash has the same words in `till`.

COT 2750            asks, after a yes, for mobile money of the phone's own number
COT 55120938 2750   the same for another household
RECU [reference]    a receipt once more
SOLDE               what was paid, what is left, until when care is covered
PLAN [COTON]        the plan, or what another one would ask for, to agree to
"""

from __future__ import annotations

from typing import Any

from config import facts
from flows.branches.consent import TOPIC
from flows.branches.locked import dial_string
from flows.contribution_effects import PlanChosen
from flows.contribution_texts import receipt_again
from flows.effects import Disclosed, HitsSpent, Missed, PaymentAsked
from flows.own_mutuelle import SCHEME, operator_for, own_membership, own_right
from flows.plan_wording import plan_days, plan_title, until_then
from flows.sms import rights
from flows.sms.budget import Budget
from flows.sms.money import amount_of
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, answers, command
from flows.sms.thread import Question
from flows.sms.writing import one_segment, short_day
from flows.wording import masked, place
from models import (
    consent,
    contributions,
    coverage,
    dues,
    member_numbers,
    memberships,
    mutuelle_terms,
    payments,
)
from models.contributions import Account
from models.coverage import Right
from models.identifiers import CardNumber, is_example, recognise
from models.instalments import offers, split
from models.memberships import Membership
from models.payments import Payment
from models.places import fold
from models.plan_previews import begins, preview
from models.plans import Plan, choices, plan_named

EXAMPLE = "COT 2750"
YES = ("1", "OK", "OUI")
REFERENCE_DIGITS = 6
MOST_RECEIPTS = 60
"""Receipts among which a reference is looked for: five years of months."""


@command("PAY")
def pay(talk: Talk) -> Answer:
    """COT amount, or COT number amount. Raises Missing, Mistake (E22, E41), Declined (E12, E61, E71)."""
    words = list(talk.said.args)
    card = member_number(talk, words[0]) if words else None
    if card is not None and not words[1:]:
        raise Missing(f"COT {card.value}", talk.t("le montant, ex: 2750"), "amount")
    if card is not None:
        return _for_another(talk, card, _checked(talk, words[1:]))
    membership, right = _mine(talk)
    if not words:
        raise Missing("COT", talk.t("le montant, ex: 2750"), "amount")
    amount = _checked(talk, words)
    asked = {"m": membership.id, "amount": amount}
    whose = talk.t("foyer {name}", name=masked(right))
    return Answer(_question(talk, asked, membership, whose), (), Question("pay", asked))


def member_number(talk: Talk, word: str) -> CardNumber | None:
    """The member's number that a word of COT is, or None."""
    card = recognise(word, talk.ask.today)
    return card if card is not None and card.scheme == SCHEME else None


def _checked(talk: Talk, words: list[str]) -> int:
    """FCFA. Raises Mistake (E21, E41)."""
    amount, _ = amount_of(talk, words, EXAMPLE, EXAMPLE)
    least, most = limits(talk)
    if not least <= amount <= most:
        raise Mistake(talk.t("E41 Montant de {least} a {most} F.", least=least, most=most), EXAMPLE)
    return amount


def limits(talk: Talk) -> tuple[int, int]:
    """FCFA that one COT asks for: at least, at most."""
    least, most = (int(facts.parameter(f"payment_{one}_fcfa", talk.ask.today)) for one in ("least", "most"))
    return least, most


def _for_another(talk: Talk, card: CardNumber, amount: int) -> Answer:
    """A household by its member number, which alone is repeated; a wrong one costs a look-up."""
    if is_example(card.value):
        raise rights.not_a_card(talk, card.value)
    budget, context = Budget.of(talk), talk.context
    found = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, talk.ask.today
    ).rights
    right = next((one for one in found if one.scheme == SCHEME), None)
    membership = memberships.of_household(context.db, right.household_id) if right else None
    if right is None or membership is None:
        budget.miss(talk)
        text = talk.t("E12 {number}: pas de membre qui cotise ici. Relisez la carte.", number=card.value)
        raise Declined(one_segment(text, _ref(talk)), effects=(Missed("pay.sms"),))
    asked = {"m": membership.id, "amount": amount}
    shown = Disclosed("pay.sms", f"person:{right.person_id}", "masked")
    question = _question(talk, asked, membership, card.value)
    return Answer(question, (HitsSpent(1), shown), Question("pay", asked))


def _question(talk: Talk, asked: dict[str, Any], membership: Membership, whose: str) -> str:
    """The amount, by what, for whom, and what the State adds: nothing is asked of the operator before a yes."""
    operator = operator_for(talk.ask, talk.context.phone)
    if operator is None:
        raise Declined(
            talk.t(
                "E41 Pas d'argent mobile connu pour ce numero. Autre numero ou agent: tapez {code}",
                code=dial_string(talk.ask, f"3*1*{asked['amount']}"),
            )
        )
    goes = split(dues.of_membership(talk.context.db, membership.id), asked["amount"])
    state = talk.t("L'Etat ajoute {amount} F.", amount=goes.state) if goes.state else ""
    return one_segment(
        talk.t(
            "Payer {amount} F par {operator} pour {mutuelle}, {whose}?",
            amount=asked["amount"],
            operator=operator.name,
            mutuelle=place(membership.mutuelle),
            whose=whose,
        ),
        state,
        talk.t("Repondez OK."),
        spare=(state,),
    )


@answers("pay")
def agreed(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """OK asks the operator, once; the same amount within minutes is asked back."""
    if answer not in YES:
        return Answer(talk.t("C'est note: rien n'est demande."))
    context = talk.context
    operator = operator_for(talk.ask, context.phone)
    if operator is None:
        raise Declined(talk.t("E42 Rien n'est demande. Recommencez: COT montant"))
    since = payments.again_since(context.now)
    before = payments.open_of(context.db, context.keys, args["m"], context.phone, args["amount"], since)
    if before and not args.get("again"):
        return Answer(_asked_back(talk, before), (), Question("pay", {**args, "again": True}))
    asked = PaymentAsked(
        args["m"],
        context.phone,
        operator.code,
        args["amount"],
        talk.reference,
        again=bool(args.get("again")),
    )
    text = talk.t(
        "Demande {operator} en route. Votre code secret ne se tape que dans cette demande. Recu par SMS."
        " Ref {reference}",
        operator=operator.name,
        reference=talk.reference,
    )
    return Answer(one_segment(text), (asked,))


def _asked_back(talk: Talk, before: Payment) -> str:
    minutes = max(1, int((talk.context.now - before.asked_at).total_seconds()) // 60)
    told = {"amount": before.amount, "minutes": minutes, "reference": before.reference}
    if before.is_open:
        text = talk.t("{amount} F deja en cours depuis {minutes} min (Ref {reference}).", **told)
    else:
        text = talk.t("{amount} F deja payes il y a {minutes} min (Ref {reference}).", **told)
    return one_segment(text, talk.t("Payer une 2e fois? Repondez OK, sinon rien."))


@command("RECEIPT")
def receipt(talk: Talk) -> Answer:
    """RECU: the last receipt once more; RECU reference: that one. Raises Declined (E12)."""
    membership, right = _mine(talk)
    context = talk.context
    account = contributions.account(context.db, membership.id, talk.ask.today)
    found = contributions.receipts(context.db, membership.id, MOST_RECEIPTS)
    wanted = next((word for word in talk.said.args if len(word) == REFERENCE_DIGITS and word.isdigit()), "")
    line = next((line for line in found if not wanted or line.reference == wanted), None)
    if account is None or line is None:
        missing = talk.t("E12 Recu {reference} introuvable.", reference=wanted) if wanted else ""
        raise Declined(one_segment(missing or talk.t("Aucun paiement recu encore."), _how_to_pay(talk)))
    shown = Disclosed("receipt", f"person:{right.person_id}")
    return Answer(one_segment(receipt_again(talk.ask, line, account, right)), (shown,))


@command("BALANCE")
def balance(talk: Talk) -> Answer:
    """SOLDE: what was paid of the season, what is left, what the State adds, and until when care is covered."""
    membership, right = _mine(talk)
    context = talk.context
    account = contributions.account(context.db, membership.id, talk.ask.today)
    if account is None:
        raise Declined(_how_to_pay(talk))
    percent = offers(dues.of_membership(context.db, membership.id)).state_percent
    state = talk.t("L'Etat ajoute autant.") if percent == 100 else ""
    text = talk.t(
        "{mutuelle}, {people} pers.: paye {paid} sur {due} F, reste {missing} F.",
        mutuelle=place(account.mutuelle),
        people=account.persons,
        paid=account.season_paid,
        due=account.season_due,
        missing=account.missing,
    )
    shown = Disclosed("balance", f"person:{right.person_id}")
    cover, how = _covered(talk, account), _how_to_pay(talk) if account.missing else ""
    number = member_numbers.of_household(context.db, context.keys, account.household_id)
    named = talk.t("Membre {number}.", number=number) if number else ""
    return Answer(one_segment(text, cover, state, how, named, spare=(how, state, named)), (shown,))


def _covered(talk: Talk, account: Account) -> str:
    if account.covered_until and account.covered_until >= talk.ask.today:
        return talk.t("COUVERT au {day}.", day=short_day(account.covered_until))
    if account.threshold_fcfa:
        return talk.t("Couvert apres {amount} F de plus.", amount=account.threshold_fcfa)
    return talk.t("Pas couvert ce jour.")


def _how_to_pay(talk: Talk) -> str:
    return talk.t("Payer: COT montant, ou {code}", code=dial_string(talk.ask, "3*1"))


@command("PLAN")
def plan(talk: Talk) -> Answer:
    """PLAN: the present one and what may be chosen; PLAN COTON: what that would ask for, to agree to."""
    membership, _ = _mine(talk)
    offered = choices(membership.cercle_pcode, talk.ask.today)
    if not talk.said.args:
        present = talk.t(plan_named(membership.plan, talk.ask.today).label)
        words = ", ".join(one.code for one in offered)
        return Answer(
            one_segment(
                talk.t("Votre plan: {plan}.", plan=present),
                talk.t("Changer: PLAN et un mot: {words}", words=words),
            )
        )
    wanted = _plan_meant(offered, talk.said.args)
    if wanted is None:
        words = " ".join(one.code for one in offered)
        raise Mistake(talk.t("E22 Plan inconnu ici. Mots: {words}", words=words), f"PLAN {offered[0].code}")
    if wanted.code == membership.plan:
        raise Declined(talk.t("C'est deja votre plan. Le voir: SOLDE"))
    return Answer(
        _previewed(talk, membership, wanted), (), Question("plan", {"m": membership.id, "plan": wanted.code})
    )


def _plan_meant(offered: tuple[Plan, ...], words: tuple[str, ...]) -> Plan | None:
    """The plan that one of the words names: its code, a crop, or a word of its label."""
    said = {fold(word) for word in words}
    for one in offered:
        known = {one.code, *one.crops, *(fold(word.strip(",")) for word in one.label.split())} - {"CHAQUE"}
        if said & known:
            return one
    return None


def _previewed(talk: Talk, membership: Membership, wanted: Plan) -> str:
    context, ask = talk.context, talk.ask
    terms = mutuelle_terms.of_mutuelle(context.db, membership.mutuelle_id, ask.today)
    account = contributions.account(context.db, membership.id, ask.today)
    people = account.persons if account else 1
    start = begins(ask.today, account.covered_until if account else None)
    told = preview(wanted, membership.cercle_pcode, start, terms, people)
    return one_segment(
        f"{plan_title(ask, wanted, told)}: {plan_days(ask, wanted, told)}.",
        until_then(ask, told),
        talk.t("D'accord? Repondez OK."),
    )


@answers("plan")
def plan_agreed(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """OK changes the plan; anything else leaves it as it is."""
    if answer not in YES:
        return Answer(talk.t("C'est note: votre plan reste le meme."))
    caller = talk.ask.caller()
    if caller.phone_id is None or not consent.state(talk.context.db, caller.phone_id).get(TOPIC):
        code = dial_string(talk.ask, "3*2")
        raise Declined(talk.t("Il faut d'abord votre accord pour garder le dossier: tapez {code}", code=code))
    chosen = talk.t(plan_named(args["plan"], talk.ask.today).label)
    text = talk.t(
        "C'est note: plan {plan}. Un SMS vous rappelle chaque date. STOP pour arreter.", plan=chosen
    )
    return Answer(one_segment(text), (PlanChosen(args["m"], args["plan"]),))


def _mine(talk: Talk) -> tuple[Membership, Right]:
    """The phone's own membership. Raises Declined, with what can be done, when it has none or it is not kept here."""
    right = own_right(talk.ask)
    membership = own_membership(talk.ask)
    if membership is not None and right is not None:
        return membership, right
    if right is not None:
        mutuelle = place(right.mutuelle or "")
        raise Declined(
            talk.t(
                "{mutuelle}: le compte est a la section, pas encore ici. Payer la-bas.", mutuelle=mutuelle
            ),
            Question("callback", {"reason": "MUTUELLE"}),
        )
    raise Declined(
        talk.t(
            "Pas de mutuelle liee a ce telephone. Pour un autre: COT numero montant. Un agent: repondez 1."
        ),
        Question("callback", {"reason": "MUTUELLE"}),
    )


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)
