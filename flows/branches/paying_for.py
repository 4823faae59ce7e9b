"""3*4 Payer pour un autre: for family, for a whole village, or because a relative asked. Receipts go to both."""

from __future__ import annotations

from typing import Any

from flows.ask import Ask
from flows.branches.locked import lock
from flows.branches.paying import checked_amount, handed_on, to_confirm
from flows.effects import Disclosed, Missed
from flows.own_mutuelle import SCHEME
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, screen
from flows.wording import francs, masked
from models import contributions, coverage, households, lookups, memberships, payment_requests, phones
from models.coverage import Right
from models.identifiers import BadMsisdn, CardNumber, Msisdn, digits, is_example, recognise
from models.memberships import Membership

REFERENCE_DIGITS = 6
"""Digits of a request for payment that a relative has sent, which are too few for a member number."""

AND_AMOUNT = "/"
"""Stands between the number and the amount of a dial string; nobody types it."""


@screen(question=True, form=True)
def who(ask: Ask) -> Question:
    """D9: a member number, a phone, or the six digits of a request."""
    return Question(
        ask.t("Numéro de mutuelle ou téléphone de la personne :"),
        _looked_for,
        samples=("54100122", "70000021", "713482", "123456784", "12", "abc"),
    )


@screen(form=True, read_first=True)
def confirm(ask: Ask) -> Menu:
    """D10: the masked name and what is due; nothing else of a household that is not the caller's."""
    args = ask.args
    account = contributions.account(ask.context.db, args["m"], ask.today)
    if account is None:
        return Menu(ask.t("Ce paiement est fini."), (Choice("2", ask.t("Un autre numéro"), _anew()),))
    due = ask.t("Doit {amount}", amount=francs(account.missing)) if account.missing else ask.t("Ne doit rien")
    pay = ask.t("Payer {amount}", amount=francs(args["amount"])) if "amount" in args else ask.t("Payer")
    return Menu(
        f"{args['who']}, {account.mutuelle}",
        (Choice("1", pay, _pay), Choice("2", ask.t("Pas cette personne"), _anew())),
        lines=(due,),
    )


@screen()
def nobody(ask: Ask) -> Notice:
    """E12: nobody with this number contributes to a mutuelle here."""
    return Notice(
        ask.t("E12 Pas de membre d'une mutuelle pour {number}.", number=ask.args["number"]),
        choices=(
            Choice("1", ask.t("Retaper"), _anew()),
            Choice("2", ask.t("Un agent me rappelle"), "callback.slot"),
        ),
    )


def _anew() -> Go:
    return Go("paying_for.who", instead=True)


def _pay(ask: Ask) -> Go:
    args = handed_on(ask.args)
    return to_confirm(ask, args) if "amount" in args else Go("paying.amount", args)


def _looked_for(ask: Ask, typed: str) -> Go:
    """From a number to the household that it names. Raises Refused (E22, E41)."""
    number, _, behind = typed.partition(AND_AMOUNT)
    amount = checked_amount(ask, digits(behind)) if behind else None
    plain = digits(number)
    if is_example(plain):
        raise Refused(ask.t("{number} est un exemple. Tapez le vôtre :", number=plain))
    if _locked(ask):
        return lock(ask)
    if len(plain) == REFERENCE_DIGITS:
        return _requested(ask, plain)
    card = recognise(plain, ask.today)
    if card and card.scheme == SCHEME and card.check_ok:
        return _of_card(ask, card, amount)
    return _of_phone(ask, number, amount)


def _locked(ask: Ask) -> bool:
    context = ask.context
    tried = lookups.misses_since(context.db, context.keys, context.phone, context.misses_since)
    return tried >= context.limits.misses


def _of_card(ask: Ask, card: CardNumber, amount: int | None) -> Go:
    context = ask.context
    rights = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, ask.today
    ).rights
    return _found(ask, rights, amount, "pay.number") or _missed(card.value, "pay.number")


def _of_phone(ask: Ask, typed: str, amount: int | None) -> Go:
    """By the phone of a household. Whom a phone belongs to is worth more than a number's name: it counts as a try."""
    try:
        phone = Msisdn.parse(typed)
    except BadMsisdn as bad:
        raise Refused(ask.t("E22 Ni un numéro de mutuelle ni un téléphone.")) from bad
    context = ask.context
    rights = phones.caller(context.db, context.keys, phone, ask.today).rights
    go = _found(ask, rights, amount, "pay.phone")
    if go is None:
        return _missed(phone.masked, "pay.phone")
    return Go(go.screen, go.args, effects=(*go.effects, Missed("pay.phone")))


def _requested(ask: Ask, reference: str) -> Go:
    """What a relative has asked this very phone to pay."""
    context = ask.context
    request = payment_requests.for_phone(context.db, context.keys, reference, context.phone, context.now)
    membership = memberships.by_id(context.db, request.membership_id) if request else None
    if request is None or membership is None:
        return _missed(reference, "pay.request")
    (holder, *_) = households.members(context.db, context.keys, membership.household_id, ask.today)
    rights = ask.rights_of(holder.person_id)
    return _found(ask, rights, request.amount, "pay.request") or _missed(reference, "pay.request")


def _found(ask: Ask, rights: tuple[Right, ...], amount: int | None, action: str) -> Go | None:
    """To D10 with the first of these people whose household is in a mutuelle; None when nobody's is."""
    for right in rights:
        membership = _membership_of(ask, right)
        if membership:
            args: dict[str, Any] = {"m": membership.id, "who": masked(right), "amount": amount}
            shown = Disclosed(action, f"person:{right.person_id}", "masked")
            return Go("paying_for.confirm", handed_on(args), effects=(shown,))
    return None


def _membership_of(ask: Ask, right: Right) -> Membership | None:
    return memberships.of_household(ask.context.db, right.household_id) if right.scheme == SCHEME else None


def _missed(number: str, action: str) -> Go:
    return Go("paying_for.nobody", {"number": number}, effects=(Missed(action),), instead=True)
