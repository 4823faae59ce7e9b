"""How a plan of contribution is told, on a screen and by SMS: its name, how often how much, on which days."""

from __future__ import annotations

from flows.ask import Ask
from flows.texts import N_
from flows.wording import francs
from models.plan_previews import Preview
from models.plans import Plan

MOST_DAYS = 4
"""Days that are told one by one; a plan of more parts has its rhythm told instead."""


FROM_ON = {
    "MENSUEL": N_("Chaque mois dès le {day}"),
    "TRIMESTRIEL": N_("Chaque trimestre dès le {day}"),
    "HEBDOMADAIRE": N_("Chaque semaine dès le {day}"),
    "RECOLTE": N_("Dès le {day}"),
}
"""Plans of many parts, by rhythm."""


def plan_title(ask: Ask, plan: Plan, shown: Preview) -> str:
    """Plan Coton : 3 fois 5 500 F; for uneven parts the sum, and in how many."""
    if shown.even:
        text = ask.t("Plan {plan} : {count} fois {amount}")
        amount = shown.parts[0][1]
    else:
        text = ask.t("Plan {plan} : {amount} en {count} fois")
        amount = shown.whole
    return text.format(plan=ask.t(plan.label), count=len(shown.parts), amount=francs(amount))


def plan_days(ask: Ask, plan: Plan, shown: Preview) -> str:
    """15/01, 15/02, 15/03, each with its amount where they differ; of many parts the rhythm and the first day."""
    if len(shown.parts) > MOST_DAYS:
        return ask.t(FROM_ON[plan.rhythm], day=f"{shown.parts[0][0]:%d/%m}")
    return ", ".join(
        f"{day:%d/%m}" if shown.even else f"{day:%d/%m} {francs(amount)}" for day, amount in shown.parts
    )


def until_then(ask: Ask, shown: Preview) -> str:
    """What the days before the first harvest cost, for who begins in between."""
    return ask.t("D'ici là : {amount}", amount=francs(shown.until_then)) if shown.until_then else ""


def state_adds(ask: Ask, percent: int) -> str:
    """What the State adds to each franc of a contribution; nothing where it adds nothing."""
    if percent == 100:
        return ask.t("L'Etat ajoute autant.")
    return ask.t("L'Etat ajoute {percent}%.", percent=percent) if percent else ""


def covered_from(ask: Ask, shown: Preview, percent: int) -> str:
    """Couvert dès 12 375 F (75%), only where the mutuelle has such a threshold."""
    if not percent:
        return ""
    return ask.t("Couvert dès {amount} ({percent}%).", amount=francs(shown.threshold), percent=percent)
