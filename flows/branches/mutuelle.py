"""3 Mutuelle: how the household stands, and the ways on. A household without one reads what it could join."""

from __future__ import annotations

from flows.ask import Ask
from flows.branches import consent, group, joining_mutuelle
from flows.branches.members import shown
from flows.branches.paying_refused import begin
from flows.own_mutuelle import own_membership, own_right
from flows.screens import Choice, Go, Menu, Notice, Target, screen
from flows.wording import francs, month, people, place, standing
from models import contributions, places
from models.contributions import Account
from models.coverage import Right, Verdict
from models.membership_status import EN_OBSERVATION


@screen()
def menu(ask: Ask) -> Menu | Notice:
    """D1 for a member whose contributions are kept here; else what the register says, or what may be joined (D8).

    Who leads a group finds it here (D11).
    """
    found = _of_household(ask)
    return found._replace(choices=(*found.choices, *group.leading(ask)))


def _of_household(ask: Ask) -> Menu | Notice:
    mine = own_membership(ask)
    account = contributions.account(ask.context.db, mine.id, ask.today) if mine else None
    if account:
        return _contributing(ask, account)
    right = own_right(ask)
    if right:
        return _in_the_register(ask, right)
    return _to_join(ask) if ask.own else _no_household(ask)


def _contributing(ask: Ask, account: Account) -> Menu:
    membership_id, household_id = account.membership_id, account.household_id
    paid = ask.t(
        "Payé {paid} sur {due}",
        paid=f"{account.season_paid:,}".replace(",", " "),
        due=francs(account.season_due),
    )
    here = {"m": membership_id}
    return Menu(
        f"{account.mutuelle}, {_people(ask, account.persons)}",
        (
            Choice("1", ask.t("Payer"), begin(membership_id), alias="@pay"),
            Choice("2", ask.t("Plan de récolte"), _plan(here), alias="@plan"),
            Choice("3", ask.t("Mes reçus"), Go("contribution_receipts.listed", here), alias="@receipts"),
            _for_another(ask),
            Choice("5", ask.t("Membres"), lambda ask: shown(household_id)),
        ),
        lines=tuple(filter(None, (paid, _late(ask, account)))),
    )


def _plan(here: dict[str, int]) -> Target:
    return lambda ask: consent.first(ask, Go("harvest.when", here))


def _late(ask: Ask, account: Account) -> str:
    if account.status == EN_OBSERVATION and account.covered_until is None:
        return ask.t("Pas encore couvert")
    return ask.t("En retard depuis {month}", month=month(account.late_since)) if account.late_since else ""


def _people(ask: Ask, count: int) -> str:
    return ask.t("1 personne") if count == 1 else ask.t("{count} personnes", count=count)


def _for_another(ask: Ask) -> Choice:
    return Choice("4", ask.t("Payer pour un autre"), "paying_for.who", alias="@other")


def _in_the_register(ask: Ask, right: Right) -> Menu:
    """A member of whom only the register's file is known: her mutuelle keeps her account, she pays at its section."""
    lines = [standing(ask, right)]
    if right.verdict is Verdict.RADIE:
        lines.append(ask.t("Il faut adhérer de nouveau, à la section."))
    elif right.missing_fcfa:
        lines.append(
            ask.t(
                "Il manque {amount} depuis {month}.",
                amount=francs(right.missing_fcfa),
                month=month(right.late_since),
            )
        )
    lines.append(ask.t("Payer : à la section de votre mutuelle."))
    return Menu(
        f"{right.mutuelle}, {people(ask, right)}",
        (_for_another(ask), Choice("5", ask.t("Membres"), lambda ask: shown(right.household_id))),
        lines=tuple(lines),
        doors={"1": ask.t("Payer"), "2": ask.t("Plan de récolte"), "3": ask.t("Mes reçus")},
    )


def _to_join(ask: Ask) -> Menu:
    """D8 for a household of the register that is in no mutuelle."""
    commune = ask.caller().rights[0].commune_code
    found = places.search(commune, ask.today)
    where = found[0].cercle if found else ""
    return Menu(
        ask.t("Mutuelles de {place} :", place=place(where)),
        (
            *joining_mutuelle.offered(ask, commune),
            Choice("3", ask.t("Autre commune"), "joining_mutuelle.commune"),
            _for_another(ask),
        ),
    )


def _no_household(ask: Ask) -> Notice:
    return Notice(
        ask.t("Pas de mutuelle liée à ce téléphone."),
        choices=(
            Choice("3", ask.t("Trouver une mutuelle"), "joining_mutuelle.commune"),
            _for_another(ask),
            Choice("6", ask.t("Vérifier un numéro"), "rights.number"),
            Choice("7", ask.t("Quel régime pour moi ?"), "advice.work"),
        ),
    )
