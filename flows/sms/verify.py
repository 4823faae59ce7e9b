"""A number in, the right to care out: what staff of a contracted centre reads about a patient, and the code to bill."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from flows import gsm7
from flows.effects import (
    Disclosed,
    Effect,
    HitsSpent,
    Missed,
    Verified,
    VisitBound,
    VisitCodeIssued,
)
from flows.sms import rights, verdict, visits
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, answers, command
from flows.sms.thread import Question
from flows.sms.verdict import Finding, of_list, ref, unconfirmed
from flows.sms.writing import SHORT, day_month, one_segment
from flows.texts import N_
from flows.wording import masked
from models import coverage, visit_codes
from models.coverage import Right, Verdict
from models.identifiers import CardNumber, is_example, recognise
from models.schemes import payer_first, shares
from models.staff import Staff

MOST_NUMBERS = 8
"""Numbers that one SMS may ask about."""

CODE_LENGTH = 6
"""Digits of a visit code, which are too few for a card."""


@command("NUMBERS")
def numbers(talk: Talk) -> Answer:
    """One number is verified, two to eight are a batch; a visit code of this centre tells whose it is."""
    given = talk.said.numbers
    if not given:
        raise Missing("V", talk.t("le numero de la carte"), "number")
    nurse = talk.nurse
    if nurse is None:
        return rights.told(talk, given)
    if not nurse.facility.contracted:
        return rights.told(talk, given)
    if len(given) == 1 and len(given[0]) == CODE_LENGTH:
        return visits.about(talk, nurse, given[0])
    budget = Budget.of(talk, nurse.facility.facility_id)
    if len(given) > 1:
        return _batch(talk, nurse, budget, given)
    return _one(talk, nurse, look_up(talk, nurse, budget, given[0]))


@command("TOO_MANY")
def too_many(talk: Talk) -> Answer:
    """More numbers than one answer can hold: nothing is looked up."""
    raise Mistake(talk.t("E04 Trop de numeros: {most} au plus par SMS.", most=MOST_NUMBERS))


@answers("person")
def proposed(talk: Talk, answer: str, args: dict[str, Any]) -> Answer:
    """1 to the proposals of a slip or of a search: that person is verified."""
    nurse, people = talk.at_work(), args["people"]
    if not answer.isdigit() or not 1 <= int(answer) <= len(people):
        raise Mistake(talk.t("E22 Repondez 1 a {last}.", last=len(people)))
    budget = Budget.of(talk, nurse.facility.facility_id)
    found = coverage.by_person(talk.context.db, talk.context.keys, people[int(answer) - 1], talk.ask.today)
    return _one(talk, nurse, _found(talk, nurse, budget, "", found))


def look_up(talk: Talk, nurse: Staff, budget: Budget, number: str) -> Finding:
    """What a number is worth to this nurse, with the code that makes the visit billable."""
    card = recognise(number, talk.ask.today)
    if card is None or is_example(number):
        return Finding(number, "E22")
    if not card.check_ok:
        return _slip(talk, nurse, budget, card)
    budget.check(talk)
    context = talk.context
    found = coverage.by_number(
        context.db, context.keys, card, context.phone, context.misses_since, talk.ask.today
    )
    return _found(talk, nurse, budget, number, found.rights)


def _found(talk: Talk, nurse: Staff, budget: Budget, number: str, found: tuple[Right, ...]) -> Finding:
    if not found:
        return Finding(number, "E12", effects=(_missed(talk, nurse, budget),))
    budget.hit()
    good = [right for right in found if right.verdict is Verdict.VALIDE]
    right = payer_first(good, talk.ask.today) if good else found[0]
    ordered = (right, *(other for other in found if other is not right))
    noted = (
        HitsSpent(1),
        Disclosed("verify", f"person:{right.person_id}", f"{right.scheme} {right.verdict}"),
        _noted(nurse, str(right.verdict), right.scheme, right.person_id),
    )
    if not good:
        return Finding(number, "", ordered, effects=noted)
    code, issued = _code(talk, nurse, right)
    return Finding(number, "", ordered, code, (*noted, *issued))


def _slip(talk: Talk, nurse: Staff, budget: Budget, card: CardNumber) -> Finding:
    """A check digit that is wrong: perhaps one number that exists is a single slip away. It costs a miss either way."""
    missed = _missed(talk, nurse, budget)
    context = talk.context
    near = coverage.neighbours(context.db, context.keys, card.value, talk.ask.today)
    people = {right.person_id for _, right in near}
    if len(people) != 1:
        return Finding(card.value, "E11", effects=(missed,))
    _, right = near[0]
    shown = Disclosed("verify.near", f"person:{right.person_id}", "masked")
    return Finding(card.value, "E11", (right,), near[0][0], (missed, shown))


def _missed(talk: Talk, nurse: Staff, budget: Budget) -> Missed:
    budget.miss(talk)
    return Missed("verify", facility_id=nurse.facility.facility_id)


def _noted(nurse: Staff, verdict: str, scheme: str, person_id: int | None = None) -> Verified:
    return Verified(nurse.staff_id, nurse.facility.facility_id, verdict, scheme, person_id)


def _code(talk: Talk, nurse: Staff, right: Right) -> tuple[str, tuple[Effect, ...]]:
    """The person's code at this centre: the open one, hers from a call, or a new one."""
    context, facility_id = talk.context, nurse.facility.facility_id
    known = visit_codes.open_for(context.db, right.person_id, facility_id, context.now)
    if known is not None:
        bound = VisitBound(known.visit_id, facility_id)
        return known.code, () if known.facility_id == facility_id else (bound,)
    seed = blake2b(str(right.person_id).encode(), key=context.seed, digest_size=16).digest()
    fresh = next(
        code
        for code in visit_codes.codes_from(seed)
        if visit_codes.is_free(context.db, code, context.now, facility_id)
    )
    hours = context.limits.visit_code_hours
    issued = VisitCodeIssued(fresh, right.person_id, right.coverage_id, hours, facility_id)
    return fresh, (issued,)


def _one(talk: Talk, nurse: Staff, finding: Finding) -> Answer:
    if finding.error == "E11":
        return _near(talk, finding)
    if finding.error == "E12":
        text = talk.t(
            "E12 {number} inconnu. Relisez la carte, ou CH nom annee commune.", number=finding.number
        )
        told = one_segment(unconfirmed(talk), text, of_list(talk), ref(talk))
        return Answer(told, (*finding.effects, _noted(nurse, "INCONNU", "")))
    if finding.error:
        raise rights.not_a_card(talk, finding.number)
    if finding.code:
        return Answer(verdict.valid(talk, nurse, finding), finding.effects)
    return Answer(verdict.refused(talk, finding), finding.effects)


def _near(talk: Talk, finding: Finding) -> Answer:
    if not finding.rights:
        text = talk.t(
            "E11 Un chiffre est faux dans {number}. Relisez la carte, ou CH nom annee commune.",
            number=finding.number,
        )
        return Answer(one_segment(text, ref(talk)), finding.effects)
    right = finding.right
    text = talk.t(
        "E12 {number} inconnu. Un chiffre pres: {near} ({name})? Repondez 1. Sinon CH nom annee commune.",
        number=finding.number,
        near=finding.code,
        name=masked(right),
    )
    return Answer(one_segment(text), finding.effects, Question("person", {"people": [right.person_id]}))


def _batch(talk: Talk, nurse: Staff, budget: Budget, given: tuple[str, ...]) -> Answer:
    """One line each, as full as one SMS allows."""
    findings = [_one_of_many(talk, nurse, budget, number) for number in dict.fromkeys(given)]
    effects = tuple(effect for finding in findings for effect in finding.effects)
    gone = unconfirmed(talk, *(finding.code for finding in findings if not finding.error))
    heading = f"{gone} {_heading(talk, len(findings))}".lstrip()
    for lines, ending in (
        (_full, ref(talk)),
        (_shorter, ref(talk)),
        (_shorter, ""),
        (_shortest, ref(talk)),
    ):
        told = " ".join(f"{place} {lines(talk, one)}." for place, one in enumerate(findings, start=1))
        text = f"{heading} {told} {ending}".rstrip()
        if gsm7.septets(gsm7.fold(text)) <= gsm7.SINGLE_SEPTETS:
            break
    return Answer(one_segment(text), effects)


def _heading(talk: Talk, count: int) -> str:
    if talk.context.copied_on is None:
        return talk.t("{count} lus:", count=count)
    return talk.t(
        "{count} lus? liste du {day}, sera confirme:", count=count, day=day_month(talk.context.copied_on)
    )


def _one_of_many(talk: Talk, nurse: Staff, budget: Budget, number: str) -> Finding:
    """A number whose look-up is beyond the budget is told so; those before it keep their answers."""
    try:
        return look_up(talk, nurse, budget, number)
    except Declined as spent:
        return Finding(number, spent.text[:3])


def _full(talk: Talk, finding: Finding) -> str:
    if finding.code and not finding.error:
        right = finding.right
        return f"OK {SHORT.get(right.scheme, right.scheme)} {_share(talk, right)} PEC {finding.code}"
    return _shorter(talk, finding)


def _shorter(talk: Talk, finding: Finding) -> str:
    if finding.error:
        return f"{finding.error} {talk.t(_BATCH_ERRORS[finding.error])}"
    right = finding.right
    short = SHORT.get(right.scheme, right.scheme)
    if finding.code:
        return f"OK {short} {finding.code}"
    until = right.valid_to.strftime(" %m/%y") if right.verdict is Verdict.EXPIRE and right.valid_to else ""
    return f"NON {talk.t(_BATCH_VERDICTS[right.verdict])}{until}"


def _shortest(talk: Talk, finding: Finding) -> str:
    if finding.error:
        return finding.error
    return f"OK {finding.code}" if finding.code else "NON"


def _share(talk: Talk, right: Right) -> str:
    share = next(iter(shares(right.scheme, talk.ask.today).values()))
    return "0 F" if share == 0 else f"{100 - share}%"


_BATCH_ERRORS = {
    "E11": N_("chiffre faux"),
    "E12": N_("inconnu"),
    "E22": N_("pas une carte"),
    "E61": N_("limite"),
    "E71": N_("limite"),
}
_BATCH_VERDICTS = {
    Verdict.EXPIRE: N_("expire"),
    Verdict.SUSPENDU: N_("suspendu"),
    Verdict.EN_OBSERVATION: N_("attente"),
    Verdict.PAS_ENCORE_VALIDE: N_("pas encore"),
    Verdict.RADIE: N_("radie"),
}
