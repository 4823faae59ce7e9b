"""99: the keys that work everywhere."""

from flows.ask import Ask
from flows.screens import Choice, Notice, screen


@screen()
def keys(ask: Ask) -> Notice:
    """The keys that work everywhere, in one sentence."""
    return Notice(
        ask.t(
            "Partout : 0 retour, 00 accueil, 9 suite, 98 langue. Un numéro de carte se tape à tout moment."
        ),
        choices=(Choice("1", ask.t("Un agent me rappelle"), "callback.slot"),),
    )
