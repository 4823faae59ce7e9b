"""What a citizen asks for herself by SMS: CODE and CENTRE."""

from __future__ import annotations

from typing import Any

from flows.branches.visit import code_for
from flows.effects import Disclosed
from flows.screens import Refused
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, answers, command
from flows.sms.thread import Question
from flows.sms.writing import one_segment
from flows.wording import capitals, place
from models import facilities, households, places
from models.coverage import Verdict
from models.facilities import KIND_LABELS, Facility

MOST_MEMBERS = 9
"""Members that can be chosen by one digit."""

MOST_CENTRES = 3


@command("CODE")
def code(talk: Talk) -> Answer:
    """A visit code for the phone's own household: at once when there is one person, else by a digit."""
    rights = talk.ask.caller().rights
    if not rights:
        raise Declined(
            talk.t(
                "Ce telephone n'est lie a aucun foyer. Pour le lier: {code}. Au centre, le numero de la carte"
                " suffit.",
                code=talk.context.service_code,
            )
        )
    household_id = rights[0].household_id
    context = talk.context
    members = [
        member
        for member in households.members(context.db, context.keys, household_id, talk.ask.today)
        if member.verdict is Verdict.VALIDE
    ][:MOST_MEMBERS]
    if not members:
        raise Declined(talk.t("E17 Aucun droit ouvert dans ce foyer. Vos droits: DROITS"))
    people = [member.person_id for member in members]
    if len(people) == 1:
        return _code_of(talk, people[0])
    named = " ".join(f"{key} {capitals(one.given)}" for key, one in enumerate(members, start=1))
    text = talk.t("Code de visite pour qui? {people}. Repondez le chiffre.", people=named)
    shown = Disclosed("members", f"household:{household_id}")
    return Answer(one_segment(text), (shown,), Question("member", {"people": people}))


@answers("member")
def member_chosen(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """The digit of the member who goes to the centre."""
    people = args["people"]
    if not answer.isdigit() or not 1 <= int(answer) <= len(people):
        raise Mistake(talk.t("E22 Repondez 1 a {last}.", last=len(people)))
    return _code_of(talk, people[int(answer) - 1])


@command("CENTRE")
def centre(talk: Talk) -> Answer:
    """CENTRE commune: the nearest centres, the first level of care first."""
    if not talk.said.args:
        raise Missing("CENTRE", talk.t("le nom de la commune, ex: KATI"), "words")
    typed = " ".join(talk.said.args)
    communes = places.search(typed.replace(" ", ""), talk.ask.today)
    if not communes:
        raise Mistake(talk.t("E21 commune {typed} inconnue. Ex: CENTRE KATI", typed=typed[:14]))
    commune = communes[0]
    found = facilities.near(talk.context.db, commune.code)[:MOST_CENTRES]
    if not found:
        text = talk.t(
            "Aucun centre connu pres de {place}. Allez au CSCom. Urgence: 15", place=place(commune.name)
        )
        return Answer(one_segment(text))
    listed = "; ".join(_centre(talk, one) for one in found)
    return Answer(one_segment(f"{place(commune.name)}: {listed}."))


def _code_of(talk: Talk, person_id: int) -> Answer:
    rights = talk.ask.rights_of(person_id)
    if not rights:
        raise Declined(talk.t("E12 Ces droits ne sont plus au registre."))
    try:
        fresh, effects = code_for(talk.ask, rights[0])
    except Refused as refused:
        raise Declined(str(refused)) from None
    text = talk.t(
        "Code de visite {code} pour {name}, valable {hours} h. Donnez-le au centre.",
        code=fresh,
        name=capitals(rights[0].given),
        hours=talk.context.limits.visit_code_hours,
    )
    return Answer(one_segment(text), effects)


def _centre(talk: Talk, one: Facility) -> str:
    agreed = talk.t("convention RAMED") if one.contracted else talk.t("sans convention")
    return f"{KIND_LABELS[one.kind]} {place(one.name)} {one.hours} ({agreed})"
