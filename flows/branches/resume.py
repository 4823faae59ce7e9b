"""A form left unfinished is offered again on the next dial: nothing that was answered is asked twice.

A payment that was asked for begins at its refusal when it was refused; else nothing of it is offered, since only the
operator knows.
"""

from typing import Any

from flows.ask import Ask
from flows.branches import paying_refused
from flows.screens import Choice, Go, Menu, screen
from flows.session import Place, Session

HOUR = 60
"""Minutes."""

PAYING = ("paying", "paying_for", "paying_means", "paying_refused")
"""Branches of a payment."""

ASKED_FOR = ("paying.waiting", "paying_refused.reason")
"""Screens behind which a payment waits for the operator's word, or had it."""


def begun(ask: Ask, left: Session) -> Place | None:
    """Where a call begins after another one that was `left`; None for the home screen. Raises DatabaseAway."""
    place = left.place
    if place.screen in ASKED_FOR:
        return paying_refused.after_waiting(ask, place.args)
    if place.screen == "resume.offer":
        return place
    minutes = max(1, (int(ask.context.now.timestamp()) - left.opened) // 60)
    back = [[before.screen, before.args] for before in left.back]
    return Place("resume.offer", {"at": [place.screen, place.args], "back": back, "since": minutes})


def is_payment(place: Place) -> bool:
    """Whether a payment stands open on this screen, which can be taken up again for longer than a form."""
    return place.screen.split(".")[0] in PAYING


@screen(form=True)
def offer(ask: Ask) -> Menu:
    """Dialled again with a form left open: go on, start it again, or leave it."""
    return Menu(
        _what_was_left(ask, is_payment(Place(ask.args["at"][0])), ask.args["since"]),
        (
            Choice("1", ask.t("Continuer"), _onwards),
            Choice("2", ask.t("Recommencer"), _afresh),
            Choice("3", ask.t("Accueil"), Go("home.home", back=())),
        ),
    )


def _what_was_left(ask: Ask, paying: bool, minutes: int) -> str:
    if not paying:
        return ask.t("Questions commencées il y a {minutes} min.", minutes=minutes)
    if minutes < HOUR:
        return ask.t("Paiement commencé il y a {minutes} min.", minutes=minutes)
    return ask.t("Paiement commencé il y a {hours} h.", hours=minutes // HOUR)


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
