"""Asking for a commune: three letters or the code, then a choice when several begin alike."""

from collections.abc import Callable

from flows.ask import Ask
from flows.screens import Choice, Go, Menu, Question, Refused, numbers
from flows.wording import place
from models import places
from models.places import Place

MOST_CHOICES = 16
"""Communes offered after a few letters, over two or three pages."""


def commune_question(ask: Ask, title: str, several: str, then: Callable[[Ask, Place], Go]) -> Question:
    """A question for a commune: goes `then` with the only one found, or to the screen `several` to choose."""

    def accept(ask: Ask, typed: str) -> Go:
        if len(typed.strip()) < 3:
            raise Refused(ask.t("Il faut au moins 3 lettres, ex : KAT"))
        found = places.search(typed, ask.today)
        if not found:
            raise Refused(ask.t("E21 Aucune commune ne commence ainsi."))
        if len(found) == 1:
            return then(ask, found[0])
        return Go(several, {**ask.args, "typed": typed.strip()[:20]})

    return Question(title, accept, samples=("KAT", "BAM", "ZZZ", "K"))


def choose_commune(ask: Ask, then: Callable[[Ask, Place], Go]) -> Menu:
    """The communes that begin with what was typed, each with its cercle."""
    found = places.search(ask.args["typed"], ask.today)[:MOST_CHOICES]
    choices = tuple(
        Choice(key, f"{place(commune.name)} ({place(commune.cercle)})", _chosen(commune, then))
        for key, commune in zip(numbers(), found, strict=False)
    )
    return Menu(ask.t("Quelle commune ?"), choices)


def _chosen(commune: Place, then: Callable[[Ask, Place], Go]) -> Callable[[Ask], Go]:
    return lambda ask: then(ask, commune)
