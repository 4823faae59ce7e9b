"""The centre's figures: F a day, STAT a month; LISTE where tonight's offline list is had."""

from __future__ import annotations

from datetime import date, timedelta

from flows import gsm7
from flows.sms.talk import Answer, Mistake, Talk, command
from flows.sms.thread import Question
from flows.sms.writing import day_month, one_segment
from flows.wording import place
from models import acts
from models.acts import Sheet
from models.facilities import KIND_LABELS, Facility

MOST_DAYS_BACK = 31
MOST_CODES = 4
"""Codes without an act that are named in the day sheet."""


@command("SHEET")
def sheet(talk: Talk) -> Answer:
    """F [date]: how many were verified, how many acts of which kind, and which codes have no act yet."""
    nurse = talk.at_work()
    day = _day(talk, "".join(talk.said.args)) if talk.said.args else talk.ask.today
    found = acts.sheet(talk.context.db, nurse.facility.facility_id, day)
    return Answer(_told(talk, f"{_centre(nurse.facility)} {day_month(day)}:", found, _unsigned(talk, found)))


@command("STATS")
def stats(talk: Talk) -> Answer:
    """STAT [month]: the same for a month, by its number."""
    nurse = talk.at_work()
    first = _month(talk, talk.said.args[0]) if talk.said.args else talk.ask.today.replace(day=1)
    found = acts.month(talk.context.db, nurse.facility.facility_id, first)
    return Answer(_told(talk, f"{_centre(nurse.facility)} {first.strftime('%m/%Y')}:", found))


@command("LIST")
def offline_list(talk: Talk) -> Answer:
    """LISTE: the signed list for a centre without network is made by the operator, who is told."""
    nurse = talk.at_work()
    text = talk.t(
        "Liste hors reseau de {centre}: un agent vous la remet, valable jusqu'a demain soir. Appel: repondez 1.",
        centre=_centre(nurse.facility),
    )
    return Answer(one_segment(text, _ref(talk)), (), Question("callback", {"reason": "LISTE"}))


def _centre(facility: Facility) -> str:
    return f"{KIND_LABELS[facility.kind]} {place(facility.name)}"


def _told(talk: Talk, heading: str, found: Sheet, unsigned: str = "") -> str:
    """Whole figures: of the kinds of acts, as many are named as there is room for, and the others counted together."""
    ref = _ref(talk)
    for named in range(len(found.acts), -1, -1):
        text = " ".join(part for part in (heading, _checks(talk, found, named), unsigned, ref) if part)
        if gsm7.septets(gsm7.fold(text)) <= gsm7.SINGLE_SEPTETS:
            break
    return one_segment(text)


def _checks(talk: Talk, found: Sheet, named: int) -> str:
    kinds = _most_first(found)
    others = sum(count for _, count in kinds[named:])
    told = [f"{code} {count}" for code, count in kinds[:named]]
    if told and others:
        told.append(talk.t("autres {count}", count=others))
    return talk.t(
        "{verified} verifies, {ok} OK, {refused} NON; actes {total}{kinds}.",
        verified=found.verified,
        ok=found.ok,
        refused=found.refused,
        total=sum(found.acts.values()),
        kinds=f": {', '.join(told)}" if told else "",
    )


def _most_first(found: Sheet) -> list[tuple[str, int]]:
    return sorted(found.acts.items(), key=lambda item: (-item[1], item[0]))


def _unsigned(talk: Talk, found: Sheet) -> str:
    if not found.unsigned:
        return ""
    named = " ".join(found.unsigned[:MOST_CODES])
    return talk.t("A signer: {count} ({codes}).", count=len(found.unsigned), codes=named)


def _day(talk: Talk, typed: str) -> date:
    """A day of the last month: 3, 0306, 03062026, or HIER. Raises Mistake (E22)."""
    today = talk.ask.today
    if typed == "HIER":
        return today - timedelta(days=1)
    figures = "".join(letter for letter in typed if letter.isdigit())
    if figures and figures == typed:
        for back in range(MOST_DAYS_BACK + 1):
            day = today - timedelta(days=back)
            if figures in (
                str(day.day),
                *(day.strftime(form) for form in ("%d", "%d%m", "%d%m%y", "%d%m%Y")),
            ):
                return day
    raise Mistake(talk.t("E22 date {typed} pas comprise. Ex: F 0306", typed=typed[:10]), "F")


def _month(talk: Talk, typed: str) -> date:
    """The first day of the latest month of this number. Raises Mistake (E22)."""
    if not typed.isdigit() or not 1 <= int(typed[:4]) <= 12:
        raise Mistake(talk.t("E22 mois {typed} pas compris. Ex: STAT 6", typed=typed[:10]), "STAT")
    today, month = talk.ask.today, int(typed)
    return date(today.year if month <= today.month else today.year - 1, month, 1)


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)
