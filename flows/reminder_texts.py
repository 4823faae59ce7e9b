"""What reminders say, in the language of the phone they go to; and the SMS that a card waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flows.sms.writing import one_segment
from flows.wording import capitals, place

Translate = Callable[[str], str]


def ramed_ends(t: Translate, valid_to: date, service_code: str) -> str:
    """Ninety days before a RAMED right ends: when, where to ask, and how to stop such messages. One segment."""
    dialled = service_code.rstrip("#")
    text = t(
        "Votre RAMED finit le {day}. Demandez tot: {ask}. Pieces: {papers}. Deja fait? OK. STOP RAMED pour arreter"
    )
    told = text.format(day=valid_to.strftime("%d/%m/%Y"), ask=f"{dialled}*2*4#", papers=f"{dialled}*2*3#")
    return one_segment(told)


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
