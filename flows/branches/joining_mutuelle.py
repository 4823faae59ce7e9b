"""D8: the mutuelles of a cercle, what they ask for, and joining one. Nothing is covered before something is paid."""

from __future__ import annotations

from flows.ask import Ask
from flows.branches import consent
from flows.branches.harvest import plan_choices
from flows.contribution_effects import MutuelleJoined
from flows.contribution_texts import joined
from flows.effects import MessageOwed
from flows.own_mutuelle import own_membership
from flows.places import choose_commune, commune_question
from flows.plan_wording import plan_days, plan_title, state_adds, until_then
from flows.screens import Choice, Go, Menu, Notice, Question, Target, screen
from flows.wording import francs, place
from models import member_numbers, mutuelle_terms, mutuelles, places
from models.mutuelle_terms import Terms
from models.mutuelles import Mutuelle
from models.places import Place
from models.plan_previews import preview
from models.plans import plan_named

KEYS = ("1", "2", "5", "6", "7", "8")
"""Digits of mutuelles: 3 is another commune and 4 paying for another, wherever they are listed."""

MONTHS = 12


def offered(ask: Ask, commune_code: str) -> tuple[Choice, ...]:
    """The mutuelles of the cercle to which a commune belongs."""
    found = places.search(commune_code, ask.today)
    pcode = found[0].cercle_2021_pcode if found else None
    near = mutuelles.of_cercle(ask.context.db, pcode) if pcode else ()
    return tuple(
        Choice(key, place(one.name), Go("joining_mutuelle.terms", {"mu": one.id}))
        for key, one in zip(KEYS, near, strict=False)
    )


@screen(question=True)
def commune(ask: Ask) -> Question:
    """Another commune than the household's."""
    return commune_question(
        ask, ask.t("Commune : 3 premières lettres, ex : KAT"), "joining_mutuelle.communes", _near
    )


@screen()
def communes(ask: Ask) -> Menu:
    """Several communes begin with these letters."""
    return choose_commune(ask, _near)


def _near(ask: Ask, commune: Place) -> Go:
    return Go("joining_mutuelle.near", {"code": commune.code, "name": commune.cercle})


@screen()
def near(ask: Ask) -> Menu | Notice:
    """D8: the mutuelles of the cercle."""
    choices = offered(ask, ask.args["code"])
    elsewhere = Choice("3", ask.t("Autre commune"), Go("joining_mutuelle.commune", instead=True))
    if not choices:
        agent = Choice("1", ask.t("Un agent me rappelle"), Go("callback.slot", {"reason": "MUTUELLE"}))
        return Notice(
            ask.t("Pas encore de mutuelle ici : {place}.", place=place(ask.args["name"])),
            choices=(agent, elsewhere),
        )
    return Menu(ask.t("Mutuelles de {place} :", place=place(ask.args["name"])), (*choices, elsewhere))


@screen()
def terms(ask: Ask) -> Menu:
    """What one mutuelle asks for, from its dated terms, with the State's share beside."""
    found, asked = _mutuelle(ask), _terms(ask)
    lines = (
        ask.t(
            "Adhésion {fee}, puis {amount} par mois et personne.",
            fee=francs(asked.adhesion_fcfa),
            amount=francs(asked.member_fcfa // MONTHS),
        ),
        state_adds(ask, asked.state_percent),
        ask.t("Couvert seulement une fois payé."),
    )
    if ask.own and own_membership(ask) is None:
        join = Choice("1", ask.t("Adhérer"), _join)
    else:
        join = Choice("1", ask.t("Un agent m'inscrit"), lambda ask: consent.first(ask, Go("joining.name")))
    return Menu(place(found.name), (join,), lines=tuple(filter(None, lines)))


def _join(ask: Ask) -> Go:
    return consent.first(ask, Go("joining_mutuelle.plan", {"mu": ask.args["mu"]}))


@screen(form=True)
def plan(ask: Ask) -> Menu:
    """D6 before joining: when the household's money comes."""
    return Menu(ask.t("Votre argent vient quand ?"), plan_choices(ask, _mutuelle(ask).cercle_pcode, _shown))


def _shown(code: str) -> Target:
    return lambda ask: Go("joining_mutuelle.check", {"mu": ask.args["mu"], "plan": code})


@screen(form=True, read_first=True)
def check(ask: Ask) -> Menu:
    """What the household will be asked for; joining begins with a yes here."""
    asked, chosen = _terms(ask), plan_named(ask.args["plan"], ask.today)
    people = max((right.size for right in ask.caller().rights), default=1)
    told = preview(chosen, _mutuelle(ask).cercle_pcode, ask.today, asked, people)
    return Menu(
        plan_title(ask, chosen, told),
        (
            Choice("1", ask.t("Adhérer"), _joined),
            Choice("2", ask.t("Changer"), Go("joining_mutuelle.plan", {"mu": ask.args["mu"]}, instead=True)),
        ),
        lines=tuple(
            filter(
                None,
                (
                    plan_days(ask, chosen, told),
                    until_then(ask, told),
                    ask.t("Et une fois : adhésion {fee}", fee=francs(asked.adhesion_fcfa)),
                ),
            )
        ),
    )


def _joined(ask: Ask) -> Go:
    """Once: a repeat reads the same, another phone of the household what was joined meanwhile."""
    mine = own_membership(ask)
    if mine:
        again = mine.mutuelle_id == ask.args["mu"] and mine.joined_on == ask.today
        if not again:
            return Go("mutuelle.menu", back=())
        known = {"mu": mine.mutuelle_id, "number": _number(ask, mine.household_id)}
        return Go("joining_mutuelle.done", known, back=())
    household_id = ask.caller().rights[0].household_id
    number = _number(ask, household_id)
    effects = (
        MutuelleJoined(household_id, ask.args["mu"], ask.args["plan"], number),
        MessageOwed(joined(ask.t, _mutuelle(ask).name, number), "joined"),
    )
    return Go("joining_mutuelle.done", {"mu": ask.args["mu"], "number": number}, effects=effects, back=())


def _number(ask: Ask, household_id: int) -> str:
    """The household's member number; for one without, one that is free and the same when this very hop comes again."""
    context = ask.context
    known = member_numbers.of_household(context.db, context.keys, household_id)
    return known or member_numbers.free(context.db, context.keys, context.seed, ask.today)


@screen()
def done(ask: Ask) -> Notice:
    """The household is noted as a member and reads its number; its right begins with what it pays."""
    return Notice(
        ask.t("Adhésion notée : {mutuelle}.", mutuelle=place(_mutuelle(ask).name)),
        (
            ask.t("Votre numéro de membre : {number}", number=ask.args["number"]),
            ask.t("Pas encore couvert : il faut d'abord payer."),
        ),
        (Choice("1", ask.t("Payer maintenant"), _pay), Choice("2", ask.t("Mutuelle"), "mutuelle.menu")),
    )


def _pay(ask: Ask) -> Go:
    mine = own_membership(ask)
    return Go("paying.amount", {"m": mine.id}) if mine else Go("mutuelle.menu")


def _mutuelle(ask: Ask) -> Mutuelle:
    return mutuelles.one(ask.context.db, ask.args["mu"])


def _terms(ask: Ask) -> Terms:
    return mutuelle_terms.of_mutuelle(ask.context.db, ask.args["mu"], ask.today)
