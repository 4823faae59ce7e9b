"""A form left unfinished is offered again on the next dial: nothing that was answered is asked twice."""

from typing import Any

from flows.ask import Ask
from flows.screens import Choice, Go, Menu, screen
from flows.session import Place


@screen(form=True)
def offer(ask: Ask) -> Menu:
    """Dialled again with a form left open: go on, start it again, or leave it."""
    return Menu(
        ask.t("Questions commencées il y a {minutes} min.", minutes=ask.args["since"]),
        (
            Choice("1", ask.t("Continuer"), _onwards),
            Choice("2", ask.t("Recommencer"), _afresh),
            Choice("3", ask.t("Accueil"), Go("home.home", back=())),
        ),
    )


def _onwards(ask: Ask) -> Go:
    screen_name, args = ask.args["at"]
    return Go(screen_name, args, back=_way_back(ask.args["back"]))


def _afresh(ask: Ask) -> Go:
    """From the form's first screen: the earliest one of the same branch on the way here."""
    branch = ask.args["at"][0].split(".")[0]
    way = [*ask.args["back"], ask.args["at"]]
    first = next(index for index, (name, _) in enumerate(way) if name.split(".")[0] == branch)
    return Go(way[first][0], way[first][1], back=_way_back(way[:first]))


def _way_back(packed: list[list[Any]]) -> tuple[Place, ...]:
    return tuple(Place(name, args) for name, args in packed)
