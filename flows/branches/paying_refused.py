"""D5c: a payment that the operator refused, with the reason in plain words and three ways on."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from config import facts
from flows.ask import Ask
from flows.branches.paying import handed_on, payer_in, to_confirm, why_refused
from flows.contribution_effects import PaymentLater
from flows.screens import Choice, Go, Menu, Notice, Target, screen
from flows.session import Place
from flows.wording import day, francs
from models import dues, payments
from models.instalments import less, offers
from models.payments import Payment

HOUR = 10
"""Of the day on which somebody is reminded who asked for it: the middle of the morning, also on a Friday."""

LATER = (("1", 1), ("2", 3), ("3", 7))
"""Digits, and in how many days."""


@screen(form=True)
def reason(ask: Ask) -> Menu:
    """D5c: less, another means, later, or any other amount: who has dialled one goes on to its confirmation."""
    context = ask.context
    refused = last(ask, ask.args)
    if refused is None:
        return Menu(ask.t("Ce paiement est fini."), (Choice("4", ask.t("Payer"), _anew, alias="@amount"),))
    offered = offers(dues.of_membership(context.db, ask.args["m"]))
    smaller = less(offered, refused.amount, int(facts.parameter("payment_least_fcfa", ask.today)))
    choices = [
        Choice("2", ask.t("Autre moyen"), _other_means(refused)),
        # Reminders go to the household's own phone, not to who pays for it.
        *([] if "who" in ask.args else [Choice("3", ask.t("Plus tard"), _later)]),
        Choice("4", ask.t("Autre montant"), _other_amount, alias="@amount"),
    ]
    if smaller:
        label = ask.t("Moins : {amount}", amount=francs(smaller))
        choices.insert(0, Choice("1", label, _less(smaller)))
    return Menu(why_refused(ask, refused), tuple(choices))


def last(ask: Ask, args: dict[str, Any]) -> Payment | None:
    """The payment of `args` if it was refused in the last hours (parameter resume_payment_hours)."""
    context = ask.context
    since = context.now - timedelta(hours=int(facts.parameter("resume_payment_hours", ask.today)))
    return payments.last_refused(context.db, context.keys, payer_in(ask, args), args["m"], since)


def begin(membership_id: int) -> Target:
    """To the reason when the last payment was refused, else to the amounts."""

    def chosen(ask: Ask) -> Go:
        args = {"m": membership_id}
        return Go("paying_refused.reason" if last(ask, args) else "paying.amount", args)

    return chosen


def after_waiting(ask: Ask, args: dict[str, Any]) -> Place | None:
    """Where a new call begins after one that asked for a payment: at its refusal, if it was refused."""
    return Place("paying_refused.reason", handed_on(args)) if last(ask, args) else None


def _less(smaller: int) -> Target:
    return lambda ask: to_confirm(ask, handed_on(ask.args, amount=smaller))


def _other_means(refused: Payment) -> Target:
    return lambda ask: Go(
        "paying_means.choose", handed_on(ask.args, amount=refused.amount, op=None, payer=None)
    )


def _other_amount(ask: Ask) -> Go:
    return Go("paying.other", handed_on(ask.args, amount=None))


def _anew(ask: Ask) -> Go:
    return Go("paying.amount", handed_on(ask.args, amount=None))


def _later(ask: Ask) -> Go:
    return Go("paying_refused.later", handed_on(ask.args))


@screen(form=True)
def later(ask: Ask) -> Menu:
    """When to be reminded, once, by SMS."""
    labels = (ask.t("Demain"), ask.t("Dans 3 jours"), ask.t("Dans 7 jours"))
    return Menu(
        ask.t("Vous le rappeler par SMS :"),
        tuple(Choice(key, label, _in_days(days)) for (key, days), label in zip(LATER, labels, strict=True)),
    )


def _in_days(days: int) -> Target:
    def chosen(ask: Ask) -> Go:
        when = datetime.combine(ask.today + timedelta(days=days), time(HOUR), UTC)
        wanted = PaymentLater(ask.args["m"], when)
        return Go("paying_refused.noted", {"on": day(when.date())}, effects=(wanted,))

    return chosen


@screen()
def noted(ask: Ask) -> Notice:
    """The reminder is noted."""
    return Notice(
        ask.t("C'est noté : un SMS le {day}.", day=ask.args["on"]), (ask.t("Rien si c'est payé d'ici là."),)
    )
