"""What reminders say, in the language of the phone they go to; and the SMS that a card waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flows.sms.writing import one_segment
from flows.texts import N_
from flows.wording import capitals, place
from models.contributions import Account

Translate = Callable[[str], str]


CROP_MONEY = {
    "COTON": (
        N_("la paie du coton arrive."),
        N_("c'est la paie du coton."),
        N_("cotisation coton en retard ({day})."),
    ),
    "RIZ": (
        N_("la vente du riz arrive."),
        N_("c'est la vente du riz."),
        N_("cotisation riz en retard ({day})."),
    ),
    "CEREALES": (
        N_("la vente des recoltes arrive."),
        N_("c'est la vente des recoltes."),
        N_("cotisation recoltes en retard ({day})."),
    ),
    "MARAICHAGE": (
        N_("la vente du maraichage arrive."),
        N_("c'est la vente du maraichage."),
        N_("cotisation maraichage en retard ({day})."),
    ),
}
"""Which money it is, by plan: before a due date, on it, and after. Other plans tell the day alone."""

ANY_MONEY = (
    N_("cotisation a payer au {day}."),
    N_("cotisation a payer au {day}."),
    N_("cotisation en retard ({day})."),
)


def ramed_ends(t: Translate, valid_to: date, service_code: str) -> str:
    """Ninety days before a RAMED right ends: when, where to ask, and how to stop such messages. One segment."""
    dialled = service_code.rstrip("#")
    text = t(
        "Votre RAMED finit le {day}. Demandez tot: {ask}. Pieces: {papers}. Deja fait? OK. STOP RAMED pour arreter"
    )
    told = text.format(day=valid_to.strftime("%d/%m/%Y"), ask=f"{dialled}*2*4#", papers=f"{dialled}*2*3#")
    return one_segment(told)


def contribution(
    t: Translate, due_on: date, account: Account, percent: int, service_code: str, today: date
) -> str:
    """A household still owes (`account`): which money it comes from, how much is left for how many, what the State
    adds (`percent` of it), how to pay, how to say that it is done, how to stop. One segment.
    """
    left = (
        t("Il reste {missing} F pour {count} personnes") if account.persons > 1 else t("Il reste {missing} F")
    )
    ways = t("Payer: {dial}. Deja paye? OK. STOP").format(dial=f"{service_code.rstrip('#')}*3*1#")
    return one_segment(
        f"{place(account.mutuelle)}:",
        _opening(t, due_on, account.crop, today),
        left.format(missing=account.missing, count=account.persons) + _state(t, percent) + ".",
        ways,
    )


def _opening(t: Translate, due_on: date, crop: str, today: date) -> str:
    """Which money it is; the day alone tells whether it comes, is there or is late, whichever step is sent."""
    texts = CROP_MONEY.get(crop, ANY_MONEY)
    return t(texts[(due_on <= today) + (due_on < today)]).format(day=f"{due_on:%d/%m}")


def _state(t: Translate, percent: int) -> str:
    if percent == 100:
        return t(", l'Etat paie autant")
    return t(", l'Etat ajoute {percent}%").format(percent=percent) if percent else ""


def card_waits(t: Translate, scheme: str, given: str, family: str, where: str, hours: str) -> str:
    """A card is ready: whose (masked), where and when, and how to say that it was taken. One segment."""
    text = t("Carte {scheme} de {name} prete a {where}, {hours}, avec le recepisse. Deja prise? OK")
    name = f"{capitals(given)} {capitals(family)[:1]}***"
    return one_segment(text.format(scheme=scheme, name=name, where=where[:LONGEST_PLACE], hours=hours[:28]))


def town_hall(t: Translate, kind: str, commune: str) -> str:
    """Where cards wait in a commune, as people say it: la mairie de Kati."""
    return t("la {kind} de {commune}").format(kind=kind, commune=place(commune))


LONGEST_PLACE = 40
"""Letters of where a card waits."""
