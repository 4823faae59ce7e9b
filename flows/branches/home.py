"""The first screen: the same digits for everybody, and for a known phone the most asked answer on its first lines."""

from flows.ask import Ask
from flows.screens import Choice, Menu, screen
from flows.wording import masked, others, standing
from models.coverage import Right


def choices(ask: Ask) -> tuple[Choice, ...]:
    """The six digits that people memorise. They never move; a known phone only reads other words behind two of them."""
    known = bool(ask.own)
    mine = Choice("1", ask.t("Mes droits, code de visite"), "rights.mine")
    anybody = Choice("1", ask.t("Mes droits"), "rights.number")
    return (
        mine if known else anybody,
        Choice("2", ask.t("RAMED"), "ramed.menu"),
        Choice("3", ask.t("Mutuelle"), "mutuelle.menu"),
        Choice("4", ask.t("Soins gratuits"), "free_care.whom"),
        Choice("5", ask.t("Mon foyer") if known else ask.t("M'inscrire"), "joining.menu"),
        Choice("6", ask.t("Plus"), "more.menu"),
    )


@screen(keys=choices)
def home(ask: Ask) -> Menu:
    """The home screen: an unknown phone reads the service's name, a known one its right."""
    rights = ask.caller().rights if ask.own else ()
    if not rights:
        return Menu(ask.t("Santé Mali"), choices(ask), after=ask.t("Ou tapez le numéro de votre carte"))
    best = rights[0]
    return Menu(f"{best.scheme} {standing(ask, best)}", choices(ask), lines=(_who(ask, best),))


def _who(ask: Ask, right: Right) -> str:
    if right.size < 2:
        return masked(right)
    return ask.t("{name} et {others}", name=masked(right), others=others(ask, right))
