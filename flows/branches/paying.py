"""3*1 Payer: how much, by which phone, and the request. Nothing is called paid before the operator says so.

Arguments that the screens hand on: `m` the membership, `amount` FCFA, `op` the operator's code, `payer` the number that
pays when it is not the caller's, `who` the masked name when the household is not hers. No secret code is ever asked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from config import facts
from flows.ask import Ask
from flows.effects import PaymentAsked
from flows.own_mutuelle import operator_for
from flows.plan_wording import state_adds
from flows.screens import Choice, End, Go, Menu, Notice, Question, Refused, Target, screen
from flows.texts import N_
from flows.wording import francs
from models import dues, memberships, payments
from models.identifiers import Msisdn, digits
from models.instalments import Offers, offers, split
from models.money_operators import money_operator, refusal
from models.payments import Payment

HANDED_ON = ("m", "amount", "op", "payer", "who")


ONE_PART = {
    "MENSUEL": N_("Un mois, {amount}"),
    "TRIMESTRIEL": N_("Un trimestre, {amount}"),
    "HEBDOMADAIRE": N_("Une semaine, {amount}"),
    "RECOLTE": N_("Une part, {amount}"),
}
TWO_PARTS = {
    "MENSUEL": N_("Deux mois, {amount}"),
    "TRIMESTRIEL": N_("Deux trimestres, {amount}"),
    "HEBDOMADAIRE": N_("Deux semaines, {amount}"),
    "RECOLTE": N_("Deux parts, {amount}"),
}
"""Parts of a plan by its rhythm."""


@screen(form=True)
def amount(ask: Ask) -> Menu:
    """D2: parts of the plan, all, or another amount; what the State adds stands beside."""
    context, membership_id = ask.context, ask.args["m"]
    offered = offers(dues.of_membership(context.db, membership_id))
    membership = memberships.by_id(context.db, membership_id)
    rhythm = membership.rhythm if membership else "RECOLTE"
    whose = ask.args.get("who")
    title = ask.t("Payer pour {name} :", name=whose) if whose else ask.t("Payer :")
    return Menu(
        title if offered.whole else ask.t("Rien à payer pour le moment."),
        (*_parts(ask, offered, rhythm), Choice("4", ask.t("Autre montant"), _other, alias="@amount")),
        after=state_adds(ask, offered.state_percent),
    )


def _parts(ask: Ask, offered: Offers, rhythm: str) -> tuple[Choice, ...]:
    """One part, two, all: as many as differ, each on its own digit."""
    one = N_("Adhésion, {amount}") if offered.joining else ONE_PART[rhythm]
    two = N_("Adhésion et 1re part, {amount}") if offered.joining else TWO_PARTS[rhythm]
    told = [("1", one, offered.one), ("2", two, offered.two)]
    told.append(("3" if offered.one else "1", N_("Tout, {amount}"), offered.whole))
    return tuple(
        Choice(key, ask.t(label, amount=francs(sum_)), _of(sum_)) for key, label, sum_ in told if sum_
    )


@screen(question=True, form=True)
def other(ask: Ask) -> Question:
    """Any other amount, from a floor."""
    least = int(facts.parameter("payment_least_fcfa", ask.today))
    return Question(
        ask.t("Montant en F (au moins {least}) :", least=francs(least)),
        _typed,
        samples=("2750", "1", "9999999", "abc"),
    )


def _other(ask: Ask) -> Go:
    return Go("paying.other", handed_on(ask.args))


def _typed(ask: Ask, typed: str) -> Go:
    return to_confirm(ask, handed_on(ask.args, amount=checked_amount(ask, digits(typed))))


def checked_amount(ask: Ask, typed: str) -> int:
    """FCFA out of digits. Raises Refused (E41) for less or more than can be paid at once."""
    least, most = (int(facts.parameter(f"payment_{one}_fcfa", ask.today)) for one in ("least", "most"))
    if not typed or len(typed) > len(str(most)) or not least <= int(typed) <= most:
        raise Refused(ask.t("E41 Montant de {least} à {most}.", least=francs(least), most=francs(most)))
    return int(typed)


def _of(sum_: int) -> Target:
    return lambda ask: to_confirm(ask, handed_on(ask.args, amount=sum_))


def to_confirm(ask: Ask, args: dict[str, Any]) -> Go:
    """To the confirmation, with the operator of the number that pays; to the other means when it has none."""
    if "op" in args:
        return Go("paying.confirm", args)
    guessed = operator_for(ask, payer_in(ask, args))
    return Go("paying.confirm", {**args, "op": guessed.code}) if guessed else Go("paying_means.choose", args)


def handed_on(args: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The arguments that the next screen needs; `changed` ones win, and None takes one away."""
    merged = {key: args[key] for key in HANDED_ON if key in args} | changed
    return {key: value for key, value in merged.items() if value is not None}


def payer_in(ask: Ask, args: dict[str, Any]) -> Msisdn:
    """The number that pays: the one that was typed, else the caller's own."""
    return Msisdn(args["payer"]) if "payer" in args else ask.context.phone


@screen(form=True, read_first=True)
def confirm(ask: Ask) -> Menu:
    """D3: the amount, who pays it, and what the State adds. Nothing is asked of the operator before a yes here."""
    args = ask.args
    goes = split(dues.of_membership(ask.context.db, args["m"]), args["amount"])
    lines = [ask.t("Pour {name}", name=args["who"])] if "who" in args else []
    if goes.state:
        lines.append(ask.t("L'Etat ajoute {amount}.", amount=francs(goes.state)))
    if goes.advance:
        lines.append(ask.t("Dont {amount} d'avance.", amount=francs(goes.advance)))
    title = ask.t(
        "Payer {amount} par {operator} {phone} ?",
        amount=francs(args["amount"]),
        operator=money_operator(args["op"], ask.today).name,
        phone=payer_in(ask, args).masked,
    )
    choices = (
        Choice("1", ask.t("Oui"), _once),
        Choice("2", ask.t("Autre moyen ou numéro"), _other_means),
    )
    return Menu(title, choices, lines=tuple(lines))


def _other_means(ask: Ask) -> Go:
    return Go("paying_means.choose", handed_on(ask.args, op=None, payer=None))


def _once(ask: Ask) -> Go:
    """The request; the same amount within minutes is asked back first (D5b), unless this very hop comes again."""
    before = _recent(ask, payments.again_since(ask.context.now))
    if before and before.reference != ask.context.reference():
        return Go("paying.same", handed_on(ask.args))
    return _asked(ask, again=False)


def _again(ask: Ask) -> Go:
    return _asked(ask, again=True)


def _asked(ask: Ask, *, again: bool) -> Go:
    context, args = ask.context, ask.args
    reference = context.reference()
    payer = payer_in(ask, args)
    _spare(ask, payer)
    # Without another word the receipt goes to the household's own phone; here a relative pays for the caller.
    hers = context.phone if payer != context.phone and "who" not in args else None
    request = PaymentAsked(
        args["m"], payer, args["op"], args["amount"], reference, member_phone=hers, again=again
    )
    told = handed_on(args) | {"ref": reference}
    return Go("paying.waiting", told, effects=(request,), back=())


def _spare(ask: Ask, payer: Msisdn) -> None:
    """A phone that others name is asked for money only so often in a day. Raises Refused (E61)."""
    context = ask.context
    if payer == context.phone:
        return
    asked = payments.asked_of(context.db, context.keys, payer, context.now - timedelta(days=1))
    if asked >= int(facts.parameter("payment_asks_a_day", ask.today)):
        raise Refused(ask.t("E61 Trop de demandes pour {phone}. Réessayez demain.", phone=payer.masked))


def _recent(ask: Ask, since: Any) -> Payment | None:
    context, args = ask.context, ask.args
    payer = payer_in(ask, args)
    return payments.open_of(context.db, context.keys, args["m"], payer, args["amount"], since)


@screen(form=True)
def waiting(ask: Ask) -> End:
    """D5, the end of the call: the operator asks for the secret code, we never do."""
    operator = money_operator(ask.args["op"], ask.today).name
    return End(
        ask.t("Demande {operator} en route.", operator=operator),
        (
            ask.t("Votre code secret ne se tape que dans cette demande."),
            ask.t("Reçu par SMS. Ref {reference}", reference=ask.args["ref"]),
        ),
    )


@screen(form=True, read_first=True)
def same(ask: Ask) -> Menu:
    """D5b: the same amount was asked for minutes ago; a second time needs a second word."""
    found = _recent(ask, payments.again_since(ask.context.now))
    return Menu(
        _under_way(ask, found) if found else ask.t("Ce paiement est fini."),
        (
            Choice("1", ask.t("Voir où il en est"), Go("paying.progress", handed_on(ask.args))),
            Choice("2", ask.t("Payer une 2e fois"), _again),
        ),
    )


def _under_way(ask: Ask, found: Payment) -> str:
    minutes = max(1, int((ask.context.now - found.asked_at).total_seconds()) // 60)
    sentence = (
        ask.t("{amount} déjà en cours depuis {minutes} min (Ref {reference}).")
        if found.is_open
        else ask.t("{amount} déjà payés il y a {minutes} min (Ref {reference}).")
    )
    return sentence.format(amount=francs(found.amount), minutes=minutes, reference=found.reference)


@screen()
def progress(ask: Ask) -> Notice:
    """Where the payment stands: waited for, confirmed by the operator, or why nothing was taken."""
    context, args = ask.context, ask.args
    day_ago = context.now - timedelta(days=1)
    refused = payments.last_refused(context.db, context.keys, payer_in(ask, args), args["m"], day_ago)
    if refused is not None:
        return Notice(why_refused(ask, refused))
    found = _recent(ask, day_ago)
    if found is None or not found.is_open:
        return Notice(ask.t("Payé. Le reçu part par SMS.") if found else ask.t("Ce paiement est fini."))
    operator = money_operator(found.operator, ask.today).name
    return Notice(
        ask.t("Demande {operator} en route.", operator=operator),
        (
            ask.t("Votre code secret ne se tape que dans cette demande."),
            ask.t("Reçu par SMS. Ref {reference}", reference=found.reference),
        ),
    )


def why_refused(ask: Ask, refused: Payment) -> str:
    """The reason in plain words, and that nothing was taken."""
    operator = money_operator(refused.operator, ask.today).name
    reason = ask.t(refusal(refused.reason or "AUTRE", ask.today)).format(operator=operator)
    return ask.t("Paiement refusé : {reason}. Rien n'a été pris.", reason=reason)
