"""What who takes cash may ask: her own cash, a household's balance, who is late, a group; and that they be reminded."""

from __future__ import annotations

from datetime import datetime, timedelta

from config import facts
from flows import gsm7
from flows.collecting_effects import ReminderWanted
from flows.effects import Disclosed, HitsSpent
from flows.sms.cash_box import at_till, cash_told, done, hand_over, household, ref, shown
from flows.sms.talk import Answer, Declined, Mistake, Talk, command
from flows.sms.writing import day_month, one_segment, short_day
from flows.wording import capitals
from models import (
    already_reminded,
    collector_cash,
    member_groups,
    member_households,
    memberships,
    mutuelle_terms,
    reminders_wanted,
)
from models.collectors import LEADER, Collector
from models.contribution_reminder_rules import is_lean
from models.days import day_of
from models.member_groups import Group
from models.member_households import Late

ON_A_PAGE = 3
"""Late households in one SMS."""

EVERYBODY = ("TOUS", "TOUTES", "TOUT")
MOST_REMINDED = 500
"""Households of one RAPPEL TOUS."""


def balance(talk: Talk, collector: Collector) -> Answer:
    """SOLDE: her own cash; SOLDE number: a household's balance. Raises Mistake, Declined (E11, E12, E18, E61, E71)."""
    if talk.said.args:
        return _of_household(talk, collector, talk.said.args[0])
    context, today = talk.context, talk.ask.today
    standing = collector_cash.in_hand(context.db, collector, today)
    waiting = (
        talk.t("Declares, pas encore comptes: {declared} F.", declared=standing.declared)
        if standing.declared
        else ""
    )
    due = hand_over(talk, standing.amount, standing.before) if standing.before else ""
    limit = talk.t("Plafond {limit} F.", limit=standing.limit)
    text = one_segment(
        cash_told(talk, standing.amount, standing.receipts), due, waiting, limit, ref(talk), spare=(limit,)
    )
    return Answer(text, (Disclosed("cash.own", f"collector:{collector.number}"),))


def _of_household(talk: Talk, collector: Collector, number: str) -> Answer:
    found = household(talk, collector, number)
    account = found.account
    covered = (
        talk.t("Couvert au {day}.", day=short_day(account.covered_until)) if account.covered_until else ""
    )
    text = talk.t(
        "{number} {name}, {people} pers.: paye {paid} sur {due} F, reste {missing} F.",
        number=number,
        name=found.name,
        people=account.persons,
        paid=account.season_paid,
        due=account.season_due,
        missing=account.missing,
    )
    return done(talk, f"{text} {covered}".rstrip(), HitsSpent(1), shown("cash.balance", found))


@command("LATE")
def late(talk: Talk) -> Answer:
    """RETARD [page]: who owes most first, masked. Raises Mistake (E22), Declined (E01, E02)."""
    collector = at_till(talk)
    page = _page(talk)
    context = talk.context
    count, _ = member_households.count_late(context.db, collector)
    first = (page - 1) * ON_A_PAGE
    found = member_households.late(context.db, context.keys, collector, first, ON_A_PAGE)
    if not found:
        return done(talk, talk.t("Aucun foyer en retard ici.") if not count else talk.t("Fin de la liste."))
    heading = talk.t(
        "En retard {first}-{last} sur {count}:", first=first + 1, last=first + len(found), count=count
    )
    lines = "; ".join(_line(one) for one in found)
    more = talk.t("Suite: RETARD {page}", page=page + 1) if first + len(found) < count else ""
    told = tuple(Disclosed("cash.late", f"household:{one.household_id}", "masked") for one in found)
    return Answer(one_segment(f"{heading} {lines}.", more), (HitsSpent(1), *told))


def _page(talk: Talk) -> int:
    typed = talk.said.args[0] if talk.said.args else "1"
    if not (typed.isdigit() and int(typed[:4]) > 0 and len(typed) <= 3):
        raise Mistake(talk.t("E22 Ex: RETARD, puis RETARD 2 pour la suite."), "RETARD")
    return int(typed)


def _line(one: Late) -> str:
    """55120938 AWA T*** 6600 F."""
    if one.head is None:
        return f"{one.overdue} F"
    name = f"{capitals(one.head.given)} {capitals(one.head.family)[:1]}***"
    return " ".join(part for part in (one.head.number, name, f"{one.overdue} F") if part)


@command("REMIND")
def remind(talk: Talk) -> Answer:
    """RAPPEL number, RAPPEL TOUS: a reminder is asked for, once in some days. Raises Mistake, Declined (E01 to E61)."""
    collector = at_till(talk)
    if not talk.said.args:
        raise Mistake(talk.t("E21 Ex: RAPPEL 55120938, ou RAPPEL TOUS"), "RAPPEL TOUS")
    if talk.said.args[0] in EVERYBODY:
        return _everybody_reminded(talk, collector)
    found = household(talk, collector, talk.said.args[0])
    account = found.account
    if not account.missing:
        return done(talk, talk.t("{name} ne doit rien: pas de rappel.", name=found.name))
    _refuse_in_vain(talk, account.membership_id, found.name)
    if reminders_wanted.asked_since(talk.context.db, account.membership_id, _asked_lately(talk)):
        raise Declined(talk.t("E61 Rappel deja demande pour {name} ces jours-ci.", name=found.name))
    text = talk.t(
        "Rappel demande pour {number} {name}, {missing} F. Il part entre 8h et 19h, sauf STOP ou trop de rappels.",
        number=found.number,
        name=found.name,
        missing=account.missing,
    )
    wanted = ReminderWanted(collector.number, (account.membership_id,))
    return done(talk, text, wanted, shown("cash.reminder", found))


def _refuse_in_vain(talk: Talk, membership_id: int, name: str) -> None:
    """Raises Declined (E61) where what she asks for would reach nobody, with what the household was told already."""
    db, today = talk.context.db, talk.ask.today
    membership, told = memberships.by_id(db, membership_id), already_reminded.told(db, membership_id)
    if membership is None or told is None:
        return
    if is_lean(membership.cercle_pcode, today):
        raise Declined(talk.t("E61 Aucun rappel de cotisation pendant la soudure. Redemandez apres."))
    most = mutuelle_terms.of_mutuelle(db, membership.mutuelle_id, today).remind_most
    if not told.is_enough(most):
        return
    if told.last_at is None:
        raise Declined(
            talk.t("E61 Pas de rappel pour {name}: {most} par echeance ici.", name=name, most=most)
        )
    text = (
        talk.t("E61 {name}: deja rappele le {day}, a repondu OK. Pas d'autre SMS pour l'echeance du {due}.")
        if told.said_ok
        else talk.t("E61 {name}: deja rappele le {day}. Pas d'autre SMS pour l'echeance du {due}.")
    )
    raise Declined(text.format(name=name, day=day_month(day_of(told.last_at)), due=day_month(told.due_on)))


def _everybody_reminded(talk: Talk, collector: Collector) -> Answer:
    db = talk.context.db
    asked = member_households.to_remind(db, collector, _asked_lately(talk), MOST_REMINDED, talk.ask.today)
    late_now, _ = member_households.count_late(db, collector)
    if not asked:
        return done(talk, talk.t("Aucun foyer a rappeler: en retard {count}.", count=late_now))
    text = talk.t(
        "Rappel demande pour {count} foyers en retard sur {all}. Ils partent entre 8h et 19h, sauf STOP.",
        count=len(asked),
        all=late_now,
    )
    return done(talk, text, ReminderWanted(collector.number, asked))


def _asked_lately(talk: Talk) -> datetime:
    """Who was asked for since then is not asked for again."""
    days = int(facts.parameter("collector_remind_days", talk.ask.today))
    return talk.context.now - timedelta(days=days)


@command("GROUP")
def group(talk: Talk) -> Answer:
    """GRP code: members, paid, late; a leader's own without a code. Raises Mistake (E21), Declined (E01, E02, E12)."""
    collector = at_till(talk)
    found = _group(talk, collector, "".join(talk.said.args))
    if found is None or found.mutuelle_id != collector.mutuelle_id:
        raise Declined(talk.t("E12 Groupe inconnu dans votre mutuelle. Ex: GRP COTON1"))
    if collector.role == LEADER and found.group_id != collector.group_id:
        raise Declined(talk.t("E02 Ce groupe n'est pas le votre."))
    standing = collector_cash.in_hand(talk.context.db, collector, talk.ask.today)
    text = talk.t(
        "{name}: foyers {households}, a jour {paid}, non a jour {late}, en retard {overdue} F.",
        name=gsm7.cut(found.name, 40),
        households=found.households,
        paid=found.up_to_date,
        late=found.households - found.up_to_date,
        overdue=found.overdue,
    )
    cash = cash_told(talk, standing.amount, standing.receipts)
    return done(talk, f"{text} {cash}", Disclosed("cash.group", f"group:{found.group_id}"))


def _group(talk: Talk, collector: Collector, code: str) -> Group | None:
    db = talk.context.db
    if code:
        return member_groups.by_code(db, code)
    if collector.group_id is None:
        raise Mistake(talk.t("E21 Manque le code du groupe. Ex: GRP COTON1"), "GRP code")
    return member_groups.by_id(db, collector.group_id)
