"""3*8 Mon groupe: its leader sees who has not paid, collects, hands over and reminds. Her cash is always in sight.

Arguments that the screens hand on: `m` the membership, `who` its masked name, `p` the person for the trail, `amount`
FCFA, `ref` the reference that was told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from config import facts
from flows.ask import Ask
from flows.collecting_effects import CashCollected, DepositDeclared, ReminderWanted, alarmed
from flows.effects import Disclosed, Effect, Missed
from flows.screens import Choice, Go, Menu, Notice, Question, Refused, numbers, screen
from flows.sms.depositing import asked_to_count
from flows.wording import capitals, francs, masked
from models import (
    cash_held,
    cash_rules,
    collector_cash,
    collectors,
    contributions,
    coverage,
    lookups,
    member_groups,
    member_households,
    memberships,
)
from models.collectors import LEADER, Collector
from models.identifiers import digits, in_ascii, is_example, recognise
from models.member_households import Late
from models.payments import again_since

KEY = "8"
MOST_LISTED = 40
LONGEST_REFERENCE = 12
SCHEME = "MUTUELLE"


def leading(ask: Ask) -> tuple[Choice, ...]:
    """The choice that only a leader's phone has. Raises DatabaseAway."""
    return (Choice(KEY, ask.t("Mon groupe"), "group.menu", alias="@group"),) if _leader(ask) else ()


@screen()
def menu(ask: Ask) -> Menu | Notice:
    """D11: how the group stands, and what its leader does for it."""
    leader = _leader(ask)
    found = member_groups.by_id(ask.context.db, leader.group_id) if leader and leader.group_id else None
    if leader is None or found is None:
        return _no_leader(ask)
    cash = _cash(ask, leader)
    return Menu(
        found.name,
        (
            Choice("1", ask.t("Qui n'a pas payé"), _to_late),
            Choice("2", ask.t("Encaisser"), "group.number"),
            Choice("3", ask.t("Verser {amount}", amount=francs(cash)), _to_hand_over),
            Choice("4", ask.t("Rappeler tous"), _remind),
        ),
        lines=(ask.t("{count} foyers, {paid} à jour", count=found.households, paid=found.up_to_date),),
    )


@screen()
def late(ask: Ask) -> Menu | Notice:
    """Who has not paid, the largest amounts first; choosing one collects."""
    leader = _leader(ask)
    if leader is None:
        return _no_leader(ask)
    context = ask.context
    found = member_households.late(context.db, context.keys, leader, 0, MOST_LISTED)
    if not found:
        return Notice(ask.t("Aucun foyer en retard."), (_told_cash(ask, leader),))
    choices = tuple(
        Choice(key, f"{_name(one)} {francs(one.overdue)}", _of(one))
        for key, one in zip(numbers(), found, strict=False)
    )
    return Menu(ask.t("Pas à jour : {count}", count=len(found)), choices, after=_told_cash(ask, leader))


@screen(question=True, form=True)
def number(ask: Ask) -> Question:
    """Whose cash it is."""
    return Question(
        ask.t("Numéro de mutuelle du foyer :"),
        _looked_for,
        samples=("54100122", "54100015", "12", "abc"),
        lines=(*((ask.t("E12 Numéro inconnu."),) if "unknown" in ask.args else ()), *_lines(ask)),
    )


@screen(question=True, form=True)
def amount(ask: Ask) -> Question | Notice:
    """How much: what is asked for next by one key, or any amount."""
    account = contributions.account(ask.context.db, ask.args["m"], ask.today)
    if account is None:
        return _no_leader(ask)
    due = account.next_due
    next_due = (
        (Choice("1", ask.t("Ce qui est dû, {amount}", amount=francs(due)), lambda ask: _checked(ask, due)),)
        if due
        else ()
    )
    return Question(
        ask.t("{name} doit {missing}. Montant en F :", name=ask.args["who"], missing=francs(account.missing)),
        lambda ask, typed: _checked(ask, _francs(ask, typed)),
        samples=("1375", "9999999", "0", "abc"),
        choices=next_due,
        lines=_lines(ask),
    )


@screen(form=True, read_first=True)
def confirm(ask: Ask) -> Menu:
    """The last look before it is booked; the same amount of minutes ago needs another key than a repeated 1."""
    context, args = ask.context, ask.args
    told = {"amount": francs(args["amount"]), "name": args["who"]}
    if collector_cash.same(context.db, args["m"], args["amount"], again_since(context.now)):
        title = ask.t("{amount} déjà encaissé de {name}.", **told)
        choice = Choice("2", ask.t("Vrai 2e paiement"), _collect_again)
    else:
        title = ask.t("Encaisser {amount} de {name} ?", **told)
        choice = Choice("1", ask.t("Oui"), _collect)
    return Menu(title, (choice,), lines=_lines(ask))


@screen()
def collected(ask: Ask) -> Notice:
    """Booked; the member's receipt goes out by SMS."""
    args = ask.args
    title = ask.t(
        "Encaissé {amount}, {name}. Ref {reference}",
        amount=francs(args["amount"]),
        name=args["who"],
        reference=args["ref"],
    )
    # What she has is told as it is after this hop: the screen is drawn before it is booked.
    return Notice(title, (_cash_line(ask, args["cash"]),), choices=(_back(ask),))


@screen(question=True, form=True)
def deposit(ask: Ask) -> Question:
    """The reference of the slip for all that she has."""
    leader = _leader(ask)
    title = ask.t("Verser {amount}. Référence du bordereau :", amount=francs(_left(ask, leader)))
    return Question(title, _declare, samples=("B12", "4455", "-"))


@screen()
def declared(ask: Ask) -> Notice:
    """It is out of her hands only when the treasurer has counted it."""
    title = ask.t("Versement {amount} déclaré. Le trésorier compte.", amount=francs(ask.args["amount"]))
    return Notice(title, _lines(ask), choices=(_back(ask),))


@screen()
def reminded(ask: Ask) -> Notice:
    """How many reminders were asked for."""
    title = ask.t("Rappel demandé pour {count} foyers. Envoi de 8h à 19h.", count=ask.args["count"])
    return Notice(title, _lines(ask), choices=(_back(ask),))


def _leader(ask: Ask) -> Collector | None:
    context = ask.context
    found = collectors.of_phone(context.db, context.keys, context.phone, context.now)
    return found if found is not None and found.active and found.role == LEADER else None


def _hers(ask: Ask) -> Collector:
    """The leader. Raises Refused (E02) when her role ended in the middle of a call."""
    found = _leader(ask)
    if found is None:
        raise Refused(ask.t("E02 Ce téléphone ne mène aucun groupe."))
    return found


def _no_leader(ask: Ask) -> Notice:
    return Notice(ask.t("E02 Ce téléphone ne mène aucun groupe."))


def _cash(ask: Ask, leader: Collector) -> int:
    return cash_held.cash_in_hand(ask.context.db, leader.holder)[0]


def _told_cash(ask: Ask, leader: Collector) -> str:
    return _cash_line(ask, _cash(ask, leader))


def _cash_line(ask: Ask, cash: int) -> str:
    return ask.t("En main : {amount}", amount=francs(cash))


def _lines(ask: Ask) -> tuple[str, ...]:
    leader = _leader(ask)
    return (_told_cash(ask, leader),) if leader else ()


def _left(ask: Ask, leader: Collector | None) -> int:
    """FCFA that she has and has not declared yet."""
    if leader is None:
        return 0
    standing = collector_cash.in_hand(ask.context.db, leader, ask.today)
    return standing.amount - standing.declared


def _back(ask: Ask) -> Choice:
    return Choice("1", ask.t("Mon groupe"), Go("group.menu", back=()))


def _name(one: Late) -> str:
    return f"{capitals(one.head.given)} {capitals(one.head.family)[:1]}***" if one.head else ""


def _of(one: Late) -> Callable[[Ask], Go]:
    person = one.head.person_id if one.head else 0
    args = {"m": one.membership_id, "who": _name(one), "p": person}
    return lambda ask: Go("group.amount", args)


def _to_late(ask: Ask) -> Go:
    leader = _hers(ask)
    shown = Disclosed("cash.late", f"group:{leader.group_id}", "masked")
    return Go("group.late", effects=(shown,))


def _looked_for(ask: Ask, typed: str) -> Go:
    """From a member's number to the amount. Raises Refused (E22, E11, E12, E18); a wrong number is a look-up missed."""
    leader, plain, context = _hers(ask), digits(typed), ask.context
    card = recognise(plain, ask.today)
    if card is None or card.scheme != SCHEME or is_example(plain):
        raise Refused(ask.t("E22 Pas un numéro de mutuelle. Retapez :"))
    if not card.check_ok:
        raise Refused(ask.t("E11 Un chiffre est faux. Relisez la carte :"))
    misses = lookups.misses_since(context.db, context.keys, context.phone, context.misses_since)
    if misses >= context.limits.misses:
        raise Refused(ask.t("E71 Trop de numéros inconnus. Réessayez plus tard."))
    found = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, ask.today
    ).rights
    right = next((one for one in found if one.scheme == SCHEME), None)
    membership = memberships.of_household(context.db, right.household_id) if right else None
    if right is None or membership is None:
        return Go("group.number", {"unknown": True}, effects=(Missed("cash"),), instead=True)
    hers = membership.mutuelle_id == leader.mutuelle_id
    if not hers or not member_households.covers(context.db, leader, right.household_id, right.commune_code):
        raise Refused(ask.t("E18 Ce foyer n'est pas de votre groupe."))
    shown = Disclosed("cash.member", f"person:{right.person_id}", "masked")
    return Go(
        "group.amount", {"m": membership.id, "who": masked(right), "p": right.person_id}, effects=(shown,)
    )


def _francs(ask: Ask, typed: str) -> int:
    plain = digits(typed)
    if not plain or len(plain) > 7:
        raise Refused(ask.t("E41 Montant pas compris. Ex : 1375"))
    return int(plain)


def _checked(ask: Ask, sum_: int) -> Go:
    """To the last look. Raises Refused (E41, E61)."""
    _look(ask, sum_, again=True)
    return Go("group.confirm", {**_args(ask), "amount": sum_})


def _look(ask: Ask, sum_: int, *, again: bool) -> cash_rules.Look:
    """Whether the amount may be received. Raises Refused (E41, E61) unless it was received minutes ago."""
    leader, context = _hers(ask), ask.context
    account = contributions.account(context.db, ask.args["m"], ask.today)
    if account is None:
        raise Refused(ask.t("E12 Ce foyer n'est plus dans la mutuelle."))
    seen = cash_rules.look(context.db, leader, account, sum_, context.now, again)
    if seen.refused in (cash_rules.TOO_LITTLE, cash_rules.TOO_MUCH):
        raise Refused(ask.t("E41 De {least} à {most}.", least=francs(seen.least), most=francs(seen.most)))
    if seen.refused == cash_rules.ABOVE_LIMIT:
        raise Refused(ask.t("E61 Plafond {limit}. Versez d'abord.", limit=francs(seen.standing.limit)))
    return seen


def _collect(ask: Ask) -> Go:
    return _booked(ask, again=False)


def _collect_again(ask: Ask) -> Go:
    return _booked(ask, again=True)


def _booked(ask: Ask, *, again: bool) -> Go:
    args, leader, context = ask.args, _hers(ask), ask.context
    seen = _look(ask, args["amount"], again=again)
    reference = context.reference()
    if seen.refused and seen.same and seen.same.reference != reference:
        return Go("group.confirm", {**_args(ask), "amount": args["amount"]}, instead=True)
    standing = seen.standing
    booked = CashCollected(leader.number, args["m"], args["amount"], reference, standing.amount)
    noted = Disclosed("cash.collected", f"person:{args['p']}", f"agent {leader.number} {args['amount']} F")
    effects: tuple[Effect, ...] = (booked, noted)
    if seen.over:
        effects = (*effects, alarmed(leader, standing, standing.amount + args["amount"], ask.today))
    cash = standing.amount + args["amount"]
    told = {"who": args["who"], "amount": args["amount"], "ref": reference, "cash": cash}
    return Go("group.collected", told, effects=effects, back=())


def _args(ask: Ask) -> dict[str, Any]:
    return {key: ask.args[key] for key in ("m", "who", "p")}


def _to_hand_over(ask: Ask) -> Go:
    if _left(ask, _hers(ask)) <= 0:
        raise Refused(ask.t("Rien à verser."))
    return Go("group.deposit")


def _declare(ask: Ask, typed: str) -> Go:
    """All that she has, under the slip's reference. Raises Refused (E21)."""
    leader, context = _hers(ask), ask.context
    reference = "".join(letter for letter in in_ascii(typed).upper() if letter.isalnum())[:LONGEST_REFERENCE]
    sum_ = _left(ask, leader)
    if not reference:
        raise Refused(ask.t("E21 Manque la référence."))
    if sum_ <= 0:
        raise Refused(ask.t("Rien à verser."))
    code = context.reference("deposit")
    said = DepositDeclared(leader.number, leader.mutuelle_id, sum_, reference, code)
    noted = Disclosed("cash.declared", f"collector:{leader.number}", f"{sum_} F")
    told = asked_to_count(context, ask.t, leader, sum_, reference, code)
    return Go("group.declared", {"amount": sum_}, effects=(said, noted, *told), back=())


def _remind(ask: Ask) -> Go:
    leader, context = _hers(ask), ask.context
    days = int(facts.parameter("collector_remind_days", ask.today))
    since = context.now - timedelta(days=days)
    asked = member_households.to_remind(context.db, leader, since, MOST_LISTED, ask.today)
    effects = (ReminderWanted(leader.number, asked),) if asked else ()
    return Go("group.reminded", {"count": len(asked)}, effects=effects, back=())
