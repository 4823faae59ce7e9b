"""3*2 Plan de récolte: when the household's money comes, and so on which days it is asked for which part."""

from __future__ import annotations

from collections.abc import Callable

from flows.ask import Ask
from flows.contribution_effects import PlanChosen
from flows.plan_wording import covered_from, plan_days, plan_title, until_then
from flows.screens import Choice, Go, Menu, Notice, Target, numbers, screen
from models import contributions, memberships, mutuelle_terms
from models.memberships import Membership
from models.plan_previews import begins, preview
from models.plans import choices, plan_named


@screen(form=True)
def when(ask: Ask) -> Menu:
    """D6: what the household lives from; only what its cercle grows is offered."""
    membership = _membership(ask)
    present = ask.t(plan_named(membership.plan, ask.today).label)
    return Menu(
        ask.t("Votre argent vient quand ?"),
        plan_choices(ask, membership.cercle_pcode, _shown),
        lines=(ask.t("Plan : {plan}", plan=present),),
    )


def plan_choices(ask: Ask, cercle_pcode: str, then: Callable[[str], Target]) -> tuple[Choice, ...]:
    """The plans that a cercle's harvests allow, each leading where `then` says for its code."""
    return tuple(
        Choice(key, ask.t(plan.label), then(plan.code))
        for key, plan in zip(numbers(), choices(cercle_pcode, ask.today), strict=False)
    )


def _shown(code: str) -> Target:
    return lambda ask: Go("harvest.shown", {"m": ask.args["m"], "plan": code})


@screen(form=True, read_first=True)
def shown(ask: Ask) -> Menu:
    """D6b: how much on which days, and from which sum cover begins where the mutuelle has such a rule."""
    return plan_shown(ask, _membership(ask), ask.args["plan"], _agreed)


def plan_shown(ask: Ask, membership: Membership, code: str, agreed: Target) -> Menu:
    """A plan with its days and amounts for one household, to agree to or to change."""
    context = ask.context
    plan = plan_named(code, ask.today)
    terms = mutuelle_terms.of_mutuelle(context.db, membership.mutuelle_id, ask.today)
    account = contributions.account(context.db, membership.id, ask.today)
    people = account.persons if account else 1
    start = begins(ask.today, account.covered_until if account else None)
    told = preview(plan, membership.cercle_pcode, start, terms, people)
    lines = (
        plan_days(ask, plan, told),
        until_then(ask, told),
        covered_from(ask, told, terms.threshold_percent),
    )
    return Menu(
        plan_title(ask, plan, told),
        (
            Choice("1", ask.t("D'accord"), agreed),
            Choice("2", ask.t("Changer"), Go("harvest.when", {"m": membership.id}, instead=True)),
        ),
        lines=tuple(filter(None, lines)),
    )


def _agreed(ask: Ask) -> Go:
    membership = _membership(ask)
    chosen = PlanChosen(membership.id, ask.args["plan"])
    changed = () if membership.plan == chosen.plan else (chosen,)
    return Go("harvest.noted", ask.args, effects=changed)


@screen()
def noted(ask: Ask) -> Notice:
    """The plan is changed: reminders come on its days."""
    plan = plan_named(ask.args["plan"], ask.today)
    return Notice(
        ask.t("C'est noté : plan {plan}.", plan=ask.t(plan.label)),
        (ask.t("Un SMS vous rappelle chaque date. STOP pour arrêter."),),
        (Choice("1", ask.t("Payer"), Go("paying.amount", {"m": ask.args["m"]})),),
    )


def _membership(ask: Ask) -> Membership:
    found = memberships.by_id(ask.context.db, ask.args["m"])
    if found is None:
        raise LookupError(f"no membership {ask.args['m']}")
    return found
