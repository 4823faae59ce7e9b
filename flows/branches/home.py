"""The first screen: the same digits for everybody, and for a known phone the most asked answer on its first lines."""

from flows.ask import Ask
from flows.screens import Choice, Menu, screen
from flows.wording import day, masked, state
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
    return Menu(_first_line(ask, rights[0]), choices(ask), lines=(_who(ask, rights[0]),))


def _first_line(ask: Ask, right: Right) -> str:
    """The right as one line: scheme, state, and the day until which it holds."""
    return " ".join(filter(None, (right.scheme, state(ask, right.verdict), day(right.valid_to))))


def _who(ask: Ask, right: Right) -> str:
    others = right.size - 1
    if others < 1:
        return masked(right)
    return ask.t("{name} et {others} autres", name=masked(right), others=others)
