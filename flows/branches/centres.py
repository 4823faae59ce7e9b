"""Plus > 1: the health centres near a commune, the first level of care first."""

from flows.ask import Ask
from flows.places import choose_commune, commune_question
from flows.screens import Choice, Go, Menu, Notice, Question, numbers, screen
from flows.wording import place
from models import facilities
from models.places import Place

MOST_CENTRES = 12
"""Centres listed near a commune."""


@screen(question=True)
def commune(ask: Ask) -> Question:
    """G2: near which commune."""
    return commune_question(
        ask, ask.t("Commune : 3 premières lettres ou code (ex : KAT)"), "centres.communes", _near
    )


@screen()
def communes(ask: Ask) -> Menu:
    """Several communes begin with these letters."""
    return choose_commune(ask, _near)


@screen()
def near(ask: Ask) -> Menu | Notice:
    """G2: the centres, the first level of care first."""
    found = facilities.near(ask.context.db, ask.args["commune"])
    if not found:
        return Notice(
            ask.t(
                "Aucun centre connu près de {place}. Allez au CSCom. Urgence : 15",
                place=place(ask.args["name"]),
            ),
            choices=(Choice("1", ask.t("Un agent me rappelle"), "callback.slot"),),
        )
    choices = tuple(
        Choice(key, _label(centre), Go("centres.one", {"facility": centre.facility_id}))
        for key, centre in zip(numbers(), found[:MOST_CENTRES], strict=False)
    )
    return Menu(ask.t("Près de {place} :", place=place(ask.args["name"])), choices)


@screen()
def one(ask: Ask) -> Notice:
    """One centre: when it is open and whether RAMED has a contract with it."""
    centre = facilities.facility(ask.context.db, ask.args["facility"])
    agreed = ask.t("Convention RAMED : oui") if centre.contracted else ask.t("Convention RAMED : non")
    return Notice(_label(centre), tuple(filter(None, (centre.hours, agreed))))


def _label(centre: facilities.Facility) -> str:
    return f"{facilities.KIND_LABELS[centre.kind]} {place(centre.name)}"


def _near(ask: Ask, commune: Place) -> Go:
    return Go("centres.near", {"commune": commune.code, "name": commune.name})
