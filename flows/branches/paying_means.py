"""D4: by another operator or number, in cash to an agent by a code, or by a relative who is asked to pay."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from flows.ask import Ask
from flows.branches.locked import dial_string
from flows.branches.paying import handed_on, to_confirm
from flows.contribution_effects import PaymentRequested
from flows.outgoing import sms
from flows.own_mutuelle import household_name, operator_for
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, Target, screen
from flows.wording import francs, place
from models import memberships, payment_requests
from models.identifiers import BadMsisdn, Msisdn
from models.money_operators import MoneyOperator, money_operators
from models.payment_requests import PaymentRequest

FIXED = ("1", "2", "6", "7", "8")
"""Digits of the operators; 3, 4 and 5 never move."""


@screen(form=True)
def choose(ask: Ask) -> Menu:
    """D4: who pays, and by what."""
    operators = (
        Choice(key, operator.name, _by(operator))
        for key, operator in zip(FIXED, money_operators(ask.today), strict=False)
    )
    return Menu(
        ask.t("Payer {amount} par :", amount=francs(ask.args["amount"])),
        (
            *operators,
            Choice("3", ask.t("Un agent (code)"), _agent),
            Choice("4", ask.t("Une autre personne"), _relative),
            Choice("5", ask.t("Un autre numéro"), _number),
        ),
    )


def _by(operator: MoneyOperator) -> Target:
    """By the caller's own number when it is one of this operator's, else its number is asked for."""

    def chosen(ask: Ask) -> Go:
        args = handed_on(ask.args, op=operator.code, payer=None)
        own = operator_for(ask, ask.context.phone)
        return to_confirm(ask, args) if own == operator else Go("paying_means.number", args)

    return chosen


def _number(ask: Ask) -> Go:
    return Go("paying_means.number", handed_on(ask.args, op=None, payer=None))


@screen(question=True, form=True)
def number(ask: Ask) -> Question:
    """The number whose mobile money pays; who has that phone must say yes there, by her own code."""
    return Question(
        ask.t("Numéro qui paie (8 chiffres) :"), _paid_by, samples=("76000009", "66000009", "12", "50000009")
    )


def _paid_by(ask: Ask, typed: str) -> Go:
    payer = _phone(ask, typed)
    operator = operator_for(ask, payer)
    if operator is None:
        raise Refused(ask.t("E22 Pas d'argent mobile connu pour {phone}.", phone=payer.masked))
    return to_confirm(ask, handed_on(ask.args, op=operator.code, payer=payer.e164))


def _phone(ask: Ask, typed: str) -> Msisdn:
    """A Malian number. Raises Refused (E22)."""
    try:
        found = Msisdn.parse(typed)
    except BadMsisdn as bad:
        raise Refused(ask.t("E22 Ce n'est pas un numéro de téléphone.")) from bad
    if not found.is_malian:
        raise Refused(ask.t("E22 Seulement un numéro du Mali."))
    return found


def _agent(ask: Ask) -> Go:
    reference = _free(ask)
    noted = PaymentRequested(reference, ask.args["m"], ask.args["amount"])
    return Go("paying_means.code", handed_on(ask.args) | {"ref": reference}, effects=(noted,))


@screen()
def code(ask: Ask) -> Notice:
    """A code under which an agent of the mutuelle notes the cash; the receipt comes at once."""
    membership = memberships.by_id(ask.context.db, ask.args["m"])
    mutuelle = place(membership.mutuelle) if membership else ""
    reference, amount = ask.args["ref"], francs(ask.args["amount"])
    return Notice(
        ask.t("Code {code} : {amount}", code=f"{reference[:3]} {reference[3:]}", amount=amount),
        (
            ask.t("Donnez l'argent et ce code à un agent de {mutuelle}.", mutuelle=mutuelle),
            ask.t("Le reçu arrive aussitôt par SMS."),
        ),
    )


def _relative(ask: Ask) -> Go:
    return Go("paying_means.relative", handed_on(ask.args, op=None, payer=None))


@screen(question=True, form=True)
def relative(ask: Ask) -> Question:
    """Whom to ask: she gets an SMS with a string to dial, and decides."""
    return Question(
        ask.t("Téléphone de la personne qui paie :"), _asked, samples=("76000009", "12", "+33612345678")
    )


def _asked(ask: Ask, typed: str) -> Go:
    """The request and its SMS, which counts as one that the caller asks for. Raises Refused (E22, E61)."""
    args, to = ask.args, _phone(ask, typed)
    membership = memberships.by_id(ask.context.db, args["m"])
    if membership is None:
        raise Refused(ask.t("Ce paiement est fini."))
    reference = _free(ask)
    text = ask.t(
        "Santé Mali : {name} ({phone}) vous demande de payer {amount} F pour {mutuelle}. Si vous voulez, tapez {code}",
        name=args.get("who") or household_name(ask, membership.household_id),
        phone=ask.context.phone.masked,
        amount=args["amount"],
        mutuelle=place(membership.mutuelle),
        code=dial_string(ask, f"3*4*{reference}"),
    )
    effects = (
        PaymentRequested(reference, args["m"], args["amount"], to),
        replace(sms(ask, text, "payment_request"), to=to),
    )
    return Go("paying_means.requested", {"ref": reference, "to": to.masked}, effects=effects)


@screen()
def requested(ask: Ask) -> Notice:
    """The SMS to the relative leaves; nothing is paid by it."""
    return Notice(
        ask.t("Demande envoyée au {phone}. Ref {reference}", phone=ask.args["to"], reference=ask.args["ref"]),
        (ask.t("Le reçu arrive par SMS quand c'est payé."),),
    )


def _free(ask: Ask) -> str:
    """Six digits that stand for no other request; the same when this very hop comes again."""
    context = ask.context
    wanted = PaymentRequest(ask.args["m"], ask.args["amount"])
    fresh = (context.reference(f"request {number}") for number in count())
    return next(one for one in fresh if payment_requests.is_free(context.db, one, wanted, context.now))
