"""6 Plus: a centre, a call-back, messages and data, the language."""

from flows.ask import Ask
from flows.screens import Choice, Menu, screen


@screen()
def menu(ask: Ask) -> Menu:
    """G1: everything else."""
    return Menu(
        ask.t("Plus"),
        (
            Choice("1", ask.t("Trouver un centre"), "centres.commune"),
            Choice("3", ask.t("Un agent me rappelle"), "callback.slot"),
            Choice("4", ask.t("Messages et données"), "messages.menu"),
            Choice("6", ask.t("Langue"), "language.choose"),
        ),
        doors={"2": ask.t("Signaler un problème"), "5": ask.t("Code secret")},
    )
