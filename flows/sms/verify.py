"""A number in, the right to care out: what staff of a contracted centre reads about a patient, and the code to bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
from flows.sms import rights, visits
from flows.sms.budget import Budget
from flows.sms.talk import Answer, Declined, Missing, Mistake, Talk, answers, command
from flows.sms.thread import Question
from flows.sms.writing import (
    SHORT,
    day_month,
    hour,
    household,
    one_segment,
    patient,
    pronoun,
    scheme,
    short_day,
    who,
)
from flows.wording import LATE, francs, masked, payer, place
from models import coverage, gratuites, visit_codes
from models.coverage import Right, Verdict
from models.identifiers import CardNumber, is_example, recognise
from models.people import age_on
from models.schemes import payer_first, registration, shares
from models.staff import Staff

MOST_NUMBERS = 8
"""Numbers that one SMS may ask about."""

CODE_LENGTH = 6
"""Digits of a visit code, which are too few for a card."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one number came to: an error code of the grammar, or the person's rights and, if one is good, a code."""

    number: str
    error: str = ""
    rights: tuple[Right, ...] = ()
    code: str = ""
    effects: tuple[Effect, ...] = ()

    @property
    def right(self) -> Right:
        """The right that decides: the first of those that are good, else the nearest to it."""
        return self.rights[0]


@command("NUMBERS")
def numbers(talk: Talk) -> Answer:
    """One number is verified, two to eight are a batch; a visit code of this centre tells whose it is."""
    given = talk.said.numbers
    if not given:
        raise Missing("V", talk.t("le numero de la carte"), "number")
    nurse = talk.nurse
    if nurse is None:
        return rights.told(talk, given)
    if len(given) == 1 and len(given[0]) == CODE_LENGTH:
        return visits.about(talk, nurse, given[0])
    if not nurse.facility.contracted:
        return rights.told(talk, given)
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
        return Answer(one_segment(text, _ref(talk)), (*finding.effects, _noted(nurse, "INCONNU", "")))
    if finding.error:
        raise rights.not_a_card(talk, finding.number)
    if finding.code:
        return Answer(_valid(talk, nurse, finding), finding.effects)
    return Answer(_refused(talk, finding.right), finding.effects)


def _near(talk: Talk, finding: Finding) -> Answer:
    if not finding.rights:
        text = talk.t(
            "E11 Un chiffre est faux dans {number}. Relisez la carte, ou CH nom annee commune.",
            number=finding.number,
        )
        return Answer(one_segment(text, _ref(talk)), finding.effects)
    right = finding.right
    text = talk.t(
        "E12 {number} inconnu. Un chiffre pres: {near} ({name})? Repondez 1. Sinon CH nom annee commune.",
        number=finding.number,
        near=finding.code,
        name=masked(right),
    )
    return Answer(one_segment(text), finding.effects, Question("person", {"people": [right.person_id]}))


def _valid(talk: Talk, nurse: Staff, finding: Finding) -> str:
    right, today = finding.right, talk.ask.today
    if talk.context.copied_on is not None:
        return _provisional(talk, finding, talk.context.copied_on)
    pec = talk.t("PEC {code} ({hours}h).", code=finding.code, hours=talk.context.limits.visit_code_hours)
    seen = visit_codes.seen_today(talk.context.db, right.person_id, today, nurse.facility.facility_id)
    if seen is not None:
        warning = talk.t(
            "ATTENTION: deja vue ce jour {hour} a {centre}.",
            hour=hour(seen.at),
            centre=place(seen.facility_name),
        )
        doubt = talk.t("Doute: NON {code}", code=finding.code)
        return one_segment(f"OK {scheme(right)}", f"{who(right, today)}.", warning, pec, doubt)
    place_and_size = household(right)
    patient_pays = patient(talk, right, nurse.facility.kind)
    paper = talk.t("Doute: piece d'identite.") if right.scheme == "RAMED" else ""
    then = _then(talk, finding.rights)
    return one_segment(
        _ok(talk, right),
        who(right, today) + ("" if place_and_size else "."),
        f"{place_and_size}." if place_and_size else "",
        then,
        patient_pays,
        paper,
        pec,
        f"{pronoun(talk, right)} NON {finding.code}",
        spare=(then, paper, f"{place_and_size}."),
    )


def _provisional(talk: Talk, finding: Finding, copied_on: date) -> str:
    """While the register is away: what its copy says, and a code that the register will confirm."""
    right = finding.right
    return one_segment(
        talk.t(
            "OK? {scheme} valide selon liste du {day} (ANAM ne repond pas).",
            scheme=scheme(right),
            day=day_month(copied_on),
        ),
        f"{who(right, talk.ask.today)}.",
        talk.t("PEC {code} provisoire, confirme par SMS.", code=finding.code),
    )


def _ok(talk: Talk, right: Right) -> str:
    if right.status == LATE:
        return talk.t("OK {scheme}, cotisation en retard.", scheme=scheme(right))
    if right.valid_to is None:
        return f"OK {scheme(right)}."
    if right.scheme == "MUTUELLE":
        return talk.t("OK {scheme} au {day}.", scheme=scheme(right), day=short_day(right.valid_to))
    return talk.t("OK {scheme} valide au {day}.", scheme=right.scheme, day=short_day(right.valid_to))


def _then(talk: Talk, found: tuple[Right, ...]) -> str:
    """Who pays after the first payer, when another right of hers is good too."""
    others = [right for right in found[1:] if right.verdict is Verdict.VALIDE]
    return talk.t("Ensuite {payer}.", payer=place(payer(others[0]))) if others else ""


def _refused(talk: Talk, right: Right) -> str:
    """NON: why, what restores the right, and what is free all the same."""
    today = talk.ask.today
    age = age_on(right.birth_year, right.born, today)
    names = [free.short for free in gratuites.kept_after_refusal(age, today)]
    free = talk.t("Reste gratuit: {care}.", care=", ".join(names)) if names else ""
    person = f"{who(right, today)}."
    cure = _cure(talk, right)
    return one_segment(f"NON {_why(talk, right)}", person, cure, free, _ref(talk), spare=(person, free))


def _why(talk: Talk, right: Right) -> str:
    label, feminine = scheme(right), right.scheme == "MUTUELLE"
    match right.verdict:
        case Verdict.EXPIRE:
            word = talk.t("expiree") if feminine else talk.t("expire")
            return f"{label} {word} {short_day(right.valid_to)}."
        case Verdict.SUSPENDU:
            word = talk.t("suspendue") if feminine else talk.t("suspendu")
            missing = talk.t(", manque {amount}", amount=francs(right.missing_fcfa).replace(" ", "", 1))
            return f"{label} {word}{missing if right.missing_fcfa else ''}."
        case Verdict.EN_OBSERVATION:
            return talk.t(
                "{scheme}: attente, couvert des le {day}.", scheme=label, day=short_day(right.covered_from)
            )
        case Verdict.PAS_ENCORE_VALIDE:
            return talk.t(
                "{scheme} pas encore valide, des le {day}.", scheme=label, day=short_day(right.valid_from)
            )
        case _:
            word = talk.t("radiee") if feminine else talk.t("radie")
            return f"{label} {word}."


def _cure(talk: Talk, right: Right) -> str:
    if right.verdict in (Verdict.EN_OBSERVATION, Verdict.PAS_ENCORE_VALIDE):
        return ""
    if right.verdict is Verdict.SUSPENDU and right.scheme == "MUTUELLE":
        return talk.t("Payer a la section = couvert ce jour.")
    where = talk.t(registration(right.scheme, talk.ask.today).where)
    if right.verdict is Verdict.SUSPENDU:
        return talk.t("Demander pourquoi: {where}.", where=where)
    if right.verdict is Verdict.RADIE:
        return talk.t("Adherer de nouveau: {where}.", where=where)
    return talk.t("Renouveler: {where}.", where=where)


def _batch(talk: Talk, nurse: Staff, budget: Budget, given: tuple[str, ...]) -> Answer:
    """One line each, as full as one SMS allows."""
    findings = [_one_of_many(talk, nurse, budget, number) for number in dict.fromkeys(given)]
    effects = tuple(effect for finding in findings for effect in finding.effects)
    heading = talk.t("{count} lus:", count=len(findings))
    for lines, ending in (
        (_full, _ref(talk)),
        (_shorter, _ref(talk)),
        (_shorter, ""),
        (_shortest, _ref(talk)),
    ):
        told = " ".join(f"{place} {lines(talk, one)}." for place, one in enumerate(findings, start=1))
        text = f"{heading} {told} {ending}".rstrip()
        if gsm7.septets(gsm7.fold(text)) <= gsm7.SINGLE_SEPTETS:
            break
    return Answer(one_segment(text), effects)


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


def _ref(talk: Talk) -> str:
    return talk.t("Ref {reference}", reference=talk.reference)


def N_(text: str) -> str:
    """Marks a text for the catalogues where it is not translated yet."""
    return text


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
