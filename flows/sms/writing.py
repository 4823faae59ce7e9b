"""How an answer is written: one segment, the needed parts first, the others as long as there is room."""

from __future__ import annotations

from datetime import date, datetime

from flows import gsm7
from flows.context import BAMAKO
from flows.sms.talk import Talk
from flows.wording import capitals, payer, place
from models import places
from models.coverage import Right
from models.people import age_on
from models.schemes import shares

SHORT = {"MUTUELLE": "MUT"}
"""Schemes in a line of a batch."""


def one_segment(*parts: str | None, spare: tuple[str, ...] = ()) -> str:
    """The parts in their order with a space between, in letters of GSM-7, at most 160 septets.

    Parts that are also in `spare` are left out, the last of `spare` first, while the whole is too long; what is
    still too long is cut at the end.
    """
    kept = [gsm7.fold(part) for part in parts if part]
    droppable = [gsm7.fold(part) for part in spare if part]
    while droppable and gsm7.septets(" ".join(kept)) > gsm7.SINGLE_SEPTETS:
        dropped = droppable.pop()
        if dropped in kept:
            kept.remove(dropped)
    text = " ".join(kept)
    while gsm7.septets(text) > gsm7.SINGLE_SEPTETS:
        text = text[:-1].rstrip()
    return text


def short_day(value: date | None) -> str:
    """14/03/27."""
    return value.strftime("%d/%m/%y") if value else ""


def day_month(value: date) -> str:
    """03/06."""
    return value.strftime("%d/%m")


def hour(moment: datetime) -> str:
    """9h10, in Bamako."""
    local = moment.astimezone(BAMAKO)
    return f"{local.hour}h{local.minute:02}"


def who(right: Right, today: date) -> str:
    """AWA TRAORE F 34a: what identifies a patient at the counter."""
    age = age_on(right.birth_year, right.born, today)
    return f"{capitals(right.given)} {capitals(right.family)} {right.sex} {age}a"


def initials(right: Right) -> str:
    """A. T.: what a stranger may prove to know, never what she is shown."""
    return f"{capitals(right.given)[:1]}. {capitals(right.family)[:1]}."


def household(right: Right) -> str:
    """Kati +4: the place and how many others are covered through the same household."""
    more = f"+{right.size - 1}" if right.size > 1 else ""
    return " ".join(part for part in (place(places.name_of(right.commune_code)), more) if part)


def scheme(right: Right) -> str:
    """RAMED, AMO, or MUTUELLE and its name."""
    return f"MUTUELLE {place(payer(right))}" if right.scheme == "MUTUELLE" else right.scheme


def patient(talk: Talk, right: Right, kind: str = "") -> str:
    """What the patient pays at a facility of this kind: Patient 0 F, or both shares in percent."""
    by_care = shares(right.scheme, talk.ask.today)
    share = by_care.get(kind, next(iter(by_care.values())))
    if share == 0:
        return talk.t("Patient 0 F.")
    payer_name = "Mutuelle" if right.scheme == "MUTUELLE" else right.scheme
    return talk.t("{payer} {covered}%, patient {share}%.", payer=payer_name, covered=100 - share, share=share)


def pronoun(talk: Talk, right: Right) -> str:
    """Pas elle, Pas lui."""
    return talk.t("Pas elle?") if right.sex == "F" else talk.t("Pas lui?")
