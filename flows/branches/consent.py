"""Consent: asked once, before the first thing that stores a person's data, and never before a question."""

from flows.ask import Ask
from flows.effects import ConsentGiven
from flows.screens import Choice, Go, Menu, Notice, screen
from models import consent

TOPIC = "DOSSIER"

TEXT_VERSION = "2026-11"
"""The wording that the person accepted, kept with her yes. Change it whenever the text below changes its meaning."""


@screen()
def wanted(ask: Ask) -> Menu:
    """A2: the agreement to keep a file."""
    return Menu(
        ask.t("Pour garder votre dossier (AMO, RAMED, mutuelle) il faut votre accord."),
        (
            Choice("1", ask.t("J'accepte"), _given),
            Choice("2", ask.t("En savoir plus"), Go("consent.more", ask.args)),
            Choice("3", ask.t("Non, juste une question"), Go("home.home", back=())),
        ),
    )


@screen()
def more(ask: Ask) -> Notice:
    """A3: who sees the data, and how to erase it."""
    return Notice(
        ask.t(
            "Seuls votre organisme et le centre voient vos données. Vous pouvez tout effacer quand vous voulez :"
            " Plus puis 4."
        ),
        choices=(Choice("1", ask.t("J'accepte"), _given),),
    )


def first(ask: Ask, then: Go) -> Go:
    """To `then`, by way of the question when this phone has not answered it yet."""
    caller = ask.caller()
    if caller.phone_id is not None and consent.state(ask.context.db, caller.phone_id).get(TOPIC):
        return then
    return Go("consent.wanted", {"then": then.screen, "args": dict(then.args)})


def _given(ask: Ask) -> Go:
    return Go(ask.args["then"], ask.args["args"], effects=(ConsentGiven(TOPIC, TEXT_VERSION),), instead=True)
